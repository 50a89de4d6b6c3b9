"""Each mechanism by hand: production and loss at given concentrations."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

SHAPE = (1, 2, 2)
FIELD = jnp.asarray([[[0.0, 0.05], [0.1, 1.0]]])

AT_START = tf.Moment(jnp.asarray(0.0), jnp.asarray(0.0))


def medium(phi=1.0, diffusivity=40.0):
    return tf.Medium(jnp.asarray(phi), {"a": tf.Species("a", diffusivity, 1e-4)}, AT_START, 1000.0)


def test_decay_carries_the_volume_fraction():
    production, loss = tf.Decay().rates({"a": FIELD}, medium(phi=0.3))["a"]
    assert float(production) == 0
    assert float(loss) == pytest.approx(0.3e-4)


def test_secretion_in_molecules_becomes_nanomolar():
    """1e-4 cells/um3, a tenth of them active at 6.02214076 molecules/s: 1e-4 nM/s."""
    rates = tf.Secretion("a", 1e-4, 6.02214076, 0.1).rates({"a": FIELD}, medium(phi=0.3))["a"]
    assert float(rates.production) == pytest.approx(1e-4, rel=1e-12)
    assert float(rates.loss) == 0


def test_uptake_saturates():
    term = tf.ReceptorUptake("a", 1e-4, 6022.14076, 1e-3, 0.05)
    loss = np.asarray(term.rates({"a": FIELD}, medium())["a"].loss)
    np.testing.assert_allclose(loss, 1e-3 / (0.05 + np.asarray(FIELD)), rtol=1e-12)
    removed = loss * np.asarray(FIELD)
    assert removed.max() < 1e-3  # never more than n R k_endo
    np.testing.assert_allclose(removed[0, 0, 1], 0.5e-3, rtol=1e-12)  # half of it at c = K_M


def test_uptake_in_the_constants_of_interleukin_2():
    """K_M 22.28 pM and the low-concentration slope 0.03429 um3/s per receptor (k_on 111.6 /nM/h, k_off 0.83 /h, k_endo 4.6e-4 /s)."""
    k_endo, k_on, k_off = 4.6e-4, 111.6 / 3600, 0.83 / 3600
    half_saturation = (k_off + k_endo) / k_on
    assert half_saturation == pytest.approx(22.28e-3, rel=1e-3)
    loss = tf.ReceptorUptake("a", 1.0, 1.0, k_endo, half_saturation).rates({"a": jnp.zeros(SHAPE)}, medium())["a"].loss
    assert float(loss[0, 0, 0]) == pytest.approx(0.03429, rel=1e-3)


def test_labels_name_the_cells():
    assert tf.Secretion("a", 1e-4, 1.0, source="NK").label == "secretion by NK"
    assert tf.Secretion("a", 1e-4, 1.0).label == "secretion"
    assert tf.ReceptorUptake("a", 1e-4, 1.0, 1.0, 1.0, sink="Treg").label == "uptake by Treg"
    assert (tf.Decay().label, tf.Linear().label, tf.VascularExchange("a", 0.01, 0.1).label) == ("decay", "linear", "vascular exchange")


def test_exchange_with_a_given_surface():
    rates = tf.VascularExchange("a", 0.02, 0.05, 0.3).rates({"a": FIELD}, medium(phi=0.5))["a"]
    assert float(rates.loss) == pytest.approx(1e-3)
    assert float(rates.production) == pytest.approx(3e-4)


def embedding(path):
    return SimpleNamespace(voxel=np.array([1, 1, 3]), segment=np.array([0, 1, 2]), area=np.array([10.0, 20.0, 5.0]), path=np.array(path))


def test_exchange_closes_each_wall_piece_on_its_own():
    """Area/volume/(1/P + path/(phi D)), summed over the pieces in a voxel."""
    rates = tf.VascularExchange("a", embedding([0.0, 4.0, -1.0]), 0.5, 2.0).rates({"a": FIELD}, medium(phi=0.5, diffusivity=20.0))["a"]
    first = 10 / 1000 / (1 / 0.5) + 20 / 1000 / (1 / 0.5 + 4 / 10)
    second = 5 / 1000 / (1 / 0.5 - 1 / 10)
    np.testing.assert_allclose(np.asarray(rates.loss).ravel(), [0, first, 0, second], rtol=1e-12)
    np.testing.assert_allclose(rates.production, 2 * rates.loss)


def test_exchange_uses_the_diffusivity_where_the_wall_is():
    varying = jnp.asarray([[[1.0, 20.0], [1.0, 40.0]]])
    rates = tf.VascularExchange("a", embedding([4.0, 4.0, 4.0]), 0.5).rates({"a": FIELD}, medium(diffusivity=varying))["a"]
    np.testing.assert_allclose(np.asarray(rates.loss).ravel(), [0, 0.03 / (2 + 4 / 20), 0, 0.005 / (2 + 4 / 40)], rtol=1e-12)


def test_a_wall_too_permeable_for_the_grid_is_refused_with_the_remedy():
    with pytest.raises(tf.InputError, match=r"too permeable to a for this grid.*take smaller voxels"):
        tf.Model(tf.Grid(SHAPE, 10.0), [tf.Species("a", 20.0)], [tf.VascularExchange("a", embedding([-1.0, 0.0, 0.0]), 100.0, form="lumped")])


def test_linear_takes_one_field_for_each_species():
    two = tf.Medium(jnp.asarray(1.0), {"a": tf.Species("a", 1.0), "b": tf.Species("b", 1.0)}, AT_START, 1.0)
    rates = tf.Linear(np.stack([np.ones(SHAPE), np.full(SHAPE, 2.0)]), 0.5).rates({"a": FIELD, "b": FIELD}, two)
    assert float(rates["a"].production[0, 0, 0]) == 1.0
    assert float(rates["b"].production[0, 0, 0]) == 2.0
    assert float(rates["b"].loss) == 0.5


def test_a_mechanism_of_ones_own():
    """What docs/extending.md shows: a new term is a subclass with rates, and enters solve and budget by itself."""

    class Washout(tf.AbstractTerm):
        acts_on = ("a",)
        saturable = False
        rate: jnp.ndarray

        @property
        def label(self):
            return "washout"

        def rates(self, concentration, medium):
            return {"a": tf.Rates(jnp.zeros_like(self.rate), self.rate)}

        def check(self, shape, medium):
            pass

    model = tf.Model(tf.Grid(SHAPE, 10.0), [tf.Species("a", 40.0)], [tf.Linear(1e-3), Washout(jnp.asarray(1e-2))])
    solution = tf.solve_steady(model, rtol=1e-12)
    np.testing.assert_allclose(solution["a"], 0.1, rtol=1e-10)
    assert "washout" in solution.budget.lost
