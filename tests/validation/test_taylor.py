"""Derivatives of a steady field for every parameter, one by one: Taylor remainders of three orders, and the transpose of the Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from every_term import PARAMETERS, EveryTerm

GRID = tf.Grid((3, 4, 5), (10.0, 12.0, 8.0))
CASE = EveryTerm(GRID, np.s_[1, 2:4, 3])
RNG, SECRETING, CONSUMING, WEIGHTS, model = CASE.rng, CASE.secreting, CASE.consuming, CASE.weights, CASE.model
NAMES = list(PARAMETERS)
START = jnp.asarray(list(PARAMETERS.values()))
SIZES = [0.2 / 2**i for i in range(4)]  # relative changes of the parameter
RATES = (1.0, 2.0, 3.0)


def field(values, secreting, consuming):
    return tf.solve_steady(model(values, secreting, consuming), rtol=1e-13).concentration


def objective(values):
    c = field(values, jnp.asarray(SECRETING), jnp.asarray(CONSUMING))
    return jnp.sum(WEIGHTS * c) + 3.0 * jnp.sum(c**2)


@jax.jit
def jet(values, direction):
    """Value, slope and curvature of the objective along a direction."""

    def slope(v):
        return jax.jvp(objective, (v,), (direction,))

    (value, first), (_, second) = jax.jvp(slope, (values,), (direction,))
    return value, first, second


@pytest.mark.parametrize("name", NAMES)
def test_taylor_remainders(name):
    """|f(p + e) - f(p)|, and what is left of it without the first and the second derivative, fall as e, e^2 and e^3.

    A remainder that is round-off from the start belongs to a dependence that is affine, or quadratic.
    """
    direction = jnp.zeros_like(START).at[NAMES.index(name)].set(PARAMETERS[name])
    start, first, second = (float(v) for v in jet(START, direction))
    assert first != 0
    changes = np.array([float(jet(START + e * direction, direction)[0]) - start for e in SIZES])
    sizes = np.array(SIZES)
    remainders = (changes, changes - sizes * first, changes - sizes * first - 0.5 * sizes**2 * second)
    for order, (remainder, rate) in enumerate(zip(np.abs(remainders), RATES, strict=True)):
        if remainder.max() < 1e-12 * abs(start):
            assert order > 0, "the objective does not depend on the parameter"
            continue
        rates = np.log2(remainder[:-1] / remainder[1:])
        assert rates[-1] > rate - 0.1, (order, rates, remainder)


def test_the_transpose_of_the_jacobian():
    """<v, J u> by forward mode equals <J^T v, u> by reverse mode, u in all parameters and two source fields, v a field."""
    arguments = (START, jnp.asarray(SECRETING), jnp.asarray(CONSUMING))
    u = tuple(jnp.asarray(RNG.normal(size=a.shape)) * a for a in arguments)
    v = jnp.asarray(WEIGHTS)
    forward = jax.jit(lambda a, t: jax.jvp(field, a, t)[1])(arguments, u)
    backward = jax.jit(lambda a, w: jax.vjp(field, *a)[1](w))(arguments, v)
    left, right = float(jnp.sum(v * forward)), float(sum(jnp.sum(b * t) for b, t in zip(backward, u, strict=True)))
    assert left == pytest.approx(right, rel=1e-10)
    assert abs(left) > 1e-6 * float(jnp.sqrt(jnp.sum(v**2) * jnp.sum(forward**2)))
