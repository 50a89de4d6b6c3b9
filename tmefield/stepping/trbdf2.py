"""One step of TR-BDF2: second order, L-stable, both stages with the same operator.

Trapezoidal rule to t + (2 - sqrt 2) h, then the backward differentiation formula to t + h, in the one-step form and with the
embedded third-order error of Hosea & Shampine 1996, doi:10.1016/0168-9274(95)00115-8.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..balance import Balance, fill_fixed, find_root, implicit, residual, solve_linear
from ..model import Model

DIAGONAL = 1 - math.sqrt(2) / 2
WEIGHT = math.sqrt(2) / 4
ERROR_WEIGHTS = (WEIGHT - (1 - WEIGHT) / 3, WEIGHT - (3 * WEIGHT + 1) / 3, DIAGONAL - DIAGONAL / 3)


class Step(NamedTuple):
    """The field after a step, the estimated local error (largest over the voxels), status and iterations, per species."""

    x: Float[Array, "s z y x"]
    error: Float[Array, " s"]
    status: Int[Array, " s"]
    iterations: Int[Array, " s"]


def step(model: Model, x: Float[Array, "s z y x"], dt: Float[Array, ""], rtol: Float[Array, ""]) -> Step:
    """Advance the free unknowns `x` (nM, zero in fixed voxels) by `dt` seconds.

    With G(c) the net gain, phi dc/dt = G: the stages solve phi c/(d h) - G(c) = drive with d = 1 - sqrt(2)/2.
    """
    phi = model.volume_fraction
    storage = (phi if phi.ndim == 0 else phi[None]) / (DIAGONAL * dt)
    held_still = storage * x
    gain = -residual(Balance(model), x)
    middle, info = _stage(Balance(model, storage, held_still + gain), x, rtol)
    gain_middle = storage * (middle - x) - gain
    end, info_end = _stage(Balance(model, storage, held_still + (WEIGHT / DIAGONAL) * (gain + gain_middle)), middle, rtol)
    gain_end = storage * (end - x) - (WEIGHT / DIAGONAL) * (gain + gain_middle)
    error = _error(model, storage, end, tuple(map(jax.lax.stop_gradient, (gain, gain_middle, gain_end))))
    return Step(end, error, jnp.maximum(info.status, info_end.status), info.iterations + info_end.iterations)


def _stage(balance: Balance, start: Float[Array, "s z y x"], rtol: Float[Array, ""]):
    limits = jnp.asarray(20, jnp.int32), jnp.asarray(200, jnp.int32)
    root, info = find_root(*jax.lax.stop_gradient((balance, start, rtol, *limits)), from_start=True)
    return implicit(root, balance, rtol), info


def _error(model: Model, storage, end, gains) -> Float[Array, " s"]:
    """Local error, filtered by the implicit operator so that stiff parts, which the method damps, do not count (ibid., 3.3)."""
    storage, end, model = jax.lax.stop_gradient((storage, end, model))
    transport = model.transport()
    raw = sum(weight * gain for weight, gain in zip(ERROR_WEIGHTS, gains, strict=True)) / DIAGONAL
    balance = Balance(model, storage, jnp.zeros_like(end))
    slope = balance.slope(fill_fixed(transport, end))
    tolerance = jnp.full(transport.count, 0.1, model.dtype)
    once = jnp.minimum(1, (jnp.min(storage) > 0).astype(jnp.int32))
    filtered = solve_linear(transport, slope, raw, tolerance, jnp.asarray(20, jnp.int32), once)[0]
    return jnp.max(jnp.abs(filtered), axis=(1, 2, 3))
