"""Solute that leaves with the fluid into lymphatics."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from .term import AbstractTerm, Medium, Rates


class LymphaticDrainage(AbstractTerm):
    """L = q for every species that is not immobile, or for those named: fluid that drains into lymphatics takes the tissue's concentration with it.

    Where fluid comes out of lymphatics (q < 0) it brings no solute.

    **Arguments**

    - `drainage`: q, fluid per volume of tissue, 1/s (`interstitial_flow(...).drainage`); a number or a field [z, y, x].
    - `species`: a name or names; None for all that move with the fluid.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    drainage: Float[Array, "..."]
    saturable: ClassVar[bool] = False

    def __init__(self, drainage: ArrayLike, species: str | tuple[str, ...] | None = None):
        self.acts_on = () if species is None else (species,) if isinstance(species, str) else tuple(species)
        self.drainage = as_parameter(drainage, "lymphatic drainage", "1/s", signed=True)

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "lymphatic drainage"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        taken = jnp.maximum(self.drainage, 0)
        return {name: Rates(jnp.zeros_like(taken), taken) for name in self.acts_on or _mobile(medium)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.drainage, "lymphatic drainage", "1/s", shapes=((), shape), signed=True)


def _mobile(medium: Medium) -> tuple[str, ...]:
    return tuple(name for name, one in medium.species.items() if not one.immobile)
