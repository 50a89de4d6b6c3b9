"""Walls of thin vessels as points on the centreline: what each exchanges with is the mean of the voxels around it.

Where the lumped form of `embed` gives every voxel a share of the wall and lets it exchange by itself, a point here exchanges with the mean
concentration C = sum_v w_v c_v under its kernel and gives what it loses to the voxels with the same shares w: a symmetric operator that
takes off nothing at one voxel what another one needs (Peskin 2002, doi:10.1017/S0962492902000077).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..grid import Grid
from .kernel import closure_path
from .segments import Pieces, chunks, part_counts, points_along, share_inside
from .walls import spread_in_tissue

if TYPE_CHECKING:
    from .embed import Embedding

QUADRATURE_STEP = 1 / 3
"""Largest distance of the points along a thin vessel, in voxels."""


@dataclass(frozen=True)
class Contacts:
    """Points of vessel walls and the voxels that each exchanges with.

    - `segment`: (p,) index of the segment in the network.
    - `voxel`, `weight`: (p, k) flat indices and shares, each row summing to 1.
    - `area`, `path`: (p,) um2 and um, as in `Embedding`.
    """

    segment: np.ndarray
    voxel: np.ndarray
    weight: np.ndarray
    area: np.ndarray
    path: np.ndarray


def thin_wall_points(thin: Pieces, grid: Grid) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Segment (p,), position (p, 3) and wall area (p,) inside the box of points along thin vessels, some at a time."""
    step = QUADRATURE_STEP * grid.spacing[2]
    for one in chunks(part_counts(thin, step)):
        some = thin[one]
        piece, point, length = points_along(some, step)
        share = share_inside(point, some.direction[piece], some.radius[piece], grid)
        inside = share > 0
        area = 2 * np.pi * some.radius[piece] * length * share
        yield some.segment[piece[inside]], point[inside], area[inside]


def contacts(embedding: "Embedding") -> Contacts:
    """The contacts of an embedded network; walls of wide vessels, and of thin ones hidden in others, stay with their single voxels.

    The wall area of each segment is that of the embedding.
    """
    grid, pieces = embedding.grid, embedding.pieces
    lumen = embedding.lumen if embedding.lumen.any() else None
    parts = []
    for segment, point, area in thin_wall_points(pieces[pieces.radius < embedding.wide_from], grid):
        voxel, weight, covered = spread_in_tissue(point, grid, lumen)
        parts.append([one[~covered] for one in (segment, voxel, weight, area)])
    if not parts:
        parts.append([np.zeros(0, np.int64), np.zeros((0, 1), np.int64), np.zeros((0, 1)), np.zeros(0)])
    segment, voxel, weight, area = (np.concatenate(one) for one in zip(*parts, strict=True))
    count = int(max(embedding.segment.max(initial=-1), segment.max(initial=-1))) + 1
    wanted, found = (np.bincount(which, amount, count) for which, amount in ((embedding.segment, embedding.area), (segment, area)))
    area = area * (wanted / np.where(found > 0, found, 1))[segment]
    single = found[embedding.segment] == 0
    width = voxel.shape[1]
    return Contacts(
        np.concatenate([segment, embedding.segment[single]]),
        np.concatenate([voxel, np.repeat(embedding.voxel[single, None], width, axis=1)]),
        np.concatenate([weight, np.eye(1, width).repeat(int(single.sum()), axis=0)]),
        np.concatenate([area, embedding.area[single]]),
        np.concatenate([closure_path(embedding.radius_of_segment[segment], grid.spacing[2]), embedding.path[single]]),
    )
