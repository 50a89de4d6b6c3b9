"""A straight vessel in a medium that consumes its solute: the exact field, and a finite-volume field with an embedded vessel.

The exact field is that of a cylinder with permeable wall in an infinite medium, D lap c = k c outside,
-D dc/dr = P (1 - c) at the wall r = R (plasma concentration 1). It stands on the faces of the box, so that the box may be small.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import cg
from scipy.special import k0, k1

from tmefield.grid import Grid
from tmefield.vessels.contacts import Contacts
from tmefield.vessels.embed import Embedding
from tmefield.vessels.network import VesselNetwork


@dataclass(frozen=True)
class Cylinder:
    """Diffusivity um2/s, decay 1/s, permeability um/s and radius um."""

    diffusivity: float
    decay: float
    permeability: float
    radius: float

    @property
    def length(self) -> float:
        return float(np.sqrt(self.diffusivity / self.decay))

    @property
    def wall_flux(self) -> float:
        """-D dc/dr at the wall over c there, um/s."""
        z = self.radius / self.length
        return float(np.sqrt(self.diffusivity * self.decay) * k1(z) / k0(z))

    @property
    def at_wall(self) -> float:
        return self.permeability / (self.permeability + self.wall_flux)

    @property
    def per_length(self) -> float:
        """What leaves the vessel per um of its length."""
        return 2 * np.pi * self.radius * self.wall_flux * self.at_wall

    def plasma(self, vessel: "Line"):
        """Concentration in the blood of each segment."""
        return np.ones(len(vessel.network.edges))

    def at(self, points, vessel: "Line"):
        """The exact field at points [..., 3] (x, y, z)."""
        return self.concentration(vessel.distance(points))

    def concentration(self, distance):
        return self.at_wall * k0(np.maximum(distance, self.radius) / self.length) / k0(self.radius / self.length)


@dataclass(frozen=True)
class RisingLine(Cylinder):
    """A line along z without consumption whose blood rises, c_p = 2 + z: c = 1 - (1 + z)/(2 pi) ln r (D'Angelo; Koch 2020, doi:10.1016/j.jcp.2020.109370)."""

    def plasma(self, vessel: "Line"):
        return 2 + vessel.network.nodes[vessel.network.edges].mean(axis=1)[:, 2]

    def at(self, points, vessel: "Line"):
        return 1 - (1 + points[..., 2]) / (2 * np.pi) * np.log(vessel.distance(points))


@dataclass(frozen=True)
class Line:
    """A straight vessel through a box of voxels: three segments, of which the middle one lies clear of the faces."""

    grid: Grid
    point: np.ndarray
    direction: np.ndarray
    network: VesselNetwork

    def distance(self, points):
        offset = points - self.point
        along = offset @ self.direction
        return np.sqrt(np.maximum((offset**2).sum(axis=-1) - along**2, 0))


def line(shape, spacing: float, radius: float, direction, offset) -> Line:
    """A vessel through the middle of the box, moved by `offset` voxels (x, y, z)."""
    grid = Grid(shape, spacing)
    direction = np.asarray(direction, float) / np.linalg.norm(direction)
    middle = np.array(grid.extent[::-1]) / 2
    point = middle + np.asarray(offset, float) * spacing
    reach, half = 2 * max(grid.extent), 0.25 * min(n for n in grid.extent if n > spacing)
    section = grid.shape[0] == 1
    places = [0, grid.spacing[2]] if section else [-reach, -half, half, reach]
    start = np.array([point[0], point[1], 0.0]) if section else point
    nodes = start + np.outer(places, direction)
    edges = np.column_stack([np.arange(len(nodes) - 1), np.arange(1, len(nodes))])
    return Line(grid, point, direction, VesselNetwork(nodes, edges, np.full(len(edges), radius)))


def solve(cylinder: Cylinder, vessel: Line, embedding: Embedding, points: Contacts | None = None) -> np.ndarray:
    """Concentration [z, y, x]: 7-point finite volumes, exact values on the faces (mirrored in z in a section), closed lumen.

    The walls of `embedding` exchange voxel by voxel; given `points`, those exchange instead, with the voxels around them.
    """
    grid, h = vessel.grid, vessel.grid.spacing[2]
    free = ~embedding.lumen
    walls = embedding if points is None else points
    gather = sampling(walls, grid.size)
    given = conductance(cylinder, walls) / grid.voxel_volume
    exchange = (gather.T @ given).reshape(grid.shape)
    diagonal = np.where(free, cylinder.decay, 1.0) + (exchange if points is None else 0)
    right = (gather.T @ (given * cylinder.plasma(vessel)[walls.segment])).reshape(grid.shape)
    centres = np.stack(np.broadcast_arrays(*grid.coordinates()[::-1]), axis=-1)
    index, rate, rows = np.arange(grid.size).reshape(grid.shape), cylinder.diffusivity / h**2, []
    for axis in range(3):
        cells = grid.shape[axis]
        if cells == 1:
            continue
        low, high = (np.take(one, range(*part), axis) for part in ((0, cells - 1), (1, cells)) for one in (index,))
        open_face = np.take(free, range(cells - 1), axis) & np.take(free, range(1, cells), axis)
        pairs = np.stack([low[open_face], high[open_face]])
        rows.append(pairs)
        np.add.at(diagonal.reshape(-1), pairs.ravel(), rate)
        for side in (0, cells - 1):
            place = tuple(side if one == axis else slice(None) for one in range(3))
            face = centres[place].copy()
            face[..., 2 - axis] += h / 2 if side else -h / 2
            diagonal[place] += 2 * rate * free[place]
            right[place] += 2 * rate * free[place] * cylinder.at(face, vessel)
    a, b = np.concatenate(rows, axis=1)
    row, column = np.r_[a, b, index.ravel()], np.r_[b, a, index.ravel()]
    matrix = sp.csr_array((np.r_[np.full(2 * len(a), -rate), diagonal.ravel()], (row, column)), shape=(grid.size, grid.size))
    if points is not None:
        matrix = matrix + gather.T @ sp.diags_array(conductance(cylinder, points) / grid.voxel_volume) @ gather
    field, failed = cg(matrix, right.ravel(), rtol=1e-9, maxiter=5000, M=sp.diags_array(1 / matrix.diagonal()))
    assert not failed
    return field.reshape(grid.shape)


def sampling(walls, size: int) -> sp.csr_array:
    """What a field is at each piece of wall, as a matrix."""
    voxel = walls.voxel.reshape(len(walls.area), -1)
    weight = walls.weight if isinstance(walls, Contacts) else np.ones(voxel.shape)
    return sp.csr_array((weight.ravel(), (np.repeat(np.arange(len(voxel)), voxel.shape[1]), voxel.ravel())), shape=(len(voxel), size))


def conductance(cylinder: Cylinder, walls) -> np.ndarray:
    """Exchange coefficient of each piece of wall, um3/s."""
    resistance = 1 / cylinder.permeability + walls.path / cylinder.diffusivity
    assert (resistance > 0).all()
    return walls.area / resistance


def exchange_per_length(cylinder: Cylinder, vessel: Line, walls, field: np.ndarray) -> float:
    """What leaves the middle of the vessel per um; `walls` an embedding or its contacts."""
    middle = walls.segment == len(vessel.network.edges) // 2
    given = conductance(cylinder, walls) * (1 - sampling(walls, field.size) @ field.reshape(-1))
    return float(given[middle].sum() / vessel.network.lengths[len(vessel.network.edges) // 2])


def at_wall(cylinder: Cylinder, vessel: Line, embedding: Embedding, field: np.ndarray) -> float:
    """Mean concentration at the wall of the middle of the vessel: that of the voxel and the fall along the path."""
    middle = embedding.segment == len(vessel.network.edges) // 2
    value = field.reshape(-1)[embedding.voxel]
    flux = (1 - value) / (1 / cylinder.permeability + embedding.path / cylinder.diffusivity)
    wall = value + flux * embedding.path / cylinder.diffusivity
    return float(np.average(wall[middle], weights=embedding.area[middle]))
