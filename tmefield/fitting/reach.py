"""Whether a wide interval is one at all: how far a parameter can go from its estimate before the data object."""

from collections.abc import Iterable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .identifiability import LOOSEST
from .intervals import WITHIN_95
from .optimisers import AbstractOptimiser, LevenbergMarquardt
from .problem import Problem

WIDE = 0.2
"""Standard deviation of u from which on the curvature at the estimate is not taken at its word: a factor of 1.5 either way at 95 %."""

OBJECTION = 3.841
"""Rise of 2 loss that the data need to exclude a value at 95 % (chi^2 with one degree of freedom; Wilks 1938, doi:10.1214/aoms/1177732360)."""

STEPS = 30


def open_sides(problem: Problem, z: Float[Array, " n"], loss: float, wide: Iterable[tuple[str, float]], inflation: float = 1.0) -> dict[str, tuple[str, ...]]:
    """For each of these parameters, with the unit of its u, the sides ("below", "above") on which a factor of ten costs less than `OBJECTION`.

    The parameter is held a factor of ten (1.96 `LOOSEST` units of u) away, and all others are fitted again. The curvature at the estimate alone would call a
    rate determined that the noise has driven to where it matters, although the data would do without it.
    """
    free, least = problem.parameters, deviance(problem, z, loss, inflation)
    u = np.asarray(free.natural(z), np.float64)
    places = dict(zip([one.name for one in free.all if one.shape == ()], free.numbers, strict=True))
    found = {}
    for name, unit in wide:
        sides, limits = [], next(one for one in free.all if one.name == name).stretched_limits
        for side, sign in (("below", -1.0), ("above", 1.0)):
            moved = u.copy()
            moved[places[name]] += sign * WITHIN_95 * LOOSEST * unit
            if limits is not None and not limits[0] < moved[places[name]] < limits[1]:
                continue
            away = free.from_natural(jnp.asarray(moved, z.dtype))
            here = eqx.tree_at(lambda one: one.held, problem, problem.held.at[places[name]].set(away[places[name]]))
            if deviance(here, *best_loss(here, away), inflation) - least < OBJECTION:
                sides.append(side)
        if sides:
            found[name] = tuple(sides)
    return found


def deviance(problem: Problem, z: Float[Array, " n"], loss: float, inflation: float) -> float:
    """2 loss where the variances of the data are `inflation` times those given, and the priors are as wide as they say."""
    prior = float(jnp.sum(problem.parameters.prior_residuals(z) ** 2))
    return (2 * loss - prior) / inflation + prior


def best_loss(problem: Problem, z: Float[Array, " n"]) -> tuple[Float[Array, " n"], float]:
    """Where the least loss lies from a start, by Levenberg-Marquardt, and that loss; infinite where the model cannot be solved there."""
    optimiser = LevenbergMarquardt()
    state = optimiser.init(problem, z)
    for _ in range(STEPS):
        state = advance(optimiser, problem, state)
        point = optimiser.point(state)
        if not np.isfinite(float(point.loss)):
            return z, np.inf
        if bool(point.done):
            break
    return point.z, float(point.loss)


@eqx.filter_jit
def advance(optimiser: AbstractOptimiser, problem: Problem, state: Any) -> Any:
    """One step, compiled once for a problem of these shapes."""
    return optimiser.step(problem, state)
