"""What a process is: one thing that happens to cells, in production/loss form."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..terms.modulation import Modulation

Field = Float[Array, "..."]


class Surroundings(eqx.Module):
    """What a process may know: densities (cells/um3) and concentrations (nM) by name, and the share of the room for cells that is taken.

    `taken` is sum V_k n_k / packing over the populations: 0 in empty tissue, 1 where no cell fits any more.
    """

    density: dict[str, Float[Array, "z y x"]]
    concentration: dict[str, Float[Array, "z y x"]]
    taken: Float[Array, "z y x"]

    @property
    def levels(self) -> Mapping[str, Float[Array, "z y x"]]:
        """Densities and concentrations together, for `Modulation`: a process may respond to either."""
        return {**self.concentration, **self.density}

    @property
    def room(self) -> Float[Array, "z y x"]:
        """1 - taken, not below zero."""
        return jnp.maximum(1 - self.taken, 0)


class Turnover(NamedTuple):
    """What a process does to one population: `production`, cells/um3/s, and `loss` coefficient, 1/s; both not negative."""

    production: Field
    loss: Field


class Transfer(NamedTuple):
    """Cells of `source` that become `product` at the rate `coefficient`, 1/s: one appears for each that is gone."""

    source: str
    product: str
    coefficient: Field


class AbstractProcess(eqx.Module):
    """One thing that happens to cells.

    A new one is a subclass in a file of its own, with a `rate` and `modulations`, factors on it: `turnover` gives production and loss, `transfers` what turns
    into something else, both from `pace`. `populations` names the populations that it changes, `reads` every other population or species that its rates
    depend on; by default those of the factors. `rate_unit` is that of `rate`.
    """

    rate_unit: ClassVar[str] = "1/s"
    rate: eqx.AbstractVar[Float[Array, "..."]]
    modulations: eqx.AbstractVar[tuple[Modulation, ...]]

    @property
    @abstractmethod
    def populations(self) -> tuple[str, ...]:
        """Populations that it changes."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Populations and species, beside those, that its rates depend on."""
        return read_by(self.modulations)

    @property
    @abstractmethod
    def label(self) -> str:
        """Its name in the record of what made and took cells."""

    def pace(self, around: Surroundings) -> Float[Array, "..."]:
        """The rate times every factor on it."""
        return modulated(self.rate, self.modulations, around)

    def turnover(self, around: Surroundings) -> dict[str, Turnover]:
        """Production and loss of each population that it makes or takes."""
        return {}

    def transfers(self, around: Surroundings) -> tuple[Transfer, ...]:
        """What it turns into something else."""
        return ()


def modulated(rate: Field, modulations: Sequence[Modulation], around: Surroundings) -> Field:
    """The rate times every factor on it."""
    for one in modulations:
        rate = rate * one(around.levels)
    return rate


def read_by(modulations: Sequence[Modulation]) -> tuple[str, ...]:
    """What the factors depend on."""
    return tuple(dict.fromkeys(name for one in modulations for name in one.reads))
