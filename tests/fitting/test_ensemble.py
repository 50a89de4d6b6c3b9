"""Draws of the posterior and the fields that follow from them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import tmefield as tf
from small_fit import free, model, samples
from written_files import compliance_messages

NAMES = ("a.decay", "a.secretion_by_A.rate")


SMALL = np.array([2e-4 * 2.0 / 1e-3 / 0.602214])  # q n/k in nM: the same everywhere


def small() -> tf.Model:
    return tf.Model(tf.Grid((1, 1, 4), 60.0), [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 2e-4, 2.0, source="A")])


@pytest.fixture(scope="module")
def fitted():
    return tf.fit(model(), free(*NAMES), [samples(sigma=0.05, noise=0.05)])


@pytest.fixture(scope="module")
def drawn(fitted):
    return tf.laplace_ensemble(fitted, 4000, seed=1)


def spread(ensemble):
    return np.cov(np.log([ensemble.values[name] for name in NAMES]))


def test_draws_have_the_covariance_of_the_estimate(fitted, drawn):
    np.testing.assert_allclose(spread(drawn), fitted.identifiability.covariance(), rtol=0.1)
    low, high = drawn.interval("a.decay")
    plain = fitted.intervals["a.decay"]
    assert np.log([low, high]) == pytest.approx(np.log([plain.low, plain.high]), abs=0.1 * plain.deviation)


def test_redrawn_data_scatter_the_fits_as_much(fitted):
    """240 refits: standard deviations within 15 % (three standard errors of them), the correlation within 0.1."""
    ensemble = tf.bootstrap_ensemble(fitted, 240, seed=3, chunk=40)
    assert ensemble.converged.all() and ensemble.z.shape == (240, 2)
    found, wanted = spread(ensemble), fitted.identifiability.covariance()
    np.testing.assert_allclose(np.sqrt(np.diag(found)), np.sqrt(np.diag(wanted)), rtol=0.15)
    assert found[0, 1] / np.sqrt(found[0, 0] * found[1, 1]) == pytest.approx(wanted[0, 1] / np.sqrt(wanted[0, 0] * wanted[1, 1]), abs=0.1)
    middle = np.log([np.mean(np.log(ensemble.values[name])) / np.log(fitted.values[name]) for name in NAMES])
    assert np.abs(middle).max() < 0.05


def test_bands_are_those_of_fields_solved_one_by_one(fitted, drawn, tmp_path):
    few = tf.Ensemble("laplace", drawn.z[:7], {name: values[:7] for name, values in drawn.values.items()}, drawn.converged[:7])
    fields = tf.posterior_fields(fitted, few, chunk=3)
    alone = [tf.solve_steady(tf.with_leaves(model(), {name: few.values[name][i] for name in NAMES})).concentration for i in range(7)]
    stacked = np.stack([np.asarray(one) for one in alone])
    np.testing.assert_allclose(fields.mean, stacked.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(fields.sd, stacked.std(axis=0, ddof=1), rtol=1e-3)
    for found, q in ((fields.low, 2.5), (fields.median, 50), (fields.high, 97.5)):
        np.testing.assert_allclose(found, np.percentile(stacked, q, axis=0), rtol=1e-5)
    assert fields.members == 7
    written = fields.to_dataset()
    assert set(written) >= {"a", "a_mean", "a_sd", "a_p2_5", "a_p50", "a_p97_5"} and written["a_sd"].attrs["units"] == "nmol L-1"
    fields.to_netcdf(tmp_path / "posterior.nc")
    assert compliance_messages(tmp_path / "posterior.nc")[1] == []


def with_information(fitted, prior: float):
    """The same fit where the data said nothing of the second parameter."""
    found = replace(fitted.identifiability, information=np.diag([400.0, 0.0]), prior=np.diag([0.0, prior]))
    return replace(fitted, identifiability=found)


@pytest.mark.parametrize("make", [tf.laplace_ensemble, tf.bootstrap_ensemble])
def test_nothing_is_drawn_of_what_nothing_determines(fitted, make):
    with pytest.raises(tf.InputError, match=f"neither data nor priors determine {NAMES[1]}, so"):
        make(with_information(fitted, 0.0), 10)


def test_draws_are_cut_off_at_bounds_and_do_not_gather_there():
    """An estimate 0.05 above its bound with a standard deviation of 0.4: a normal distribution cut off at the bound."""
    one = tf.PointSamples("a", [[30.0, 30.0, 30.0]], SMALL, tf.Lognormal(0.4))
    fit = tf.fit(small(), [tf.FreeParameter(NAMES[1], 2.2, lower=1.9, upper=20.0)], [one])
    u = np.log(tf.laplace_ensemble(fit, 4000, seed=1).values[NAMES[1]])
    wanted = stats.truncnorm(np.log(1.9 / 2) / 0.4, np.log(20 / 2) / 0.4, np.log(2), 0.4)
    assert u.min() > np.log(1.9) and (u.mean(), u.std()) == pytest.approx((wanted.mean(), wanted.std()), abs=0.02)


@pytest.mark.parametrize("make", [tf.laplace_ensemble, tf.bootstrap_ensemble])
def test_nothing_is_drawn_by_a_curvature_that_the_fit_itself_did_not_trust(make):
    """One concentration with an error of half of it: the curvature says a factor of 2.7 at 95 %, but none at all fits as well."""
    one = tf.PointSamples("a", [[30.0, 30.0, 30.0]], SMALL, tf.Gaussian(0.55 * SMALL))
    with pytest.warns(UserWarning, match="below its estimate fits the data as well"):
        fit = tf.fit(small(), [tf.FreeParameter(NAMES[1], 2.0)], [one])
    assert fit.intervals[NAMES[1]].status == "undetermined" and fit.identifiability.deviations()[0] == pytest.approx(0.55, rel=1e-4)
    with pytest.raises(tf.InputError, match="a factor of ten fits the data as well"):
        make(fit, 10)


def test_a_wide_prior_may_be_drawn_from(fitted):
    found = spread(tf.laplace_ensemble(with_information(fitted, 0.25), 4000))
    np.testing.assert_allclose(np.sqrt(np.diag(found)), [0.05, 2.0], rtol=0.05)


def test_what_is_refused(fitted, drawn):
    with pytest.raises(tf.InputError, match="at least 2 members"):
        tf.laplace_ensemble(fitted, 1)
    with pytest.raises(tf.InputError, match="no image 'other'"):
        tf.posterior_fields(fitted, drawn, image="other")
