"""Linear balances refined species by species, against the problem assembled a second time for SciPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from independent import solve

GRID = tf.Grid((6, 9, 11), (10.0, 12.0, 8.0))
RNG = np.random.default_rng(5)
DENSITY = RNG.uniform(0, 1e-4, (2, *GRID.shape))
HELD = RNG.uniform(size=GRID.shape) < 0.03
DIFFUSIVITIES, DECAYS, VALUES = (40.0, 90.0), (1e-5, 1e-2), (0.05, 0.0)


def model(secretion=1.0):
    """A lasting and a short-lived cytokine, fed by cells and by fixed voxels."""
    terms = [tf.Decay(), tf.Secretion("a", DENSITY[0], secretion), tf.Secretion("b", DENSITY[1], 2.0)]
    species = [tf.Species(name, *of) for name, *of in zip("ab", DIFFUSIVITIES, DECAYS, strict=True)]
    return tf.Model(GRID, species, terms, fixed=tf.FixedConcentration(HELD, np.array(VALUES)))


@pytest.fixture(scope="module")
def exact():
    made = np.asarray(model().rates(jnp.zeros((2, *GRID.shape))).production)
    return np.stack([solve(GRID.shape, GRID.spacing, DIFFUSIVITIES[i], DECAYS[i], made[i], held=HELD, value=VALUES[i]) for i in range(2)])


@pytest.mark.parametrize("precision", [None, "mixed"])
def test_each_species_is_as_exact_as_a_direct_solver(exact, precision):
    found = tf.solve_steady(model(), rtol=1e-12, precision=precision)
    assert found.status == tf.Status.CONVERGED
    assert float(jnp.max(found.stats.residual)) < 1e-12
    for field, right in zip(found.concentration, exact, strict=True):
        np.testing.assert_allclose(field, right, rtol=0, atol=1e-10 * right.max())


def test_a_species_stops_when_its_own_residual_is_met():
    both = tf.solve_steady(model(), rtol=1e-10, precision="mixed")
    settled = both.concentration.at[0].set(0.0)  # the short-lived one starts from its answer
    again = tf.solve_steady(model(), initial=settled, rtol=1e-10, precision="mixed")
    assert int(again.stats.iterations[1]) == 0
    assert int(again.stats.iterations[0]) > 0
    np.testing.assert_array_equal(again.concentration[1], both.concentration[1])


def test_nothing_and_zeros_are_the_same_start():
    bare, zeros = (tf.solve_steady(model(), initial=initial, rtol=1e-10) for initial in (None, np.zeros((2, *GRID.shape))))
    np.testing.assert_allclose(bare.concentration, zeros.concentration, rtol=1e-9)


def test_members_of_an_ensemble_end_as_they_do_alone():
    rates = jnp.array([0.0, 1.0, 50.0])
    together = eqx.filter_vmap(lambda rate: tf.solve_steady(model(rate), rtol=1e-10, precision="mixed"))(rates)
    for i, rate in enumerate(rates):
        alone = tf.solve_steady(model(rate), rtol=1e-10, precision="mixed")
        np.testing.assert_allclose(together.concentration[i], alone.concentration, rtol=1e-9, atol=1e-15)
        assert (together.stats.status[i] == int(tf.Status.CONVERGED)).all()
        assert alone.status == tf.Status.CONVERGED


def test_too_few_steps_are_said():
    with pytest.warns(UserWarning, match="stopped at the iteration limit"):
        found = tf.solve_steady(model(), rtol=1e-12, precision="mixed", max_steps=1)
    assert found.status == tf.Status.ITERATION_LIMIT
    assert int(found.stats.steps) == 1


def test_derivative_by_a_secretion_rate():
    def mean(rate):
        return tf.solve_steady(model(rate), rtol=1e-12, precision="mixed").concentration[0].mean()

    slope = float(jax.grad(mean)(1.3))
    assert slope == pytest.approx(float(mean(2.0) - mean(1.0)), rel=1e-9)  # linear in the rate
