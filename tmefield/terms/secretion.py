"""Secretion by cells."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..units import NANOMOLAR
from .modulation import Modulation
from .term import AbstractTerm, Medium, Rates


class Secretion(AbstractTerm):
    """P = n q f m(c) / 0.602214: a density n of cells, of which the share f secretes q molecules per second each, and what regulates them.

    **Arguments**

    - `species`: what is secreted.
    - `density`: cells/um3 of tissue, a number or a field [z, y, x].
    - `rate`: molecules/cell/s of an active cell.
    - `active_fraction`: share of the cells that secrete at one time; 1 where `rate` is a population mean.
    - `source`: which cells, for the budget ("secretion by CD8_T").
    - `modulations`: m, the product of these factors on the rate (`Modulation`): what other species, or the species itself, do to its secretion.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    density: Float[Array, "..."]
    rate: Float[Array, ""]
    active_fraction: Float[Array, ""]
    source: str | None = eqx.field(static=True)
    modulations: tuple[Modulation, ...]

    def __init__(
        self,
        species: str,
        density: ArrayLike,
        rate: ArrayLike,
        active_fraction: ArrayLike = 1.0,
        source: str | None = None,
        modulations: Sequence[Modulation] = (),
    ):
        who = f"secretion of {species}"
        self.acts_on = (species,)
        self.density = as_parameter(density, f"cell density for the {who}", "cells/um3")
        self.rate = as_parameter(rate, f"rate of the {who}", "molecules/cell/s", shapes=((),))
        self.active_fraction = as_parameter(active_fraction, f"active fraction for the {who}", "1", shapes=((),))
        self.source = source
        self.modulations = tuple(modulations)

    @property
    def saturable(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `AbstractTerm`."""
        return bool(self.modulations)

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: secretion that does not read its own product."""
        return self.acts_on[0] not in self.reads

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractTerm`."""
        return tuple(dict.fromkeys(name for one in self.modulations for name in one.reads))

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"secretion by {self.source}" if self.source else "secretion"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        per_cell = self.rate * self.active_fraction / NANOMOLAR
        made = self.density * per_cell
        for one in self.modulations:
            made = made * one(concentration)
        return {self.acts_on[0]: Rates(made, jnp.zeros_like(per_cell))}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"cell density for the secretion of {self.acts_on[0]}", "cells/um3", shapes=((), shape))
