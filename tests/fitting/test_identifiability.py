"""What data can determine: the scale of a steady profile, what breaks it, and how it is said."""

import numpy as np
import pytest

import tmefield as tf
from small_fit import GRID, POINTS, RATES, TRUTH, free, model, samples
from tmefield.fitting.intervals import intervals
from tmefield.fitting.problem import predictions
from tmefield.fitting.reach import open_sides
from tmefield.library.prior import Prior


def information(parameters, observations, source=None, **settings):
    return tf.identifiability(tf.make_problem(source or model(), parameters, observations, rtol=1e-10, **settings))


@pytest.fixture(scope="module")
def steady():
    return information(free(*TRUTH), [samples()])


def test_a_steady_profile_fixes_ratios_only(steady):
    """ln(q, k, V_max, D) shifted together leave c as it was: saturable uptake included, since V_max scales the whole of it."""
    assert steady.undetermined == (4,)
    np.testing.assert_allclose(steady.directions[:, 4], np.ones(5) / np.sqrt(5), atol=1e-3)
    (words,) = steady.words()
    assert "multiplied together by any one factor" in words and "only their ratios are fixed" in words
    assert all(name in words for name in TRUTH)
    assert "second time" in steady.suggestions()[0]
    assert set(steady.undetermined_parameters()) == set(TRUTH)


def test_a_known_diffusivity_breaks_it():
    found = information(free(*RATES), [samples()])
    assert not found.undetermined and not found.words() and not found.undetermined_parameters()


def test_a_time_course_breaks_it():
    found = information(free(*TRUTH), [samples(times=(60.0, 300.0, 1200.0))], time_rtol=1e-6)
    assert not found.undetermined


def test_a_prior_is_no_information_of_the_data_but_bounds_the_interval():
    parameters = free(*TRUTH)
    parameters[0] = tf.FreeParameter("a.diffusivity", 40.0, prior=Prior("lognormal", 40.0, sigma=0.3))
    found = information(parameters, [samples()])
    assert found.undetermined == (4,) and not found.undetermined_parameters()
    assert found.deviations()[0] == pytest.approx(0.3, rel=1e-3)


def test_a_null_direction_gets_no_interval():
    with pytest.warns(UserWarning, match="only their ratios are fixed"):
        fit = tf.fit(model(), free(*TRUTH, wrong=1.2), [samples()])
    assert {one.status for one in fit.intervals.values()} == {"undetermined"}
    assert all(one.low is None and one.high is None for one in fit.intervals.values())
    ratio = fit.values["a.decay"] / fit.values["a.diffusivity"]
    assert ratio == pytest.approx(TRUTH["a.decay"] / TRUTH["a.diffusivity"], rel=1e-3)


def test_what_touches_nothing_is_named():
    parameters = [*free("a.decay"), tf.FreeParameter("idle", 1.0)]
    with pytest.warns(UserWarning, match="idle: nothing that was measured depends on it"):
        fit = tf.fit(lambda values: tf.with_leaves(model(), {"a.decay": values["a.decay"]}), parameters, [samples()])
    assert fit.intervals["idle"].status == "undetermined" and fit.intervals["a.decay"].status == "fitted"


def test_gain_takes_the_scale():
    """Recovery and secretion are one factor to a probe alone."""
    parameters = [*free("a.secretion_by_A.rate"), tf.FreeParameter("recovery", 0.5, transform="log")]
    still = tf.with_leaves(model(), {"a.secretion_by_B.rate": 0.0, "a.uptake.receptors": 0.0})
    masks = [GRID.coordinates()[2] + np.zeros(GRID.shape) < 180, GRID.coordinates()[2] + np.zeros(GRID.shape) > 180]
    probe = tf.Assay("a", masks, [1.0, 1.0], tf.Lognormal(0.1), sample="fluid", recovery="recovery")
    found = information(parameters, [probe], source=still)
    assert found.undetermined == (1,)
    assert "absolute concentration" in found.suggestions()[0]
    both = information(parameters, [probe, tf.PointSamples("a", POINTS, np.ones(len(POINTS)), tf.Lognormal(0.1))], source=still)
    assert not both.undetermined


