"""Where measurements were made: distances and regions on the grid."""

import numpy as np

from .. import units
from ..errors import InputError
from ..tissue.labels import NECROTIC_CORE, TISSUES, TUMOUR, VESSEL_LUMEN
from .fit_tables import BoxRegion, PointTarget
from .parameters import cell_id
from .prepare import Inputs
from .problems import did_you_mean

VESSEL, EDGE, ALL = "vessel", "tumour edge", "all"


def distance_to(inputs: Inputs, target: str | PointTarget) -> np.ndarray:
    """Distance [z, y, x] um of every voxel's centre to vessel walls, the edge of the tumour (negative inside), a cell type, or a point.

    Cells of a file are points; of cells that tmefield places only the voxels that hold some are known.

    **Raises** `InputError` for what this configuration does not have.
    """
    if isinstance(target, PointTarget):
        centre = [units.parse(one, "length") for one in target.point]
        return np.sqrt(sum((axis - at) ** 2 for axis, at in zip(inputs.grid.coordinates(), centre, strict=True)))
    if target == VESSEL:
        if inputs.embedding is None:
            raise InputError("there are no vessels to be distant from; give [vessels]")
        return np.asarray(inputs.embedding.distance_to_vessel())
    if target == EDGE:
        return _signed(inputs, _tumour(inputs))
    cell = cell_id(target)
    if cell not in inputs.densities:
        raise InputError(f"no cells of type '{target}' to be distant from{did_you_mean(target, [VESSEL, EDGE, *inputs.densities])}")
    return _to_cells(inputs, cell)


def region_of(inputs: Inputs, region: str | BoxRegion) -> np.ndarray:
    """Mask [z, y, x] of a tissue, of all of it outside wide vessels, or of the part of it in a box.

    **Raises** `InputError` for a name that is no tissue and for a region without a voxel.
    """
    tissue = np.ones(inputs.grid.shape, bool) if inputs.labels is None else inputs.labels != VESSEL_LUMEN
    if isinstance(region, BoxRegion):
        mask = tissue
        for axis, low, high in zip(inputs.grid.coordinates(), region.lower, region.upper, strict=True):
            mask = mask & (axis >= units.parse(low, "length")) & (axis <= units.parse(high, "length"))
        if not mask.any():
            raise InputError("the box holds no voxel's centre; its corners are z, y, x, lower before upper")
        return mask
    if region == ALL:
        return tissue
    names = TISSUES[:VESSEL_LUMEN]
    if region not in names:
        raise InputError(f"'{region}' is no tissue{did_you_mean(region, [ALL, *names])}")
    mask = np.zeros(inputs.grid.shape, bool) if inputs.labels is None else inputs.labels == names.index(region)
    if not mask.any():
        raise InputError(f"this configuration has no {region.replace('_', ' ')}; take 'all' or a box")
    return mask


def side(inputs: Inputs, where: str) -> np.ndarray:
    """Mask of the voxels that count in a profile: all of the tissue, stroma, or tumour with its core."""
    return region_of(inputs, where) if where != "tumour" else _tumour(inputs)


def _tumour(inputs: Inputs) -> np.ndarray:
    inside = np.zeros(inputs.grid.shape, bool) if inputs.labels is None else np.isin(inputs.labels, (TUMOUR, NECROTIC_CORE))
    if not inside.any() or inside.all():
        raise InputError(f"there is no edge of a tumour: {'no voxel is' if not inside.any() else 'every voxel is'} tumour")
    return inside


def _signed(inputs: Inputs, inside: np.ndarray) -> np.ndarray:
    """Distance to the boundary between both sides, which lies half a voxel before the next centre; negative inside."""
    from scipy.ndimage import distance_transform_edt

    spacing = inputs.grid.spacing
    half = 0.5 * min(spacing)
    inner, outer = (np.asarray(distance_transform_edt(mask, sampling=spacing)) for mask in (inside, ~inside))
    return np.where(inside, half - inner, outer - half)


def _to_cells(inputs: Inputs, cell: str) -> np.ndarray:
    grid, cells = inputs.grid, inputs.cells
    if cells is not None:
        from scipy.spatial import KDTree

        own = np.array([cells.stands_for(name).get(cell, 0.0) > 0 for name in cells.types])
        centres = np.stack([np.broadcast_to(axis, grid.shape).reshape(-1) for axis in reversed(grid.coordinates())], axis=1)
        axes = 2 if cells.planar else 3
        return KDTree(cells.positions[own][:, :axes]).query(centres[:, :axes])[0].reshape(grid.shape)
    from scipy.ndimage import distance_transform_edt

    held = inputs.densities[cell] > 0
    if held.all():
        raise InputError(f"every voxel holds {cell} cells, so there is no distance to them; take another target")
    return np.asarray(distance_transform_edt(~held, sampling=grid.spacing))
