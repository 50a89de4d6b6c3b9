"""Files and synthetic geometry that a configuration asks for, and the box that follows from them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import library, units
from ..errors import FileError, InputError
from ..grid import AXES, Grid
from ..tissue.cells import Cells
from ..tissue.label_image import Labels
from ..tissue.labels import NECROTIC_CORE
from ..tissue.resample import TissueMap
from ..tissue.tissue import Tissue
from ..vessels.embed import Embedding
from ..vessels.kernel import resolvable_radius
from ..vessels.network import LUMEN_RADIUS, VesselNetwork
from .load import Loaded
from .parameters import cell_id, most_permeable
from .problems import did_you_mean
from .schema import CellFile, Config, VesselBed, VesselCells, VesselFile

WHOLE = 1e-4
"""How far from a whole number of voxels a box still counts as that, in voxels: more than `Grid.from_box` takes for one."""
LEAST_VOXELS = 4
"""A field along at least two axes needs this many."""


def read_cells(loaded: Loaded) -> Cells | None:
    """The cells of the file that the configuration names, under the library's names; None where it makes its own.

    A type of the file that `cells.types` leaves out stands for the library's type of the same name or alias, if there is one.
    """
    table = loaded.config.cells
    if not isinstance(table, CellFile):
        return None
    columns = table.columns
    check_targets(loaded.config)
    cells = Cells.read(
        locate(loaded, table.file),
        **({} if columns is None else columns.model_dump()),
        preset=table.preset,
        pixel_size=None if table.pixel_size is None else units.parse(table.pixel_size, "length"),
        unit=table.unit,
        types={name: _library_share(share) for name, share in table.types.items()},
        encoding=table.encoding,
    )
    by_name = {name: {cell_id(name): 1.0} for name in cells.counts() if name not in cells.shares and cell_id(name) != name}
    return replace(cells, shares={**cells.shares, **by_name})


def read_tissue(loaded: Loaded, grid: Grid) -> TissueMap | None:
    """The tissue of each voxel from the label image that the configuration names; None where there is none.

    **Raises** `InputError` for classes that stand for no tissue, and where the box reaches beyond the image.
    """
    table = loaded.config.tissue.labels
    if table is None:
        return None
    labels = Labels.read(
        locate(loaded, table.file),
        pixel_size=None if table.pixel_size is None else units.parse(table.pixel_size, "length"),
        voxel_size=None if table.voxel_size is None else [units.parse(one, "length") for one in table.voxel_size],
        page=table.page,
    )
    stands_for = {int(one) if one.isdecimal() else one: tissue for one, tissue in table.classes.items()}
    try:
        return labels.tissue(grid, stands_for=stands_for, outside=table.outside)
    except InputError as error:
        raise InputError(f"tissue.labels: {error}") from None


def check_targets(config: Config) -> None:
    """Each name that `cells.types` maps to is a cell type of the library, or one to which a species gives a rate.

    **Raises** `InputError` with the nearest name.
    """
    if not isinstance(config.cells, CellFile):
        return
    own = {cell for one in config.species for cell in (*one.secretion, *one.receptors)}
    for name, share in config.cells.types.items():
        for target in [share] if isinstance(share, str) else share:
            if cell_id(target) not in library.cell_type_ids() and target not in own and target != name:
                known = library.cell_type_ids()
                raise InputError(f"cells.types.{name}: no cell type '{target}' in the library{did_you_mean(target, known)}; known: {', '.join(known)}")


def _library_share(share: str | dict[str, float]) -> str | dict[str, float]:
    return cell_id(share) if isinstance(share, str) else {cell_id(name): fraction for name, fraction in share.items()}


def read_network(loaded: Loaded, cells: Cells | None) -> VesselNetwork | None:
    """The vessels of the file, or the cells that stand for vessels; None where there are none or a bed is to be made."""
    config = loaded.config
    table = config.vessels
    if isinstance(table, VesselFile):
        return VesselNetwork.read(
            locate(loaded, table.file),
            format=table.format,
            unit=table.unit,
            scale=table.scale,
            nodes=None if table.nodes is None else locate(loaded, table.nodes),
            vertex_parameters=table.vertex_parameters,
            segment_parameters=table.segment_parameters,
            radius_field=table.radius_field,
            is_diameter=table.is_diameter,
            merge_distance=_length(table.merge_distance),
            close_loops_tol=_length(table.close_loops_tol),
            repair=table.repair,
            default_radius=_length(table.default_radius),
        )
    if isinstance(table, VesselCells) and cells is not None and config.section is not None:
        chosen = cells.types == table.from_cells
        if not chosen.any():
            known = sorted(set(cells.types.tolist()))
            raise InputError(
                f"vessels.from_cells: there are no cells of type '{table.from_cells}'{did_you_mean(table.from_cells, known)}; "
                "name one that is there, or remove the table [vessels] for a section without vessels"
            )
        radius = units.parse(config.section.vessel_radius, "length")
        return VesselNetwork.crossing(cells.positions[chosen, :2], radius, units.parse(config.section.thickness, "length"))
    return None


def _length(text: str | float | None) -> float | None:
    return None if text is None else units.parse(text, "length")


def check_files(loaded: Loaded) -> None:
    """All files that the configuration names for its tissue are there.

    **Raises** `FileError` that lists every one which is not, with its key.
    """
    missing = [f"{key}: {path}: no such file" for key, path in named_files(loaded).items() if not path.exists()]
    if missing:
        raise FileError(f"{loaded.source}: " + "; ".join(missing) + " (a relative name is seen from the folder of the configuration)")


def named_files(loaded: Loaded) -> dict[str, Path]:
    """The files of vessels, cells and labels that the configuration names, by key."""
    config = loaded.config
    named = {"vessels.file": getattr(config.vessels, "file", None), "vessels.nodes": getattr(config.vessels, "nodes", None)}
    named |= {"cells.file": getattr(config.cells, "file", None), "tissue.labels.file": getattr(config.tissue.labels, "file", None)}
    return {key: locate(loaded, name) for key, name in named.items() if name is not None}


def locate(loaded: Loaded, name: str) -> Path:
    """A file named in a configuration: relative names are seen from the configuration's folder."""
    return loaded.folder / Path(name).expanduser()


