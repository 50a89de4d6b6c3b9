"""Checks of values at the door: they act on concrete values and let traced ones pass."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .errors import InputError


def concrete(value: Any) -> np.ndarray | None:
    """The value as a NumPy array, or None where it is being traced by a JAX transformation."""
    try:
        return np.asarray(value)
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError):
        return None


def increasing_times(times: Any) -> np.ndarray:
    """Times of output, s, in double precision.

    **Raises** `InputError` where they are not at least two finite, increasing numbers.
    """
    moments = np.asarray(times, dtype=float)
    if moments.ndim != 1 or moments.size < 2 or not np.isfinite(moments).all() or (np.diff(moments) <= 0).any():
        raise InputError(f"times must be at least two finite, increasing numbers in s; got {times!r}")
    return moments


def as_parameter(
    value: Any, name: str, unit: str, *, shapes: Sequence[tuple[int, ...]] | None = None, positive: bool = False, signed: bool = False, at_least: float = 0.0
) -> jax.Array:
    """`value` as a floating JAX array, checked to be finite and not below `at_least` (above zero where `positive`, of either sign where `signed`).

    **Raises** `InputError` naming the parameter, its unit, the first bad voxel and, where `shapes` is given, the shapes allowed.
    """
    try:
        array = jnp.asarray(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a number or an array in {unit}; got {value!r}") from error
    if not jnp.issubdtype(array.dtype, jnp.floating):
        if not (jnp.issubdtype(array.dtype, jnp.integer) or array.dtype == bool):
            raise InputError(f"{name} must be real, in {unit}; got dtype {array.dtype}")
        array = array.astype(jnp.result_type(float))
    if shapes is not None and array.shape not in shapes:
        allowed = " or ".join("a number" if shape == () else str(list(shape)) for shape in shapes)
        raise InputError(f"{name} has shape {list(array.shape)}, expected {allowed} ({unit})")
    known = concrete(array)
    if known is not None:
        _check_range(known, name, unit, positive=positive, signed=signed, at_least=at_least)
    return array


def _check_range(known: np.ndarray, name: str, unit: str, *, positive: bool, signed: bool, at_least: float) -> None:
    bad = ~np.isfinite(known)
    if not signed:
        bad = bad | ((known <= 0) if positive else (known < at_least))
    if bad.any():
        where = np.unravel_index(int(np.argmax(bad)), bad.shape)
        at = f" at index {[int(i) for i in where]}" if known.ndim else ""
        wanted = "finite" if signed else "finite and above zero" if positive else f"finite and at least {at_least:g}" if at_least else "finite and not negative"
        raise InputError(f"{name} must be {wanted} ({unit}); got {float(known[where]):g}{at}")
