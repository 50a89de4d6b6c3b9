"""A page of panels with inches for places, and the style that reports share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .atomic import atomic_path
from .sheet import Box

_DOTS_PER_INCH = 130
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.usetex": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#444444",
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}
INK = "#222222"
COLOURS = ("#2c6fbb", "#d98324", "#8c2981", "#3b8f5a", "#b23a48", "#4d4d4d")


class Page:
    """A page of inches, measured from its upper left corner."""

    def __init__(self, width: float, height: float):
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, facecolor="white")

    def axes(self, box: Box) -> Any:
        """Axes in a box of the page."""
        return self.figure.add_axes((box.x / self.width, 1 - (box.y + box.height) / self.height, box.width / self.width, box.height / self.height))

    def text(self, x: float, y: float, words: str, **style: Any) -> None:
        """Text at a place on the page; a dollar sign is no formula."""
        self.figure.text(x / self.width, 1 - y / self.height, words.replace("$", r"\$"), **{"va": "center", "color": INK, **style})


def write_picture(draw: Callable[[], Page], path: str | os.PathLike) -> Path:
    """Write the page that `draw` makes as a PNG in the style of reports; returns the path.

    **Raises** `FileError` if the file cannot be written.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with matplotlib.rc_context(STYLE):
        figure = draw().figure
        with atomic_path(path) as temporary:
            FigureCanvasAgg(figure).print_png(str(temporary), metadata={"Software": "tmefield"})
    return Path(path)
