"""The rates of populations of cells as plain text."""

from . import population_rates
from .edges import PLACEHOLDER
from .records import MARKS
from .render import References, parameter_lines

_ALL_MARKS = MARKS | {PLACEHOLDER: "a free parameter; the source says what it was taken from"}


def render_populations() -> str:
    """Every rate of the library with range, mark and source."""
    references = References()
    lines = ["Rates of populations of cells", ""]
    for one in population_rates().values():
        lines += [one.what, *parameter_lines(one.id, one.value, references)]
    used = dict.fromkeys(one.value.mark for one in population_rates().values())
    return "\n".join([*lines, "", "Marks", *(f"  {mark}: {_ALL_MARKS[mark]}" for mark in used), "", "Sources", *references.lines()])
