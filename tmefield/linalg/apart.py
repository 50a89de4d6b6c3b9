"""Keeping XLA from fusing neighbouring stencils."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from .stencil import Field


def hidden_one() -> Int[Array, ""]:
    """The integer 1, in a way that XLA does not see: also where all inputs of a program are constants, as in a caller's own `jax.jit`.

    With a 1 that it can see the branches of `apart` vanish, and a solve takes five times as long.
    """
    return jax.lax.optimization_barrier(jnp.ones((), jnp.int32))


def apart(once: Int[Array, ""], compute: Callable[[], Field], like: Field) -> Field:
    """`compute()`, an array like `like`, compiled as a unit of its own.

    XLA on the CPU fuses a chain of stencils into one loop that computes every inner value many times over (a factor of ten for
    two sweeps). A branch is a barrier that costs nothing, where a loop would copy its carry in and out. `once` is
    `hidden_one()`.
    """
    return jax.lax.cond(once > 0, compute, lambda: jnp.zeros_like(like))