def make_grid(config: Config, network: VesselNetwork | None, cells: Cells | None) -> Grid:
    """The voxels: the box given, or that of the vessels' file (its stated box and all its nodes), or that of the cells.

    **Raises** `InputError` for a box that holds next to no voxels.
    """
    return sensible(_grid(config, network, cells))


def sensible(grid: Grid) -> Grid:
    """The grid, unless its box holds next to no voxels.

    **Raises** `InputError` then.
    """
    if sorted(grid.shape)[1] < LEAST_VOXELS:
        box, voxel = (" x ".join(f"{one:g}" for one in sizes) for sizes in (grid.extent, grid.spacing))
        raise InputError(
            f"grid.spacing: voxels of {voxel} um divide the box of {box} um (z, y, x) into {' x '.join(map(str, grid.shape))}; "
            "take smaller voxels, or is a unit (of the vessels, the cells, the pixel size) not the right one?"
        )
    return grid


def box_notes(grid: Grid, size: Sequence[float], *, axes: str = "zyx") -> list[str]:
    """That the box is not the one asked for, `size` (z, y, x) in um: voxels do not divide it, and it was widened by a part of one."""
    notes = []
    for axis, name in enumerate(AXES):
        asked, long, voxel = size[axis], grid.extent[axis], grid.spacing[axis]
        if name in axes and abs(long - asked) > WHOLE * voxel:
            fits = " or ".join(f"{one:g} um" for one in (long - voxel, long) if one > 0)
            notes.append(
                f"grid.size: {asked:g} um along {name} is no multiple of the {voxel:g} um of grid.spacing, and the box is {long:g} um long; {fits} would fit"
            )
    return notes


