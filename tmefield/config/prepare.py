"""From a configuration to arrays on a grid: vessels embedded, cells deposited, species with their numbers. No JAX."""

from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..tissue.cells import Cells
from ..vessels.embed import Embedding
from ..vessels.network import VesselNetwork
from .drugs import DrugValues, drug_notes, drugs_of, with_drugs
from .estimate import Forecast
from .inputs import check_files
from .load import Loaded
from .origin import doubtful, not_taken_up
from .parameters import SpeciesValues, species_values
from .place import Place, Stage, find_place
from .regulation import Regulation, regulation_of
from .schema import Config


@dataclass(frozen=True)
class Inputs:
    """Everything a model is made of.

    - `densities`: cells/um3 per cell type, [z, y, x], none inside a lumen.
    - `labels`: int8 [z, y, x], 0 stroma, 1 tumour, 2 necrotic core, 3 vessel lumen.
    - `species`: those of the configuration, then those of drugs.
    - `regulation`: the edges that act on secretions.
    - `notes`: what was assumed or left out, to be told to the person.
    - `place`: grid, vessels and cells as another run may take them over.
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
    place: Place | None = None


def prepare(loaded: Loaded, stage: Stage = lambda name: nullcontext(), known: Place | None = None) -> Inputs:
    """Read the files, embed the vessels, deposit the cells, resolve the species.

    `stage(name)` is entered as a context around each step, to show progress. `known` is the place of an earlier run, taken again where this one has the same.

    **Raises** `FileError` and `InputError` for bad input, `ResourceError` where the run would not fit in memory (before any
    array of the grid's size is made).
    """
    config = loaded.config
    check_files(loaded)
    place, need = find_place(loaded, stage, known)
    species = species_values(config, place.densities)
    vessels = place.embedding is not None
    regulation = regulation_of(config, species, place.densities)
    drugs = drugs_of(config, species, vessels=vessels)
    given = {one.carrier for one in drugs}
    notes = [*place.notes, *_unused(config, place.densities, species, vessels, given), *not_taken_up(config, species)]
    notes += [*doubtful(config, species, vessels=vessels), *regulation.notes, *drug_notes(config, drugs)]
    there = place.network, place.embedding, place.cells, place.densities, place.labels
    return Inputs(loaded, place.grid, with_drugs(species, drugs), need, *there, regulation, drugs, tuple(notes), place)


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
