"""Conflicts of the literature as plain text: all of them, or those of one species at the end of its sheet."""

import textwrap
from collections.abc import Callable

from .conflicts import Conflict, conflicts, conflicts_of
from .records import Alternative, Parameter

_WIDTH = 132


def render_conflicts() -> str:
    """Every conflict with its values, their sources, how far they are apart, and why the default is the default."""
    lines = [f"{len(conflicts())} conflicts in the literature. The values are shown side by side and never averaged; a configuration may set any of them."]
    for one in conflicts():
        lines += ["", f"{one.species} {one.parameter}, {_apart(one)} apart"]
        lines += _wrapped(one.what, "  ")
        lines += _rows(one, lambda source: source, notes=True)
        lines += _wrapped(f"Default because {one.why}", "  ")
    return "\n".join(lines)


def conflict_lines(identifier: str, cite: Callable[[str], str]) -> list[str]:
    """The end of a species' sheet; `cite` gives the number of a source in the list of the sheet."""
    lines = []
    for one in conflicts_of(identifier):
        lines += _wrapped(f"{one.parameter}, {_apart(one)} apart: {one.what}", "  - ", "    ")
        lines += ["  " + line for line in _rows(one, cite, notes=False)]
        lines += _wrapped(f"Default because {one.why}", "    ")
    return ["", "Conflicts in the literature (never averaged)", *lines] if lines else []


def _apart(conflict: Conflict) -> str:
    return f"{conflict.factor():.3g}-fold"


def _rows(conflict: Conflict, cite: Callable[[str], str], *, notes: bool) -> list[str]:
    """A value a line: its role, the value, how sure it is, its source; with `notes` also what the table says of it (a sheet has said it already)."""
    lines = []
    for role, _, one in conflict.values():
        rest = ", ".join([_mark(one), cite(one.source), *([one.note] if one.note and (notes or role == "rejected") else [])])
        lines += _wrapped(rest, f"    {role:<12} {f'{one.value:.5g} {one.unit}':<26} ", " " * 44)
    return lines


def _mark(one: Parameter | Alternative) -> str:
    return f"{one.mark} ({one.confidence})" if one.confidence else one.mark


def _wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    # DOIs and file names stay whole, so that they can be copied.
    indent = first if rest is None else rest
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
