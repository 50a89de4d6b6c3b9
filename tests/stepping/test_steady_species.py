"""Fast species at steady state with the slow ones."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

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


class Stored(tf.AbstractTerm):
    """What the matrix takes up of a fast species: P_matrix = rate c_fast, and lost to the fast one."""

    acts_on: tuple[str, ...] = eqx.field(static=True, default=("fast", "matrix"))
    rate: Float[Array, ""] = eqx.field(default_factory=lambda: jnp.asarray(1e-4))
    saturable: ClassVar[bool] = True
    monotone: ClassVar[bool] = True
    label: ClassVar[str] = "storage"

    def rates(self, concentration, medium):
        fast = concentration["fast"]
        return {"fast": tf.Rates(jnp.zeros_like(fast), self.rate * jnp.ones_like(fast)), "matrix": tf.Rates(self.rate * fast, jnp.zeros_like(fast))}

    def check(self, shape, medium):
        pass


def with_a_pulse(amount=1e-3):
    """The fast species is made in a pulse from 600 to 1200 s and lost at 1e-2/s, 1e-4/s of it to the matrix: its steady state is amount/1e-2."""
    pulse = tf.Scheduled(tf.Linear(amount, species="fast"), tf.TimeCourse([0.0, 600.0, 1200.0], [0.0, 1.0, 0.0]))
    species = [tf.Species("fast", 40.0, 0.99e-2), tf.Species("matrix", 0.0, 0.0)]
    return tf.Model(GRID, species, [tf.Decay(), Stored(), pulse])


@pytest.mark.parametrize("steps", [1, 3, None])
def test_fast_species_jump_with_their_source_and_slow_ones_do_not_see_the_moment_before(steps):
    """Piecewise constant gain of the slow species: exact with any number of steps."""
    how = {"rtol": 1e-4} if steps is None else {"fixed_steps": steps}
    found = tf.evolve(with_a_pulse(), 0.0, [0.0, 1000.0, 2000.0], steady=("fast",), **how)
    assert found.status == tf.Status.CONVERGED
    np.testing.assert_allclose(found["matrix"][1:, 0, 0, 3], [0.1 * 1e-4 * 400, 0.1 * 1e-4 * 600], rtol=1e-5)
    np.testing.assert_allclose(found["fast"][:, 0, 0, 3], [0, 0.1, 0], rtol=1e-5, atol=1e-8)


def test_the_derivative_passes_the_jump():
    def stored(amount):
        return tf.evolve(with_a_pulse(amount), 0.0, [0.0, 2000.0], steady=("fast",), fixed_steps=2)["matrix"][-1].mean()

    assert float(jax.grad(stored)(1e-3)) == pytest.approx(1e2 * 1e-4 * 600, rel=1e-5)
    assert float(jax.jvp(stored, (1e-3,), (1.0,))[1]) == pytest.approx(1e2 * 1e-4 * 600, rel=1e-5)


class Driven(tf.AbstractTerm):
    """The fast species is made from the slow one, P_fast = made c_matrix, and makes it in turn, P_matrix = back c_fast."""

    acts_on: tuple[str, ...] = eqx.field(static=True, default=("fast", "matrix"))
    made: Float[Array, ""] = eqx.field(default_factory=lambda: jnp.asarray(0.05))
    back: Float[Array, ""] = eqx.field(default_factory=lambda: jnp.asarray(1e-4))
    saturable: ClassVar[bool] = True
    monotone: ClassVar[bool] = True
    label: ClassVar[str] = "drive"

    def rates(self, concentration, medium):
        fast, slow = concentration["fast"], concentration["matrix"]
        return {"fast": tf.Rates(self.made * slow, jnp.zeros_like(fast)), "matrix": tf.Rates(self.back * fast, jnp.zeros_like(fast))}

    def check(self, shape, medium):
        pass


def driven(initial, made=0.05):
    """At rest c_fast = made c_matrix/1e-2, and the slow species grows at 1e-4 made/1e-2 per second."""
    one = tf.Model(GRID, [tf.Species("fast", 40.0, 1e-2), tf.Species("matrix", 0.0, 0.0)], [tf.Decay(), Driven(made=jnp.asarray(made))], dtype=np.float64)
    start = jnp.stack([jnp.zeros(GRID.shape), initial * jnp.ones(GRID.shape)])
    return tf.evolve(one, start, [0.0, 1000.0], steady=("fast",), rtol=1e-6)


def test_a_fast_species_made_from_a_slow_one_follows_it():
    """More is made from the slow species than is lost: its totals at high concentrations prove nothing."""
    found = driven(1.0)
    assert found.status == tf.Status.CONVERGED
    growth = 1e-4 * 0.05 / 1e-2
    np.testing.assert_allclose(found["matrix"][-1], np.exp(growth * 1000), rtol=1e-5)
    np.testing.assert_allclose(found["fast"], 5 * found["matrix"], rtol=1e-5)


def test_both_modes_see_the_fast_species_follow():
    """d end/d start = exp(growth t), d end/d made = t 1e-4/1e-2 end."""

    def end(initial, made):
        return driven(initial, made)["matrix"][-1].mean()

    exact = np.exp(0.5)
    for argument, expected in ((0, exact), (1, 1000 * 1e-2 * exact)):
        values = jnp.asarray(1.0), jnp.asarray(0.05)
        tangents = tuple(jnp.asarray(float(i == argument)) for i in (0, 1))
        assert float(jax.grad(end, argument)(*values)) == pytest.approx(expected, rel=1e-4)
        assert float(jax.jvp(end, values, tangents)[1]) == pytest.approx(expected, rel=1e-4)


def test_a_small_source_in_one_voxel_is_not_lost_in_short_steps():
    """What a step changes is far below atol, what all of them change is not."""
    source = np.zeros((8, 8, 8))
    source[3, 4, 5] = 1e-3
    one = tf.Model(tf.Grid(source.shape, 10.0), [tf.Species("a", 0.0)], [tf.Linear(source)], dtype=np.float64)
    for how in ({"atol": 5e-3, "rtol": 1e-6}, {"atol": 5e-2, "fixed_steps": 2}):
        end = tf.evolve(one, 0.0, np.linspace(0, 1000, 51), method="tr-bdf2", **how)["a"][-1]
        assert float(end[3, 4, 5]) == pytest.approx(1.0, rel=1e-3)


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
