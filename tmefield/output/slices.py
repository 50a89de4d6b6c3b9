"""Planes through the box, and what is drawn on one: the field, the vessels it cuts, outlines and a scale bar."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..grid import AXES, Grid
from .fieldset import TISSUES, FieldSet
from .scales import Scale, nice_length, number

COLOURMAP = "magma"
TUMOUR = "tumour"
# Absent from the colour map, so a vessel is told from any concentration, also with red-green colour blindness.
VESSEL_COLOUR = "#35d0e6"
VESSEL_EDGE = "#06323a"
TUMOUR_CODES = (TISSUES.index("tumour"), TISSUES.index("necrotic_core"))
NECROTIC_CODE = TISSUES.index("necrotic_core")
LUMEN_CODE = TISSUES.index("vessel_lumen")
_OUTLINE_PIXELS = 500


@dataclass(frozen=True)
class Plane:
    """A plane of voxels: `normal`, `vertical` and `horizontal` are axes in the order 0 = z, 1 = y, 2 = x; `index` along the normal."""

    grid: Grid
    normal: int
    vertical: int
    horizontal: int
    index: int

    @property
    def position(self) -> float:
        """Where the plane cuts its normal axis, um."""
        return float(self.grid.centres(self.normal)[self.index])

    @property
    def caption(self) -> str:
        """For example "x-y plane, z = 115 µm"; of a section no height."""
        if self.grid.shape[self.normal] == 1:
            return f"{AXES[self.horizontal]}–{AXES[self.vertical]} plane\ny runs down"
        return f"{AXES[self.horizontal]}–{AXES[self.vertical]} plane\n{AXES[self.normal]} = {number(round(self.position, 1))} µm"

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top in um."""
        lower, upper = self.grid.origin, self.grid.upper
        return lower[self.horizontal], upper[self.horizontal], lower[self.vertical], upper[self.vertical]

    def cut(self, values: np.ndarray) -> np.ndarray:
        """The values [vertical, horizontal] on the plane of a field [z, y, x]."""
        return np.take(values, self.index, axis=self.normal)


def planes_through(grid: Grid, centre: tuple[int, int, int]) -> list[Plane]:
    """The x-y, x-z and y-z planes through a voxel (z, y, x); of a section, one voxel thick, the x-y plane alone."""
    planes = [Plane(grid, 0, 1, 2, centre[0]), Plane(grid, 1, 0, 2, centre[1]), Plane(grid, 2, 0, 1, centre[2])]
    return planes[:1] if grid.shape[0] == 1 else planes


