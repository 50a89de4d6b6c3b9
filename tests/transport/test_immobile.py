"""What stands still: neither diffusion, nor a flow, nor walls move it; its equation is local and costs no iterations of its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((4, 6, 8), (10.0, 12.0, 8.0))
RNG = np.random.default_rng(3)
SOURCE = RNG.uniform(0, 1e-4, GRID.shape) * (RNG.random(GRID.shape) < 0.2)
DEPOSITION, RELEASE, LOSS = 1e-3, 2e-4, 3e-4
THROUGH = tf.Flow(x=0.3)
OPEN = tf.Walls(x=(tf.FixedValue(0.02), tf.Outflow()), y=tf.Robin(0.05, 0.01))


def store(values=(DEPOSITION, RELEASE), *, flow=THROUGH, walls=OPEN, dtype=None):
    """A ligand that the matrix takes up and gives back, in a flow through open walls."""
    deposition, release = values
    species = [tf.Species("c", 40.0, 1e-4), tf.Species("M", decay=LOSS, immobile=True)]
    terms = [tf.Decay(), tf.Linear(SOURCE, species="c"), tf.Conversion("c", "M", deposition), tf.Conversion("M", "c", release)]
    return tf.Model(GRID, species, terms, flow=flow, walls=walls, volume_fraction=0.4, dtype=dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_store_in_a_flow_is_what_stands_in_its_own_voxel(dtype):
    solution = tf.solve_steady(store(dtype=dtype))
    assert solution.status == tf.Status.CONVERGED
    assert int(solution.stats.iterations[0]) <= 40
    np.testing.assert_allclose(solution["M"], DEPOSITION / (RELEASE + LOSS) * np.asarray(solution["c"]), rtol=1e-4)
    for flow in solution.budget.walls.values():
        assert float(flow[1]) == 0
    assert float(jnp.abs(solution.budget.defect).max()) < 1e-5


def test_the_mobile_species_is_as_with_a_loss_of_its_own():
    """What M keeps for good is lost to c: deposition LOSS/(RELEASE + LOSS)."""
    kept = DEPOSITION * LOSS / (RELEASE + LOSS)
    alone = tf.Model(GRID, [tf.Species("c", 40.0, 1e-4 + kept)], [tf.Decay(), tf.Linear(SOURCE)], flow=THROUGH, walls=OPEN, volume_fraction=0.4)
    np.testing.assert_allclose(tf.solve_steady(store(), rtol=1e-9)["c"], tf.solve_steady(alone, rtol=1e-9)["c"], rtol=1e-6)


def test_nothing_moves_it_in_time():
    """A pattern of sites in a flow, beside a species that the flow carries off: only its own decay counts."""
    pattern = RNG.uniform(0, 1, GRID.shape)
    model = tf.Model(GRID, [tf.Species("c", 40.0), tf.Species("S", decay=LOSS, immobile=True)], [tf.Decay()], flow=THROUGH, walls=OPEN)
    end = tf.evolve(model, np.stack([pattern, pattern]), [0.0, 300.0], method="rkc", rtol=1e-6)
    np.testing.assert_allclose(end["S"][-1], pattern * np.exp(-LOSS * 300), rtol=1e-5)
    assert float(jnp.abs(end["c"][-1] - pattern).max()) > 0.1


def test_derivatives_through_a_store_in_a_flow():
    def objective(values):
        return jnp.sum(jnp.asarray(SOURCE) * tf.solve_steady(store(values), rtol=1e-12)["M"]) * 1e4

    at = jnp.asarray([DEPOSITION, RELEASE])
    both = jax.jit(jax.value_and_grad(objective))
    _, reverse = both(at)
    for i in range(2):
        h = 1e-4 * at[i]
        assert float(reverse[i]) == pytest.approx(float(both(at.at[i].add(h))[0] - both(at.at[i].add(-h))[0]) / (2 * float(h)), rel=1e-5)


def test_walls_and_flow_are_not_asked_of_it():
    """A dict of walls may leave it out, and no-flux walls that a flow crosses are no mistake for it; lymph takes no store along."""
    model = tf.Model(GRID, store().species, [tf.Decay(), tf.LymphaticDrainage(0.1)], walls={"c": OPEN}, flow=THROUGH)
    loss = np.asarray(model.rates(jnp.zeros(model.shape)).loss)[:, 0, 0, 0]
    np.testing.assert_allclose(loss, [0.1 + 1e-4, LOSS], rtol=1e-12)
    transport = model.transport()
    assert float(transport.cell_peclet()[1]) == 0
    assert transport.carried == (True, False)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: tf.Species("M", 1.0, immobile=True), "M is immobile and takes no diffusivity"),
        (lambda: tf.Species("M"), "M: diffusivity is missing .um2/s."),
    ],
)
def test_wrong_use_is_refused(build, said):
    with pytest.raises(tf.InputError, match=said):
        build()
