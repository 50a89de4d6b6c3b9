"""The matrix as a store of latent ligand and as what retards a ligand; V15 and V16 themselves stand in test_closed_forms.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from validation.problems.check import assert_within_tolerance
from validation.problems.matrix import ACTIVATION, DEPOSITION, activated, bound_onset, latent_chain, latent_store

GRID = tf.Grid((2, 3, 5), 10.0)
RNG = np.random.default_rng(0)


def test_latent_store_in_single_precision():
    assert_within_tolerance(latent_store(jnp.float32))


def test_the_steady_field_does_not_know_of_binding():
    (_, without), (_, bound) = bound_onset()[1]
    np.testing.assert_allclose(bound, without, rtol=1e-12)


@pytest.mark.parametrize("dtype", [None, jnp.float32])
def test_an_immobile_store_follows_what_is_deposited(dtype):
    """D = 0 where L varies: M = k_dep L/k_act voxel by voxel, steadily and at the end of a long march."""
    grid = tf.Grid(GRID.shape, 100.0)
    supply = np.zeros(grid.shape)
    supply[0, 1, 1] = 1e-3
    model = latent_chain(grid, supply, dtype)
    solution = tf.solve_steady(model, rtol=1e-9 if dtype is None else 1e-6)
    latent, store = np.asarray(solution["L"]), np.asarray(solution["M"])
    assert solution.status == tf.Status.CONVERGED and latent.max() > 1.5 * latent.min()
    np.testing.assert_allclose(store, DEPOSITION / ACTIVATION * latent, rtol=1e-3 if dtype else 1e-8)
    flux = ACTIVATION * (latent + store).mean()
    assert activated(solution) == pytest.approx(flux, rel=1e-3 if dtype else 1e-9)
    assert float(np.asarray(solution["A"]).mean() * 1e-3) == pytest.approx(flux, rel=1e-3)
    later = tf.evolve(model, 0.0, [0.0, 2e6], method="tr-bdf2", rtol=1e-3, atol=1e-5)
    assert later.status == tf.Status.CONVERGED
    np.testing.assert_allclose(later["M"][-1], store, rtol=1e-2)


def test_the_slow_store_is_stepped_with_the_fast_species_at_rest():
    """Uniform: L and A stand at rest with M, M fills as 1 - exp(-k_act t), and what is activated is k_act (L + M) at all times."""
    model = latent_chain(GRID, 1e-5)
    hours = np.array([0.0, 10.0, 40.0])
    trajectory = tf.evolve(model, 0.0, 3600 * hours, steady=("L", "A"), rtol=1e-5)
    assert trajectory.status == tf.Status.CONVERGED
    assert int(trajectory.stats.steps) < 100
    fields = {name: np.asarray(trajectory[name])[:, 0, 1, 2] for name in ("L", "M", "A")}
    store = 0.625 * -np.expm1(-ACTIVATION * 3600 * hours)
    np.testing.assert_allclose(fields["L"], 0.0625, rtol=1e-5)
    np.testing.assert_allclose(fields["M"], store, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(fields["A"], ACTIVATION * (0.0625 + store) / 1e-3, rtol=1e-4)


def binding(p):
    """A field of retardations beside a species without, in a random medium."""
    species = [tf.Species("a", 40.0, 1e-3, retardation=1 + p[0] * jnp.asarray(FIELD)), tf.Species("b", 20.0, 1e-3, retardation=p[1]), tf.Species("c", 20.0)]
    return tf.Model(GRID, species, [tf.Decay(), tf.Linear(1e-3 * jnp.asarray(FIELD))], volume_fraction=0.4)


FIELD = RNG.uniform(0, 1, GRID.shape)


@pytest.mark.parametrize("method", ["rkc", "tr-bdf2"])
def test_derivative_with_respect_to_the_retardation(method):
    """Both methods agree with central differences; without a flux through the walls phi R c grows by what is made and not lost."""

    @jax.jit
    def objective(p):
        return jnp.sum(tf.evolve(binding(p), 0.1, [0.0, 300.0], method=method, fixed_steps=30, rtol=1e-10).concentration[-1] ** 2)

    at = jnp.asarray([4.0, 3.0])
    gradient = np.asarray(jax.grad(objective)(at))
    for i in range(2):
        h = 1e-4
        assert gradient[i] == pytest.approx(float(objective(at.at[i].add(h)) - objective(at.at[i].add(-h))) / (2 * h), rel=1e-6)


def test_the_methods_agree_and_the_total_is_conserved():
    """Free and bound ligand, phi R c, is what was there and what was made; nothing else is lost from closed tissue."""
    stored = np.stack([1 + 4 * FIELD, np.full(GRID.shape, 3.0), np.ones(GRID.shape)])
    species = [tf.Species("a", 40.0, retardation=stored[0]), tf.Species("b", 20.0, retardation=3.0), tf.Species("c", 20.0)]
    model = tf.Model(GRID, species, [tf.Linear(1e-3 * FIELD)], volume_fraction=0.4)
    ends = [np.asarray(tf.evolve(model, 0.1, [0.0, 300.0], method=one, rtol=1e-5).concentration)[-1] for one in ("rkc", "tr-bdf2")]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-3)
    made = 0.3 * FIELD.sum() + 0.4 * 0.1 * stored.sum(axis=(1, 2, 3))
    np.testing.assert_allclose((0.4 * stored * ends[0]).sum(axis=(1, 2, 3)), made, rtol=1e-9)


def test_relaxation_is_slower_by_the_retardation():
    solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0, 1e-3, retardation=5.0), tf.Species("b", 40.0, 1e-3)], [tf.Decay(), tf.Linear(1e-3)]))
    np.testing.assert_allclose(solution.relaxation_time(), [5000.0, 1000.0], rtol=1e-3)
    np.testing.assert_allclose(solution.stats.lowest_loss, [2e-4, 1e-3], rtol=1e-6)
    assert float(solution.to_dataset()["a_retardation"]) == 5.0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tf.Species("a", 1.0, retardation=0.5), "at least 1 .1.; got 0.5"),
        (lambda: tf.Model(GRID, [tf.Species("a", 1.0, retardation=np.full((2, 2, 2), 3.0))], []), r"retardation of a has shape \[2, 2, 2\]"),
    ],
)
def test_a_retardation_that_does_not_fit_is_refused(call, said):
    with pytest.raises(tf.InputError, match=said):
        call()
