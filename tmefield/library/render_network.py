"""The regulation network and the effects as plain text: a table of all edges, or one edge whole."""

from collections.abc import Iterable

from . import edges, effects
from .edges import KINDS, PLACEHOLDER, Edge, Effect, Input
from .records import MARKS, Parameter
from .render import References, note_lines, parameter_lines, quantity_text, wrapped

_HEADINGS = {
    "secretion": "On secretion: factor on what cells secrete",
    "receptor": "On receptors: competes with the ligand of other edges",
    "switch": "On cells: share of the greatest rate at which they change",
    "response": "Responses: share of the greatest",
    "rate": "On other rates and functions: factor",
}
_COLUMNS = ("edge", "from", "sign", "on", "EC50 or IC50", "n", "Emax", "mark", "confidence", "source")
_FORMULA = "factor = basal + (Emax - basal) H, H = c^n/(EC50^n + c^n), a product over the ligands of an AND gate; basal 1 unless shown as 'basal to Emax'"
_LEGEND = (
    "* a placeholder: a free parameter without a source of its own. ~ a proxy: the EC50 of another response of the same ligand. ! another value elsewhere.",
    "'lack of': what its absence does. tmefield info EDGE shows one edge with all its values, ranges, alternatives and sources.",
)
_ALL_MARKS = MARKS | {PLACEHOLDER: "a free parameter; the source says what it was taken from"}


def render_network() -> str:
    """Every edge of the library, a line each, with the sources."""
    references = References()
    lines = ["The signed regulation network", *wrapped(_FORMULA, "", "  ")]
    for kind, heading in _HEADINGS.items():
        lines += ["", heading, *_table([one for one in edges() if one.kind == kind], references)]
    return "\n".join([*lines, "", *_LEGEND, *edge_sources(references)])


def render_effects() -> str:
    """Every effect on cells and tumour, a line each, with the sources."""
    references = References()
    lines = ["Effects on cells and tumour", *wrapped(_FORMULA, "", "  "), "", *_table(effects(), references)]
    return "\n".join([*lines, "", *_LEGEND, *edge_sources(references)])


def render_edge(edge: Edge) -> str:
    """One edge or effect: what it does, every value with range, mark and source."""
    references = References()
    lines = [f"{edge.id}: {_in_words(edge)}", f"  {KINDS[edge.kind]}; {_mark(edge)} {references.cite(edge.source)}", ""]
    for one in edge.inputs:
        of = f" of {one.species}" if len(edge.inputs) > 1 else ""
        lines += parameter_lines(f"half maximum{of}", one.half_maximum, references)
        if one.proxy:
            lines.append(f"    a proxy: that of {one.proxy}")
        lines += parameter_lines(f"exponent{of}", one.exponent, references)
    lines += [*parameter_lines("Emax", edge.saturated, references), *parameter_lines("basal", edge.basal, references)]
    carried = (f"Switched with it: {', '.join(edge.edges)}.",) if isinstance(edge, Effect) and edge.edges else ()
    return "\n".join([*lines, *note_lines((*carried, *edge.notes)), *edge_sources(references)])


def _in_words(edge: Edge) -> str:
    who = f"{'lack of ' if edge.by_lack else ''}{' and '.join(edge.ligands)}"
    what = ", ".join(edge.on)
    if edge.kind == "receptor":
        return f"{who} competes for the receptor in {what}"
    if edge.kind == "secretion":
        what = f"the secretion of {what}"
    return f"{who} {'raises' if edge.sign == '+' else 'lowers'} {what} {'in ' + ', '.join(edge.by) if edge.by else 'in all cells'}"


def _table(rows: Iterable[Edge], references: References) -> list[str]:
    table = [_COLUMNS, *(_row(one, references) for one in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    return ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _row(edge: Edge, references: References) -> tuple[str, ...]:
    cited = dict.fromkeys(references.cite(source) for source in (edge.source, *(one.half_maximum.source for one in edge.inputs)))
    emax = _number(edge.saturated)
    if edge.basal.value != 1:
        emax = f"{_number(edge.basal)} to {emax}"
    return (
        edge.id,
        ("lack of " if edge.by_lack else "") + " & ".join(edge.ligands),
        edge.sign,
        ", ".join(edge.on),
        ", ".join(_half_maximum(one) for one in edge.inputs),
        ", ".join(dict.fromkeys(_number(one.exponent) for one in edge.inputs)),
        emax,
        edge.mark,
        edge.confidence or "",
        "".join(cited),
    )


def _half_maximum(one: Input) -> str:
    elsewhere = "!" if one.half_maximum.alternatives else ""
    return f"{'~' if one.proxy else ''}{quantity_text(one.half_maximum.value, one.half_maximum.unit)}{_star(one.half_maximum)}{elsewhere}"


def _number(value: Parameter) -> str:
    return f"{value.value:.4g}{_star(value)}"


def _star(value: Parameter) -> str:
    return "*" if value.mark == PLACEHOLDER else ""


def _mark(edge: Edge) -> str:
    return f"{edge.mark}, confidence {edge.confidence}" if edge.confidence else edge.mark


def edge_sources(references: References) -> list[str]:
    """The sources that were cited and what the marks mean, that of placeholders too."""
    marks = "; ".join(f"{mark}: {meaning}" for mark, meaning in _ALL_MARKS.items())
    return ["", "Sources", *references.lines(), "", *wrapped(f"Marks: {marks}.", "", "  ")]
