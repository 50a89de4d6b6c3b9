"""From a configuration to arrays on a grid: vessels embedded, cells deposited, species with their numbers. No JAX."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from .. import units
from ..errors import InputError
from ..grid import Grid
from ..tissue.cells import Cells
from ..tissue.deposit import Section
from ..vessels.embed import Embedding
from ..vessels.network import VesselNetwork
from .drugs import DrugValues, drug_notes, drugs_of, with_drugs
from .estimate import Forecast, check_memory, forecast
from .inputs import check_files, embed_network, make_bed, make_grid, read_cells, read_network, read_tissue
from .load import Loaded
from .origin import doubtful, not_taken_up
from .parameters import SpeciesValues, species_values
from .population import densities_and_labels, synthetic_tumour
from .quantities import parse_memory
from .regulation import Regulation, regulation_of
from .schema import Config, SpheroidCells

Stage = Callable[[str], AbstractContextManager]


@dataclass(frozen=True)
class Inputs:
    """Everything a model is made of.

    - `densities`: cells/um3 per cell type, [z, y, x], none inside a lumen.
    - `labels`: int8 [z, y, x], 0 stroma, 1 tumour, 2 necrotic core, 3 vessel lumen.
    - `species`: those of the configuration, then those of drugs.
    - `regulation`: the edges that act on secretions.
    - `notes`: what was assumed or left out, to be told to the person.
    """

    loaded: Loaded
    grid: Grid
    species: tuple[SpeciesValues, ...]
    need: Forecast
    network: VesselNetwork | None = None
    embedding: Embedding | None = None
    cells: Cells | None = None
    densities: dict[str, np.ndarray] = field(default_factory=dict)
    labels: np.ndarray | None = None
    regulation: Regulation = field(default_factory=Regulation)
    drugs: tuple[DrugValues, ...] = ()
    notes: tuple[str, ...] = ()


def prepare(loaded: Loaded, stage: Stage = lambda name: nullcontext()) -> Inputs:
    """Read the files, embed the vessels, deposit the cells, resolve the species.

    `stage(name)` is entered as a context around each step, to show progress.

    **Raises** `FileError` and `InputError` for bad input, `ResourceError` where the run would not fit in memory (before any
    array of the grid's size is made).
    """
    config = loaded.config
    section = None
    if config.section is not None:
        section = Section(units.parse(config.section.thickness, "length"), units.parse(config.section.cell_diameter, "length"))
    check_files(loaded)
    with stage("reading vessels and cells"):
        cells = read_cells(loaded)
        network = read_network(loaded, cells)
        grid = make_grid(config, network, cells)
    need = forecast(grid, len(config.species) + 2 * len(config.drugs), precision=config.solver.precision)
    limit = config.solver.memory_limit
    check_memory(need, grid, None if limit is None else parse_memory(limit))
    tumour = embedding = None
    said: list[str] = []
    if isinstance(config.cells, SpheroidCells):
        with stage("making the tumour"):
            tumour = synthetic_tumour(config.cells, grid)
    if config.vessels is not None:
        with stage("embedding vessels"):
            network = network or make_bed(config, grid, tumour)
            embedding, said = embed_network(config, network, grid)
    with stage("placing cells"):
        densities, labels, notes = densities_and_labels(config, grid, section, cells, tumour, embedding, read_tissue(loaded, grid))
    species = species_values(config, densities)
    vessels = embedding is not None
    regulation = regulation_of(config, species, densities)
    drugs = drugs_of(config, species, vessels=vessels)
    given = {one.carrier for one in drugs}
    notes = [*said, *notes, *_unused(config, densities, species, vessels, given), *not_taken_up(config, species), *doubtful(config, species, vessels=vessels)]
    notes += [*regulation.notes, *drug_notes(config, drugs)]
    return Inputs(loaded, grid, with_drugs(species, drugs), need, network, embedding, cells, densities, labels, regulation, drugs, tuple(notes))


def _unused(config: Config, densities: dict[str, np.ndarray], species: tuple[SpeciesValues, ...], vessels: bool, given: set[str]) -> list[str]:
    """Cell types that do nothing and species without a source (those in `given` are doses or injections): legal, but nobody should have to guess it.

    **Raises** `InputError` where no species has any source at all.
    """
    active = {cell for one in species for cell in (*one.secretion, *one.receptors)}
    idle = [cell for cell in densities if cell not in active]
    notes = [f"cells that neither secrete nor take up any of the species: {', '.join(idle)}"] if idle else []
    dry = []
    for one, table in zip(species, config.species, strict=True):
        from_plasma = vessels and one.plasma_concentration > 0 and one.permeability > 0
        from_walls = any(walls is not None and walls.model_dump(exclude_none=True) for walls in (config.walls, table.walls))
        if not (one.secretion or from_plasma or from_walls or one.id in given):
            dry.append(one.id)
    if len(dry) == len(species):
        raise InputError(
            f"no source of {', '.join(dry)}: no cell present secretes it, no plasma or drug brings it, no wall lets it in; check cells.types, or give secretion"
        )
    return notes + [f"{name} has no source: no cell present secretes it and no plasma brings it" for name in dry]
