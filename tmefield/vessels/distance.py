"""Distances to vessels: of voxels to the nearest wall, and of vessels to each other."""

import numpy as np

from ..grid import Grid
from .graph import connected_parts
from .network import VesselNetwork
from .segments import Pieces, points_along

CANDIDATES = 4
"""Points of the centrelines tried for each voxel, in each class of radii."""
CROWDED = 4.0
"""Voxels below which the distance between vessels is told: the closure takes each for itself, which wants 4 between them."""


def to_nearest_wall(pieces: Pieces, grid: Grid) -> np.ndarray:
    """Distance of every voxel's centre to the nearest wall, [z, y, x], um; negative inside a vessel.

    The nearest points of the centrelines (one a voxel) name the segments that are tried, for each class of radii of its own,
    since a wide vessel's wall may be nearer than that of a thin one whose axis is nearer. Exact for nearly all voxels; where
    several vessels are about as near it may be too large, by less than a voxel.
    """
    from scipy.spatial import KDTree

    z, y, x = np.broadcast_arrays(*grid.coordinates())
    centres = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    nearest = np.full(grid.size, np.inf)
    classes = np.floor(np.log2(pieces.radius / pieces.radius.min()) + 1e-9)
    for one in np.unique(classes):
        some = pieces[classes == one]
        piece, point, _ = points_along(some, min(grid.spacing))
        number = min(CANDIDATES, len(point))
        _, found = KDTree(point).query(centres, k=number, workers=-1)
        for candidate in found.reshape(grid.size, number).T:
            chosen = piece[candidate]
            wall = from_segment(centres, some.start[chosen], some.end[chosen]) - some.radius[chosen]
            np.minimum(nearest, wall, out=nearest)
    return nearest.reshape(grid.shape)


def from_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of each point (k, 3) to its segment start..end (k, 3)."""
    step = end - start
    offset = point - start
    along = np.clip((offset * step).sum(axis=1) / (step * step).sum(axis=1), 0, 1)
    offset -= along[:, None] * step
    return np.sqrt((offset * offset).sum(axis=1))


def crowding(network: VesselNetwork, pieces: Pieces, spacing: float) -> tuple[float, float]:
    """How close vessels that do not meet come to each other, and the share of their length nearer than 4 voxels to another.

    The distance is that of the centrelines, um, and at most 4 voxels: beyond that it is of no matter.
    """
    from scipy.spatial import KDTree

    reach = CROWDED * spacing
    piece, point, length = points_along(pieces, spacing)
    pairs = KDTree(point).query_pairs(reach, output_type="ndarray")
    branch = branches(network)[pieces.segment[piece]]
    a, b = branch[pairs[:, 0]], branch[pairs[:, 1]]
    apart = (a != b) & ~_meet(network, branches(network), a, b)
    if not apart.any():
        return reach, 0.0
    pairs = pairs[apart]
    crowded = np.zeros(len(point), dtype=bool)
    crowded[pairs.ravel()] = True
    gap = np.linalg.norm(point[pairs[:, 0]] - point[pairs[:, 1]], axis=1).min()
    return float(gap), float(length[crowded].sum() / length.sum())


def branches(network: VesselNetwork) -> np.ndarray:
    """The branch of each segment: chains through nodes that join just two segments."""
    segments = len(network.edges)
    node, segment = network.edges.ravel(), np.repeat(np.arange(segments), 2)
    order = np.argsort(node, kind="stable")
    node, segment = node[order], segment[order]
    joined = (node[1:] == node[:-1]) & (network.degree[node[1:]] == 2)
    first, second = segment[:-1][joined], segment[1:][joined]
    return connected_parts(segments, np.column_stack([first, second]))


def _meet(network: VesselNetwork, branch: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether branches a and b share a node."""
    from scipy.sparse import coo_array

    number = int(branch.max()) + 1
    touch = coo_array((np.ones(2 * len(branch)), (np.repeat(branch, 2), network.edges.ravel())), shape=(number, len(network.nodes))).tocsr()
    shared = (touch @ touch.T).tocoo()
    row, column = shared.coords
    return np.isin(a * number + b, row.astype(np.int64) * number + column)
