"""Species that act on each other: solved together, with derivatives, against an independent dense Newton solve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import root
from scipy.sparse import block_diag

import tmefield as tf
from independent import assemble
from tmefield.balance import Balance, residual

GRID = tf.Grid((2, 3, 6), (10.0, 12.0, 8.0))
RNG = np.random.default_rng(5)
SOURCE = RNG.uniform(0, 2e-3, (3, *GRID.shape))
ON, OFF, DECAY, CLEARANCE = 0.02, 1e-3, 1e-3, 4e-3
HELD = np.zeros(GRID.shape, bool)
HELD[1, 1, 3] = True
FIXED = 0.4
OUTSIDE = 0.2


def model(values, dtype=None):
    """Values: on rate, off rate, decay, diffusivity of a, source factor, held value, outside value."""
    on, off, decay, diffusivity, factor, held, outside = values
    species = [tf.Species("a", diffusivity, decay), tf.Species("b", 20.0, CLEARANCE), tf.Species("ab", 10.0, 2e-3)]
    terms = [tf.Decay(), tf.Linear(jnp.asarray(SOURCE) * factor), tf.Binding("a", "b", "ab", on, off)]
    walls = {"a": tf.Walls(x=(tf.FixedValue(outside), tf.NoFlux())), "b": tf.NoFlux(), "ab": tf.NoFlux()}
    return tf.Model(GRID, species, terms, walls=walls, fixed=tf.FixedConcentration(HELD, held), volume_fraction=0.5, dtype=dtype)


VALUES = jnp.asarray([ON, OFF, DECAY, 40.0, 1.0, FIXED, OUTSIDE])
WEIGHTS = jnp.asarray(RNG.normal(size=(3, *GRID.shape)))


@jax.jit
def objective(values):
    c = tf.solve_steady(model(values), rtol=1e-13).concentration
    return jnp.sum(WEIGHTS * c) + jnp.sum(c**2)


@pytest.fixture(scope="module")
def solution():
    return tf.solve_steady(model(VALUES), rtol=1e-12)


def test_binding_species_equal_an_independent_newton_solve(solution):
    phi, size = 0.5, GRID.size
    loss = {"a": DECAY, "b": CLEARANCE, "ab": 2e-3}
    blocks, rights = [], []
    for index, (name, diffusivity) in enumerate((("a", 40.0), ("b", 20.0), ("ab", 10.0))):
        walls = [(2, False, np.inf, OUTSIDE)] if name == "a" else []
        matrix, right = assemble(GRID.shape, GRID.spacing, phi * diffusivity, phi * loss[name], SOURCE[index], walls=walls, held=HELD, value=FIXED)
        blocks.append(matrix)
        rights.append(right)
    matrix, right = block_diag(blocks).toarray(), np.concatenate(rights)
    free = np.tile(~HELD.ravel(), 1)

    def balance(c):
        a, b, ab = c.reshape(3, size)
        bound = phi * (ON * a * b - OFF * ab) * free
        return matrix @ c - right + np.concatenate([bound, bound, -bound])

    expected = root(balance, np.asarray(solution.concentration).ravel() * 1.1, tol=1e-14).x
    assert solution.status == tf.Status.CONVERGED
    np.testing.assert_allclose(np.asarray(solution.concentration).ravel(), expected, rtol=1e-9)
    assert float(jnp.abs(solution.budget.defect).max()) < 1e-11


def test_derivatives_of_coupled_species(solution):
    reverse = np.asarray(jax.grad(objective)(VALUES))
    forward = np.asarray(jax.jit(jax.jacfwd(objective))(VALUES))
    np.testing.assert_allclose(forward, reverse, rtol=1e-8)
    for index in range(VALUES.size):
        h = 1e-4 * float(VALUES[index])
        wide, narrow = (float(objective(VALUES.at[index].add(k * h)) - objective(VALUES.at[index].add(-k * h))) / (2 * k * h) for k in (1.0, 0.5))
        assert reverse[index] == pytest.approx((4 * narrow - wide) / 3, rel=1e-6)
        assert reverse[index] != 0


def test_coupled_species_in_float32(solution):
    narrow = tf.solve_steady(model(VALUES, dtype=jnp.float32))
    assert narrow.status == tf.Status.CONVERGED
    np.testing.assert_allclose(narrow.concentration, solution.concentration, rtol=1e-4)


def test_the_relaxation_time_of_coupled_species_is_the_slowest_mode(solution):
    """Against the eigenvalues of the Jacobian."""
    one = model(VALUES)
    free = np.tile(~HELD, (3, 1, 1, 1)).ravel()
    jacobian = np.asarray(jax.jacfwd(lambda x: residual(Balance(one), x.reshape(one.shape)).ravel())(jnp.where(free, solution.concentration.ravel(), 0)))
    slowest = np.linalg.eigvals(jacobian[np.ix_(free, free)] / 0.5).real.min()
    np.testing.assert_allclose(solution.relaxation_time(12), 1 / slowest, rtol=0.02)


class Conversion(tf.AbstractTerm):
    """P_b = rate c_a."""

    acts_on = ("b",)
    reads = ("a",)
    saturable = True
    monotone = True
    label = "conversion"

    def rates(self, concentration, medium):
        return {"b": tf.Rates(0.05 * concentration["a"], jnp.zeros_like(concentration["a"]))}

    def check(self, shape, medium):
        pass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_species_made_faster_than_it_is_lost_from_another_has_its_steady_state(dtype):
    """b = 0.05 a/1e-2 with a = 1e-4/1e-3: that conversion outruns loss at equal concentrations proves nothing."""
    one = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3), tf.Species("b", 20.0, 1e-2)], [tf.Decay(), tf.Linear(1e-4, species="a"), Conversion()], dtype=dtype)
    solution = tf.solve_steady(one)
    assert solution.status == tf.Status.CONVERGED
    np.testing.assert_allclose(solution["a"], 0.1, rtol=1e-5)
    np.testing.assert_allclose(solution["b"], 0.5, rtol=1e-5)
