"""From cells as points to cells per volume on the grid, with no cell lost."""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import AXES, Grid
from .cells import Cells

# Cells may lie outside the box by rounding of the file, as a share of the box's edge.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Section:
    """A tissue section: its thickness t and the diameter d of its cells, um.

    A section shows every cell that it touches, whose centres lie in a layer of thickness t + d, so that the density is
    n = N/[A (t + d)] (Abercrombie 1946, doi:10.1002/ar.1090940210). N/(A t) is too high by 1 + d/t, threefold at t = 5, d = 10 um.

    **Raises** `InputError` where either is not positive and finite.
    """

    thickness: float
    cell_diameter: float

    def __post_init__(self):
        for name in ("thickness", "cell_diameter"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"section {name} must be positive and finite, in um; got {value!r}")

    @property
    def layer(self) -> float:
        """Depth t + d in which the centres of the visible cells lie, um."""
        return self.thickness + self.cell_diameter


def deposit(cells: Cells, grid: Grid, *, section: Section | None = None) -> dict[str, np.ndarray]:
    """Density of each cell type [z, y, x], cells/um3, by cloud in cell.

    Each cell is shared among the voxels whose centres surround it with (tri)linear weights, mirrored at the walls; along an
    axis of one voxel all of it goes there. The integral of each density is the number of cells: sum(n) V = N for the voxel
    volume V, and sum(n) hy hx (t + d) = N for a `section`, whose grid is one voxel deep.

    **Returns** densities under the types for which the cells stand (`Cells.shares`), sorted by name.

    **Raises** `InputError` for cells outside the box, cells without z on a grid deeper than one voxel, a section on such a grid.
    """
    deep = grid.shape[0] > 1
    if section is not None and deep:
        raise InputError(f"a tissue section needs a grid one voxel deep; this one has {grid.shape[0]} voxels in z")
    if cells.planar and deep:
        raise InputError(f"the cells have no z, but the grid is {grid.shape[0]} voxels deep: name the z column, or use a grid with one voxel in z")
    flat = cells.planar or section is not None
    fraction = _position_in_grid(cells, grid, flat=flat)
    volume = grid.voxel_volume if section is None else grid.spacing[1] * grid.spacing[2] * section.layer
    densities: dict[str, np.ndarray] = {}
    for name in np.unique(cells.types).tolist():
        number = _share_out(fraction[cells.types == name], grid)
        for target, share in cells.stands_for(name).items():
            if share > 0:
                densities[target] = densities.get(target, 0.0) + number * (share / volume)
    return dict(sorted(densities.items()))


def _position_in_grid(cells: Cells, grid: Grid, *, flat: bool) -> np.ndarray:
    """Positions (n, 3) in the order z, y, x, in voxels from the lower corner; z of flat cells in the middle of the layer."""
    origin, spacing, shape = np.array(grid.origin), np.array(grid.spacing), np.array(grid.shape)
    position = (cells.positions[:, ::-1] - origin) / spacing
    if flat:
        position[:, 0] = 0.5
    slack = TOLERANCE * shape
    outside = np.flatnonzero(((position < -slack) | (position > shape + slack)).any(axis=1))
    if outside.size:
        raise InputError(_outside_message(cells, grid, outside, flat))
    return np.clip(position, 0.0, shape)


def _outside_message(cells: Cells, grid: Grid, outside: np.ndarray, flat: bool) -> str:
    first = outside[0]
    axes = "xy" if flat else "xyz"
    point = ", ".join(f"{axis} = {value:.6g}" for axis, value in zip(axes, cells.positions[first], strict=False))
    box = ", ".join(f"{axis} {grid.origin[AXES.index(axis)]:.6g} to {grid.upper[AXES.index(axis)]:.6g}" for axis in axes)
    share = f"{outside.size} of {len(cells)} cells lie" if outside.size > 1 else f"1 of {len(cells)} cells lies"
    return (
        f"{cells.meta.get('file', 'cells')}: {share} outside the grid; the first is cell {first + 1} ('{cells.types[first]}') at {point} um; "
        f"the grid spans {box} um: enlarge or move the grid, or check pixel_size (or unit) and the order of the columns"
    )


def _share_out(position: np.ndarray, grid: Grid) -> np.ndarray:
    """Number of cells in each voxel, [z, y, x], from positions in voxels."""
    index = np.zeros((1, len(position)), dtype=np.intp)
    weight = np.ones((1, len(position)))
    for axis, size in enumerate(grid.shape):
        if size == 1:
            continue
        lower = np.floor(position[:, axis] - 0.5)
        upper_weight = position[:, axis] - 0.5 - lower
        # Beyond the wall there is the mirror image: voxel -1 is voxel 0, voxel n is voxel n - 1.
        pair = np.clip(np.stack([lower, lower + 1]), 0, size - 1).astype(np.intp)
        weights = np.stack([1.0 - upper_weight, upper_weight])
        index = (index[:, None] * size + pair).reshape(-1, len(position))
        weight = (weight[:, None] * weights).reshape(-1, len(position))
    return np.bincount(index.ravel(), weights=weight.ravel(), minlength=grid.size).reshape(grid.shape)