def _grid(config: Config, network: VesselNetwork | None, cells: Cells | None) -> Grid:
    spacing = _spacing(config)
    if config.grid.size is not None:
        size = [units.parse(one, "length") for one in config.grid.size]
        origin = [units.parse(one, "length") for one in config.grid.origin] if config.grid.origin is not None else [0.0, 0.0, 0.0]
        if config.section is not None:
            size[0] = spacing[0]
        return Grid.from_box(origin, [low + extent for low, extent in zip(origin, size, strict=True)], spacing)
    lower, upper = _box(config, network, cells)
    margin = units.parse(config.grid.margin, "length")
    lower, upper = lower - margin, upper + margin
    if config.section is not None:
        lower[0], upper[0] = 0.0, spacing[0]
    return Grid.from_box(lower.tolist(), upper.tolist(), spacing)


def _spacing(config: Config) -> tuple[float, float, float]:
    given = config.grid.spacing
    parts = given if isinstance(given, tuple) else (given,) * 3
    z, y, x = (units.parse(one, "length") for one in parts)
    if config.section is None:
        return z, y, x
    # One voxel stands for the whole section in z.
    return units.parse(config.section.thickness, "length"), y, x


def _box(config: Config, network: VesselNetwork | None, cells: Cells | None) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner in the order z, y, x."""
    if isinstance(config.vessels, VesselFile) and network is not None:
        corners = [network.nodes.min(axis=0), network.nodes.max(axis=0), *(network.box or ())]
        points = np.asarray(corners, float)
        # Rounding in the file must not add a layer of voxels; what sticks out by so little is cut off.
        slack = 1e-4 * np.asarray(_spacing(config))
        return points.min(axis=0)[::-1].copy(), points.max(axis=0)[::-1] - slack
    if cells is None:
        raise InputError("grid.size is missing: there is no file of vessels or cells to take the box from")
    lower, upper = cells.box()
    return np.asarray(lower, float)[::-1].copy(), np.asarray(upper, float)[::-1].copy()


def lumens_from(config: Config, grid: Grid) -> tuple[str, float]:
    """The radius in voxels from which on vessels are resolved as lumens, and the species that asks for a smaller one than usual ("" where none does).

    It is one that passes the walls freely, as oxygen does.
    """
    name, ratio = most_permeable(config)
    radius = LUMEN_RADIUS if grid.shape[0] == 1 else resolvable_radius(ratio, grid.spacing[2], LUMEN_RADIUS)
    return ("", radius) if radius == LUMEN_RADIUS else (name, radius)


def embed_network(config: Config, network: VesselNetwork | None, grid: Grid) -> tuple[Embedding | None, list[str]]:
    """The network on the grid, with what to tell the person; vessels outside the box are cut off only where the configuration says so."""
    if network is None:
        return None, []
    clip = isinstance(config.vessels, VesselFile) and config.vessels.clip
    name, wide = lumens_from(config, grid)
    notes = [f"{name} passes vessel walls freely: vessels from {wide * grid.spacing[2]:.3g} um radius on are resolved as lumens"] if name else []
    return network.embed(grid, clip=clip, lumen_radius=wide), notes


def make_bed(config: Config, grid: Grid, tumour: Tissue | None) -> VesselNetwork | None:
    """The synthetic capillary bed that the configuration asks for, over the whole box but for the necrotic core of a tumour."""
    if not isinstance(config.vessels, VesselBed):
        return None
    from ..vessels.bed import capillary_bed

    bed = config.vessels.bed
    network = capillary_bed(
        grid.origin[::-1], grid.upper[::-1], spacing=units.parse(bed.spacing, "length"), diameter=units.parse(bed.diameter, "length"), seed=bed.seed
    )
    return network if tumour is None else _without(network, tumour.labels == NECROTIC_CORE, grid)


def _without(network: VesselNetwork, region: np.ndarray, grid: Grid) -> VesselNetwork:
    """The network less its segments whose middle lies in the voxels of `region`."""
    middle = network.nodes[network.edges].mean(axis=1)[:, ::-1]
    voxel = np.floor((middle - grid.origin) / grid.spacing).astype(int)
    keep = ~region[tuple(np.clip(voxel, 0, np.array(grid.shape) - 1).T)]
    branch = None if network.branch_id is None else network.branch_id[keep]
    return VesselNetwork(network.nodes, network.edges[keep], network.radius[keep], branch_id=branch, box=network.box, meta=network.meta)
