"""Where a run takes place: grid, vessels and cells on it. Configurations that differ in their species alone share one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from .. import units
from ..grid import Grid
from ..tissue.cells import Cells
from ..tissue.deposit import Section
from ..vessels.embed import Embedding
from ..vessels.network import VesselNetwork
from .estimate import Forecast, check_memory, forecast
from .inputs import box_notes, check_targets, embed_network, lumens_from, make_bed, make_grid, read_cells, read_network, read_tissue
from .load import Loaded
from .population import densities_and_labels, synthetic_tumour
from .quantities import parse_memory
from .schema import Config, SpheroidCells

Stage = Callable[[str], AbstractContextManager]

TABLES = ("grid", "vessels", "cells", "section", "tissue")


@dataclass(frozen=True)
class Place:
    """The tissue of a configuration, as arrays; fields as in `Inputs`.

    - `key`: what it was made from; `lumens`: from which radius on vessels are resolved, and for which species (`lumens_from`).
    """

    key: tuple
    lumens: tuple[str, float]
    grid: Grid
    network: VesselNetwork | None
    embedding: Embedding | None
    cells: Cells | None
    densities: dict[str, np.ndarray]
    labels: np.ndarray
    notes: tuple[str, ...]

    def serves(self, loaded: Loaded) -> bool:
        """Whether `loaded` describes this very place."""
        return self.key == place_key(loaded) and (self.embedding is None or self.lumens == lumens_from(loaded.config, self.grid))


def place_key(loaded: Loaded) -> tuple:
    """The tables from which a place is made, and where its files are."""
    return (loaded.folder.resolve(), *(repr(getattr(loaded.config, table)) for table in TABLES))


def find_place(loaded: Loaded, stage: Stage, known: Place | None) -> tuple[Place, Forecast]:
    """The place of a configuration, `known` where that is the same, and what a run there needs.

    **Raises** `FileError` and `InputError` for bad input, `ResourceError` where the run would not fit in memory (before any array of the grid's size is made).
    """
    if known is not None and known.serves(loaded):
        check_targets(loaded.config)
        return known, _affordable(loaded.config, known.grid)
    config = loaded.config
    section = None
    if config.section is not None:
        section = Section(units.parse(config.section.thickness, "length"), units.parse(config.section.cell_diameter, "length"))
    with stage("reading vessels and cells"):
        cells = read_cells(loaded)
        network = read_network(loaded, cells)
        grid = make_grid(config, network, cells)
    need = _affordable(config, grid)
    tumour = embedding = None
    said: list[str] = []
    widened = [] if config.grid.size is None else box_notes(grid, [units.parse(one, "length") for one in config.grid.size], axes="yx" if section else "zyx")
    if isinstance(config.cells, SpheroidCells):
        with stage("making the tumour"):
            tumour = synthetic_tumour(config.cells, grid)
    if config.vessels is not None:
        with stage("embedding vessels"):
            network = network or make_bed(config, grid, tumour)
            embedding, said = embed_network(config, network, grid)
    with stage("placing cells"):
        densities, labels, notes = densities_and_labels(config, grid, section, cells, tumour, embedding, read_tissue(loaded, grid))
    return Place(place_key(loaded), lumens_from(config, grid), grid, network, embedding, cells, densities, labels, (*widened, *said, *notes)), need


def _affordable(config: Config, grid: Grid) -> Forecast:
    need = forecast(grid, len(config.species) + 2 * len(config.drugs), precision=config.solver.precision)
    limit = config.solver.memory_limit
    check_memory(need, grid, None if limit is None else parse_memory(limit))
    return need
