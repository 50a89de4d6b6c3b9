"""Derivatives of a trajectory: forward against reverse, against differences with the same steps, Taylor remainders, the adaptive limit."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.stepping import tape as tapes

GRID = tf.Grid((2, 3, 5), 10.0)
RNG = np.random.default_rng(0)
DENSITY = RNG.uniform(0, 1e-4, GRID.shape)
START = RNG.uniform(0.5, 1, (1, *GRID.shape))
WEIGHTS = jnp.asarray(RNG.normal(size=(3, 1, *GRID.shape)))
HELD = np.zeros(GRID.shape, bool)
HELD[1, 2, 3] = True
TIMES = [0.0, 40.0, 120.0]
# Diffusivity, decay, receptors or loss, secretion, half saturation and fixed value, dose.
VALUES = jnp.asarray([40.0, 1e-3, 3e3, 1.0, 0.3, 0.7])
CASES = [("rkc", False), ("rkc", True), ("tr-bdf2", True)]


def model(p, saturable):
    sink = tf.ReceptorUptake("a", DENSITY, p[2], 5e-4, p[4]) if saturable else tf.Linear(loss=p[2] * 1e-2 * DENSITY)
    pulse = tf.Scheduled(tf.Linear(production=1e-3), tf.TimeCourse([0.0, 60.0, 100.0], [p[5], 0.0, 2 * p[5]]))
    terms = [tf.Decay(), tf.Secretion("a", DENSITY, p[3]), sink, pulse]
    walls = tf.Walls(x=(tf.Robin(0.1, 0.02), tf.NoFlux()))
    return tf.Model(GRID, [tf.Species("a", p[0], p[1])], terms, walls, tf.FixedConcentration(HELD, p[4]), 0.4)


def objective(method, saturable, **options):
    def value(p):
        fields = tf.evolve(model(p, saturable), jnp.asarray(START) * p[4], TIMES, method=method, **options).concentration
        return jnp.sum(WEIGHTS * fields) + jnp.sum(fields**2)

    return jax.jit(value)


@pytest.mark.parametrize(("method", "saturable"), CASES)
def test_with_the_same_steps(method, saturable):
    """Forward equals reverse; both equal central differences at fixed steps; the first-order Taylor remainder falls with the square."""
    value = objective(method, saturable, fixed_steps=7, rtol=1e-11)
    reverse = np.asarray(jax.jit(jax.grad(value))(VALUES))
    forward = np.asarray(jax.jit(jax.jacfwd(value))(VALUES))
    np.testing.assert_allclose(forward, reverse, rtol=1e-9)
    for i in range(VALUES.size):
        h = 2e-5 * VALUES[i]
        assert reverse[i] == pytest.approx(float((value(VALUES.at[i].add(h)) - value(VALUES.at[i].add(-h))) / (2 * h)), rel=1e-6)
    direction = VALUES * jnp.asarray(RNG.uniform(-1, 1, VALUES.size))
    slope = float(jnp.sum(jnp.asarray(reverse) * direction))
    steps = (4e-3, 2e-3, 1e-3)
    remainders = [abs(float(value(VALUES + h * direction) - value(VALUES)) - h * slope) for h in steps]
    assert np.log2(np.array(remainders[:-1]) / remainders[1:]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("method", "saturable"), CASES)
def test_adaptive_steps_approach_the_derivative_of_the_solution(method, saturable):
    """Steps held constant: what differs from the derivative of the true solution shrinks with the tolerance."""
    fine = objective("rkc", saturable, fixed_steps=2000, rtol=1e-10)
    exact = np.array([float(fine(VALUES.at[i].multiply(1 + 1e-4)) - fine(VALUES.at[i].multiply(1 - 1e-4))) / (2e-4 * VALUES[i]) for i in range(VALUES.size)])
    scale = np.abs(exact * VALUES).max() / np.asarray(VALUES)
    errors = []
    for rtol in (1e-3, 1e-6):
        gradient = np.asarray(jax.jit(jax.grad(objective(method, saturable, rtol=rtol)))(VALUES))
        errors.append((np.abs(gradient - exact) / scale).max())
    assert errors[0] < 3e-2
    assert errors[1] < 2e-4


def test_a_field_and_the_start_are_differentiable_voxel_by_voxel():
    """Diffusivity as a field and the initial field, in a random direction."""

    def value(diffusivity, start):
        one = tf.Model(GRID, [tf.Species("a", diffusivity, 1e-3)], [tf.Decay()], volume_fraction=0.5)
        return jnp.sum(tf.evolve(one, start, [0.0, 60.0], method="rkc", rtol=1e-8, fixed_steps=5).concentration[-1] ** 3)

    at = (jnp.asarray(RNG.uniform(20, 60, GRID.shape)), jnp.asarray(START))
    direction = tuple(jnp.asarray(RNG.normal(size=one.shape)) * 1e-4 * one for one in at)
    gradient = jax.grad(value, argnums=(0, 1))(*at)
    ahead, behind = (value(*(a + s * d for a, d in zip(at, direction, strict=True))) for s in (1, -1))
    slope = sum(float(jnp.sum(g * d)) for g, d in zip(gradient, direction, strict=True))
    assert slope == pytest.approx(float(ahead - behind) / 2, rel=1e-6)


def test_a_run_longer_than_the_tape_has_the_same_gradient(monkeypatch):
    """Two places for many windows: most starts are dropped and stepped to again."""
    value = objective("rkc", False, fixed_steps=400, rtol=1e-8)
    wide = np.asarray(jax.grad(value)(VALUES))
    monkeypatch.setattr(tapes, "PLACES", 2)
    eqx.clear_caches()
    jax.clear_caches()
    narrow = np.asarray(jax.grad(objective("rkc", False, fixed_steps=400, rtol=1e-8))(VALUES))
    np.testing.assert_allclose(narrow, wide, rtol=1e-12)


def test_vmapped_gradients_are_the_serial_ones():
    gradient = jax.grad(objective("rkc", False, rtol=1e-4))
    batch = VALUES[None] * jnp.asarray([[0.8], [1.0], [1.3]])
    together = jax.vmap(gradient)(batch)
    for one, expected in zip(batch, together, strict=True):
        np.testing.assert_allclose(gradient(one), expected, rtol=1e-10)


def test_nothing_is_recorded_unless_a_derivative_is_asked_for():
    """The compiled forward program has no room for the tape."""
    grid = tf.Grid((16, 16, 16), 10.0)

    def value(decay):
        return jnp.sum(tf.evolve(tf.Model(grid, [tf.Species("a", 40.0, decay)], [tf.Decay(), tf.Linear(1e-3)]), 0.0, [0.0, 60.0], method="rkc").concentration)

    field = 8 * grid.size
    sizes = [jax.jit(one).lower(jnp.asarray(1e-3)).compile().memory_analysis().temp_size_in_bytes for one in (value, jax.grad(value))]
    assert sizes[0] < 30 * field
    assert sizes[1] > 200 * field


def test_second_derivatives_are_refused():
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        jax.hessian(objective("rkc", False, fixed_steps=2))(VALUES)
