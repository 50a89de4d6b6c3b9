"""The library as plain text, one sheet a species or cell type."""

import textwrap
from typing import TypeVar

from . import cell_type, cell_type_ids, drug, drug_ids, species, species_ids
from .records import MARKS, Alternative, CellTypeRecord, Parameter, SpeciesRecord
from .render_conflicts import conflict_lines

WIDTH = 132
# Columns: name, value with range, and the rest of the line.
_NAME, _VALUE = 24, 40
_NAMES = {
    "molecular_weight": "molecular weight",
    "decay": "loss in the tissue",
    "permeability": "vessel permeability",
    "plasma_concentration": "plasma",
    "plasma_half_life": "half-life in plasma",
    "k_endo": "internalisation k_endo",
    "active_share": "active share",
    "hypoxia_threshold": "hypoxia below",
}

_AMOUNTS = ("secretion", "receptors")
# Kinds whose literature units are hard to compare: factor from the internal unit and the unit that is added.
_ALSO_IN = {"rate": (1.0, "1/s"), "secretion": (1.0, "/cell/s"), "concentration": (1e3, "pM")}

_Entry = TypeVar("_Entry")


class References:
    """Numbers for sources, in the order in which they are first cited."""

    def __init__(self):
        self.numbers: dict[str, int] = {}

    def cite(self, source: str) -> str:
        """The number of a source, in brackets."""
        return f"[{self.numbers.setdefault(source, len(self.numbers) + 1)}]"

    def lines(self) -> list[str]:
        """Every source with its number."""
        return [line for source, number in self.numbers.items() for line in wrapped(f"[{number}] {source}", "  ", "      ")]


def render_species(record: SpeciesRecord) -> str:
    """Values, ranges, marks, alternatives in the literature and sources of a species."""
    references = References()
    lines = [*_title(record.id, record.name, record.species_class, record.aliases), ""]
    for key, parameter in record.parameters.items():
        lines += parameter_lines(_name(key), parameter, references)
    if {"K_D", "k_on", "k_endo"} <= set(record.parameters):
        lines += _row("half saturation K_M", f"{1e3 * record.half_saturation():.4g} pM", "computed, K_D + k_endo/k_on")
    if record.receptors:
        lines += ["", "Receptors"]
        for cells, parameter in _grouped(record.receptors):
            lines += parameter_lines(cells, parameter, references)
    if record.secretion:
        lines += ["", "Secretion = rate x active fraction"]
        for cells, entry in _grouped(record.secretion):
            lines += parameter_lines(cells, entry.rate, references)
            lines += parameter_lines("  active fraction", entry.active_fraction, references)
    lines += [*note_lines(record.notes), *conflict_lines(record.id, references.cite)]
    return "\n".join([*lines, *source_lines(references)])


def render_cell_type(record: CellTypeRecord) -> str:
    """Values of a cell type, and what the library's species do with it."""
    references = References()
    lines = [*_title(record.id, record.name, "cell type", record.aliases), ""]
    for name, parameter in (("diameter", record.diameter), ("density", record.density)):
        lines += parameter_lines(name, parameter, references) if parameter else _row(name, "no sourced value", "")
    known = [species(one) for one in species_ids()]
    secreted, taken = [[f"  {one.id:<6} {_amount(one, record.id, what)}" for one in known if record.id in getattr(one, what)] for what in _AMOUNTS]
    lines += ["", "Secretes (molecules/cell/s, mean of the population)", *(secreted or ["  nothing the library has a rate for"])]
    lines += ["", "Takes up by receptors (per cell)", *(taken or ["  nothing the library has receptors for"])]
    return "\n".join([*lines, *note_lines(record.notes), *source_lines(references)])


def render_index() -> str:
    """All species, cell types and drugs, a line each."""
    lines = ["Species"]
    for one in map(species, species_ids()):
        diffusivity, decay = (one.parameters[key].internal for key in ("diffusivity", "decay"))
        lines.append(f"  {one.id:<12} {one.name:<44} D {diffusivity:6.4g} um2/s   loss {decay:8.3g} /s")
    lines += ["", "Cell types"]
    for cell in map(cell_type, cell_type_ids()):
        makes = [one for one in species_ids() if cell.id in species(one).secretion and species(one).secretion[cell.id].rate.value > 0]
        lines.append(f"  {cell.id:<12} {cell.name:<44} secretes {', '.join(makes) or '-'}")
    lines += ["", "Drugs"]
    for one in map(drug, drug_ids()):
        lines.append(f"  {one.id:<12} {one.name:<60} {one.action} {one.target or ''}".rstrip())
    return "\n".join([*lines, "", "tmefield info NAME shows one of them with its sources; tmefield info conflicts lists values that cannot all be right."])


