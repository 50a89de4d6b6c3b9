"""The overview picture: for every species three slices, a colour bar and a profile."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import atomic_path
from .fieldset import FieldSet
from .profiles import profile, wall_distance
from .scales import Scale, choose_scale, linear_ticks, log_ticks, number
from .sheet import Box, Sheet, make_sheet
from .slices import (
    LUMEN_CODE,
    TUMOUR_CODES,
    VESSEL_COLOUR,
    VESSEL_EDGE,
    Overlay,
    centre_voxel,
    draw_scale_bar,
    draw_slice,
    has_outline,
    is_section,
    make_overlay,
    planes_through,
)

DOTS_PER_INCH = 150
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.usetex": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#444444",
    "axes.titlesize": 14,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}
INK = "#222222"
_REGION_COLOURS = ("#8c2981", "#d98324")
_PROFILE_VOXELS = 200_000
_PROFILE_BINS = 32
# A bin with fewer voxels says nothing about a mean.
_PROFILE_FEWEST = 20
# Name of a map that holds the distance to the nearest vessel wall, um; worked out from the segments where absent.
DISTANCE_MAP = "distance_to_vessel"


def overview(fields: FieldSet, path: str | os.PathLike, *, time: int = -1) -> Path:
    """Draw a PNG with a column (a row, if there are one or two) for every species: slices through the tumour centre, a colour bar, and a profile.

    Slices are x-y, x-z and y-z (of a section, one voxel thick, x-y alone), all on one scale of lengths. Vessels that a slice
    cuts are filled, those close by are thin lines; the tumour is dashed, its necrotic core dotted. The profile is the mean
    with a band of one standard deviation against the distance to the nearest vessel wall, or to the centre of the tumour
    where there are no vessels. `time` is the index of the time shown. Returns the path.

    **Raises** `InputError` for a time index that does not exist, `FileError` if the file cannot be written.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with matplotlib.rc_context(STYLE):
        figure = _draw(fields, fields.time_index(time))
        with atomic_path(path) as temporary:
            FigureCanvasAgg(figure).print_png(str(temporary), metadata={"Software": "tmefield"})
    return Path(path)


def _draw(fields: FieldSet, time: int):
    from matplotlib.figure import Figure

    planes = planes_through(fields.grid, centre_voxel(fields))
    slab = slab_of(fields)
    overlays = [make_overlay(fields, plane, slab) for plane in planes]
    sheet = make_sheet(len(fields.species), planes)
    figure = Figure(figsize=(sheet.width, sheet.height), dpi=DOTS_PER_INCH, facecolor="white")
    sample, distance, what = _distances(fields)
    regions = _regions(fields, sample)
    for index, name in enumerate(fields.names):
        field = fields.concentration[time, index].astype(np.float64)
        scale = choose_scale(np.concatenate([overlay.tissue(field) for overlay in overlays]))
        _draw_slices(figure, sheet, index, name, overlays, field, scale)
        axes = sheet.axes(figure, sheet.profiles[index])
        _draw_profiles(axes, field.reshape(-1)[sample], distance, regions, scale, what)
        if index == 0 and len(regions) > 1:
            axes.legend(loc="best", fontsize=9, frameon=False, handlelength=1.4, borderaxespad=0.1)
    draw_head(figure, sheet, fields, time, overlays)
    return figure


def _draw_slices(figure, sheet: Sheet, index: int, name: str, overlays: list[Overlay], field: np.ndarray, scale: Scale) -> None:
    from matplotlib.colors import LogNorm, Normalize

    norm = (LogNorm if scale.log else Normalize)(scale.lower, scale.upper)
    image = None
    for number_of_plane, (overlay, box) in enumerate(zip(overlays, sheet.slices[index], strict=True)):
        axes = sheet.axes(figure, box)
        image = draw_slice(axes, overlay, field, scale, norm, sheet.um * 72)
        if number_of_plane == 0:
            draw_scale_bar(axes, overlay.plane)
        _draw_captions(figure, sheet, axes, box, overlay, name, first=number_of_plane == 0, first_species=index == 0)
    extend = _extend(np.concatenate([overlay.tissue(field) for overlay in overlays]) / scale.factor, scale)
    draw_bar(figure, sheet.axes(figure, sheet.bars[index]), image, scale, scale.label, extend)


