"""One species turns into another in proportion: deposition in the matrix, activation, binding to what is in excess, release."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from .term import AbstractTerm, Medium, Rates


class Conversion(AbstractTerm):
    """P_product = L_source c_source with L_source = phi k in the fluid, or L_source = n a where cells of density n convert.

    What the source loses the product gains. A reversible step is two of them: binding to an antibody in excess at A is
    `Conversion(free, bound, k_on * A)` with `Conversion(bound, free, k_off)`.

    **Arguments**

    - `source`, `product`: the species.
    - `rate`: k, 1/s; with `density` a, the fluid that one cell converts in a second, um3/s per cell. A number or a field [z, y, x].
    - `density`: n, cells/um3 of tissue, a number or a field [z, y, x]; None for what happens in the fluid or the matrix.
    - `label`: its name in the budget; "SOURCE to PRODUCT" if not given. Terms of the same label are summed there.

    **Raises** `InputError` where source and product are the same species.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    rate: Float[Array, "..."]
    density: Float[Array, "..."] | None
    title: str = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(self, source: str, product: str, rate: ArrayLike, density: ArrayLike | None = None, label: str | None = None):
        if source == product:
            raise InputError(f"a Conversion needs two species; both are {source}")
        self.acts_on = (source, product)
        self.title = f"{source} to {product}" if label is None else label
        self.rate = as_parameter(rate, f"rate of {self.title}", "1/s" if density is None else "um3/s per cell")
        self.density = None if density is None else as_parameter(density, f"cell density for {self.title}", "cells/um3")

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: what is taken is in proportion."""
        return True

    @property
    def converts(self) -> bool:
        """See `AbstractTerm`."""
        return True

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """See `AbstractTerm`: the source does not know of the product."""
        return (self.acts_on,)  # pyright: ignore[reportReturnType]

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return self.title

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        source, product = self.acts_on
        loss = self.rate * (medium.volume_fraction if self.density is None else self.density)
        nothing = jnp.zeros_like(loss)
        return {source: Rates(nothing, loss), product: Rates(loss * concentration[source], nothing)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.rate, f"rate of {self.title}", "1/s" if self.density is None else "um3/s per cell", shapes=((), shape))
        if self.density is not None:
            as_parameter(self.density, f"cell density for {self.title}", "cells/um3", shapes=((), shape))
