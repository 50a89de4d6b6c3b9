"""Consumption by cells that is limited by the cells' own metabolism: oxygen, nutrients."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..units import NANOMOLAR
from .term import AbstractTerm, Medium, Rates, not_negative


class Consumption(AbstractTerm):
    """L = n q / (K + c) / 0.602214: every cell takes q molecules per second where there is plenty, half of it at c = K (Michaelis-Menten).

    Below c = 0, where an iterate may stand for a moment, L stays at its value at 0.

    **Arguments**

    - `species`: what is consumed.
    - `density`: n, cells/um3 of tissue, a number or a field [z, y, x].
    - `rate`: q, molecules/cell/s.
    - `half_saturation`: K, nM.
    - `sink`: which cells, for the budget ("consumption by tumour").
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    density: Float[Array, "..."]
    rate: Float[Array, ""]
    half_saturation: Float[Array, ""]
    sink: str | None = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(self, species: str, density: ArrayLike, rate: ArrayLike, half_saturation: ArrayLike, sink: str | None = None):
        who = f"consumption of {species}"
        self.acts_on = (species,)
        self.density = as_parameter(density, f"cell density for the {who}", "cells/um3")
        self.rate = as_parameter(rate, f"rate of the {who}", "molecules/cell/s", shapes=((),))
        self.half_saturation = as_parameter(half_saturation, f"half saturation of the {who}", "nM", shapes=((),), positive=True)
        self.sink = sink

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: what is taken grows with the concentration, ever more slowly."""
        return True

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"consumption by {self.sink}" if self.sink else "consumption"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        per_cell = self.rate / NANOMOLAR
        loss = self.density * per_cell / (self.half_saturation + not_negative(concentration[name]))
        return {name: Rates(jnp.zeros_like(per_cell), loss)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"cell density for the consumption of {self.acts_on[0]}", "cells/um3", shapes=((), shape))
