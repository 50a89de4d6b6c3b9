"""From prepared inputs to a model of the solver."""

from typing import Any

import numpy as np

from .. import units
from ..errors import InputError
from ..grid import AXES
from .drug_terms import blockades, blocked, drug_terms, plasma_courses
from .prepare import Inputs
from .schema import FixedWall, RobinWall, WallsTable

SIDES = ("lower", "upper")


def build_model(inputs: Inputs):
    """The `tmefield.Model` of these inputs: decay, secretion, receptor uptake, vascular exchange, drugs, walls, lumens."""
    from ..model import Model
    from ..species import Species
    from ..transport.fixed import FixedConcentration

    config = inputs.loaded.config
    species = [Species(one.id, one.diffusivity, one.decay, one.molecular_weight, one.species_class) for one in inputs.species]
    fixed = None
    if inputs.embedding is not None and inputs.embedding.lumen.any():
        plasma = np.array([one.plasma_concentration for one in inputs.species])
        fixed = FixedConcentration(inputs.embedding.lumen, plasma, sealed=True)
    own = [*(table.walls for table in config.species), *(None for _ in inputs.species[len(config.species) :])]
    walls: Any = {one.id: _walls(config.walls, table, one.molecular_weight) for one, table in zip(inputs.species, own, strict=True)}
    return Model(
        inputs.grid,
        species=species,
        terms=_terms(inputs),
        walls=walls,
        fixed=fixed,
        volume_fraction=config.tissue.volume_fraction,
        dtype="float64" if config.solver.precision == "mixed" else config.solver.precision,
    )


def _terms(inputs: Inputs) -> list:
    from ..regulation import RegulationNetwork
    from ..terms import Decay, ReceptorUptake, Secretion, VascularExchange

    network, blocking, plasma = RegulationNetwork.of(inputs.regulation.edges), blockades(inputs), plasma_courses(inputs)
    terms: list = [Decay()]
    for one in inputs.species:
        for cell, (rate, fraction) in one.secretion.items():
            modulations = blocked(network.modulations(one.id, cell), blocking)
            terms.append(Secretion(one.id, inputs.densities[cell], rate, fraction, source=cell, modulations=modulations))
        for cell, count in one.receptors.items():
            binding = (count, one.internalisation, one.half_saturation)
            terms.append(ReceptorUptake(one.id, inputs.densities[cell], *binding, sink=cell, blockade=blocking.get(one.id)))
        if inputs.embedding is not None and one.permeability > 0:
            terms.append(VascularExchange(one.id, inputs.embedding, one.permeability, plasma.get(one.id, one.plasma_concentration)))
    return [*terms, *drug_terms(inputs)]


def _walls(general: WallsTable, own: WallsTable | None, molecular_weight: float):
    """The walls of one species: its own table before the general one, the more specific key before the less."""
    from ..transport.walls import Walls

    def chosen(axis: str, side: str):
        for table in (own, general):
            for key in (f"{axis}_{side}", axis, "all"):
                value = None if table is None else getattr(table, key)
                if value is not None:
                    return _wall(value, molecular_weight)
        return _wall("no-flux", molecular_weight)

    return Walls(**{axis: (chosen(axis, SIDES[0]), chosen(axis, SIDES[1])) for axis in AXES})


def _wall(given: str | FixedWall | RobinWall, molecular_weight: float):
    from ..transport.walls import FixedValue, NoFlux, Periodic, Robin

    def concentration(text) -> float:
        return units.parse(text, "concentration", molecular_weight=molecular_weight)

    if isinstance(given, FixedWall):
        return FixedValue(concentration(given.fixed))
    if isinstance(given, RobinWall):
        return Robin(units.parse(given.robin, "permeability"), concentration(given.outside))
    if given == "periodic":
        return Periodic()
    if given == "no-flux":
        return NoFlux()
    raise InputError(f"unknown wall {given!r}")
