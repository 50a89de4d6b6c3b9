"""Wall area given to voxels, point by point, and summed for each segment and voxel."""

import numpy as np

from ..grid import Grid
from .kernel import spread

LEAST_FREE_SHARE = 0.1
"""A wall point with less than this of its kernel in tissue lies inside another vessel, as happens where vessels meet."""


class Walls:
    """Wall area for each pair of segment and voxel; no voxel of the lumen takes part, and no area is lost."""

    def __init__(self, grid: Grid, lumen: np.ndarray, segments: int):
        self.grid, self.lumen = grid, lumen
        self.area_of_segment = np.zeros(segments)
        self._has_lumen = bool(lumen.any())
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._covered: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, segment: np.ndarray, point: np.ndarray, area: np.ndarray) -> None:
        """Spread the area (p,) of points (p, 3) on the walls of segments (p,) over the tissue voxels around each."""
        self.area_of_segment += np.bincount(segment, area, len(self.area_of_segment))
        voxel, share, covered = spread_in_tissue(point, self.grid, self.lumen if self._has_lumen else None)
        if covered.any():
            self._covered.append((segment[covered], point[covered], area[covered]))
            segment, voxel, share, area = segment[~covered], voxel[~covered], share[~covered], area[~covered]
        key = segment[:, None] * self.grid.size + voxel
        given = share * area[:, None]
        some = given > 0
        self._parts.append(_summed(key[some], given[some], self.grid.size))

    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Segment, voxel and area (um2) of each pair, sorted by segment, then voxel."""
        if self._covered:
            self._parts.append(self._hidden_segments())
        keys, areas = (np.concatenate(one) for one in zip(*self._parts, strict=True))
        key, area = _summed(keys, areas, self.grid.size)
        segment = key // self.grid.size
        # What lay inside other vessels goes to the rest of the same segment.
        present = np.bincount(segment, area, len(self.area_of_segment))
        factor = np.divide(self.area_of_segment, present, out=np.ones_like(present), where=present > 0)
        return segment, key % self.grid.size, area * factor[segment]

    def _hidden_segments(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys and areas of segments that lie inside other vessels altogether: the tissue voxels nearest to them."""
        from scipy.ndimage import distance_transform_edt

        segment, point, area = (np.concatenate(one) for one in zip(*self._covered, strict=True))
        seen = np.zeros(len(self.area_of_segment), dtype=bool)
        for key, _ in self._parts:
            seen[key // self.grid.size] = True
        hidden = ~seen[segment]
        if not hidden.any():
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        nearest = np.asarray(distance_transform_edt(self.lumen, sampling=self.grid.spacing, return_distances=False, return_indices=True))
        place = [self._index(point[hidden], axis) for axis in range(3)]
        voxel = np.ravel_multi_index(tuple(nearest[:, place[0], place[1], place[2]]), self.grid.shape)
        return segment[hidden] * self.grid.size + voxel, area[hidden]

    def _index(self, point: np.ndarray, axis: int) -> np.ndarray:
        position = (point[:, 2 - axis] - self.grid.origin[axis]) / self.grid.spacing[axis]
        return np.clip(position.astype(np.int64), 0, self.grid.shape[axis] - 1)


def spread_in_tissue(point: np.ndarray, grid: Grid, lumen: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels (p, k) and shares (p, k), each point's summing to 1, outside the lumen; and which points lie inside another vessel instead."""
    voxel, share = spread(point, np.ones(len(point)), grid)
    if lumen is None:
        return voxel, share, np.zeros(len(point), dtype=bool)
    share = np.where(lumen.reshape(-1)[voxel], 0.0, share)
    free = share.sum(axis=1)
    covered = free < LEAST_FREE_SHARE
    return voxel, share / np.where(covered, 1.0, free)[:, None], covered


def _summed(key: np.ndarray, area: np.ndarray, voxels: int) -> tuple[np.ndarray, np.ndarray]:
    """Each key (segment times `voxels` plus voxel) once, in order, with the sum of its areas.

    As rows of a sparse matrix: these are sorted one segment at a time, which is several times as fast as sorting all keys.
    """
    from scipy.sparse import coo_array

    if not len(key):
        return key, area
    segment, voxel = np.divmod(key, voxels)
    first, last = int(segment.min()), int(segment.max())
    table = coo_array((area, (segment - first, voxel)), shape=(last - first + 1, voxels)).tocsr()
    table.sum_duplicates()
    rows = np.repeat(np.arange(first, last + 1), np.diff(table.indptr))
    return rows * voxels + table.indices, table.data
