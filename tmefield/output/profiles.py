"""Means over shells of equal distance, and the distance to the nearest vessel wall."""

import numpy as np

from ..errors import InputError

_RADIUS_CLASSES = 12


def profile(values: np.ndarray, distance: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean and spread of `values` in bins of `distance`.

    **Arguments**

    - `values`, `distance`: arrays of one shape; places where either is not finite are left out.
    - `edges`: [bins + 1] increasing; a bin holds edge <= distance < next edge, the last one its upper edge too.

    **Returns** bin centres, mean, standard deviation (of the population) and count, each [bins]; NaN where a bin is empty.

    **Raises** `InputError` if the shapes differ or the edges do not increase.
    """
    values, distance, edges = np.asarray(values, dtype=np.float64), np.asarray(distance, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    if values.shape != distance.shape:
        raise InputError(f"profile needs values and distance of one shape; got {values.shape} and {distance.shape}")
    if edges.ndim != 1 or edges.size < 2 or np.any(np.diff(edges) <= 0):
        raise InputError("profile needs at least two bin edges, increasing")
    inside = np.isfinite(values) & np.isfinite(distance) & (distance >= edges[0]) & (distance <= edges[-1])
    values, distance = values[inside], distance[inside]
    bins = np.minimum(np.searchsorted(edges, distance, side="right") - 1, edges.size - 2)
    count = np.bincount(bins, minlength=edges.size - 1)
    filled = np.maximum(count, 1)
    mean = np.bincount(bins, values, edges.size - 1) / filled
    # Deviations from the bin mean, not mean of squares minus square of mean, which cancels.
    variance = np.bincount(bins, (values - mean[bins]) ** 2, edges.size - 1) / filled
    empty = count == 0
    mean[empty], variance[empty] = np.nan, np.nan
    return (edges[:-1] + edges[1:]) / 2, mean, np.sqrt(variance), count


def wall_distance(points: np.ndarray, segments: np.ndarray, radii: np.ndarray, *, step: float) -> np.ndarray:
    """Distance [n] um of points [n, 3] (x, y, z) to the nearest vessel wall, 0 inside a vessel.

    The centrelines are sampled no farther apart than `step` (um), which adds at most step^2 / (8 d) at the distance d from
    the axis. Radii are taken in up to twelve classes of equal width, at least `step` wide unless that makes more; the wall
    found may lie farther than the nearest by that width at most.
    `segments` [segment, 2, 3] and `radii` [segment] in um.
    """
    from scipy.spatial import KDTree

    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    samples = np.maximum(np.ceil(length / step).astype(np.int64), 1) + 1
    owner = np.repeat(np.arange(len(segments)), samples)
    first = np.cumsum(samples) - samples
    fraction = (np.arange(owner.size) - first[owner]) / (samples[owner] - 1)
    axis_points = segments[owner, 0] + fraction[:, None] * (segments[owner, 1] - segments[owner, 0])
    nearest = np.full(len(points), np.inf)
    # One tree a class of radii: the nearest axis need not be that of the nearest wall.
    thinnest, spread = float(radii.min()), float(np.ptp(radii))
    classes = int(np.clip(np.ceil(spread / step), 1, _RADIUS_CLASSES))
    group = np.minimum((radii - thinnest) * classes / max(spread, 1e-12), classes - 1).astype(np.int64)
    for index in np.unique(group):
        chosen = group[owner] == index
        distance, found = KDTree(axis_points[chosen]).query(points, workers=-1)
        nearest = np.minimum(nearest, distance - radii[owner[chosen][found]])
    return np.maximum(nearest, 0.0)
