"""Cells that turn into others."""

from collections.abc import Sequence

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..terms.modulation import Modulation
from .process import AbstractProcess, Surroundings, Transfer


class Switch(AbstractProcess):
    """Cells of `source` become `product` at the rate k m: M1 and M2, iCAF and myCAF, Th and Treg, CD8 that are exhausted. None is lost on the way.

    **Arguments**

    - `source`, `product`: the populations.
    - `rate`: k, 1/s, the greatest rate where the factors are shares (basal 0).
    - `modulations`: m, the product of these factors; they may read densities too (exhaustion where there is antigen: `Hill("tumour", half density)`).

    **Raises** `InputError` where source and product are the same.
    """

    source: str = eqx.field(static=True)
    product: str = eqx.field(static=True)
    rate: Float[Array, "..."]
    modulations: tuple[Modulation, ...]

    def __init__(self, source: str, product: str, rate: ArrayLike, modulations: Sequence[Modulation] = ()):
        if source == product:
            raise InputError(f"a Switch needs two populations; both are {source}")
        self.source, self.product = source, product
        self.rate = as_parameter(rate, f"rate at which {source} become {product}", "1/s")
        self.modulations = tuple(modulations)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `AbstractProcess`."""
        return (self.source, self.product)

    @property
    def label(self) -> str:
        """See `AbstractProcess`."""
        return f"{self.source} to {self.product}"

    def transfers(self, around: Surroundings) -> tuple[Transfer, ...]:
        """See `AbstractProcess`."""
        return (Transfer(self.source, self.product, self.pace(around)),)
