"""Keeping XLA from fusing neighbouring stencils."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from .stencil import Field


def apart(once: Int[Array, ""], compute: Callable[[], Field], like: Field) -> Field:
    """`compute()`, an array like `like`, compiled as a unit of its own.

    XLA on the CPU fuses a chain of stencils into one loop that computes every inner value many times over (a factor of ten for
    two sweeps). A branch is a barrier that costs nothing, where a loop would copy its carry in and out. `once` is a traced
    integer of value 1 whose value the compiler cannot see.
    """
    return jax.lax.cond(once > 0, compute, lambda: jnp.zeros_like(like))