def test_an_estimate_at_its_bound_has_no_interval():
    parameter = tf.FreeParameter("a.decay", 2e-3, lower=1e-3, upper=1e-2)
    with pytest.warns(UserWarning, match="at their bounds"):
        fit = tf.fit(model(), [parameter], [samples()])
    assert fit.intervals["a.decay"].status == "at bound"


def test_an_interval_ends_at_the_bounds():
    found = tf.Identifiability(("k",), ("1/s",), np.ones(1), np.diag([4.0]), np.zeros((1, 1)), (True,))
    one = tf.FreeParameter("k", 2.0, lower=1.0, upper=100.0)
    told = intervals(found, (one,), {"k": np.log(2.0)}, {"k": -1.7})["k"]
    assert (told.low, told.high) == pytest.approx((1.0, 2.0 * np.exp(1.96 * 0.5))) and told.deviation == 0.5


def test_poor_fits_are_said_and_widened():
    noisy = samples(sigma=0.01, noise=0.1)
    with pytest.warns(UserWarning, match="per degree of freedom"):
        narrow = tf.fit(model(), free("a.decay"), [noisy])
    wide = tf.fit(model(), free("a.decay"), [noisy], rescale=True)
    widened = wide.intervals["a.decay"].deviation / narrow.intervals["a.decay"].deviation
    assert widened == pytest.approx(np.sqrt(narrow.chi2 / narrow.freedom), rel=1e-6)


def test_data_far_below_detection_are_no_degrees_of_freedom():
    """60 concentrations with twice the noise given, and 60 that only say that nothing was seen: the variance is four times that given, not twice."""
    seen = samples(sigma=0.05, noise=0.1)
    limit = float(1e3 * seen.data.max())
    none = tf.PointSamples("a", POINTS, np.full(60, 2 * limit), tf.Lognormal(0.05, limit=limit), name="none")
    problem = tf.make_problem(model(), free("a.decay"), [seen, none]).with_data({"none": np.full(60, limit)})
    fit = tf.fit_problem(problem, rescale=True)
    assert fit.freedom == 59 and fit.inflation == pytest.approx(4, rel=0.4)


def test_noise_of_unknown_size_leaves_priors_as_wide_as_they_are():
    """Ten times the noise given: what the prior alone knows of the diffusivity stays its 0.3, and what follows from it."""
    parameters = [tf.FreeParameter("a.diffusivity", 40.0, prior=Prior("lognormal", 40.0, sigma=0.3)), *free("a.secretion_by_A.rate")]
    still = tf.with_leaves(model(), {"a.decay": 0.0, "a.secretion_by_B.rate": 0.0, "a.uptake.receptors": 0.0})
    open_walls = tf.Model(still.grid, still.species, still.terms, walls=tf.FixedValue(0.0))
    exact = samples().predict(open_walls, tf.solve_steady(open_walls).concentration, {})
    scatter = np.exp(0.1 * np.random.default_rng(3).standard_normal(len(POINTS)))
    fit = tf.fit(open_walls, parameters, [tf.PointSamples("a", POINTS, np.asarray(exact) * scatter, tf.Lognormal(0.01))], rescale=True)
    assert fit.inflation == pytest.approx(100, rel=0.5)
    for one in fit.intervals.values():
        assert one.status in ("prior", "fitted") and one.deviation == pytest.approx(0.3, rel=0.01)
    rate = tf.laplace_ensemble(fit, 4000).values["a.secretion_by_A.rate"]
    assert np.log(rate).std() == pytest.approx(0.3, rel=0.05)


def test_what_the_data_object_to_follows_the_size_of_the_noise():
    """A factor of ten costs (ln 10)^2 = 5.3 by the noise given, too much; half of that where its variance is twice as great."""
    parameter, place = free("a.secretion_by_A.rate"), tf.PointSamples("a", POINTS[:1], np.ones(1), tf.Lognormal(1.0))
    problem = tf.make_problem(tf.with_leaves(model(), {"a.secretion_by_B.rate": 0.0, "a.uptake.receptors": 0.0}), parameter, [place])
    z = problem.parameters.start()
    problem = problem.with_data({place.name: predictions(problem, z)[0][0]})
    wide = [("a.secretion_by_A.rate", 1.0)]
    assert not open_sides(problem, z, 0.0, wide)
    assert open_sides(problem, z, 0.0, wide, inflation=2.0) == {"a.secretion_by_A.rate": ("below", "above")}
