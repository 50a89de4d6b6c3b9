"""Levenberg and Marquardt's method to its end inside one compiled program, for the many fits of profiles, ensembles and held-out scores."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .optimisers import LevenbergMarquardt, Point
from .problem import Problem

STEPS = 60
"""Evaluations of the residuals that one of many fits may take: they start near their end."""


@eqx.filter_jit
def descend(problem: Problem, z: Float[Array, " n"]) -> Point:
    """Where the minimum of r.r/2 lies that is reached from z; `converged` is false where `STEPS` were not enough.

    Whatever of the problem is an array (data, `held`, `drawn`, `counted`, the models' numbers) may differ from call to call at no new compilation.
    """
    optimiser = LevenbergMarquardt()

    def unfinished(carried):
        state, taken = carried
        return ~optimiser.point(state).done & (taken < STEPS)

    def advance(carried):
        state, taken = carried
        return optimiser.step(problem, state), taken + 1

    state, _ = jax.lax.while_loop(unfinished, advance, (optimiser.init(problem, z), jnp.zeros((), jnp.int32)))
    return optimiser.point(state)