def centre_voxel(fields: FieldSet) -> tuple[int, int, int]:
    """The voxel (z, y, x) at the centre of the tumour, or of the box where there is no tumour. Without labels it lies where the planes with the most tumour
    cells meet: in the corner of a tumour of which the box holds one eighth.
    """
    if fields.labels is not None:
        inside = np.argwhere(np.isin(fields.labels, TUMOUR_CODES))
        if len(inside):
            z, y, x = np.rint(inside.mean(axis=0)).astype(int)
            return int(z), int(y), int(x)
    elif np.any(fields.cell_density.get(TUMOUR, 0)):
        return where_most(np.asarray(fields.cell_density[TUMOUR], np.float64))
    z, y, x = (n // 2 for n in fields.grid.shape)
    return z, y, x


def where_most(density: np.ndarray) -> tuple[int, int, int]:
    """Along each axis the plane with the most of a density [z, y, x] or, of one that changes, of its start; of several, that nearest the middle."""
    start = density if density.ndim == 3 else density[0]
    planes = []
    for axis in range(3):
        held = start.sum(axis=tuple(other for other in range(3) if other != axis))
        most = np.flatnonzero(held >= 0.999 * held.max())
        planes.append(int(most[np.argmin(np.abs(most - held.size // 2))]))
    return planes[0], planes[1], planes[2]


@dataclass(frozen=True)
class Overlay:
    """What lies over the field on one plane, worked out once and drawn for every species.

    `wall`: signed distance (um) to the vessel walls at `wall_x`, `wall_y`, negative inside; `lines` [n, 2, 2] and `widths`
    (um): vessels within `slab` um of the plane; `lumen`: voxels inside vessels; `tumour`, `necrosis`: smoothed masks at the voxel centres, or None.
    """

    plane: Plane
    slab: float
    wall_x: np.ndarray
    wall_y: np.ndarray
    wall: np.ndarray
    lines: np.ndarray
    widths: np.ndarray
    lumen: np.ndarray
    tumour: np.ndarray | None
    necrosis: np.ndarray | None

    def tissue(self, concentration: np.ndarray) -> np.ndarray:
        """The values on the plane of a field [z, y, x] that lie in tissue, not in a vessel."""
        return self.plane.cut(concentration)[~self.lumen]


def make_overlay(fields: FieldSet, plane: Plane, slab: float) -> Overlay:
    """Find the vessels and the tumour on a plane; `slab` in um is how far from it a vessel is still shown as a line."""
    left, right, bottom, top = plane.extent
    spacing = max((right - left) / _OUTLINE_PIXELS, (top - bottom) / _OUTLINE_PIXELS)
    wall_x = np.linspace(left, right, max(2, int((right - left) / spacing) + 1))
    wall_y = np.linspace(bottom, top, max(2, int((top - bottom) / spacing) + 1))
    segments = np.zeros((0, 2, 3)) if fields.vessel_segments is None else fields.vessel_segments
    radii = np.zeros(0) if fields.vessel_radii is None else fields.vessel_radii
    # Segments are x, y, z; the plane counts z, y, x. Here: horizontal, vertical, off the plane.
    local = segments[..., [2 - plane.horizontal, 2 - plane.vertical, 2 - plane.normal]] - np.array([0.0, 0.0, plane.position])
    lines, kept = _clip_to_slab(local, slab)
    labels = plane.cut(np.zeros(fields.grid.shape, np.int8) if fields.labels is None else fields.labels)
    return Overlay(
        plane=plane,
        slab=slab,
        wall_x=wall_x,
        wall_y=wall_y,
        wall=_signed_distance(local, radii, wall_x, wall_y),
        lines=lines,
        widths=2 * radii[kept],
        lumen=labels == LUMEN_CODE,
        tumour=_smooth_mask(_tissue_around(labels), TUMOUR_CODES),
        necrosis=_smooth_mask(_tissue_around(labels), (NECROTIC_CODE,)),
    )


def _tissue_around(labels: np.ndarray) -> np.ndarray:
    """The labels with the nearest tissue's in place of a lumen's: a vessel inside a tumour is no hole in its outline."""
    from scipy.ndimage import distance_transform_edt

    lumen = labels == LUMEN_CODE
    if not lumen.any() or lumen.all():
        return labels
    nearest = np.asarray(distance_transform_edt(lumen, return_distances=False, return_indices=True))
    return labels[tuple(nearest)]


def draw_slice(axes, overlay: Overlay, concentration: np.ndarray, scale: Scale, norm, points_per_um: float, colours: Any = COLOURMAP):
    """Draw a field [z, y, x] (nmol/L, or what the scale has) on the plane, with vessels and outlines; returns the image for the colour bar."""
    from matplotlib.collections import LineCollection

    plane = overlay.plane
    values = plane.cut(concentration) / scale.factor
    values = _fill_from_neighbours(np.where(overlay.lumen, np.nan, values)) if overlay.wall.min() < 0 else np.where(overlay.lumen, np.nan, values)
    shown = np.ma.masked_invalid(np.maximum(values, scale.lower) if scale.log else values)
    # What has no value is inside a vessel.
    axes.set_facecolor(VESSEL_COLOUR)
    image = axes.imshow(shown, origin="lower", extent=plane.extent, cmap=colours, norm=norm, interpolation="nearest", aspect="auto")
    if len(overlay.lines):
        widths = np.clip(overlay.widths * points_per_um, 0.4, 2.0)
        axes.add_collection(LineCollection(list(overlay.lines), colors=VESSEL_COLOUR, linewidths=widths, alpha=0.45, capstyle="round"))
    if overlay.wall.min() < 0:
        axes.contourf(overlay.wall_x, overlay.wall_y, overlay.wall, levels=[-np.inf, 0], colors=[VESSEL_COLOUR])
        axes.contour(overlay.wall_x, overlay.wall_y, overlay.wall, levels=[0], colors=VESSEL_EDGE, linewidths=0.7)
    for mask, style in ((overlay.tumour, "--"), (overlay.necrosis, ":")):
        _draw_outline(axes, plane, mask, style)
    axes.set_xlim(plane.extent[:2])
    # A section is seen as its image, whose rows run down.
    axes.set_ylim(plane.extent[:1:-1] if is_section(plane.grid) else plane.extent[2:])
    axes.set_xticks([])
    axes.set_yticks([])
    return image


def is_section(grid: Grid) -> bool:
    """Whether the grid is a tissue section, one voxel deep."""
    return grid.shape[0] == 1


def has_outline(mask: np.ndarray | None) -> bool:
    """Whether a region of the overlay begins or ends on the plane, so that there is an outline to draw."""
    return mask is not None and bool(mask.min() < 0.5 < mask.max())


def draw_scale_bar(axes, plane: Plane) -> None:
    """A bar of round length in the lower left corner, with its length in um."""
    from matplotlib import patheffects

    left, right = plane.extent[:2]
    length = nice_length(0.32 * (right - left))
    start = left + 0.05 * (right - left)
    along = axes.get_xaxis_transform()  # x in um, y as a share of the height
    dark = [patheffects.withStroke(linewidth=4.0, foreground="black", alpha=0.65)]
    axes.plot([start, start + length], [0.07] * 2, color="white", linewidth=2.4, solid_capstyle="butt", path_effects=dark, transform=along)
    place = {"xycoords": along, "textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 9}
    text = axes.annotate(f"{number(length)} µm", (start + length / 2, 0.07), (0, 3.5), **place)
    text.set(color="white", path_effects=[patheffects.withStroke(linewidth=2.2, foreground="black", alpha=0.65)])


def _draw_outline(axes, plane: Plane, mask: np.ndarray | None, style: str) -> None:
    from matplotlib import patheffects

    if not has_outline(mask):
        return
    horizontal, vertical = plane.grid.centres(plane.horizontal), plane.grid.centres(plane.vertical)
    lines = axes.contour(horizontal, vertical, mask, levels=[0.5], colors="white", linewidths=1.3, linestyles=style)
    lines.set_path_effects([patheffects.withStroke(linewidth=2.4, foreground="black", alpha=0.45)])


def _clip_to_slab(local: np.ndarray, slab: float) -> tuple[np.ndarray, np.ndarray]:
    """The parts [n, 2, 2] of the segments that lie within the slab, seen along the normal, and which segments they are."""
    start, run = local[:, 0], local[:, 1] - local[:, 0]
    rise = np.where(np.abs(run[:, 2]) < 1e-12, 1e-12, run[:, 2])
    crossings = np.sort(np.stack([(-slab - start[:, 2]) / rise, (slab - start[:, 2]) / rise]), axis=0)
    begin, end = np.clip(crossings, 0.0, 1.0)
    kept = np.flatnonzero(end > begin)
    parts = start[kept, None, :2] + np.stack([begin[kept], end[kept]], axis=1)[..., None] * run[kept, None, :2]
    return parts, kept


def _signed_distance(local: np.ndarray, radii: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance (um) in the plane to the nearest vessel wall, negative inside; exact near vessels that cut the plane, large elsewhere."""
    far = float(max(x[-1] - x[0], y[-1] - y[0]))
    distance = np.full((y.size, x.size), far)
    margin = 2 * max(x[1] - x[0], y[1] - y[0])
    low, high = local[:, :, 2].min(axis=1), local[:, :, 2].max(axis=1)
    cutting = (low <= radii) & (high >= -radii)
    for (start, end), radius in zip(local[cutting], radii[cutting], strict=True):
        low, high = np.minimum(start, end)[:2] - radius - margin, np.maximum(start, end)[:2] + radius + margin
        columns, rows = slice(*np.searchsorted(x, [low[0], high[0]])), slice(*np.searchsorted(y, [low[1], high[1]]))
        run = end - start
        across, up, off = x[None, columns] - start[0], y[rows, None] - start[1], -start[2]
        along = np.clip((across * run[0] + up * run[1] + off * run[2]) / max(float(run @ run), 1e-12), 0.0, 1.0)
        gap = np.sqrt((across - along * run[0]) ** 2 + (up - along * run[1]) ** 2 + (off - along * run[2]) ** 2) - radius
        distance[rows, columns] = np.minimum(distance[rows, columns], gap)
    return distance


def _smooth_mask(labels: np.ndarray, codes: tuple[int, ...]) -> np.ndarray | None:
    """A mask with its voxel steps smoothed, ready to be contoured at 1/2; vessels inside a region do not interrupt it."""
    if min(labels.shape) < 2:
        return None
    known = (labels != LUMEN_CODE).astype(np.float64)
    return _smooth(np.isin(labels, codes).astype(np.float64)) / np.maximum(_smooth(known), 1e-3)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Four passes of (1, 2, 1)/4 along each axis, mirrored at the edges."""
    for _ in range(4):
        for axis in (0, 1):
            n = values.shape[axis]
            padded = np.pad(values, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            values = (np.take(padded, range(n), axis) + 2 * values + np.take(padded, range(2, n + 2), axis)) / 4
    return values


def _fill_from_neighbours(values: np.ndarray) -> np.ndarray:
    """Voxels without a value get the mean of those beside them, two layers deep: what the round outline of a vessel leaves free."""
    for _ in range(2):
        padded = np.pad(values, 1, constant_values=np.nan)
        beside = np.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        count = np.isfinite(beside).sum(axis=0)
        mean = np.nansum(beside, axis=0) / np.maximum(count, 1)
        values = np.where(np.isnan(values) & (count > 0), mean, values)
    return values
