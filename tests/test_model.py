"""What a model refuses at construction, and what it computes from its parts."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((2, 4, 5), (10.0, 10.0, 10.0))
A, B = tf.Species("a", 40.0, 1e-4), tf.Species("b", 10.0)


def test_rates_add_up_over_the_terms():
    terms = [tf.Decay(), tf.Linear(1.0, 0.5), tf.Linear(2.0, 0.25, species="b")]
    production, loss = tf.Model(GRID, [A, B], terms, volume_fraction=0.5).rates(jnp.ones((2, *GRID.shape)))
    np.testing.assert_allclose(production[:, 0, 0, 0], [1.0, 3.0])
    np.testing.assert_allclose(loss[:, 0, 0, 0], [0.5 + 0.5e-4, 0.75])


def test_the_number_type_is_one_throughout():
    model = tf.Model(GRID, [A], [tf.Linear(np.ones(GRID.shape, np.float64), 1)], dtype=jnp.float32)
    assert model.dtype == jnp.float32
    assert tf.solve_steady(model).concentration.dtype == jnp.float32


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: tf.Model(GRID, [], []), "needs species"),
        (lambda: tf.Model(GRID, [A, A], []), "different names"),
        (lambda: tf.Species("", 1.0), "needs a name"),
        (lambda: tf.Species("a", -1.0), "diffusivity of a must be finite and not negative .um2/s.; got -1"),
        (lambda: tf.Species("a", float("nan")), "diffusivity of a"),
        (lambda: tf.Species("a", 1.0, decay=-1e-4), "decay of a"),
        (lambda: tf.Species("a", 1.0, molecular_weight=0.0), "molecular_weight"),
        (lambda: tf.Species("a", 1.0, species_class="hormone"), "species_class"),
        (lambda: tf.Model(GRID, [tf.Species("a", np.ones((2, 2, 2)))], []), r"diffusivity of a has shape \[2, 2, 2\], expected a number or \[2, 4, 5\]"),
        (lambda: tf.Model(GRID, [A], [tf.Linear(loss=-1.0)]), "loss of Linear must be finite and not negative"),
        (lambda: tf.Model(GRID, [A], [tf.Linear(production=np.ones((3, 3)))]), "production of Linear has shape"),
        (lambda: tf.Model(GRID, [A], [tf.Secretion("c", 1e-4, 1.0)]), "Secretion acts on c, but the model has a"),
        (lambda: tf.Model(GRID, [A], [tf.Secretion("a", np.ones((2, 2, 2)), 1.0)]), "cell density for the secretion of a has shape"),
        (lambda: tf.Secretion("a", 1e-4, -3.0), "rate of the secretion of a"),
        (lambda: tf.ReceptorUptake("a", 1e-4, 100.0, 1e-3, 0.0), "half saturation .* above zero"),
        (lambda: tf.VascularExchange("a", 0.01, -0.1), "vascular permeability of a"),
        (lambda: tf.Model(GRID, [A], [], volume_fraction=0.0), "volume_fraction must be finite and above zero"),
        (lambda: tf.Model(GRID, [A], [], walls={"b": tf.NoFlux()}), "unknown species b"),
        (lambda: tf.Model(GRID, [A, B], [], walls={"a": tf.NoFlux()}), "no walls for b"),
        (lambda: tf.Walls(x=(tf.Periodic(), tf.NoFlux())), "needs a periodic wall on the opposite side"),
        (lambda: tf.Model(GRID, [A], [], walls=tf.Walls(x=tf.FixedValue(np.ones((3, 3))))), r"lower x wall has shape \[3, 3\], expected a number or \[2, 4\]"),
        (lambda: tf.FixedValue(-1.0), "value of a FixedValue wall"),
        (lambda: tf.FixedConcentration(np.ones(GRID.shape, bool), 1.0), "fixes every voxel"),
        (lambda: tf.Model(GRID, [A], [], fixed=tf.FixedConcentration(np.zeros((2, 2, 2), bool), 1.0)), "the mask has shape"),
        (lambda: tf.Model(GRID, [A], [], fixed=tf.FixedConcentration(np.zeros(GRID.shape, bool), np.ones(3))), "value has shape"),
    ],
)
def test_wrong_use_is_refused_with_the_name_of_what_is_wrong(build, said):
    with pytest.raises(tf.InputError, match=said):
        build()


def test_a_bad_voxel_is_named():
    density = np.ones(GRID.shape)
    density[1, 2, 3] = np.nan
    with pytest.raises(tf.InputError, match=r"at index \[1, 2, 3\]"):
        tf.Secretion("a", density, 1.0)


def test_a_library_species_carries_its_parameters():
    ifng = tf.Species.from_library("IFN-gamma")
    assert ifng.name == "IFNg"
    assert float(ifng.diffusivity) == pytest.approx(39.7, rel=2e-3)  # D_water/1.6^2 of the 34 kDa dimer
    assert float(ifng.decay) == pytest.approx(8.9e-5, rel=2e-3)  # 7.68 per day


def test_a_lumen_has_to_be_held():
    grid = tf.Grid((6, 6, 6), 10.0)
    network = tf.VesselNetwork(np.array([[0.0, 30.0, 30.0], [60.0, 30.0, 30.0]]), np.array([[0, 1]]), np.array([18.0]))
    vessels = network.embed(grid)
    exchange = tf.VascularExchange("a", vessels, 0.01, 0.3)
    for fixed in (None, tf.FixedConcentration(vessels.lumen, 0.3)):
        with pytest.raises(tf.InputError, match=r"inside wide vessels .* sealed=True"):
            tf.Model(grid, [A], [exchange], fixed=fixed)
    assert tf.Model(grid, [A], [exchange], fixed=tf.FixedConcentration(vessels.lumen, 0.3, sealed=True)).fixed is not None


class Thoughtless(tf.AbstractTerm):
    """Loss that grows with the concentration, called constant."""

    acts_on = ("a",)
    saturable = False
    label = "thoughtless"

    def rates(self, concentration, medium):
        return {"a": tf.Rates(jnp.zeros_like(concentration["a"]), concentration["a"])}

    def check(self, shape, medium):
        pass


def test_a_term_that_hides_its_dependence_on_a_concentration_is_refused():
    with pytest.raises(tf.InputError, match="rates of Thoughtless depend on a concentration, but it has saturable = False"):
        tf.Model(tf.Grid((1, 2, 2), 1.0), [tf.Species("a", 1.0)], [Thoughtless()])
