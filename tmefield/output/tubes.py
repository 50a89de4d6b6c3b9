"""Tubes seen along parallel rays, with depth and shading, by arithmetic alone.

VTK would draw them too, but its renderer ends the whole process where a computer has neither a display nor a library for drawing
without one, as compute nodes often are (measured with vtk 9.7 without EGL); and what it draws depends on the driver.
"""

from dataclasses import dataclass

import numpy as np

_CHUNK = 2_000_000
"""Pixels of tubes handled at a time."""
_SAMPLES = 2
"""Rays a pixel and axis; their mean gives smooth edges."""
_LIGHT = np.array([-0.35, 0.5, 0.79])
_AMBIENT, _DIFFUSE, _GLOSS, _SHINE = 0.45, 0.6, 0.16, 30
_SHADOW, _SHADOW_PIXELS = 0.55, 7.0
_HAZE = 0.3


@dataclass(frozen=True)
class Capsules:
    """Straight tubes with round ends in the frame of the picture, all in samples: x to the right, y down, z towards the eye.

    `start` [m, 3], `along` [m, 3] unit vectors, `length` [m], `radius` [m].
    """

    start: np.ndarray
    along: np.ndarray
    length: np.ndarray
    radius: np.ndarray

    def hit(self, tube: np.ndarray, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where the ray through a sample first meets the wall of a tube that it meets: depth and the wall's normal (x, y, z).

        With p and n along and across the tube's shadow on the page, and c the tube's slope towards the eye, the point on the axis that
        belongs to the hit is s = (p + c sqrt(R^2 - n^2))/sqrt(1 - c^2), and that of the nearer end where s lies beyond it.
        """
        half = np.float32(0.5)
        x, y = column.astype(np.float32) + half - self.start[tube, 0], row.astype(np.float32) + half - self.start[tube, 1]
        ax, ay, az = (self.along[tube, axis] for axis in range(3))
        flat = np.maximum(np.hypot(ax, ay), 1e-6)
        p, n = (x * ax + y * ay) / flat, (y * ax - x * ay) / flat
        radius = self.radius[tube]
        s = np.clip((p + az * np.sqrt(np.maximum(radius**2 - n**2, 0))) / flat, 0, self.length[tube])
        ex, ey = x - s * ax, y - s * ay
        ez = np.sqrt(np.maximum(radius**2 - ex**2 - ey**2, 0))
        return self.start[tube, 2] + s * az + ez, ex / radius, ey / radius, ez / radius


def draw_tubes(start: np.ndarray, end: np.ndarray, radius: np.ndarray, colours: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """An image [row, column, RGBA] (0 to 1, transparent where there is no tube) of tubes in pixels: x to the right, y down, z towards the eye.

    **Arguments**

    - `start`, `end`: [m, 3] ends of the axes.
    - `radius`: [m].
    - `colours`: [m, 3] red, green, blue.
    - `shape`: rows and columns of the image.
    """
    run = (end - start) * _SAMPLES
    length = np.linalg.norm(run, axis=1)
    along = run / np.maximum(length, 1e-9)[:, None]
    tubes = Capsules(*(part.astype(np.float32) for part in (start * _SAMPLES, along, length, radius * _SAMPLES)))
    rows, columns = (n * _SAMPLES for n in shape)
    depth, owner = _nearest(tubes, rows, columns)
    seen = np.flatnonzero(owner >= 0)
    image = np.zeros((rows * columns, 4), np.float32)
    if seen.size:
        _, *normal = tubes.hit(owner[seen], seen % columns, seen // columns)
        image[seen, :3] = _shade(colours[owner[seen]].astype(np.float32), normal, depth, seen, (rows, columns))
        image[seen, 3] = 1.0
    return _average(image.reshape(rows, columns, 4))


def _nearest(tubes: Capsules, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Depth and number of the tube that each sample sees, flat; -inf and -1 where none."""
    depth = np.full(rows * columns, -np.inf, np.float32)
    owner = np.full(rows * columns, -1, np.int32)
    tube, row = _rows_of(tubes, rows)
    first, count = _columns_of(tubes, tube, row, columns)
    group = np.cumsum(count) // _CHUNK
    for begin, stop in zip(*_runs(group), strict=True):
        part = slice(begin, stop)
        which = np.repeat(np.arange(begin, stop), count[part])
        column = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
        sample = row[which] * columns + column
        near, *_ = tubes.hit(tube[which], column, row[which])
        np.maximum.at(depth, sample, near)
        wins = near == depth[sample]
        owner[sample[wins]] = tube[which[wins]]
    return depth, owner


def _runs(group: np.ndarray) -> tuple[list[int], list[int]]:
    """Begin and end of each run of equal numbers."""
    cuts = np.flatnonzero(np.diff(group)) + 1
    return [0, *cuts.tolist()], [*cuts.tolist(), len(group)]


def _rows_of(tubes: Capsules, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Every tube with every row of samples that it may reach."""
    y0, y1 = tubes.start[:, 1], tubes.start[:, 1] + tubes.length * tubes.along[:, 1]
    low = np.clip(np.floor(np.minimum(y0, y1) - tubes.radius), 0, rows).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(y0, y1) + tubes.radius), 0, rows).astype(np.int64)
    tube = np.repeat(np.arange(len(low)), high - low)
    return tube, low[tube] + np.arange(len(tube)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)


def _columns_of(tubes: Capsules, tube: np.ndarray, row: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """First column and number of columns of a tube's shadow on a row: two discs and the strip between them."""
    radius, up = tubes.radius[tube], row + 0.5 - tubes.start[tube, 1]
    fx, fy = tubes.length[tube] * tubes.along[tube, 0], tubes.length[tube] * tubes.along[tube, 1]
    flat = np.hypot(fx, fy)
    c, s = (np.where(np.abs(one) < 1e-6, 1e-6, one) for one in (fx / np.maximum(flat, 1e-6), fy / np.maximum(flat, 1e-6)))
    with np.errstate(invalid="ignore"):
        halves = [np.sqrt(radius**2 - up**2), np.sqrt(radius**2 - (up - fy) ** 2)]
    ends = np.sort(np.stack([-up * s / c, (flat - up * s) / c]), axis=0)
    sides = np.sort(np.stack([(up * c - radius) / s, (up * c + radius) / s]), axis=0)
    left, right = np.maximum(ends[0], sides[0]), np.minimum(ends[1], sides[1])
    # Of a tube seen end on there is no strip.
    empty = ~(right >= left) | (flat < 1e-3)
    # fmin and fmax pass over what is NaN, where a row misses a part.
    left = np.fmin(np.fmin(-halves[0], fx - halves[1]), np.where(empty, np.nan, left))
    right = np.fmax(np.fmax(halves[0], fx + halves[1]), np.where(empty, np.nan, right))
    x = tubes.start[tube, 0]
    first = np.clip(np.nan_to_num(np.ceil(x + left - 0.5), nan=0.0), 0, columns).astype(np.int64)
    stop = np.clip(np.nan_to_num(np.floor(x + right - 0.5) + 1, nan=0.0), 0, columns).astype(np.int64)
    return first, np.maximum(stop - first, 0)


def _shade(colours: np.ndarray, normal: list[np.ndarray], depth: np.ndarray, seen: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Light from the upper left, shadow beside what lies nearer (after Luft 2006, doi:10.1145/1141911.1142016), haze with depth."""
    from scipy.ndimage import gaussian_filter

    light = _LIGHT / np.linalg.norm(_LIGHT)
    halfway = light + np.array([0.0, 0.0, 1.0])
    halfway /= np.linalg.norm(halfway)
    # Rows count downwards, light comes from above.
    facing = np.clip(normal[0] * light[0] - normal[1] * light[1] + normal[2] * light[2], 0, 1)
    gloss = np.clip(normal[0] * halfway[0] - normal[1] * halfway[1] + normal[2] * halfway[2], 0, 1) ** _SHINE
    near, far = float(depth[seen].max()), float(depth[seen].min())
    share = (depth[seen] - far) / max(near - far, 1.0)
    ground = np.where(np.isfinite(depth), depth, far).reshape(shape)
    rise = gaussian_filter(ground, _SHADOW_PIXELS * _SAMPLES).reshape(-1)[seen] - depth[seen]
    shadow = 1 - _SHADOW * np.clip(rise / max(0.15 * (near - far), 1.0), 0, 1)
    shaded = np.clip(colours * ((_AMBIENT + _DIFFUSE * facing) * shadow)[:, None] + _GLOSS * gloss[:, None], 0, 1)
    haze = (_HAZE * (1 - share))[:, None]
    return shaded * (1 - haze) + haze


def _average(image: np.ndarray) -> np.ndarray:
    """Samples averaged to pixels; colours count as much as their samples are covered."""
    rows, columns = image.shape[0] // _SAMPLES, image.shape[1] // _SAMPLES
    image[..., :3] *= image[..., 3:]
    mean = image.reshape(rows, _SAMPLES, columns, _SAMPLES, 4).mean(axis=(1, 3))
    mean[..., :3] /= np.maximum(mean[..., 3:], 1e-6)
    return mean
