"""How arms are told apart, the same on every page: colour and line of each, a legend, names in lines, and which of them are alike."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .page import INK, Page

ALIKE = 0.01
"""Relative difference that is not told from none: in cytokine_therapy halving the step changes a volume by 0.2 to 1.2 %."""
CONTROL_COLOUR = "#555555"
COLOURS = ("#2c6fbb", "#d98324", "#3b8f5a", "#b23a48", "#8c2981", "#1f9fb0", "#8a6d3b", "#e07ab8", "#8fae1b", "#1d3a70", "#e0b400")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.4)), (0, (6, 1.8, 1.5, 1.8)))
_WIDEST, _THINNEST = 3.0, 1.4
_LETTER, _SAMPLE, _ROW = 0.074, 0.75, 0.23
"""Of a legend, inches: width of a letter, of a sample of line with its gaps, height of a row."""


def arm_styles(arms: Sequence[str], shown: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Colour, dash and width of the line of each arm, by its place among all `arms`, the control first; of those `shown` where any are named.

    The lines get thinner from one to the next and all but the first are dashed, so that one drawn upon another leaves that other to be seen.
    """
    found = {}
    drawn = [arm for arm in arms if not shown or arm in shown]
    for place, arm in enumerate(arms):
        if arm in drawn:
            width = _WIDEST - (_WIDEST - _THINNEST) * drawn.index(arm) / max(len(drawn) - 1, 1)
            colour = CONTROL_COLOUR if place == 0 else COLOURS[(place - 1) % len(COLOURS)]
            found[arm] = {"color": colour, "linestyle": DASHES[place % len(DASHES)], "linewidth": width, "dash_capstyle": "butt"}
    return found


def alike(curves: Mapping[str, np.ndarray]) -> dict[str, str]:
    """By arm, the first one before it whose curve is within `ALIKE` of the greatest value of both everywhere; arms without one are left out."""
    found: dict[str, str] = {}
    names = list(curves)
    for place, name in enumerate(names):
        for other in names[:place]:
            most = max(float(np.nanmax(np.abs(curves[one]), initial=0.0)) for one in (name, other))
            if other not in found and np.allclose(curves[name], curves[other], rtol=0, atol=ALIKE * most, equal_nan=True):
                found[name] = other
                break
    return found


def legend_height(words: Sequence[str], width: float) -> float:
    """How high a legend of these words is on so wide a page, inches."""
    return _ROW * -(-len(words) // _columns(words, width)) + 0.1


def draw_legend(page: Page, top: float, styles: Mapping[str, dict[str, Any]], words: Sequence[str], width: float) -> None:
    """A line and its words for each arm, below `top`, row by row from the left."""
    from matplotlib.lines import Line2D

    columns, wide = _columns(words, width), _wide(words)
    for place, (style, said) in enumerate(zip(styles.values(), words, strict=True)):
        row, column = divmod(place, columns)
        x, y = 0.35 + column * wide, top + _ROW * (row + 0.5)
        ends = [x / page.width, (x + 0.45) / page.width]
        page.figure.add_artist(Line2D(ends, [1 - y / page.height] * 2, **style))
        page.text(x + 0.55, y, said, fontsize=9)


def _columns(words: Sequence[str], width: float) -> int:
    return max(1, int(width / _wide(words)))


def _wide(words: Sequence[str]) -> float:
    return _SAMPLE + _LETTER * max(len(one) for one in words)


def in_lines(words: str, width: int, most: int) -> str:
    """Words in at most `most` lines of about `width` letters, with a point of omission where they do not fit."""
    lines = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False) or [words]
    lines = [one if len(one) <= width + 4 else one[: width + 3] + "…" for one in lines]
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1].rstrip("+ ") + " …"])


def plain(words: str) -> str:
    """Words in which a dollar sign is no formula."""
    return words.replace("$", r"\$")


def title(axes: Any, words: str) -> None:
    """A title over the left end of axes."""
    axes.set_title(plain(words), color=INK, loc="left", fontweight="bold")
