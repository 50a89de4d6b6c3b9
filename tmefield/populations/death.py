"""Death, or leaving the tissue."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..terms.modulation import Modulation
from .process import AbstractProcess, Surroundings, Turnover


class Death(AbstractProcess):
    """dn/dt = -d m n: death, or leaving the tissue.

    **Arguments**

    - `population`: who dies.
    - `rate`: d, 1/s; 0.01 to 0.1 a day for CTL.
    - `modulations`: m, the product of these factors.
    """

    population: str = eqx.field(static=True)
    rate: Float[Array, "..."]
    modulations: tuple[Modulation, ...]

    def __init__(self, population: str, rate: ArrayLike, modulations: Sequence[Modulation] = ()):
        self.population = population
        self.rate = as_parameter(rate, f"death rate of {population}", "1/s")
        self.modulations = tuple(modulations)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.population,)

    @property
    def label(self) -> str:
        """See `AbstractProcess`."""
        return f"death of {self.population}"

    def turnover(self, around: Surroundings) -> dict[str, Turnover]:
        """See `AbstractProcess`."""
        rate = self.pace(around)
        return {self.population: Turnover(jnp.zeros_like(rate), rate)}
