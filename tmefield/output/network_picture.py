"""The picture of a vessel network: tubes of true radius in their box, coloured by what flows in them or lies at their walls."""

import math
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..units import MMHG
from .atomic import atomic_path
from .box_view import BoxView, Edge, view_of
from .fieldset import CONCENTRATION_UNITS, Variable, variable_name
from .scales import Scale, choose_scale, linear_ticks, log_ticks, nice_length, number
from .tubes import draw_tubes
from .vessel_lines import VesselLines

_DOTS_PER_INCH = 150
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9.5, "text.usetex": False, "axes.linewidth": 0.6}
_INK, _SOFT, _BOX_INK = "#222222", "#555555", "#9a9a9a"
_NO_VALUE = "#c4c4c4"
# Inches: the space for the drawing, and around it for axes, title and colour bar.
_WIDEST, _HIGHEST = 7.4, 6.4
_LEFT, _RIGHT, _TOP = 0.95, 1.55, 0.95
_BOTTOM_FLAT, _BOTTOM = 0.85, 0.5
_THINNEST = 0.7  # pixels; the radius that the narrowest vessels are drawn with
_LOG_DECADES = 4


@dataclass(frozen=True)
class Quantity:
    """How an array of segments is shown: what the bar says, its unit and how many of the array's units that is, and on which scale."""

    label: str
    unit: str
    factor: float = 1.0
    log: bool = False


# Units as those who measure vessels write them; 1 nl/min = 1e6/60 um3/s, 1 mmHg = 133.322 Pa.
_QUANTITIES = {
    "radius": Quantity("vessel radius", "µm"),
    "flow": Quantity("blood flow", "nl/min", 1e6 / 60, log=True),
    "hd": Quantity("discharge haematocrit", ""),
    "pressure": Quantity("blood pressure", "mmHg", MMHG),
}


