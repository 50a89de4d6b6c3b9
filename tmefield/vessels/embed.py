"""The walls of a vessel network on a grid: how much wall each voxel has, and how far from it the voxel's value stands."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .contacts import Contacts, contacts, thin_wall_points
from .distance import crowding, from_segment, to_nearest_wall
from .kernel import closure_path
from .lumen import inside_vessels, wall_path, wall_points
from .network import LUMEN_RADIUS, VesselNetwork
from .segments import Pieces, cut_to_box
from .walls import Walls

SAME = 1e-6
"""Relative difference below which two edges of a voxel are the same."""


@dataclass(frozen=True)
class Embedding:
    """Vessel walls on a grid, one entry for each voxel that a segment exchanges with.

    The exchange coefficient of a voxel is the sum over its entries of (area / voxel volume) / (1/P + path / (phi D)), 1/s.

    **Arguments**

    - `grid`: the voxels.
    - `voxel`: (k,) flat index (z, y, x; x runs fastest).
    - `area`: (k,) wall area, um2.
    - `path`: (k,) um; may be negative for a vessel thicker than the closure's radius, see `kernel.closure_path`.
    - `lumen`: voxels inside wide vessels, bool [z, y, x]; no entry lies in them.
    - `segment`: (k,) index of the segment in the network.
    - `pieces`: the segments inside the box.
    - `wide_from`: radius from which on a vessel is wide, um.
    - `report`: area_network (2 pi R L inside the box), area_expected (the share of it whose wall is inside), area_embedded (um2),
      counts of segments, and how close vessels are.
    """

    grid: Grid
    voxel: np.ndarray
    area: np.ndarray
    path: np.ndarray
    lumen: np.ndarray
    segment: np.ndarray
    pieces: Pieces
    wide_from: float
    report: dict[str, Any] = field(default_factory=dict)

    def surface_density(self) -> np.ndarray:
        """Wall area per volume of tissue, [z, y, x], 1/um."""
        return np.bincount(self.voxel, self.area, self.grid.size).reshape(self.grid.shape) / self.grid.voxel_volume

    @property
    def radius_of_segment(self) -> np.ndarray:
        """Radius of each segment up to the last that has a piece in the box, um; 0 where none of it is inside."""
        radius = np.zeros(int(self.pieces.segment.max()) + 1)
        radius[self.pieces.segment] = self.pieces.radius
        return radius

    def contacts(self) -> Contacts:
        """The walls as points that exchange with what the voxels around each hold in the mean; see `tmefield.vessels.contacts`."""
        return contacts(self)

    def distance_to_vessel(self) -> np.ndarray:
        """Distance of each voxel's centre to the nearest vessel wall, [z, y, x], um; negative inside a vessel."""
        return to_nearest_wall(self.pieces, self.grid)


def embed(network: VesselNetwork, grid: Grid, *, lumen_radius: float = LUMEN_RADIUS, clip: bool = False) -> Embedding:
    """Put the walls of a network on a grid; the wall area is that of the cylinders, to rounding.

    Thin vessels are spread with the Peskin 4-point kernel; their path R ln(r_e/R), r_e = 1.045 voxels, makes the exchange that of
    a cylinder (after Peaceman 1978, doi:10.2118/6893-PA). Vessels of at least `lumen_radius` voxels become lumen voxels, and
    their walls are spread with the same kernel over the voxels outside. Segments are cut at the faces of the box, and near a
    face exchange only with the share of their wall that is inside.

    **Arguments**

    - `lumen_radius`: in voxels; from this radius on a vessel is wide.
    - `clip`: leave out segments that lie wholly outside the box instead of refusing them.

    **Raises** `InputError` for vessels outside the box, voxels that are not cubic (but in a section one voxel deep, crossed by
    vessels at right angles), and a box that is all lumen.
    """
    if not lumen_radius > 0:
        raise InputError(f"lumen_radius must be positive, in voxels; got {lumen_radius!r}")
    pieces = cut_to_box(network, grid, clip=clip)
    _check_voxels(grid, pieces)
    wide_from = lumen_radius * grid.spacing[2]
    is_wide = pieces.radius >= wide_from
    wide = _whole(network, pieces.segment[is_wide])
    lumen = inside_vessels(wide, network, grid)
    if lumen.all():
        raise InputError("every voxel of the grid lies inside a vessel; is the unit of the radii right?")
    walls = Walls(grid, lumen, len(network.radius))
    _add_thin(walls, pieces[~is_wide])
    for piece, point, area in wall_points(wide, grid):
        walls.add(wide.segment[piece], point, area)
    segment, voxel, area = walls.entries()
    winding = np.ones(len(network.radius)) if network.tortuosity is None else network.tortuosity
    area = area * winding[segment]  # all the wall of a winding vessel stands along its straight segment
    if not len(segment):
        raise InputError("no vessel wall lies inside the grid's box; enlarge the grid or move its origin")
    path = _paths(network, grid, segment, voxel, wide_from)
    report = _report(network, grid, pieces, is_wide, lumen, walls.area_of_segment * winding, area, winding)
    return Embedding(grid, voxel, area, path, lumen, segment, pieces, wide_from, report)


