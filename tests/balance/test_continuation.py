"""Regulated production with several steady states: the branch of the given start, and what is said where there is none."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from mechanisms import regulated

GRID = tf.Grid((1, 4, 8), 10.0)
DECAY, BASAL, INDUCED, HALF = 2e-2, 1e-2, 0.4, 10.0
SWITCH = tf.Model(GRID, [tf.Species("a", 40.0, DECAY)], [tf.Decay(), regulated("a", "a", BASAL, INDUCED, HALF)])
# k c = basal + induced c^4/(K^4 + c^4): low and high state, and the watershed between them.
BALANCE = np.polysub(np.polymul([DECAY, -BASAL], [1, 0, 0, 0, HALF**4]), [INDUCED, 0, 0, 0, 0])
LOW, WATERSHED, HIGH = sorted(one.real for one in np.roots(BALANCE) if abs(one.imag) < 1e-9)


@pytest.mark.parametrize(("start", "end"), [(0.0, LOW), (6.0, LOW), (0.99 * WATERSHED, LOW), (1.01 * WATERSHED, HIGH), (30.0, HIGH)])
def test_a_switch_ends_on_the_branch_of_its_start(start, end):
    solution = tf.solve_steady(SWITCH, rtol=1e-9, initial=np.full(SWITCH.shape, start))
    assert solution.status == tf.Status.CONVERGED
    assert bool(solution.stats.continued)
    np.testing.assert_allclose(solution.concentration, end, rtol=1e-7)


def test_a_start_on_the_watershed_is_called_unstable():
    with pytest.warns(UserWarning, match="watershed between two branches"):
        solution = tf.solve_steady(SWITCH, rtol=1e-9, initial=np.full(SWITCH.shape, WATERSHED))
    assert solution.status == tf.Status.UNSTABLE


def test_the_branch_is_the_one_the_transient_reaches():
    """A front: half the box high, half low."""
    start = np.full(SWITCH.shape, LOW)
    start[..., :3] = HIGH
    steady = tf.solve_steady(SWITCH, initial=start)
    late = tf.evolve(SWITCH, start, [0.0, 2000.0]).concentration[-1]
    np.testing.assert_allclose(steady.concentration, late, rtol=1e-3)


@pytest.fixture(scope="module")
def toggle():
    """Two species that inhibit each other: three steady states, the even one unstable."""
    species = [tf.Species(name, 40.0, 1e-2) for name in ("a", "b")]
    terms = [tf.Decay(), regulated("a", "b", 1e-3, 0.2, 5.0, inhibits=True), regulated("b", "a", 1e-3, 0.2, 5.0, inhibits=True)]
    return tf.Model(GRID, species, terms)


@pytest.mark.parametrize(("a", "b"), [(5.0, 4.9), (4.9, 5.0), (20.0, 0.0)])
def test_a_toggle_leaves_its_unstable_middle(toggle, a, b):
    """The symmetric state attracts Newton's method; the transient leaves it for the side of the greater start."""
    start = np.stack([np.full(GRID.shape, a), np.full(GRID.shape, b)])
    solution = tf.solve_steady(toggle, initial=start)
    assert solution.status == tf.Status.CONVERGED
    winner, loser = (0, 1) if a > b else (1, 0)
    means = solution.concentration.mean((1, 2, 3))
    assert float(means[winner]) == pytest.approx(20.1, rel=1e-3)
    assert float(means[loser]) < 0.2


def test_a_toggle_that_nothing_tips_is_called_unstable(toggle):
    with pytest.warns(UserWarning, match="smallest disturbance"):
        assert tf.solve_steady(toggle, initial=np.zeros(toggle.shape)).status == tf.Status.UNSTABLE


def test_production_that_outgrows_every_loss_has_no_steady_state():
    terms = [tf.ReceptorUptake("a", 1e-4, 3000.0, 5e-4, 0.05), regulated("a", "a", 1e-5, 1e-3, 1.0)]
    with pytest.warns(UserWarning, match="there is no steady state"):
        solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0)], terms), initial=np.full(SWITCH.shape, 5.0), max_steps=60)
    assert solution.status == tf.Status.NO_STEADY_STATE


def test_in_float32():
    narrow = tf.Model(GRID, SWITCH.species, SWITCH.terms, dtype=jnp.float32)
    solution = tf.solve_steady(narrow, initial=np.full(SWITCH.shape, 1.05 * WATERSHED))
    assert solution.status == tf.Status.CONVERGED
    np.testing.assert_allclose(solution.concentration, HIGH, rtol=1e-4)


class Bistable(tf.AbstractTerm):
    """c (1 - c)(c - 1/2): production (3/2) c^2, loss coefficient c^2 + 1/2. A front between 0 and 1 stands only while nothing pushes it."""

    acts_on = ("a",)
    saturable = True
    label = "bistable"

    def rates(self, concentration, medium):
        c = jnp.maximum(concentration["a"], 0)
        return {"a": tf.Rates(1.5 * c**2, c**2 + 0.5)}

    def check(self, shape, medium):
        pass


def test_a_front_that_moves_off_slowly_is_called_unstable():
    """In the middle of a finite box it is drawn to the walls at 2e-4/s, a ten-thousandth of the local rates."""
    grid = tf.Grid((1, 1, 128), 1.0)
    x = np.arange(128) - 63.5
    model = tf.Model(grid, [tf.Species("a", 60.0)], [Bistable()])
    with pytest.warns(UserWarning, match="smallest disturbance"):
        solution = tf.solve_steady(model, initial=(0.5 + 0.5 * np.tanh(x / np.sqrt(8 * 60.0)))[None, None, None])
    assert solution.status == tf.Status.UNSTABLE


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("start", [0.0, 0.1, 3.0])
def test_a_switch_without_basal_production_falls_to_zero(start, dtype):
    """Production falls with the concentration and both end at zero: a residual far below that of the start counts as none."""
    one = tf.Model(GRID, [tf.Species("a", 10.0, 1e-3)], [tf.Decay(), regulated("a", "a", 0.0, 2e-3, 10.0)], dtype=dtype)
    solution = tf.solve_steady(one, initial=np.full(one.shape, start))
    assert solution.status == tf.Status.CONVERGED
    assert float(jnp.max(jnp.abs(solution.concentration))) <= 1e-8 * start