def draw_network(lines: VesselLines, path: str | os.PathLike, *, colour: str = "radius") -> Path:
    """Draw a PNG of vessels as tubes of their true radius in the outline of their box, with axes and a scale bar in um; returns the path.

    `colour` is "radius" (um), "flow" (its size, nl/min, on a logarithmic scale), "hd", "pressure" (mmHg), a species of a result whose
    concentrations `lines` has (`VesselLines.with_species`), or the name of any other array of the segments. Colours go from the 0.5th to the
    99.5th percentile (of concentrations as in the overview); grey is without a value or without flow. Rays are parallel, so that lengths
    across the view are to scale everywhere; a network without depth is seen from above. Vessels thinner than about a pixel are drawn a
    pixel wide, and the picture says so.

    **Raises** `InputError` where there is no such array, `FileError` if the file cannot be written.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    name, entry = _array(lines, colour)
    with matplotlib.rc_context(_STYLE):
        figure = _draw(lines, name, entry)
        with atomic_path(path) as temporary:
            FigureCanvasAgg(figure).print_png(str(temporary), metadata={"Software": "tmefield"})
    return Path(path)


def _array(lines: VesselLines, colour: str) -> tuple[str, Variable]:
    """The array that is meant, by its own name or by that which a species has in a file."""
    arrays = {"radius": Variable(lines.radius, "vessel radius", "um"), **lines.on_segments}
    for name in (colour, variable_name(colour)):
        if name in arrays:
            return name, arrays[name]
    raise InputError(f"the vessels have no {colour!r} to colour them by; they have {', '.join(arrays)}")


def _draw(lines: VesselLines, name: str, entry: Variable):
    from matplotlib.figure import Figure

    low, high = lines.box if lines.box is not None else (lines.points.min(axis=0), lines.points.max(axis=0))
    view = view_of(low, high)
    left, right, bottom, top = view.extent
    um = min(_WIDEST / (right - left), _HIGHEST / (top - bottom))  # inches
    width, height = um * (right - left), um * (top - bottom)
    below = _BOTTOM_FLAT if view.is_flat else _BOTTOM
    page = (_LEFT + width + _RIGHT, _TOP + max(height, 2.2) + below)
    figure = Figure(figsize=page, dpi=_DOTS_PER_INCH, facecolor="white")
    axes = figure.add_axes((_LEFT / page[0], below / page[1], width / page[0], height / page[1]))
    values, scale, label = _scaled(name, entry)
    thinnest = _draw_vessels(axes, view, lines, _colours(values, scale, entry), um * _DOTS_PER_INCH)
    _draw_box(axes, view, um)
    _draw_scale_bar(axes, view, (below - 0.2) / height)
    bar = figure.add_axes((1 - (_RIGHT - 0.45) / page[0], (below + 0.1 * height) / page[1], 0.16 / page[0], max(0.62 * height, 1.6) / page[1]))
    _draw_bar(bar, values, scale, label, entry)
    title = lines.title.replace("$", r"\$")
    style: dict[str, Any] = {"ha": "left", "va": "center"}
    below_title = _subtitle(lines, view, thinnest)
    room = (page[0] - 0.6) * 72
    figure.text(0.3 / page[0], 1 - 0.32 / page[1], title, fontsize=float(np.clip(room / (0.65 * len(title)), 6, 15)), fontweight="bold", color=_INK, **style)
    figure.text(0.3 / page[0], 1 - 0.62 / page[1], below_title, fontsize=float(np.clip(room / (0.6 * len(below_title)), 6, 9.5)), color=_SOFT, **style)
    return figure


def _scaled(name: str, entry: Variable) -> tuple[np.ndarray, Scale, str]:
    """The values in the unit shown, the scale, and what the bar says; a concentration is shown as in the overview."""
    if entry.units == CONCENTRATION_UNITS:
        scale = choose_scale(entry.values)
        return entry.values / scale.factor, scale, f"{entry.long_name} ({scale.label})"
    shown = _QUANTITIES.get(name, Quantity(entry.long_name, "" if entry.units == "1" else entry.units))
    values = np.asarray(entry.values, np.float64) / shown.factor
    values = np.where(values == 0, np.nan, np.abs(values)) if shown.log else values
    lower, upper = _limits(values[np.isfinite(values)], log=shown.log)
    kind = ", log scale" if shown.log else ""
    text = f"{shown.label} ({shown.unit}{kind})" if shown.unit or kind else shown.label
    return values, Scale(shown.factor, shown.unit, lower, upper, log=shown.log), text


def _limits(values: np.ndarray, *, log: bool) -> tuple[float, float]:
    if not values.size:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = (float(one) for one in np.percentile(values, [0.5, 99.5]))
    if log:
        return nice_length(max(low, high / 10**_LOG_DECADES) * 0.999), high * 1.001
    if high - low <= 1e-9 * max(abs(high), 1e-300):
        return low - 0.5 * max(abs(low), 1e-3), high + 0.5 * max(abs(high), 1e-3)
    step = nice_length((high - low) / 4)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _colour_map(entry: Variable):
    """Concentrations as in the overview, all else in another map; both without their palest end, which white paper would swallow."""
    import matplotlib
    from matplotlib.colors import ListedColormap

    name, end = ("magma", 0.9) if entry.units == CONCENTRATION_UNITS else ("viridis", 0.96)
    return ListedColormap(matplotlib.colormaps[name](np.linspace(0.04, end, 256)))


def _norm(scale: Scale):
    from matplotlib.colors import LogNorm, Normalize

    return (LogNorm if scale.log else Normalize)(scale.lower, scale.upper, clip=True)


def _colours(values: np.ndarray, scale: Scale, entry: Variable) -> np.ndarray:
    from matplotlib.colors import to_rgb

    finite = np.isfinite(values)
    colours = _colour_map(entry)(np.asarray(_norm(scale)(np.where(finite, values, scale.upper))))[:, :3]
    return np.where(finite[:, None], colours, np.array(to_rgb(_NO_VALUE)))


def _draw_vessels(axes, view: BoxView, lines: VesselLines, colours: np.ndarray, pixels: float) -> float:
    """The tubes as an image over the box; returns the radius (um) below which they are drawn wider than they are."""
    left, right, bottom, top = view.extent
    # A margin, so that tubes are not cut where they stick out of the box by their radius.
    margin = float(lines.radius.max()) + 1 / pixels
    ends = (view.project(lines.points)[lines.ends] - [left - margin, top + margin, 0.0]) * [pixels, -pixels, pixels]
    shape = math.ceil((top - bottom + 2 * margin) * pixels), math.ceil((right - left + 2 * margin) * pixels)
    image = draw_tubes(ends[:, 0], ends[:, 1], np.maximum(lines.radius * pixels, _THINNEST), colours, shape)
    place = (left - margin, left - margin + shape[1] / pixels, top + margin - shape[0] / pixels, top + margin)
    axes.imshow(image, extent=place, interpolation="nearest", zorder=3, clip_on=False, aspect="auto")
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    return _THINNEST / pixels


def _draw_box(axes, view: BoxView, um: float) -> None:
    for line in view.lines():
        axes.plot(*line.T, color=_BOX_INK, linewidth=0.8, zorder=1, clip_on=False, solid_capstyle="round")
    for edge in view.axes():
        _draw_axis(axes, view, edge, um)


def _draw_axis(axes, view: BoxView, edge: Edge, um: float) -> None:
    """Ticks, numbers and the name of an axis, outside of the box."""
    lower, upper = float(view.lower[edge.axis]), float(view.upper[edge.axis])
    inches = um * float(np.linalg.norm(edge.end - edge.begin))
    ticks = linear_ticks(lower, upper, int(np.clip(inches / 0.6, 2, 5)))
    style = {"textcoords": "offset points", "color": _SOFT, "annotation_clip": False}
    across, up = edge.outward
    place = {"ha": "right" if across < -0.3 else "left" if across > 0.3 else "center", "va": "top" if up < -0.6 else "bottom" if up > 0.6 else "center"}
    for tick in ticks:
        # The numbers of x and y would meet at the corner in front.
        if not view.is_flat and edge.axis < 2 and abs(tick - (upper, lower)[edge.axis]) < 0.06 * (upper - lower):
            continue
        at = edge.begin + (tick - lower) / (upper - lower) * (edge.end - edge.begin)
        mark = np.array([at, at + edge.outward * 0.05 / um])
        axes.plot(*mark.T, color=_BOX_INK, linewidth=0.8, zorder=1, clip_on=False)
        axes.annotate(number(round(tick, 6)), at, 6 * edge.outward, fontsize=8.5, **place, **style)
    middle = (edge.begin + edge.end) / 2
    angle = math.degrees(math.atan2(*(edge.end - edge.begin)[::-1]))
    angle = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
    name = f"{'xyz'[edge.axis]} (µm)"
    widest = max((len(number(round(tick, 6))) for tick in ticks), default=1)
    away = 25 + 5.6 * widest * abs(float(across))
    axes.annotate(name, middle, away * edge.outward, fontsize=9.5, ha="center", va="center", rotation=angle, rotation_mode="anchor", **style)


def _draw_scale_bar(axes, view: BoxView, down: float) -> None:
    """A bar of round length across the view, on the right, below the box by `down` of its height."""
    left, right, *_ = view.extent
    length = nice_length(0.22 * (right - left))
    along = axes.get_xaxis_transform()
    axes.plot([right - length, right], [-down] * 2, color=_INK, linewidth=2.4, solid_capstyle="butt", transform=along, clip_on=False)
    style = {"xycoords": along, "textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 9, "color": _INK, "annotation_clip": False}
    axes.annotate(f"{number(length)} µm", (right - length / 2, -down), (0, 3), **style)


def _draw_bar(bar, values: np.ndarray, scale: Scale, label: str, entry: Variable) -> None:
    from matplotlib.cm import ScalarMappable

    finite = values[np.isfinite(values)]
    slack = 1e-6 * (scale.upper - scale.lower)
    beyond = bool(np.any(finite < scale.lower - slack)), bool(np.any(finite > scale.upper + slack))
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[beyond]
    ticks = log_ticks(scale.lower, scale.upper) if scale.log else linear_ticks(scale.lower, scale.upper, 5)
    colours = bar.get_figure().colorbar(ScalarMappable(_norm(scale), _colour_map(entry)), cax=bar, ticks=ticks, extend=extend, extendfrac=0.03)
    colours.ax.minorticks_off()
    colours.ax.set_yticklabels([number(round(tick, 9)) for tick in ticks])
    colours.ax.tick_params(length=3, pad=3, labelsize=9, colors=_INK)
    room = int(bar.get_figure().get_size_inches()[1] * bar.get_position().height * 72 / 6)
    colours.set_label(textwrap.fill(label, max(room, 24)), fontsize=10, labelpad=7, color=_INK)
    if finite.size < values.size:
        words = "no flow" if scale.log and entry.units == "um3 s-1" else "no value"
        bar.text(0, -0.06, f"■ {words}", transform=bar.transAxes, fontsize=9, color=_NO_VALUE, va="top", ha="left")


def _subtitle(lines: VesselLines, view: BoxView, thinnest: float) -> str:
    size = view.upper - view.lower
    box = " × ".join(number(float(f"{one:.4g}")) for one in (size[:2] if view.is_flat else size))
    words = f"{len(lines.radius)} segments, radius {lines.radius.min():.3g} to {lines.radius.max():.3g} µm, box {box} µm"
    return f"{words}; drawn at least {2 * thinnest:.2g} µm wide" if lines.radius.min() < thinnest else words
