"""Sums over a field, axis by axis, so that float32 keeps six digits on large grids."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .stencil import Field


def total(field: Float[Array, "*batch z y x"]) -> Float[Array, "*batch"]:
    """The sum over the last three axes."""
    return jnp.sum(jnp.sum(jnp.sum(field, axis=-1), axis=-1), axis=-1)


def inner(a: Field, b: Field) -> Float[Array, ""]:
    """The dot product of two fields."""
    return total(a * b)


def norm(a: Field) -> Float[Array, ""]:
    """The Euclidean norm of a field."""
    return jnp.sqrt(inner(a, a))
