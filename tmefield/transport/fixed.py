"""Voxels whose concentration is held: a resolved lumen, a pipette, a sink."""

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from ..checks import as_parameter, concrete
from ..errors import InputError


class FixedConcentration(eqx.Module):
    """Holds c = `value` in the voxels of `mask`.

    These voxels leave the system (they are eliminated, not penalised): faces to them become loss and production of their
    free neighbours.

    **Arguments**

    - `mask`: True where the concentration is held, [z, y, x] for all species or [species, z, y, x].
    - `value`: nM; a number, one number per species [species], or a field of the mask's shape.
    - `sealed`: True closes the faces between held and free voxels. What crosses a lumen's wall is then the business of a
      term (`VascularExchange`), which knows the wall's true area and permeability.
    """

    mask: Bool[Array, "..."]
    value: Float[Array, "..."]
    sealed: bool = eqx.field(static=True)

    def __init__(self, mask: ArrayLike, value: ArrayLike, sealed: bool = False):
        self.mask = jnp.asarray(mask).astype(bool)
        self.value = as_parameter(value, "value of FixedConcentration", "nM")
        self.sealed = sealed
        known = concrete(self.mask)
        if known is not None and known.size and known.all():
            raise InputError("FixedConcentration: the mask fixes every voxel, nothing is left to solve for")

    def check(self, shape: tuple[int, int, int], count: int) -> None:
        """Raise `InputError` where mask or value do not fit the grid."""
        if self.mask.shape not in (shape, (count, *shape)):
            raise InputError(f"FixedConcentration: the mask has shape {list(self.mask.shape)}, expected {list(shape)} or {[count, *shape]}")
        if self.value.shape not in ((), (count,), shape, (count, *shape)):
            raise InputError(f"FixedConcentration: value has shape {list(self.value.shape)}, expected a number, [{count}], {list(shape)} or {[count, *shape]}")

    def stacked(self, shape: tuple[int, int, int], count: int) -> tuple[Bool[Array, "s z y x"], Float[Array, "s z y x"]]:
        """Mask and value for each species."""
        value = self.value.reshape(-1, 1, 1, 1) if self.value.shape == (count,) and self.value.shape != shape else self.value
        full = (count, *shape)
        return jnp.broadcast_to(_lift(self.mask), full), jnp.broadcast_to(_lift(value), full)


def _lift(array: Array) -> Array:
    return array[None] if array.ndim == 3 else array
