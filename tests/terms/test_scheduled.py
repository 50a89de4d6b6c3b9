"""Scheduled mechanisms and plasma courses by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

FIELD = jnp.asarray([[[0.0, 0.05], [0.1, 1.0]]])
COURSE = tf.TimeCourse([0.0, 60.0], [2.0, 0.5])


def medium(time):
    moment = tf.Moment(jnp.asarray(time), jnp.asarray(time))
    return tf.Medium(jnp.asarray(1.0), {"a": tf.Species("a", 40.0)}, moment, 1000.0)


def test_a_schedule_multiplies_production_and_loss():
    inner = tf.Linear(production=3.0, loss=0.1, species="a")
    term = tf.Scheduled(inner, COURSE)
    for time, factor in ((30.0, 2.0), (90.0, 0.5)):
        rates = term.rates({"a": FIELD}, medium(time))["a"]
        assert float(rates.production) == 3.0 * factor
        assert float(rates.loss) == pytest.approx(0.1 * factor)
    assert term.jumps == (0.0, 60.0)
    assert term.acts_on == ("a",)
    assert not term.saturable
    assert term.label == "scheduled linear"


def test_a_schedule_passes_on_what_its_term_is():
    uptake = tf.ReceptorUptake("a", 1e-4, 3e3, 5e-4, 0.05)
    term = tf.Scheduled(tf.Scheduled(uptake, COURSE), tf.TimeCourse([10.0], [1.0]))
    assert term.saturable
    assert term.jumps == (0.0, 10.0, 60.0)
    with pytest.raises(tf.InputError, match="acts on a"):
        tf.Model(tf.Grid((1, 2, 2), 10.0), [tf.Species("b", 1.0)], [term])


def test_a_plasma_course_drives_production_alone():
    term = tf.VascularExchange("a", 0.02, 0.05, COURSE)
    early, late = (term.rates({"a": FIELD}, medium(t))["a"] for t in (1.0, 61.0))
    np.testing.assert_allclose(early.production, 1e-3 * 2.0)
    np.testing.assert_allclose(late.production, 1e-3 * 0.5)
    assert float(early.loss) == float(late.loss) == pytest.approx(1e-3)
    assert term.jumps == (0.0, 60.0)
    assert tf.VascularExchange("a", 0.02, 0.05, 0.3).jumps == ()
    assert tf.Model(tf.Grid((1, 2, 2), 10.0), [tf.Species("a", 1.0)], [term]).jumps == (0.0, 60.0)


def test_a_schedule_of_walls_that_reach_beyond_a_voxel_is_not_local():
    """The form of the exchange is chosen inside, and the solver told that a voxel's rates depend on its neighbours."""
    grid = tf.Grid((8, 8, 8), 10.0)
    line = tf.VesselNetwork(np.array([[40.0, 40.0, 0.0], [40.0, 40.0, 80.0]]), np.array([[0, 1]]), np.array([10.0]))
    exchange = tf.VascularExchange("O2", line.embed(grid), 1000.0, 50.0)
    oxygen = tf.Species("O2", 2000.0, species_class="oxygen")
    (plain,), (scheduled,) = (tf.Model(grid, [oxygen], [term]).terms for term in (exchange, tf.Scheduled(exchange, COURSE)))
    assert plain.form == "operator" and not plain.local
    assert isinstance(scheduled, tf.Scheduled) and scheduled.term.form == "operator" and not scheduled.local
    filtering = tf.Scheduled(tf.VascularExchange("a", 0.01, 0.02, 0.3, filtration=1e-3), COURSE)
    with pytest.raises(tf.InputError, match="the model has no flow to take it on"):
        tf.Model(grid, [tf.Species("a", 40.0)], [filtering])
