"""The transient: order in time, exact cases, the steady state as its limit, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 1, 16), (10.0, 10.0, 10.0))
X = GRID.centres(2)
DIFFUSIVITY, DECAY = 40.0, 1e-3
WAVE = np.pi / 160.0
START = (1 + np.cos(WAVE * X))[None, None, None, :]


def model(diffusivity=DIFFUSIVITY, decay=DECAY, receptors=0.0):
    terms = [tf.Decay(), tf.ReceptorUptake("a", 1e-4, receptors, 5e-4, 0.3)]
    return tf.Model(GRID, [tf.Species("a", diffusivity, decay)], terms)


def discrete_mode(t):
    """The exact solution of the semi-discrete problem: one cosine, decaying with the grid's own eigenvalue."""
    rate = DIFFUSIVITY * 4 / 100.0 * np.sin(WAVE * 5.0) ** 2
    return np.exp(-DECAY * t) * (1 + np.exp(-rate * t) * np.cos(WAVE * X))


def test_second_order_in_time():
    errors, estimates = [], []
    for steps in (4, 8, 16, 32):
        trajectory = tf.evolve(model(), START, [0.0, 400.0, 1000.0], fixed_steps=steps, rtol=1e-12)
        errors.append(np.abs(np.asarray(trajectory["a"])[-1, 0, 0] - discrete_mode(1000.0)).max())
        estimates.append(float(trajectory.stats.error.sum()))
        assert trajectory.status == tf.Status.CONVERGED
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(2.0, abs=0.1)
    assert all(estimate > error for estimate, error in zip(estimates, errors, strict=True))


def test_output_times_and_start():
    trajectory = tf.evolve(model(), START, [100.0, 200.0, 700.0])
    assert trajectory.concentration.shape == (3, 1, 1, 1, 16)
    np.testing.assert_allclose(trajectory.concentration[0], START)
    np.testing.assert_allclose(trajectory.times, [100.0, 200.0, 700.0])
    np.testing.assert_allclose(np.asarray(trajectory["a"])[1, 0, 0], discrete_mode(100.0), rtol=5e-4)
    assert trajectory.stats.steps == 40


def test_the_limit_is_the_steady_state():
    grid = tf.Grid((4, 6, 6), (10.0, 10.0, 10.0))
    density = np.random.default_rng(0).uniform(0, 1e-4, grid.shape)
    held = np.zeros(grid.shape, bool)
    held[1, 2, 3] = True
    terms = [tf.Decay(), tf.Secretion("a", density, 1.0), tf.ReceptorUptake("a", density, 3000.0, 5e-4, 0.05)]
    walls = tf.Walls(x=(tf.Robin(0.1, 0.02), tf.NoFlux()))
    one = tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], terms, walls=walls, fixed=tf.FixedConcentration(held, 0.1), volume_fraction=0.4)
    steady = tf.solve_steady(one, rtol=1e-10)
    end = tf.evolve(one, 0.0, [0.0, 1e3, 1e5], fixed_steps=12, rtol=1e-10)
    np.testing.assert_allclose(end.concentration[-1], steady.concentration, rtol=1e-7)
    np.testing.assert_allclose(end.concentration[:, 0, 1, 2, 3], 0.1)


def test_a_volume_fraction_that_varies_ends_in_its_steady_state():
    phi = np.linspace(0.2, 0.8, 16)[None, None]
    terms = [tf.Decay(), tf.Linear(production=1e-3)]
    one = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], terms, volume_fraction=phi)
    end = tf.evolve(one, 0.0, [0.0, 1e5], fixed_steps=12, rtol=1e-10)
    np.testing.assert_allclose(end.concentration[-1], tf.solve_steady(one, rtol=1e-11).concentration, rtol=1e-7)


def test_derivatives_in_both_modes():
    def last(p):
        return tf.evolve(model(p[0], p[1], p[2]), START, [0.0, 300.0], fixed_steps=4, rtol=1e-12)["a"][-1, 0, 0, 3]

    last = jax.jit(last)
    p = jnp.asarray([40.0, 1e-3, 3000.0])
    reverse = np.asarray(jax.grad(last)(p))
    np.testing.assert_allclose(np.asarray(jax.jacfwd(last)(p)), reverse, rtol=1e-9)
    for i in range(3):
        h = 1e-4 * p[i]
        assert reverse[i] == pytest.approx(float((last(p.at[i].add(h)) - last(p.at[i].add(-h))) / (2 * h)), rel=1e-6)


def test_long_steps_through_strong_uptake_end_at_zero():
    """Uptake far faster than a step: the undershoot of the trapezoidal half must not fall onto the law's other branch."""
    strong = tf.Model(GRID, [tf.Species("a", 40.0)], [tf.ReceptorUptake("a", 0.602214076, 3e-3, 1.0, 0.02)])
    trajectory = tf.evolve(strong, START, [0.0, 3600.0], fixed_steps=10)
    assert trajectory.status == tf.Status.CONVERGED
    assert float(jnp.abs(trajectory.concentration[-1]).max()) < 1e-6


def test_a_field_that_turns_negative_is_reported():
    """One long step from a sharp peak: the trapezoidal half undershoots, and the result says so."""
    peak = np.zeros((1, *GRID.shape))
    peak[..., 8] = 1.0
    with pytest.warns(UserWarning, match="a went below zero"):
        trajectory = tf.evolve(model(), peak, [0.0, 30.0], fixed_steps=1)
    assert float(trajectory.stats.minimum[0, 0]) == 0
    assert float(trajectory.stats.minimum[1, 0]) < 0
    assert float(trajectory.stats.minimum[1, 0]) == float(trajectory.concentration[1].min())


@pytest.mark.parametrize(
    ("times", "initial", "said"),
    [
        ([0.0], 0.0, "at least two"),
        ([0.0, 5.0, 5.0], 0.0, "increasing"),
        ([0.0, np.nan], 0.0, "finite"),
        ([0.0, 1.0], np.zeros((1, 2, 3)), "initial has shape"),
        ([0.0, 1.0], -1.0, "initial must be"),
    ],
)
def test_bad_arguments_are_refused(times, initial, said):
    with pytest.raises(tf.InputError, match=said):
        tf.evolve(model(), initial, times)
