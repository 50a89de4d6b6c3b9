"""Extracellular decay: proteolysis and non-specific loss in the fluid."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..checks import as_parameter
from .term import AbstractTerm, Medium, Rates


class Decay(AbstractTerm):
    """L = phi k for every species, k its `decay` (1/s) and phi the fluid's volume fraction."""

    acts_on: ClassVar[tuple[str, ...]] = ()
    saturable: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "decay"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        return {name: Rates(jnp.zeros_like(species.decay), medium.volume_fraction * species.decay) for name, species in medium.species.items()}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        for name, species in medium.species.items():
            as_parameter(species.decay, f"decay of {name}", "1/s", shapes=((), shape))
