"""Five cytokines that regulate each other: the march with lagging productions, the proof of stability, derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from mechanisms import regulated
from tmefield.balance import Balance
from tmefield.balance.stability import growth_rate, surely_stable

GRID = tf.Grid((4, 6, 6), 20.0)
NAMES = ("IL6", "TNF", "IFNg", "IL10", "TGFb")
# Who raises (2) or lowers (0) whose secretion, with half maxima in nM: feedback of both signs.
EDGES = {
    "IL6": [("IL10", 8e-3, 0.0), ("TNF", 2e-2, 2.0), ("TGFb", 7e-2, 2.0)],
    "TNF": [("IL10", 8e-3, 0.0), ("TGFb", 7e-2, 0.0), ("IFNg", 1.5e-2, 2.0)],
    "IFNg": [("TGFb", 0.14, 0.0), ("IL6", 5e-2, 0.0)],
    "IL10": [("TNF", 2e-2, 2.0), ("IL6", 5e-2, 2.0)],
    "TGFb": [("TGFb", 7e-2, 2.0)],
}


def network(factor=1.0, half=1.0, grid=GRID):
    """`factor` multiplies every secretion rate, `half` every half maximum."""
    rng = np.random.default_rng(3)
    species = [tf.Species(name, 40.0, 1e-4) for name in NAMES]
    terms: list[tf.AbstractTerm] = [tf.Decay()]
    for name, rate in zip(NAMES, (0.3, 0.1, 0.2, 0.05, 0.8), strict=True):
        edges = [tf.Modulation(tf.Hill(by, half * at, 2.0), saturated) for by, at, saturated in EDGES[name]]
        terms.append(tf.Secretion(name, rng.uniform(0, 1e-4, grid.shape), factor * rate, modulations=edges))
        terms.append(tf.ReceptorUptake(name, rng.uniform(0, 1e-4, grid.shape), 2000.0, 5e-4, 0.05))
    return tf.Model(grid, species, terms)


@pytest.fixture(scope="module")
def solved():
    return tf.solve_steady(network(), rtol=1e-11)


def test_the_network_settles_where_its_transient_ends(solved):
    assert solved.status == tf.Status.CONVERGED
    late = tf.evolve(network(), np.zeros((5, *GRID.shape)), [0.0, 4e5], rtol=1e-6).concentration[-1]
    np.testing.assert_allclose(solved.concentration, late, rtol=1e-4)


def test_regulation_is_solved_species_by_species(solved):
    model = solved.model
    assert Balance(model).apart and not model.unique
    assert bool(surely_stable(Balance(model), model.transport(), solved.concentration))
    assert float(growth_rate(Balance(model), model.transport(), solved.concentration)) == 0
    binding = tf.Model(GRID, [tf.Species(name, 40.0, 1e-4) for name in "abc"], [tf.Decay(), tf.Binding("a", "b", "c", 1e-3, 1e-4)])
    assert not Balance(binding).apart


def test_a_watershed_is_not_called_stable():
    """k c = basal + induced c^4/(K^4 + c^4) at its middle root: a disturbance grows."""
    decay, basal, induced, half = 2e-2, 1e-2, 0.4, 10.0
    model = tf.Model(GRID, [tf.Species("a", 40.0, decay)], [tf.Decay(), regulated("a", "a", basal, induced, half)])
    roots = np.roots(np.polysub(np.polymul([decay, -basal], [1, 0, 0, 0, half**4]), [induced, 0, 0, 0, 0]))
    low, middle, _ = (jnp.full(model.shape, one.real) for one in sorted(roots, key=lambda one: one.real) if abs(one.imag) < 1e-9)
    balance, transport = Balance(model), model.transport()
    assert bool(surely_stable(balance, transport, low))
    assert not bool(surely_stable(balance, transport, middle))
    c = float(middle[0, 0, 0, 0])
    growth = 4 * induced * c**3 * half**4 / (half**4 + c**4) ** 2 - decay  # of the uniform mode
    assert float(growth_rate(balance, transport, middle)) == pytest.approx(growth, rel=1e-2)


def test_derivatives_through_regulation():
    grid = tf.Grid((16, 16, 16), 20.0)
    weights = jnp.asarray(np.random.default_rng(5).normal(size=(5, *grid.shape)))

    def loss(factor, half):
        return jnp.sum(weights * jnp.log(tf.solve_steady(network(factor, half, grid), rtol=1e-12).concentration))

    found = eqx.filter_jit(jax.grad(loss, argnums=(0, 1)))(1.0, 1.0)
    h = 3e-5  # the difference quotient then errs by 1e-7: truncation falls with h^2, the solves differ by 1e-12
    for value, (up, down) in zip(found, (((1 + h, 1.0), (1 - h, 1.0)), ((1.0, 1 + h), (1.0, 1 - h))), strict=True):
        assert float(value) == pytest.approx(float(loss(*up) - loss(*down)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize(("start", "end"), [(0.0, "low"), (1000.0, "high")])
def test_no_watershed_is_crossed_under_saturated_uptake(start, end):
    """k c + c/(1 + c) = basal + induced c^4/(16 + c^4): from far above, the tangent of the uptake would lead below the watershed at 2.6."""
    decay, basal, induced = 0.01, 0.05, 0.951
    density = 0.602214076e-3  # with 1000 receptors and 1 /s: a greatest uptake of 1 nM/s
    switch = tf.Secretion("a", density, 1e3 * induced, modulations=[tf.Modulation(tf.Hill("a", 2.0, 4.0), 1.0, basal=0.0)])
    terms = [tf.Decay(), tf.ReceptorUptake("a", density, 1000.0, 1.0, 1.0), tf.Linear(basal), switch]
    solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0, decay)], terms), initial=np.full((1, *GRID.shape), start), rtol=1e-8)
    c = np.linspace(0, 20, 2_000_001)
    excess = decay * c + c / (1 + c) - basal - induced * c**4 / (16 + c**4)
    roots = c[1:][np.diff(np.sign(excess)) != 0]
    assert len(roots) == 3 and solution.status == tf.Status.CONVERGED
    np.testing.assert_allclose(solution.concentration, roots[0 if end == "low" else 2], rtol=1e-4)


def test_a_store_that_does_not_move_goes_with_a_term_on_all_species():
    """Drainage leaves an immobile species alone; the coupled Jacobian has to know."""
    species = [tf.Species("a", 40.0, 1e-4), tf.Species("stored", immobile=True, decay=1e-4)]
    gate = tf.Secretion("a", 1e-4, 1.0, modulations=[tf.Modulation(tf.Hill("stored", 0.1), 0.5)])
    model = tf.Model(GRID, species, [tf.Decay(), gate, tf.Conversion("a", "stored", 1e-4), tf.LymphaticDrainage(1e-4)])
    assert tf.solve_steady(model).status == tf.Status.CONVERGED
