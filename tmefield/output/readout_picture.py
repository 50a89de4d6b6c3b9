"""The picture of readouts: maps of responses, of the balance of killing and of suppressed niches in one slice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from ..errors import InputError
from .atomic import atomic_path
from .fieldset import FieldSet
from .plots import DOTS_PER_INCH, INK, STYLE, draw_bar, draw_head, fitting_size, plain_text, slab_of
from .scales import Scale
from .sheet import Box, Sheet, make_panels
from .slices import COLOURMAP, Overlay, centre_voxel, draw_scale_bar, draw_slice, make_overlay, planes_through

# From -1 to 1, dark in the middle, so that vessels and outlines stand out of it as out of other maps.
_SIGNED_COLOURS = {-1.0: "#ffc46b", -0.5: "#c8720f", -0.15: "#6b3807", 0.0: "#161616", 0.15: "#3a2c7a", 0.5: "#7460c9", 1.0: "#cdbfff"}
# Grey where nothing is, then colours that also differ in lightness, none of them that of vessels.
_CLASS_COLOURS = ("#8d8d8d", "#24407a", "#e08a2c", "#7a1f70", "#4d7a2f")
_SMALL = 8.5


@dataclass(frozen=True, eq=False)
class Panel:
    """One map [z, y, x].

    - `title`: its name; `label`: what it is, under its bar.
    - `lower`, `upper`: ends of the colour bar; below zero and above it alike for a signed map.
    - `classes`: names of the codes 0, 1, ... where the map holds such; empty names are left out of the legend.
    """

    title: str
    label: str
    values: np.ndarray
    lower: float = 0.0
    upper: float = 1.0
    classes: tuple[str, ...] = ()


def readout_maps(fields: FieldSet, panels: Sequence[Panel], path: str | os.PathLike, *, time: int = -1) -> Path:
    """Draw a PNG with a panel for every map: the x-y slice through the centre of the tumour (or of the box) with vessels and outlines, a colour bar or legend.

    `fields` gives the box, tissue and vessels. All panels have one scale of lengths. Returns the path.

    **Raises** `InputError` for no panels or maps of another shape, `FileError` if the file cannot be written.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if not panels or any(np.shape(one.values) != fields.grid.shape for one in panels):
        raise InputError(f"a picture of readouts needs maps of the grid's shape {fields.grid.shape}; got {[np.shape(one.values) for one in panels]}")
    with matplotlib.rc_context(STYLE):
        figure = _draw(fields, panels, fields.time_index(time))
        with atomic_path(path) as temporary:
            FigureCanvasAgg(figure).print_png(str(temporary), metadata={"Software": "tmefield"})
    return Path(path)


def _draw(fields: FieldSet, panels: Sequence[Panel], time: int):
    from matplotlib.figure import Figure

    plane = planes_through(fields.grid, centre_voxel(fields))[0]
    overlay = make_overlay(fields, plane, slab_of(fields))
    sheet = make_panels(len(panels), plane)
    figure = Figure(figsize=(sheet.width, sheet.height), dpi=DOTS_PER_INCH, facecolor="white")
    for index, panel in enumerate(panels):
        (box,) = sheet.slices[index]
        axes = sheet.axes(figure, box)
        image, scale = _draw_map(axes, overlay, panel, sheet.um * 72)
        axes.set_title(plain_text(panel.title), pad=6, fontsize=fitting_size(panel.title, sheet.bars[index].width, 12.5), fontweight="bold", color=INK)
        if index == 0:
            draw_scale_bar(axes, plane)
            sheet.text(figure, sheet.left - 0.12, box.y + box.height / 2, plane.caption, fontsize=9.5, ha="right", va="center", color=INK, linespacing=1.35)
        if panel.classes:
            _draw_legend(figure, sheet, sheet.bars[index], panel)
        else:
            bar = sheet.axes(figure, sheet.bars[index])
            draw_bar(figure, bar, image, scale, _in_lines(panel.label, box), "neither")
    draw_head(figure, sheet, fields, time, [overlay])
    return figure


def _draw_map(axes, overlay: Overlay, panel: Panel, points_per_um: float) -> tuple[Any, Scale]:
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap, Normalize

    scale = Scale(1.0, "1", panel.lower, panel.upper, log=False)
    values = np.asarray(panel.values, np.float64)
    if not panel.classes:
        colours = (
            LinearSegmentedColormap.from_list("signed", [((1 + at) / 2, colour) for at, colour in _SIGNED_COLOURS.items()]) if panel.lower < 0 else COLOURMAP
        )
        return draw_slice(axes, overlay, values, scale, Normalize(scale.lower, scale.upper), points_per_um, colours), scale
    count = len(panel.classes)
    # A mean of codes beside a vessel would be another code: voxels in vessels keep their own.
    codes = replace(overlay, lumen=np.zeros_like(overlay.lumen))
    colours = ListedColormap(_CLASS_COLOURS[:count])
    return draw_slice(axes, codes, values, scale, BoundaryNorm(np.arange(count + 1) - 0.5, count), points_per_um, colours), scale


def _draw_legend(figure, sheet: Sheet, box: Box, panel: Panel) -> None:
    """The names of classes and what the map is, in place of a colour bar."""
    from matplotlib.patches import Patch

    named = [(name, colour) for name, colour in zip(panel.classes, _CLASS_COLOURS, strict=False) if name]
    handles = [Patch(facecolor=colour, edgecolor="#777777", linewidth=0.5, label=name) for name, colour in named]
    place = (box.x + box.width / 2) / sheet.width
    style = {"frameon": False, "fontsize": _SMALL, "borderpad": 0.0, "handlelength": 1.1, "handleheight": 0.9, "labelspacing": 0.25, "columnspacing": 1.0}
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(place, 1 - (box.y - 0.03) / sheet.height), ncols=min(len(named), 2), **style)
    below = box.y + 0.06 + 0.165 * -(-len(named) // 2)
    sheet.text(figure, box.x + box.width / 2, below, _in_lines(panel.label, box), fontsize=10, ha="center", va="top", color=INK)


def _in_lines(text: str, box: Box) -> str:
    """Text broken into lines no wider than the box; a letter of this size is about 0.08 inches wide."""
    return plain_text(fill(text, max(int(box.width / 0.08), 20)))
