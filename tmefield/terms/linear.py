"""The plainest term: given production and loss, for scripts and verification."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from .term import AbstractTerm, Medium, Rates


class Linear(AbstractTerm):
    """P and L given per volume of tissue, for every species or for those named.

    **Arguments**

    - `production`: nM/s; a number, a field [z, y, x] or one field per species [species, z, y, x].
    - `loss`: 1/s, likewise.
    - `species`: names, in the order of the leading axis; None for all species of the model.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    production: Float[Array, "..."]
    loss: Float[Array, "..."]
    saturable: ClassVar[bool] = False

    def __init__(self, production: ArrayLike = 0.0, loss: ArrayLike = 0.0, species: str | tuple[str, ...] | None = None):
        self.acts_on = () if species is None else (species,) if isinstance(species, str) else tuple(species)
        self.production = as_parameter(production, "production of Linear", "nM/s")
        self.loss = as_parameter(loss, "loss of Linear", "1/s")

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "linear"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        names = self.acts_on or tuple(medium.species)
        return {name: Rates(_pick(self.production, i), _pick(self.loss, i)) for i, name in enumerate(names)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        count = len(self.acts_on or tuple(medium.species))
        for name, value in (("production", self.production), ("loss", self.loss)):
            if value.shape not in ((), shape, (count, *shape)):
                raise InputError(f"{name} of Linear has shape {list(value.shape)}, expected a number, {list(shape)} or {[count, *shape]}")


def _pick(value: Array, index: int) -> Array:
    return value[index] if value.ndim == 4 else value