def draw_bar(figure, axes, image, scale: Scale, label: str, extend: str) -> None:
    """A colour bar of an image in these axes, with its label below."""
    ticks = log_ticks(scale.lower, scale.upper) if scale.log else linear_ticks(scale.lower, scale.upper)
    colours = figure.colorbar(image, cax=axes, orientation="horizontal", ticks=ticks, extend=extend, extendfrac=0.03)
    colours.ax.minorticks_off()
    colours.ax.set_xticklabels([number(tick) for tick in ticks])
    colours.ax.tick_params(length=3, pad=2)
    colours.set_label(label, labelpad=1, color=INK)


def _draw_captions(figure, sheet: Sheet, axes, box: Box, overlay: Overlay, name: str, *, first: bool, first_species: bool) -> None:
    """The species over its column or left of its row, the plane left of its row or over its column."""
    margin = {"ha": "right", "va": "center", "color": INK, "linespacing": 1.35}
    x, y = sheet.left - 0.12, box.y + box.height / 2
    if sheet.in_rows:
        axes.set_title(overlay.plane.caption.replace("\n", ", "), fontsize=10, pad=5, color=INK)
        if first:
            sheet.text(figure, x, y, plain_text(name), fontsize=fitting_size(name, x, 14.0), fontweight="bold", **margin)
    else:
        if first:
            axes.set_title(plain_text(name), pad=7, fontsize=fitting_size(name, box.width + 0.5, 14.0), fontweight="bold", color=INK)
        if first_species:
            sheet.text(figure, x, y, overlay.plane.caption, fontsize=9.5, **margin)


def _draw_profiles(axes, values: np.ndarray, distance: np.ndarray, regions: dict[str, np.ndarray], scale: Scale, what: str) -> None:
    reach = max(float(np.percentile(distance, 99.5)), 1e-6) if distance.size else 1.0
    edges = np.linspace(0.0, reach, _PROFILE_BINS + 1)
    floor, top = (scale.lower if scale.log else 0.0), 0.0
    for (name, inside), colour in zip(regions.items(), _REGION_COLOURS, strict=False):
        centres, mean, spread, count = profile(values[inside] / scale.factor, distance[inside], edges)
        enough = count >= _PROFILE_FEWEST
        centres, mean, spread = centres[enough], mean[enough], spread[enough]
        axes.fill_between(centres, np.maximum(mean - spread, floor), mean + spread, color=colour, alpha=0.2, linewidth=0)
        axes.plot(centres, mean, color=colour, linewidth=2, label=name)
        top = max(top, float(np.max(mean + spread, initial=0.0)))
    if scale.log:
        axes.set_yscale("log")
        axes.set_ylim(scale.lower, scale.upper)
        ticks = log_ticks(scale.lower, scale.upper)
    else:
        top = top if top > scale.lower else scale.upper
        axes.set_ylim(scale.lower, scale.lower + 1.08 * (top - scale.lower))
        ticks = linear_ticks(*axes.get_ylim())
    axes.minorticks_off()
    axes.set_yticks(ticks, [number(tick) for tick in ticks])
    axes.set_xlim(0, reach)
    axes.set_xlabel(what, color=INK)
    axes.set_ylabel(f"mean ± s.d. ({scale.unit})", labelpad=2, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.tick_params(length=3, pad=2)


def _regions(fields: FieldSet, sample: np.ndarray) -> dict[str, np.ndarray]:
    """Which of the sampled voxels are tumour and which stroma; all in one where only one of them is there to speak of."""
    everywhere = {"tissue": np.ones(sample.size, dtype=bool)}
    if fields.labels is None:
        return everywhere
    tumour = np.isin(fields.labels.reshape(-1)[sample], TUMOUR_CODES)
    if not 0.02 < np.mean(tumour) < 0.98:
        return everywhere
    return {"tumour": tumour, "stroma": ~tumour}


def _distances(fields: FieldSet) -> tuple[np.ndarray, np.ndarray, str]:
    """Which voxels (flat index) the profile takes, their distance (um), and from what."""
    tissue = np.flatnonzero(fields.labels != LUMEN_CODE) if fields.labels is not None else np.arange(fields.grid.size)
    if tissue.size > _PROFILE_VOXELS:
        tissue = np.sort(np.random.default_rng(0).choice(tissue, _PROFILE_VOXELS, replace=False))
    if DISTANCE_MAP in fields.maps:
        return tissue, fields.maps[DISTANCE_MAP].values.reshape(-1)[tissue], "distance to nearest vessel wall (µm)"
    where = np.unravel_index(tissue, fields.grid.shape)
    points = np.stack([fields.grid.centres(axis)[where[axis]] for axis in (2, 1, 0)], axis=1)
    if fields.vessel_segments is not None and fields.vessel_radii is not None and len(fields.vessel_radii):
        step = min(fields.grid.spacing) / 2
        distance = wall_distance(points, fields.vessel_segments, fields.vessel_radii, step=step)
        return tissue, distance, "distance to nearest vessel wall (µm)"
    centre = [fields.grid.centres(axis)[index] for axis, index in enumerate(centre_voxel(fields))]
    return tissue, np.linalg.norm(points - centre[::-1], axis=1), "distance from the centre (µm)"


def slab_of(fields: FieldSet) -> float:
    """How far from a slice a vessel is still drawn, um: enough to see where it goes, not so much that all of them overlap."""
    return 5.0 * max(1.0, round(max(max(fields.grid.spacing), 0.025 * max(fields.grid.extent)) / 5.0))


def _extend(values: np.ndarray, scale: Scale) -> str:
    tolerance = 1e-3 * (scale.upper - scale.lower)
    values = values[np.isfinite(values)]
    below = bool(np.any(values < scale.lower - (0 if scale.log else tolerance)))
    above = bool(np.any(values > scale.upper + tolerance))
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]


