"""tmefield's own solvers as the benchmarks call them."""

import inspect
from typing import Any

import jax
import numpy as np
from reference import largest_error

import tmefield as tf

# Loosest first: each code is timed at the first tolerance that reaches the wanted error.
TOLERANCES = [10 ** (-k / 2) for k in range(4, 27)]


def has_mixed() -> bool:
    """Whether the steady solve knows mixed precision."""
    return "precision" in inspect.signature(tf.solve_steady).parameters


NO_MIXED = "this version of tmefield has no mixed precision"


def steady(model, rtol: float, *, mixed: bool = False):
    """The steady solution, in float32 or in mixed precision."""
    options: dict[str, Any] = {"precision": "mixed"} if mixed else {}
    return jax.block_until_ready(tf.solve_steady(model, rtol, **options))


def loosest_steady(model, exact: np.ndarray, error: float, *, mixed: bool = False) -> tuple[float, float] | None:
    """The loosest tolerance at which the steady solve has at most that error, and the error."""
    for rtol in TOLERANCES:
        found = largest_error(np.asarray(steady(model, rtol, mixed=mixed).concentration[0]), exact)
        if found <= error:
            return rtol, found
    return None


def transient_options() -> list[dict]:
    """Settings of `evolve` from loose to tight."""
    return [{"rtol": rtol} for rtol in (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)]


def said(options: dict) -> str:
    """Options as they would be typed."""
    return ", ".join(f"{key}={value:g}" for key, value in options.items())
