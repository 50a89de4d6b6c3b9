"""Receptor-mediated uptake by cells."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..units import NANOMOLAR
from .term import AbstractTerm, Medium, Rates


class ReceptorUptake(AbstractTerm):
    """L = n R k_endo / (K_M + c) / 0.602214: saturable uptake by receptors in quasi-steady binding.

    K_M = (k_off + k_endo)/k_on is the half-saturation concentration of binding, unbinding and internalisation with the
    number of receptors held constant. Below c = 0, where an iterate may stand for a moment, L stays at its value at 0: the law's
    other branch, beyond c = -K_M, has roots of its own.

    **Arguments**

    - `species`: the ligand.
    - `density`: cells/um3 of tissue, a number or a field [z, y, x].
    - `receptors`: receptors per cell.
    - `internalisation`: k_endo, 1/s.
    - `half_saturation`: K_M, nM.
    - `sink`: which cells, for the budget ("uptake by Treg").
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    density: Float[Array, "..."]
    receptors: Float[Array, ""]
    internalisation: Float[Array, ""]
    half_saturation: Float[Array, ""]
    sink: str | None = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(self, species: str, density: ArrayLike, receptors: ArrayLike, internalisation: ArrayLike, half_saturation: ArrayLike, sink: str | None = None):
        who = f"uptake of {species}"
        self.acts_on = (species,)
        self.density = as_parameter(density, f"cell density for the {who}", "cells/um3")
        self.receptors = as_parameter(receptors, f"receptors for the {who}", "molecules/cell", shapes=((),))
        self.internalisation = as_parameter(internalisation, f"internalisation rate for the {who}", "1/s", shapes=((),))
        self.half_saturation = as_parameter(half_saturation, f"half saturation of the {who}", "nM", shapes=((),), positive=True)
        self.sink = sink

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: uptake grows with the concentration, ever more slowly."""
        return True

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"uptake by {self.sink}" if self.sink else "uptake"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        greatest = self.density * (self.receptors * self.internalisation / NANOMOLAR)
        return {name: Rates(jnp.zeros_like(self.receptors), greatest / (self.half_saturation + jnp.maximum(concentration[name], 0)))}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"cell density for the uptake of {self.acts_on[0]}", "cells/um3", shapes=((), shape))
