"""Free parameters: their coordinates, bounds, priors, and what is refused."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.fitting.parameters import Parameters
from tmefield.library.prior import Prior

RATE = tf.FreeParameter("rate", 2.0)
SHARE = tf.FreeParameter("share", 0.3, transform="logit")
OFFSET = tf.FreeParameter("offset", -1.0, transform="linear")
BOUNDED = tf.FreeParameter("bounded", 2.0, lower=0.1, upper=30.0)
FIELD = tf.FreeParameter("field", np.full((2, 1, 3), 0.5), smoothness=0.5)


def test_values_come_back_from_the_vector():
    free = Parameters([RATE, SHARE, OFFSET, BOUNDED, FIELD])
    assert free.count == 10 and free.numbers == (0, 1, 2, 3)
    values = free.values(free.start())
    assert [float(values[name]) for name in ("rate", "share", "offset", "bounded")] == pytest.approx([2.0, 0.3, -1.0, 2.0])
    assert values["field"].shape == (2, 1, 3)
    np.testing.assert_allclose(free.from_natural(free.natural(free.start())), free.start(), rtol=1e-12)
    np.testing.assert_allclose(free.natural(free.start())[:4], [math.log(2), math.log(0.3 / 0.7), -1, math.log(2)], rtol=1e-12)


def test_no_vector_leaves_the_bounds():
    free = Parameters([BOUNDED])
    for z in (-30.0, 30.0):
        assert 0.1 * (1 - 1e-9) <= float(free.values(jnp.asarray([z]))["bounded"]) <= 30.0 * (1 + 1e-9)


def test_residuals_of_priors_and_of_roughness():
    free = Parameters([tf.FreeParameter("known", 3.0, prior=Prior("lognormal", 1.0, sigma=0.5)), tf.FreeParameter("field", np.exp([0.0, 1.0]), smoothness=0.5)])
    np.testing.assert_allclose(free.prior_residuals(free.start()), [math.log(3) / 0.5, 2.0], rtol=1e-12)


def test_draws_follow_the_prior_and_stay_within_bounds():
    free = Parameters([tf.FreeParameter("known", 3.0, prior=Prior("lognormal", 1.0, sigma=0.5)), BOUNDED])
    u = np.asarray(jax.vmap(free.natural)(free.sample(jax.random.key(0), 2000)))
    assert u[:, 0].mean() == pytest.approx(0.0, abs=0.04) and u[:, 0].std() == pytest.approx(0.5, abs=0.03)
    assert math.log(0.1) < u[:, 1].min() < math.log(0.3) and math.log(10) < u[:, 1].max() < math.log(30)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start": -1.0}, "above zero"),
        ({"start": float("nan")}, "finite"),
        ({"start": 1.0, "transform": "exp"}, "log, linear, logit"),
        ({"start": 1.5, "transform": "logit"}, "between 0 and 1"),
        ({"start": 1.0, "lower": 0.1}, "both bounds"),
        ({"start": 50.0, "lower": 0.1, "upper": 30.0}, "start 50 does not lie between its bounds 0.1 and 30"),
        ({"start": 1.0, "lower": 2.0, "upper": 1.0}, "below the upper"),
        ({"start": np.ones(3)}, "smoothness"),
        ({"start": 1.0, "smoothness": 1.0}, "fields only"),
        ({"start": 1.0, "transform": "linear", "prior": Prior("lognormal", 1.0, sigma=0.5)}, 'transform="log"'),
    ],
)
def test_what_is_refused(arguments, said):
    with pytest.raises(tf.InputError, match=said):
        tf.FreeParameter("k", **arguments)


def test_names_differ():
    with pytest.raises(tf.InputError, match="different names"):
        Parameters([RATE, RATE])
