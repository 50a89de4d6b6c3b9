"""Profiles: like the curvature's interval where the model is straight, open where the data fix nothing, skewed where it bends."""

import numpy as np
import pytest

import tmefield as tf
from small_fit import RATES, free, model, samples


def within(one):
    return np.log([one.low, one.high])


@pytest.fixture(scope="module")
def fitted():
    return tf.fit(model(), free(*RATES), [samples(sigma=0.02, noise=0.02)], rtol=1e-10)


@pytest.mark.parametrize("name", RATES[:2])
def test_a_straight_problem_has_the_interval_of_its_curvature(fitted, name):
    profile = tf.profile_likelihood(fitted, name)
    plain = fitted.intervals[name]
    np.testing.assert_allclose(within(profile), within(plain), atol=0.06 * plain.deviation * 1.96)
    assert profile.converged.all() and profile.rise.min() == 0 and profile.rise[[0, -1]].min() > 3.841
    assert profile.values[5] == pytest.approx(fitted.values[name]) and f"{name}: " in profile.sentence()


def test_others_move_along(fitted):
    """More decay with the same field: more of everything else that is made or lost."""
    profile = tf.profile_likelihood(fitted, "a.decay", points=5)
    assert profile.others["a.secretion_by_A.rate"][-1] > fitted.values["a.secretion_by_A.rate"] > profile.others["a.secretion_by_A.rate"][0]


def test_a_null_direction_is_flat_and_open():
    with pytest.warns(UserWarning, match="only their ratios are fixed"):
        fit = tf.fit(model(), free("a.diffusivity", *RATES), [samples()], rtol=1e-10)
    profile = tf.profile_likelihood(fit, "a.diffusivity", points=5)
    assert profile.undetermined and profile.low is None and profile.high is None
    assert profile.rise.max() < 1e-4 and profile.values[-1] / profile.values[0] > 1000
    np.testing.assert_allclose(profile.others["a.decay"] / profile.values, fit.values["a.decay"] / fit.values["a.diffusivity"], rtol=1e-3)
    assert "undetermined" in profile.sentence()


@pytest.mark.parametrize(
    ("arguments", "said"), [({"name": "b"}, "no free number"), ({"name": "a.decay", "points": 4}, "odd"), ({"name": "a.decay", "reach": 0.0}, "above zero")]
)
def test_what_is_refused(fitted, arguments, said):
    with pytest.raises(tf.InputError, match=said):
        tf.profile_likelihood(fitted, **arguments)
