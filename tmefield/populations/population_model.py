"""Populations, what happens to them, and the cytokines between them, checked to belong together."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..model import Model
from ..terms.per_cell import PerCell
from .population import Population
from .process import AbstractProcess, Surroundings, Transfer, Turnover

PACKING = 0.74
"""Share of the tissue that cells can fill at most; ASSUMED, that of closely packed spheres. What swells and deforms fills more, matrix leaves less."""


class PopulationModel(eqx.Module):
    """Cell densities n_k (cells/um3 of tissue) with the cytokines that they make and answer to, which are at steady state with them at all times:

        dn_k/dt = div(D_k grad n_k - n_k chi_k m grad H(c)) + P_k(n, c) - L_k(n, c) n_k + what turns into k - what k turns into

    **Arguments**

    - `model`: the cytokines; its `PerCell` terms follow the densities.
    - `populations`: the cells.
    - `processes`: what happens to them (`Growth`, `Death`, `Killing`, `Entry`, `Switch`).
    - `packing`: share of the tissue that cells can fill.

    **Raises** `InputError` for names that are not there or there twice, and for a `PerCell` of no population.
    """

    model: Model
    populations: tuple[Population, ...]
    processes: tuple[AbstractProcess, ...]
    packing: Float[Array, ""]

    def __init__(self, model: Model, populations: Sequence[Population], processes: Sequence[AbstractProcess], packing: ArrayLike = PACKING):
        self.model, self.populations, self.processes = model, tuple(populations), tuple(processes)
        self.packing = as_parameter(packing, "packing", "1", shapes=((),), positive=True)
        names = self.names
        known = {*names, *model.names}
        if not names or len(known) != len(names) + len(model.names):
            raise InputError(f"populations need names of their own, other than those of species; got {', '.join(names)} beside {', '.join(model.names)}")
        for one in self.processes:
            _known(one.populations, names, f"{one.label} acts on", "populations")
            _known(one.reads, known, f"{one.label} reads", "populations and species")
        for one in self.populations:
            _known(one.reads, known, f"the movement of {one.name} reads", "populations and species")
        for term in _per_cell(model):
            _known((term.population,), names, f"the model has {term.label} with the density of", "populations")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the populations in order."""
        return tuple(one.name for one in self.populations)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the densities [population, z, y, x]."""
        return (len(self.populations), *self.model.grid.shape)

    def densities(self, given: ArrayLike | Mapping[str, ArrayLike]) -> Float[Array, "p z y x"]:
        """Densities, cells/um3, as one array: from [population, z, y, x], or by name a number or a field [z, y, x] each.

        **Raises** `InputError` for shapes that do not fit, negative values and names that are missing or unknown.
        """
        grid = self.model.grid.shape
        if not isinstance(given, Mapping):
            return as_parameter(given, "densities", "population, z, y, x; cells/um3", shapes=(self.shape,)).astype(self.model.dtype)
        if set(given) != set(self.names):
            raise InputError(f"densities are needed of {', '.join(self.names)}; got {', '.join(given) or 'none'}")
        fields = [as_parameter(given[name], f"density of {name}", "cells/um3", shapes=((), grid)).astype(self.model.dtype) for name in self.names]
        return jnp.stack([jnp.broadcast_to(field, grid) for field in fields])

    def around(self, density: Mapping[str, Array], concentration: Float[Array, "s z y x"]) -> Surroundings:
        """What processes and movement may know."""
        filled = sum((one.volume * density[one.name] for one in self.populations), jnp.zeros(self.model.grid.shape, self.model.dtype))
        return Surroundings(dict(density), dict(zip(self.model.names, concentration, strict=True)), filled / self.packing)

    def rates(self, around: Surroundings) -> tuple[dict[str, Turnover], tuple[Transfer, ...]]:
        """Production and loss of every population, and all transfers."""
        nothing = jnp.zeros(self.model.grid.shape, self.model.dtype)
        total = {name: Turnover(nothing, nothing) for name in self.names}
        transfers: list[Transfer] = []
        for process in self.processes:
            for name, (made, lost) in process.turnover(around).items():
                total[name] = Turnover(total[name].production + made, total[name].loss + lost)
            transfers += process.transfers(around)
        return total, tuple(transfers)

    def cytokines(self, density: Mapping[str, Array]) -> Model:
        """The model of the cytokines among cells of these densities."""
        values = [density[one.population] for one in _per_cell(self.model)]
        return eqx.tree_at(lambda model: [one.density for one in _per_cell(model)], self.model, values) if values else self.model


def _per_cell(model: Model) -> list[PerCell]:
    """Every term by population, whatever is wrapped around it."""
    return [one for one in jax.tree.leaves(model.terms, is_leaf=lambda one: isinstance(one, PerCell)) if isinstance(one, PerCell)]


def _known(used: Sequence[str], known, verb: str, what: str) -> None:
    unknown = [name for name in used if name not in known]
    if unknown:
        raise InputError(f"{verb} {', '.join(unknown)}, but the {what} are {', '.join(known)}")
