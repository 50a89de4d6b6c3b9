"""What acts in the tissue of a configuration: told before a run, and with its strength after one."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import library
from ..output.fieldset import FieldSet
from ..output.scales import figure
from .outcome import OutcomePlan
from .outcome_checks import CONTROL, TUMOUR

if TYPE_CHECKING:
    from ..outcome.acting import EdgeStrength

_PER_DAY = 86400.0
_BY = " secretion by "


def answers_told(plan: OutcomePlan) -> list[dict[str, Any]]:
    """Every process with its rate, and every secretion and movement that something acts on, with the edges; ready for JSON, in internal units."""
    from ..outcome.acting import answers

    found = answers(plan.tissue.model(plan.arms[CONTROL]))
    return [{"what": one.what, "edges": list(one.edges), **({} if one.rate is None else {"rate": one.rate, "unit": one.rate_unit})} for one in found]


def acting_lines(plan: OutcomePlan) -> list[str]:
    """The same as lines of text: processes first, then what else answers to edges, together where it answers to the same."""
    processes: dict[str, list[str]] = {}
    others: dict[tuple[str, ...], list[str]] = {}
    for one in answers_told(plan):
        if "rate" in one:
            rate = f"{figure(one['rate'] * _PER_DAY)} {one['unit'].replace('/s', '/d')}"
            processes.setdefault(one["what"], []).append(" x ".join([rate, *one["edges"]]))
        else:
            others.setdefault(tuple(one["edges"]), []).append(one["what"])
    lines = [f"process  {what}: {'; '.join(ways)}" for what, ways in processes.items()]
    return lines + [f"answers  {together(what)}: {' x '.join(edges)}" for edges, what in others.items()]


def together(what: Iterable[str]) -> str:
    """Names with what they share said once: "IL6 secretion by M1, M2; growth of tumour"."""
    kinds: dict[str, list[str]] = {}
    for one in what:
        head, by, cell = one.partition(_BY)
        kinds.setdefault(head + by, []).append(cell)
    return "; ".join(head + ", ".join(cell for cell in cells if cell) for head, cells in kinds.items())


def edge_strengths(plan: OutcomePlan, control: FieldSet) -> "tuple[EdgeStrength, ...]":
    """Every edge that acts, with its mean factor among the tumour cells at the start of the control arm."""
    from ..outcome.acting import strengths

    levels = {name: control.concentration[0, index] for index, name in enumerate(control.species)}
    cells = {name: density[0] for name, density in control.cell_density.items()}
    return strengths(plan.tissue.model(plan.arms[CONTROL]), levels | cells, cells[TUMOUR])


def edges_told(plan: OutcomePlan, found: "Iterable[EdgeStrength]") -> list[dict[str, Any]]:
    """The same ready for JSON, in internal units, with the mark of each edge and which of its values have no source of their own or were given."""
    return [
        {
            "edge": one.id,
            "acts_on": list(one.on),
            "ligands": {name: _ligand(plan, one, name) for name in one.levels},
            "factor": one.factor,
            "factor_without": one.without,
            "factor_in_plenty": one.plenty,
            "reached": one.reached,
            **_origin(plan, one.id),
        }
        for one in found
    ]


def _ligand(plan: OutcomePlan, one: "EdgeStrength", name: str) -> dict[str, Any]:
    unit = "cells/um3" if name in plan.tissue.cells else "nM"
    competitor = {"competitor": one.competitors[name]} if name in one.competitors else {}
    return {"level": one.levels[name], "half_maximum": one.half_maxima[name], "unit": unit, **competitor}


def _origin(plan: OutcomePlan, id: str) -> dict[str, Any]:
    record = library.edge(id)
    given = [key.rpartition(".")[2] for key in plan.loaded.config.outcome.values if key.rpartition(".")[0] == id]
    return {"mark": record.mark, "placeholders": list(record.placeholders), "given": given}


def unheard_notes(found: "tuple[EdgeStrength, ...]") -> list[str]:
    """A sentence for every cytokine that does little in the tumour at the start."""
    from ..outcome.acting import unheard

    notes = []
    for name, (level, low, high) in unheard(found).items():
        if name not in library.species_ids():
            continue
        scale, unit = _shown_unit(name)
        halves = figure(low * scale) if low == high else f"{figure(low * scale)} to {figure(high * scale)}"
        notes.append(
            f"{name}: {figure(level * scale)} {unit} in the tumour at the start, less than a tenth of the half maxima of all its edges ({halves} {unit}): "
            "each does less than a tenth of what it can there and then"
        )
    return notes


def _shown_unit(name: str) -> tuple[float, str]:
    return (1e3, "pM") if name in library.species_ids() else (1e9, "per mm3")


def strength_rows(told: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Rows of a table: edge, what it acts on, ligand, its level, the half maximum, factor, from without to plenty, where its values are from."""
    rows = []
    for one in told:
        levels = {name: (*_shown_unit(name), held) for name, held in one["ligands"].items()}
        rows.append(
            [
                one["edge"],
                together(one["acts_on"]),
                ", ".join(f"{name} against {held['competitor']}" if "competitor" in held else name for name, held in one["ligands"].items()),
                "; ".join(f"{figure(held['level'] * scale)} {unit}" for scale, unit, held in levels.values()),
                "; ".join(f"{figure(held['half_maximum'] * scale)} {unit}" for scale, unit, held in levels.values()),
                figure(one["factor"]),
                f"{figure(one['factor_without'])} to {figure(one['factor_in_plenty'])}",
                _origin_words(one),
            ]
        )
    return rows


def _origin_words(one: Mapping[str, Any]) -> str:
    words = [one["mark"], *([f"{', '.join(one['given'])} given"] if one["given"] else [])]
    return "; ".join([*words, *([f"{', '.join(one['placeholders'])} placeholder"] if one["placeholders"] else [])])
