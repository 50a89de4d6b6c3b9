"""Optimisers on functions whose minimum is known, without any model behind them."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import tmefield as tf
from tmefield.fitting.parameters import Parameters
from tmefield.fitting.problem import Problem


class Function(Problem):
    """Residuals of a vector in place of those of a model."""

    of: Callable = eqx.field(static=True, default=jnp.asarray)

    def residuals(self, z):
        return self.of(z), jnp.zeros((), jnp.int32)


def descend(of, start, steps=80):
    free = Parameters([tf.FreeParameter(name, 0.0, transform="linear") for name in "ab"])
    problem = Function(free, (), (), None, (), jnp.full(2, jnp.nan), 1e-6, 1e-4, 100, of=of)
    optimiser = tf.LevenbergMarquardt()
    state = optimiser.init(problem, jnp.asarray(start))
    for _ in range(steps):
        state = optimiser.step(problem, state)
        if bool(state.done):
            break
    return optimiser.point(state)


def test_the_edge_of_what_can_be_solved_is_no_minimum():
    """The minimum (2, 0.3) lies where nothing can be solved: the method ends at the edge, ten standard deviations away, and says that it has not converged."""
    found = descend(lambda z: jnp.where(z[0] > 1, jnp.nan, 1.0) * jnp.stack([10 * (z[0] - 2), 5 * (z[1] - 0.3)]), [-1.2, 1.0])
    assert bool(found.done) and not bool(found.converged)
    assert 0.99 < float(found.z[0]) <= 1


def test_a_minimum_in_a_curved_valley_is_met():
    """Rosenbrock's function above a floor: steps along the valley are short, and none of them ends it."""
    found = descend(lambda z: jnp.stack([100 * (z[1] - z[0] ** 2), 10 * (1 - z[0]), 3 + 0 * z[0]]), [-1.2, 1.0])
    assert bool(found.converged) and float(found.loss) < 4.5 + 1e-6
    np.testing.assert_allclose(found.z, [1, 1], atol=1e-3)
