"""Cells of a configuration as densities on the grid, and what kind of tissue each voxel is."""

from collections.abc import Callable

import numpy as np

from .. import units
from ..errors import InputError
from ..grid import Grid
from ..tissue.cells import Cells
from ..tissue.deposit import Section, deposit
from ..tissue.labels import VESSEL_LUMEN, tumour_labels
from ..tissue.resample import TissueMap
from ..tissue.spheroid import spheroid
from ..tissue.tissue import Tissue
from ..vessels.embed import Embedding
from .parameters import cell_id
from .schema import CellFile, Config, ScatteredCells, SpheroidCells, UniformCells


def densities_and_labels(
    config: Config, grid: Grid, section: Section | None, cells: Cells | None, tumour: Tissue | None, embedding: Embedding | None, tissue: TissueMap | None
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Cells per um3 for each type [z, y, x], labels int8 [z, y, x], and what to tell the person.

    **Raises** `InputError` for cells that do not fit the grid, or that shall be near vessels where there are none.
    """
    notes: list[str] = []
    labels = None
    table = config.cells
    if isinstance(table, CellFile) and cells is not None:
        densities = deposit(cells, grid, section=section)
    elif isinstance(table, ScatteredCells):
        scattered = _scatter(table, grid, embedding)
        densities = deposit(scattered, grid)  # densities per volume already: nothing of a section to correct
        listed = ", ".join(f"{name} {density}" for name, density in table.scatter.densities.items())
        notes.append(f"cells are placed at random (cells.scatter, seed {table.scatter.seed}): {listed}")
    elif isinstance(table, UniformCells):
        densities = {cell_id(name): np.full(grid.shape, units.parse(value, "density")) for name, value in table.uniform.items()}
        notes.append("cells are spread evenly with the densities under cells.uniform")
    elif tumour is not None:
        densities, labels = dict(tumour.densities), tumour.labels
        notes.append("the tumour is synthetic (cells.spheroid); densities that cells.spheroid.composition leaves out are assumed")
    else:
        densities = {}
    lumen = embedding.lumen if embedding is not None and embedding.lumen.any() else None
    if lumen is not None:
        densities = {name: out_of_lumen(density, lumen, grid) for name, density in densities.items()}
        notes.append(f"{int(lumen.sum())} voxels lie inside wide vessels; cells there were moved to the nearest tissue")
    if tissue is not None:
        labels = tissue.labels
        notes.append(tissue.report())
    if labels is None:
        labels = tumour_labels(densities, grid, smoothing=units.parse(config.tissue.tumour_smoothing, "length"), lumen=lumen)
    elif lumen is not None:
        labels = np.where(lumen, VESSEL_LUMEN, labels).astype(np.int8)
    return densities, labels, notes


def _scatter(table: ScatteredCells, grid: Grid, embedding: Embedding | None) -> Cells:
    from ..tissue.scatter import scatter_cells

    densities = {cell_id(name): units.parse(value, "density") for name, value in table.scatter.densities.items()}
    near = {cell_id(name): units.parse(value, "length") for name, value in table.scatter.near_vessels.items()}
    if near and embedding is None:
        raise InputError("cells.scatter.near_vessels: there are no vessels; give [vessels], or leave near_vessels out")
    distance = _distance_to_vessel(grid, embedding) if near and embedding is not None else None
    return scatter_cells(grid.origin[::-1], grid.upper[::-1], densities, seed=table.scatter.seed, near=near, distance=distance)


def _distance_to_vessel(grid: Grid, embedding: Embedding) -> Callable[[np.ndarray], np.ndarray]:
    """Gives for points (n, 3) x, y, z the distance (um) to the nearest vessel wall, that of the voxel in which each lies."""
    field = embedding.distance_to_vessel()

    def distance(points: np.ndarray) -> np.ndarray:
        index = [np.floor((points[:, 2 - axis] - grid.origin[axis]) / grid.spacing[axis]).astype(int) for axis in range(3)]
        return field[tuple(np.clip(one, 0, size - 1) for one, size in zip(index, grid.shape, strict=True))]

    return distance


def synthetic_tumour(table: SpheroidCells, grid: Grid) -> Tissue:
    """The tumour spheroid that the configuration asks for."""
    from ..tissue.composition import ZoneDensities

    given = table.spheroid
    return spheroid(
        grid,
        radius=units.parse(given.radius, "length"),
        necrotic_fraction=given.necrotic_fraction,
        rim_width=units.parse(given.rim_width, "length"),
        margin_width=units.parse(given.margin_width, "length"),
        irregularity=given.irregularity,
        patchiness=given.patchiness,
        centre=None if given.centre is None else [units.parse(one, "length") for one in given.centre],
        seed=given.seed,
        composition={cell_id(name): ZoneDensities(*(units.parse(value, "density") for _, value in zones)) for name, zones in given.composition.items()},
    )


def out_of_lumen(density: np.ndarray, lumen: np.ndarray, grid: Grid) -> np.ndarray:
    """The density with what lies in lumen voxels given to the nearest voxel outside, so that no cell is lost."""
    from scipy.ndimage import distance_transform_edt

    inside = lumen & (density > 0)
    if not inside.any() or lumen.all():
        return density
    nearest = np.asarray(distance_transform_edt(lumen, sampling=grid.spacing, return_distances=False, return_indices=True))
    moved = np.where(lumen, 0.0, density)
    np.add.at(moved, tuple(axis[inside] for axis in nearest), density[inside])
    return moved
