"""Entry of cells from the blood."""

from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..terms.modulation import Modulation
from .process import AbstractProcess, Surroundings, Turnover


class Entry(AbstractProcess):
    """dn/dt = j S m (1 - taken): cells leave the blood through the wall area S and find room.

    **Arguments**

    - `population`: who enters.
    - `flux`: j, cells per um2 of wall and second.
    - `wall_area`: S, um2 of vessel wall per um3 of tissue, a number or a field [z, y, x].
    - `modulations`: m, the product of these factors (chemokines raise it, TGF-beta excludes).
    - `vessels`: the population of endothelium whose growth changes S, in proportion to `vessels`/`reference`; None for vessels that stay.
    - `reference`: cells/um3 of endothelium at which S is the given one.
    """

    rate_unit: ClassVar[str] = "cells/um2/s"
    population: str = eqx.field(static=True)
    rate: Float[Array, ""]
    wall_area: Float[Array, "..."]
    modulations: tuple[Modulation, ...]
    vessels: str | None = eqx.field(static=True)
    reference: Float[Array, ""]

    def __init__(
        self,
        population: str,
        flux: ArrayLike,
        wall_area: ArrayLike,
        modulations: Sequence[Modulation] = (),
        vessels: str | None = None,
        reference: ArrayLike = 1.0,
    ):
        self.population, self.vessels = population, vessels
        self.rate = as_parameter(flux, f"flux of {population} out of the blood", "cells/um2/s", shapes=((),))
        self.wall_area = as_parameter(wall_area, f"wall area for the entry of {population}", "1/um")
        self.modulations = tuple(modulations)
        self.reference = as_parameter(reference, f"reference density of {vessels}", "cells/um3", shapes=((),), positive=True)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.population,)

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return super().reads if self.vessels is None else (self.vessels, *super().reads)

    @property
    def label(self) -> str:
        """See `AbstractProcess`."""
        return f"entry of {self.population}"

    def turnover(self, around: Surroundings) -> dict[str, Turnover]:
        """See `AbstractProcess`."""
        area = self.wall_area if self.vessels is None else self.wall_area * around.density[self.vessels] / self.reference
        made = self.pace(around) * area * around.room
        return {self.population: Turnover(made, jnp.zeros_like(made))}
