"""How a value is stretched for fitting: logarithm for rates, logit for shares, none for what may have either sign; with bounds."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..errors import InputError

TRANSFORMS = ("log", "linear", "logit")


def stretch(transform: str, value: Float[Array, "..."]) -> Float[Array, "..."]:
    """The coordinate u = ln x ("log"), x ("linear") or ln(x/(1 - x)) ("logit")."""
    if transform == "log":
        return jnp.log(value)
    return jnp.log(value) - jnp.log1p(-value) if transform == "logit" else value


def stretched_number(transform: str, value: float) -> float:
    """The coordinate u of a plain number, also while JAX traces."""
    if transform == "log":
        return math.log(value)
    return math.log(value) - math.log1p(-value) if transform == "logit" else value


def unstretch(transform: str, u: Float[Array, "..."]) -> Float[Array, "..."]:
    """The value x of a coordinate u."""
    if transform == "log":
        return jnp.exp(u)
    return jax.nn.sigmoid(u) if transform == "logit" else u


def to_free(u: Float[Array, "..."], bounds: tuple[float, float] | None) -> Float[Array, "..."]:
    """The coordinate in which an optimiser may go anywhere: u itself, or between bounds ln((u - lower)/(upper - u))."""
    if bounds is None:
        return u
    lower, upper = bounds
    return jnp.log(u - lower) - jnp.log(upper - u)


def from_free(z: Float[Array, "..."], bounds: tuple[float, float] | None) -> Float[Array, "..."]:
    """The inverse of `to_free`."""
    if bounds is None:
        return z
    lower, upper = bounds
    return lower + (upper - lower) * jax.nn.sigmoid(z)


def check_value(transform: str, value: float, who: str) -> None:
    """A value that its transform can take.

    **Raises** `InputError`.
    """
    if transform == "log" and not value > 0:
        raise InputError(f'{who} must be above zero for the transform "log"; got {value:g} (transform="linear" allows any sign)')
    if transform == "logit" and not 0 < value < 1:
        raise InputError(f'{who} must lie between 0 and 1 for the transform "logit"; got {value:g}')
