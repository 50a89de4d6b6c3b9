"""Fast species at steady state with the slow ones."""

import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 1, 6), 10.0)


def test_the_slow_species_is_followed_and_the_fast_one_is_at_rest():
    """Two species without a link: the slow one decays as by itself, the fast one stands at its steady state from the first output on."""
    source = np.linspace(1e-4, 1e-3, 6)[None, None]
    fast = tf.Species("fast", 40.0, 1e-2)
    slow = tf.Species("matrix", 0.0, 1e-4)
    one = tf.Model(GRID, [fast, slow], [tf.Decay(), tf.Linear(source, species="fast")])
    start = np.stack([np.zeros(GRID.shape), np.ones(GRID.shape)])
    times = np.array([0.0, 3600.0, 36000.0])
    trajectory = tf.evolve(one, start, times, steady=("fast",), rtol=1e-5)
    assert trajectory.method == "tr-bdf2"
    assert trajectory.status == tf.Status.CONVERGED
    steady = tf.solve_steady(tf.Model(GRID, [fast], [tf.Decay(), tf.Linear(source)]), rtol=1e-8)
    for field in trajectory["fast"]:
        np.testing.assert_allclose(field, steady["fast"], rtol=1e-5)
    np.testing.assert_allclose(trajectory["matrix"][:, 0, 0, 2], np.exp(-1e-4 * times), rtol=1e-3)
    assert int(trajectory.stats.steps) < 150


def test_a_species_without_diffusion_in_both_methods():
    one = tf.Model(GRID, [tf.Species("matrix", 0.0, 1e-3)], [tf.Decay(), tf.Linear(np.arange(6.0)[None, None] * 1e-3)])
    exact = np.arange(6.0) * -np.expm1(-1.0)
    for method in ("rkc", "tr-bdf2"):
        end = tf.evolve(one, 0.0, [0.0, 1000.0], method=method, rtol=1e-5)["matrix"][-1, 0, 0]
        np.testing.assert_allclose(end, exact, rtol=1e-4, atol=1e-9)


def test_the_explicit_method_cannot_do_it():
    one = tf.Model(GRID, [tf.Species("a", 1.0), tf.Species("b", 1.0)], [])
    with pytest.raises(tf.InputError, match="need implicit stages"):
        tf.evolve(one, 0.0, [0.0, 1.0], steady=("a",), method="rkc")
