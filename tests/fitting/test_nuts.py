"""Chains: where the posterior is nearly normal they agree with the curvature; what they report; what is refused."""

import sys

import numpy as np
import pytest

import tmefield as tf
from small_fit import DENSITIES, GRID, POINTS
from tmefield.library.prior import Prior

pytest.importorskip("blackjax")
NAMES = ("a.decay", "a.secretion_by_A.rate")


def small() -> tf.Model:
    """Linear, so that a step is one solve."""
    return tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", DENSITIES[0], 2.0, source="A")])


@pytest.fixture(scope="module")
def fitted():
    field = tf.solve_steady(small()).concentration
    exact = tf.PointSamples("a", POINTS[:20], np.ones(20), tf.Lognormal(0.1)).predict(small(), field, {})
    scatter = np.exp(0.1 * np.random.default_rng(4).standard_normal(20))
    data = tf.PointSamples("a", POINTS[:20], np.asarray(exact) * scatter, tf.Lognormal(0.1))
    free = [tf.FreeParameter("a.decay", 1e-3), tf.FreeParameter("a.secretion_by_A.rate", 2.0, prior=Prior("lognormal", 2.0, sigma=0.1))]
    return tf.fit(small(), free, [data])


def test_a_nearly_normal_posterior_is_that_of_the_curvature(fitted):
    """Mean within 0.2 and standard deviation within 20 % of Laplace's, R-hat near 1."""
    found = tf.sample_posterior(fitted, count=150, warmup=60, seed=2)
    assert found.mixed and found.divergences == 0
    assert all(one < 1.01 for one in found.rhat.values()) and all(one > 100 for one in found.ess.values())
    for name, wanted in zip(NAMES, fitted.identifiability.deviations(), strict=True):
        u = np.log(found.chains[name])
        assert u.shape == (4, 150)
        assert abs(u.mean() - np.log(fitted.values[name])) < 0.2 * wanted
        assert u.std() == pytest.approx(wanted, rel=0.2)
    assert found.ensemble.method == "nuts" and found.ensemble.z.shape == (600, 2)


def test_a_missing_sampler_is_said(fitted, monkeypatch):
    monkeypatch.setitem(sys.modules, "blackjax", None)
    with pytest.raises(tf.TmefieldError, match=r"pip install 'tmefield\[bayes\]'"):
        tf.sample_posterior(fitted)


@pytest.mark.parametrize("arguments", [{"chains": 1}, {"warmup": 3}, {"count": 3}])
def test_what_is_refused(fitted, arguments):
    with pytest.raises(tf.InputError, match="at least"):
        tf.sample_posterior(fitted, **arguments)
