"""Killing of one population by another."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..terms.modulation import Modulation
from .process import AbstractProcess, Surroundings, Turnover


class Killing(AbstractProcess):
    """dn/dt = -k m e n/(s + n): e killers of which each kills k targets a second where there are plenty, half as many at the density s.

    **Arguments**

    - `target`, `killer`: the populations.
    - `rate`: k, targets per killer and second; 1 to 16 a day for CTL in vivo (Halle 2016, doi:10.1016/j.immuni.2016.01.010, virus-infected cells).
    - `half_density`: s, cells/um3 of targets.
    - `modulations`: m, the product of these factors.
    """

    target: str = eqx.field(static=True)
    killer: str = eqx.field(static=True)
    rate: Float[Array, "..."]
    half_density: Float[Array, ""]
    modulations: tuple[Modulation, ...]

    def __init__(self, target: str, killer: str, rate: ArrayLike, half_density: ArrayLike, modulations: Sequence[Modulation] = ()):
        self.target, self.killer = target, killer
        self.rate = as_parameter(rate, f"rate of killing of {target} by {killer}", "1/s")
        self.half_density = as_parameter(half_density, f"half density of {target} for {killer}", "cells/um3", shapes=((),), positive=True)
        self.modulations = tuple(modulations)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.target,)

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.killer, *super().reads)

    @property
    def label(self) -> str:
        """See `AbstractProcess`."""
        return f"killing of {self.target} by {self.killer}"

    def turnover(self, around: Surroundings) -> dict[str, Turnover]:
        """See `AbstractProcess`."""
        rate = self.pace(around) * around.density[self.killer] / (self.half_density + around.density[self.target])
        return {self.target: Turnover(jnp.zeros_like(rate), rate)}
