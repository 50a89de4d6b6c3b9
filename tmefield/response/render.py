"""A response as plain text: what it is, its formula, and every value with its source."""

from ..library.render import References, note_lines, parameter_lines, wrapped
from ..library.render_network import edge_sources
from .catalogue import Definition

_HILL = "H(c; EC50, n) = c^n/(EC50^n + c^n), n = 1 unless shown; c is the free concentration where the cell is"


def render_response(one: Definition) -> str:
    """A response of cells: the cells in which it is read, formula, EC50 (and factor) of each ligand with mark and source, and what is doubtful."""
    references = References()
    lines = [f"{one.name}: {one.words}; response read in {', '.join(one.cells) or 'all cells'}"]
    lines += [*wrapped(f"= {one.formula}", "  ", "    "), *wrapped(_HILL, "  ", "    "), ""]
    for edge in one.edges:
        for given in edge.inputs:
            lines += parameter_lines(f"EC50 of {given.species}", given.half_maximum, references)
        if (edge.basal.internal, edge.saturated.internal) != (0, 1):
            lines += parameter_lines(f"factor at {' and '.join(edge.ligands)} >> EC50", edge.saturated, references)
    return "\n".join([*lines, *note_lines(one.notes), *edge_sources(references)])