def _amount(record: SpeciesRecord, cell: str, what: str) -> str:
    if what == "receptors":
        return f"{record.receptors[cell].internal:.4g}"
    entry = record.secretion[cell]
    return f"{entry.rate.internal * entry.active_fraction.internal:.3g}"


def _title(identifier: str, name: str, what: str, aliases: tuple[str, ...]) -> list[str]:
    return [f"{identifier}: {name}; {what}", *wrapped(f"also called {', '.join(aliases)}", "  ", "  ")]


def _name(key: str) -> str:
    response, _, of = key.partition("_")
    return f"{response} {of.replace('_', '-')}".strip() if response in ("EC50", "IC50") else _NAMES.get(key, key)


def _row(name: str, value: str, rest: str) -> list[str]:
    """A line of the sheet; the last column goes on below itself, and a name or value too long takes a line of its own."""
    lines = []
    if len(name) > _NAME:
        lines.append(f"  {name}")
        name = ""
    start = f"  {name:<{_NAME}} {value:<{_VALUE}} "
    if len(value) > _VALUE:
        lines.append(start.rstrip())
        start = ""
    return [*lines, *(wrapped(rest, start.ljust(_NAME + _VALUE + 4), " " * (_NAME + _VALUE + 4)) if rest else [start.rstrip()])]


def _grouped(by_cell: dict[str, _Entry]) -> list[tuple[str, _Entry]]:
    """Equal entries once, with the cell types that share them."""
    shared: list[tuple[list[str], _Entry]] = []
    for cell, entry in by_cell.items():
        for cells, known in shared:
            if known == entry:
                cells.append(cell)
                break
        else:
            shared.append(([cell], entry))
    return [(", ".join(cells), entry) for cells, entry in shared]


def parameter_lines(name: str, parameter: Parameter, references: References) -> list[str]:
    """A value of the sheet with its range, mark, source and alternatives."""
    value = quantity_text(parameter.value, parameter.unit)
    if parameter.range is not None:
        value += f" ({parameter.range[0]:g} to {parameter.range[1]:g})"
    if parameter.kind in _ALSO_IN and not _is_one(parameter):
        value += f" = {parameter.internal * _ALSO_IN[parameter.kind][0]:.3g} {_ALSO_IN[parameter.kind][1]}"
    told = [f"{_mark(parameter)} {references.cite(parameter.source)}"]
    if parameter.note:
        told.append(parameter.note)
    if parameter.distribution is not None:
        told.append("prior uniform" if parameter.sigma is None else f"prior lognormal, sigma {parameter.sigma:.2g}")
    if parameter.alternatives:
        told.append("elsewhere " + ", ".join(_alternative(one, parameter.unit, references) for one in parameter.alternatives))
    return _row(name, value, "; ".join(told))


def _is_one(parameter: Parameter) -> bool:
    """Whether the unit of the value is already the one that `_ALSO_IN` would add."""
    scale = _ALSO_IN[parameter.kind][0]
    return parameter.value == 0 or abs(parameter.internal * scale / parameter.value - 1) < 1e-9


def quantity_text(value: float, unit: str) -> str:
    """A value with its unit."""
    return f"{value:.5g}" if unit == "1" else f"{value:.5g} {unit}"


def _mark(entry: Parameter | Alternative) -> str:
    return f"{entry.mark}, confidence {entry.confidence}" if entry.confidence else entry.mark


def _alternative(one: Alternative, unit: str, references: References) -> str:
    """Value, mark, note and source; the unit only where it is another than that of the parameter."""
    told = "; ".join([_mark(one), one.note] if one.note else [_mark(one)])
    value = f"{one.value:.5g}" if one.unit == unit else quantity_text(one.value, one.unit)
    return f"{value} {references.cite(one.source)} ({told})"


def note_lines(notes: tuple[str, ...]) -> list[str]:
    """What else to know, below the values."""
    return ["", "Notes", *(line for note in notes for line in wrapped(note, "  - ", "    "))] if notes else []


def source_lines(references: References) -> list[str]:
    """The sources that were cited and what the marks mean."""
    marks = "; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items())
    return ["", "Sources", *references.lines(), "", *wrapped(f"Marks: {marks}.", "", "  ")] if references.numbers else []


def wrapped(text: str, first: str, rest: str) -> list[str]:
    """Lines of the sheet's width."""
    # DOIs and file names stay whole, so that they can be copied.
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
