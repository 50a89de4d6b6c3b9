"""Means with their spread: by region, and by distance to a wall, a cell or the edge of the tumour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..output.profiles import profile, wall_distance


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean, standard deviation and standard error of values in classes; NaN where a class is empty.

    - `centre`: middle of each bin of distance, um, or the code of each region.
    - `mean`, `sd`, `sem`: in the units of the values; sd of the sample (n - 1), sem = sd/sqrt(n).
    - `count`: number n of voxels or cells.

    The standard error takes the n values as independent. Cells of a section may pass for that; voxels of a field do not.
    """

    centre: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    sem: np.ndarray
    count: np.ndarray


def by_distance(values: Any, distance: Any, edges: Any, where: Any = None) -> Spread:
    """Values by distance, in bins between `edges` (um), as `profile` makes them.

    `values` and `distance` are arrays of one shape, of voxels or of cells; `where` a mask of those that count.

    **Raises** `InputError` where shapes differ or edges do not increase.
    """
    values = np.asarray(values, np.float64)
    if where is not None:
        if np.shape(where) != values.shape:
            raise InputError(f"where must have the shape of the values {values.shape}; got {np.shape(where)}")
        values = np.where(where, values, np.nan)
    centre, mean, spread, count = profile(values, np.asarray(distance), np.asarray(edges))
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.where(count > 1, spread * np.sqrt(count / (count - 1.0)), np.nan)
        return Spread(centre, mean, sd, sd / np.sqrt(count), count)


def by_region(values: Any, labels: Any, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Mean, SD, SEM and count of the values in each region: `labels` holds codes from 0 in the order of `names`; empty regions are left out.

    **Raises** `InputError` where the shapes differ or a label has no name.
    """
    labels = np.asarray(labels)
    if labels.size and not (labels.min() >= 0 and labels.max() < len(names)):
        raise InputError(f"labels must be 0 to {len(names) - 1} ({', '.join(names)}); got {labels.min()} to {labels.max()}")
    found = by_distance(values, labels, np.arange(len(names) + 1) - 0.5)
    return {
        name: {"mean": float(found.mean[i]), "sd": float(found.sd[i]), "sem": float(found.sem[i]), "count": int(found.count[i])}
        for i, name in enumerate(names)
        if found.count[i]
    }


def distance_to_edge(region: Any, grid: Grid) -> np.ndarray:
    """Distance [z, y, x] um to the edge of a region, such as the tumour: below zero inside.

    The edge runs through the faces between voxels inside and outside: half a voxel (the geometric mean of its sides) from the centres beside it.

    **Raises** `InputError` for a mask that has not the shape of the grid, or that has no edge.
    """
    from scipy.ndimage import distance_transform_edt

    mask = np.asarray(region, bool)
    if mask.shape != grid.shape or mask.all() or not mask.any():
        raise InputError(
            f"the region must have the shape of the grid {grid.shape} and an edge in it; got {mask.shape}, {int(mask.sum())} of {mask.size} voxels"
        )
    half = 0.5 * np.cbrt(grid.voxel_volume)
    inside, outside = (np.asarray(distance_transform_edt(one, sampling=grid.spacing)) for one in (mask, ~mask))
    return np.where(mask, -np.maximum(inside - half, 0), np.maximum(outside - half, 0))


def distance_to_points(points: Any, grid: Grid) -> np.ndarray:
    """Distance [z, y, x] um from each voxel centre to the nearest of the points [n, 3] (x, y, z), um, such as the cells of a type.

    **Raises** `InputError` where there are no points.
    """
    from scipy.spatial import KDTree

    points = np.asarray(points, np.float64).reshape(-1, 3)
    if not len(points):
        raise InputError("there are no points to measure the distance to; is the cell type spelt as in the table of cells?")
    distance, _ = KDTree(points).query(voxel_centres(grid), workers=-1)
    return distance.reshape(grid.shape)


def distance_to_walls(segments: Any, radii: Any, grid: Grid) -> np.ndarray:
    """Distance [z, y, x] um from each voxel centre to the nearest vessel wall, 0 inside vessels.

    `segments` [segment, 2, 3] both ends (x, y, z) and `radii` [segment], um.
    """
    step = 0.5 * min(grid.spacing)
    return wall_distance(voxel_centres(grid), np.asarray(segments, np.float64), np.asarray(radii, np.float64), step=step).reshape(grid.shape)


def voxel_centres(grid: Grid) -> np.ndarray:
    """Centres of all voxels [voxel, 3] (x, y, z), um, in the order of a field's values."""
    return np.stack([one.ravel() for one in np.broadcast_arrays(*grid.coordinates())][::-1], axis=1)