def draw_head(figure, sheet: Sheet, fields: FieldSet, time: int, overlays: list[Overlay]) -> None:
    """Title, box and state over a page, and what the lines in its slices are."""
    title = fields.attributes.get("title", "Concentration fields")
    sheet.text(
        figure, sheet.left, 0.32, plain_text(title), fontsize=fitting_size(title, sheet.right - sheet.left, 17.0), fontweight="bold", va="center", color=INK
    )
    sheet.text(figure, sheet.left, 0.66, plain_text(_subtitle(fields, time)), fontsize=11, va="center", color="#555555")
    handles = _legend(overlays)
    if not handles:
        return
    style = {"ncols": len(handles), "frameon": False, "fontsize": 10, "borderaxespad": 0.0, "borderpad": 0.0}
    if sheet.is_narrow:
        figure.legend(handles=handles, loc="center left", bbox_to_anchor=(sheet.left / sheet.width, 1 - 1.0 / sheet.height), columnspacing=1.2, **style)
    else:
        figure.legend(handles=handles, loc="center right", bbox_to_anchor=(sheet.right / sheet.width, 1 - 0.66 / sheet.height), **style)


def _subtitle(fields: FieldSet, time: int) -> str:
    grid = fields.grid
    axes = (2, 1, 0) if grid.shape[0] > 1 else (2, 1)
    box = " × ".join(number(round(grid.extent[axis], 1)) for axis in axes)
    spacing = sorted({round(grid.spacing[axis], 3) for axis in axes})
    voxels = " × ".join(number(h) for h in spacing)
    state = fields.attributes.get("state") or _time(float(fields.times[time]))
    section = "" if grid.shape[0] > 1 else f", section {number(round(grid.extent[0], 2))} µm thick"
    return f"{box} µm, voxels {voxels} µm{section}   ·   {state}"


def _time(seconds: float) -> str:
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"t = {seconds / length:.4g} {unit}"
    return f"t = {seconds:.4g} s"


def _legend(overlays: list[Overlay]) -> list:
    from matplotlib.colors import to_rgba
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    dark = "#777777"
    if any(o.wall.min() < 0 or o.lumen.any() for o in overlays):
        handles.append(Patch(facecolor=VESSEL_COLOUR, edgecolor=VESSEL_EDGE, linewidth=0.7, label="vessel cut by the slice"))
    if any(len(o.lines) for o in overlays) and not is_section(overlays[0].plane.grid):
        handles.append(Line2D([], [], color=to_rgba(VESSEL_COLOUR, 0.6), linewidth=1.5, label=f"vessel within {number(overlays[0].slab)} µm"))
    if any(has_outline(o.tumour) for o in overlays):
        handles.append(Line2D([], [], color=dark, linestyle="--", linewidth=1.3, label="tumour"))
    if any(has_outline(o.necrosis) for o in overlays):
        handles.append(Line2D([], [], color=dark, linestyle=":", linewidth=1.3, label="necrotic core"))
    return handles


def fitting_size(text: str, inches: float, largest: float) -> float:
    """The size in points at which bold text is no wider than `inches`; a letter is about 0.65 of its size wide."""
    return float(np.clip(inches * 72 / (0.65 * max(len(text), 1)), 6.0, largest))


def plain_text(text: str) -> str:
    """Text as it stands: a dollar sign in a title is no formula."""
    return text.replace("$", r"\$")