def _whole(network: VesselNetwork, segment: np.ndarray) -> Pieces:
    """Segments at full length: the wall of a wide vessel is cut at the faces point by point, not with the centreline."""
    ends = network.nodes[network.edges[segment]]
    return Pieces(ends[:, 0], ends[:, 1], network.radius[segment], segment)


def _check_voxels(grid: Grid, pieces: Pieces) -> None:
    z, y, x = grid.spacing
    square = abs(y - x) <= SAME * x
    if square and abs(z - x) <= SAME * x and grid.shape[0] > 1:
        return
    if grid.shape[0] == 1 and square:
        slanted = np.abs(pieces.direction[:, 2]) < 1 - SAME
        if slanted.any():
            first = int(pieces.segment[int(np.argmax(slanted))])
            raise InputError(
                f"in a section {z:g} um deep with voxels of {x:g} um, vessels must run along z; segment {first} does not: "
                "use VesselNetwork.crossing, or a grid of cubic voxels several deep"
            )
        return
    raise InputError(
        f"vessels need cubic voxels (or a section one voxel deep), but the spacing is {z:g} x {y:g} x {x:g} um (z, y, x): "
        f"use one spacing for all axes, e.g. {min(grid.spacing):g} um"
    )


def _add_thin(walls: Walls, thin: Pieces) -> None:
    for segment, point, area in thin_wall_points(thin, walls.grid):
        walls.add(segment, point, area)


def _paths(network: VesselNetwork, grid: Grid, segment: np.ndarray, voxel: np.ndarray, wide_from: float) -> np.ndarray:
    """From the wall to the value of the voxel, um, for each entry."""
    radius = network.radius[segment]
    path = closure_path(radius, grid.spacing[2])
    wide = radius >= wide_from
    if wide.any():
        index = np.unravel_index(voxel[wide], grid.shape)
        centre = np.column_stack([grid.centres(axis)[index[axis]] for axis in (2, 1, 0)])
        ends = network.nodes[network.edges[segment[wide]]]
        path[wide] = wall_path(from_segment(centre, ends[:, 0], ends[:, 1]), radius[wide], grid.spacing[2])
    return path


def _report(
    network: VesselNetwork,
    grid: Grid,
    pieces: Pieces,
    is_wide: np.ndarray,
    lumen: np.ndarray,
    expected: np.ndarray,
    area: np.ndarray,
    winding: np.ndarray,
) -> dict[str, Any]:
    length = float(pieces.length.sum())
    gap, crowded = crowding(network, pieces, grid.spacing[2])
    return {
        "segments": len(pieces.radius),
        "segments_outside": len(network.radius) - len(pieces.radius),
        "segments_wide": int(is_wide.sum()),
        "length": length,
        "length_outside": max(0.0, float(network.lengths.sum()) - length),
        "area_network": float(2 * np.pi * (pieces.radius * pieces.length * winding[pieces.segment]).sum()),
        "area_expected": float(expected.sum()),
        "area_embedded": float(area.sum()),
        "lumen_voxels": int(lumen.sum()),
        "smallest_gap": gap,
        "crowded_share": crowded,
    }
