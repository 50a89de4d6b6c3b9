"""Proliferation, limited by the room that is left."""

from collections.abc import Sequence

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..terms.modulation import Modulation
from .process import AbstractProcess, Surroundings, Turnover


class Growth(AbstractProcess):
    """dn/dt = r m n (1 - taken): logistic growth, r m n made and r m taken n lost; above `taken` = 1 cells are lost.

    With `capacity` the limit is the population's own, n/capacity instead of `taken`: so vessels, which fill no room for cells, grow up to E_max.

    **Arguments**

    - `population`: who grows.
    - `rate`: r, 1/s; 0.4 to 0.7 a day for B16 in mice, 0.003 to 0.012 a day for human solid tumours.
    - `modulations`: m, the product of these factors.
    - `capacity`: cells/um3, or None.
    """

    population: str = eqx.field(static=True)
    rate: Float[Array, "..."]
    modulations: tuple[Modulation, ...]
    capacity: Float[Array, "..."] | None

    def __init__(self, population: str, rate: ArrayLike, modulations: Sequence[Modulation] = (), capacity: ArrayLike | None = None):
        self.population = population
        self.rate = as_parameter(rate, f"growth rate of {population}", "1/s")
        self.modulations = tuple(modulations)
        self.capacity = None if capacity is None else as_parameter(capacity, f"capacity of {population}", "cells/um3", positive=True)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.population,)

    @property
    def label(self) -> str:
        """See `AbstractProcess`."""
        return f"growth of {self.population}"

    def turnover(self, around: Surroundings) -> dict[str, Turnover]:
        """See `AbstractProcess`."""
        density, rate = around.density[self.population], self.pace(around)
        limit = around.taken if self.capacity is None else density / self.capacity
        return {self.population: Turnover(rate * density, rate * limit)}
