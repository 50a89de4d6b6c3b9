"""Fits that come back to the truth, by each optimiser, from many starts, through an interruption; and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import tmefield as tf
from small_fit import DENSITIES, GRID, RATES, TRUTH, free, model, samples
from tmefield.fitting.fit import _identity
from tmefield.library.prior import Prior

NAMES = ("a.decay", "a.secretion_by_A.rate")

EXACT = samples()
ONE = tf.PointSamples("a", [[50.0, 50.0, 50.0]], [1.0], tf.Lognormal(0.1), image="one")
PROBE = tf.Assay("a", np.ones(GRID.shape, bool), [1.0], tf.Lognormal(0.1), recovery="rho")


def worst(fit, names=RATES):
    return max(abs(fit.values[name] / TRUTH[name] - 1) for name in names)


@pytest.fixture(scope="module")
def fitted():
    return tf.fit(model(), free(*RATES, wrong=10.0), [EXACT], rtol=1e-10)


def test_rates_come_back_from_ten_times_off(fitted):
    assert fitted.converged and worst(fitted) < 1e-4
    assert fitted.chi2 < 1e-6 and fitted.freedom == 60 - 4
    assert {one.status for one in fitted.intervals.values()} == {"fitted"} and not fitted.warnings
    assert fitted.summary()["parameters"]["a.decay"]["value"] == pytest.approx(TRUTH["a.decay"], rel=1e-4)


@pytest.mark.parametrize(("optimiser", "within"), [(tf.LBFGS(), 0.02), (tf.Adam(learning_rate=0.05), 0.05)])
def test_gradient_methods_get_there(optimiser, within):
    fit = tf.fit(model(), free("a.decay", "a.secretion_by_A.rate", wrong=1.5), [EXACT], optimiser=optimiser, max_steps=200)
    assert fit.converged and worst(fit, ("a.decay", "a.secretion_by_A.rate")) < within


def test_many_starts_go_together(fitted):
    many = tf.fit(model(), free(*RATES, wrong=10.0), [EXACT], starts=3, rtol=1e-10)
    assert len(many.progress.losses) == 3 and worst(many) < 1e-4
    assert many.progress.loss == min(many.progress.losses)


def test_a_far_start_is_no_minimum():
    """A great loss has a great gradient: Adam took a rate thirty times off for converged at its first step."""
    with pytest.warns(UserWarning, match="not converged"):
        assert not tf.fit(model(), free(*NAMES, wrong=30.0), [EXACT], optimiser=tf.Adam(), max_steps=2).converged


@pytest.mark.parametrize("optimiser", [tf.LevenbergMarquardt(), tf.LBFGS()])
def test_an_interrupted_fit_goes_on_to_the_same_end(tmp_path, optimiser):
    names, place = ("a.decay", "a.secretion_by_A.rate"), tmp_path / "fit.npz"

    def stop(progress):
        if progress.step == 3:
            raise KeyboardInterrupt

    run = {"optimiser": optimiser, "max_steps": 8}
    with pytest.raises(KeyboardInterrupt):
        tf.fit(model(), free(*names, wrong=3.0), [EXACT], checkpoint=place, on_progress=stop, **run)
    with pytest.warns(UserWarning) if isinstance(optimiser, tf.LBFGS) else _nothing():
        resumed = tf.fit(model(), free(*names, wrong=3.0), [EXACT], checkpoint=place, **run)
    with pytest.warns(UserWarning) if isinstance(optimiser, tf.LBFGS) else _nothing():
        straight = tf.fit(model(), free(*names, wrong=3.0), [EXACT], **run)
    assert resumed.progress.step == straight.progress.step
    assert resumed.values == straight.values
    with pytest.raises(tf.FileError, match="another fit"):
        tf.fit(model(), free(*names, wrong=2.0), [EXACT], checkpoint=place)


def _nothing():
    import contextlib

    return contextlib.nullcontext()


def test_a_fit_at_its_limit_is_told_again_and_goes_on_with_more_steps(tmp_path):
    run = {"checkpoint": tmp_path / "fit.npz"}
    with pytest.warns(UserWarning, match="not converged"):
        first = tf.fit(model(), free(*NAMES, wrong=3.0), [EXACT], max_steps=2, **run)
    with pytest.warns(UserWarning, match="stopped after 2 steps"):
        again = tf.fit(model(), free(*NAMES, wrong=3.0), [EXACT], max_steps=2, **run)
    assert again.values == first.values and again.progress.history == first.progress.history
    ended = tf.fit(model(), free(*NAMES, wrong=3.0), [EXACT], **run)
    assert ended.converged and tf.fit(model(), free(*NAMES, wrong=3.0), [EXACT], **run).progress.step == ended.progress.step


def test_a_checkpoint_knows_priors_noise_and_fixed_numbers():
    """None of them is an array; each makes another fit."""
    known = tf.FreeParameter("a.decay", 1e-3, prior=Prior("lognormal", 1e-3, sigma=0.5))
    assay = {"species": "a", "region": np.ones(GRID.shape, bool), "data": [1.0], "noise": tf.Lognormal(0.1)}

    def identity(parameter=known, **changes):
        problem = tf.make_problem(model(), [parameter], [tf.Assay(**(assay | changes))])
        return _identity(problem, tf.LevenbergMarquardt(), 1, 0)

    assert identity() == identity()
    assert identity(replace(known, prior=Prior("lognormal", 1e-3, sigma=0.1))) != identity()
    assert identity(noise=tf.Gaussian(0.1)) != identity() and identity(recovery=0.5) != identity()


def test_a_damaged_checkpoint_is_said(tmp_path):
    place = tmp_path / "fit.npz"
    place.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(tf.FileError, match="damaged"):
        tf.fit(model(), free("a.decay"), [EXACT], checkpoint=place)


def test_a_tied_value_serves_several_cells():
    parameter = tf.FreeParameter("rate", 1.0, leaves=("a.secretion_by_A.rate", "a.secretion_by_B.rate"))
    true = tf.with_leaves(model(), {"a.secretion_by_B.rate": 2.0})
    field = tf.solve_steady(true, rtol=1e-10).concentration
    data = tf.PointSamples("a", EXACT.positions, EXACT.predict(true, field, {}), tf.Lognormal(0.1))
    assert tf.fit(model(), [parameter], [data]).values["rate"] == pytest.approx(2.0, rel=1e-5)


def test_images_share_what_is_common():
    """Two samples with different cells: one decay rate, each its own secretion."""
    swapped = tf.with_leaves(model(), {"a.secretion_by_A.density": DENSITIES[1], "a.secretion_by_B.density": DENSITIES[0]})
    pair = {"one": model(), "two": swapped}

    def build(values):
        given = {"a.decay": values["decay"]}
        return {image: tf.with_leaves(one, given | {"a.secretion_by_A.rate": values[f"rate[{image}]"]}) for image, one in pair.items()}

    seen = []
    for image, one in pair.items():
        field = tf.solve_steady(one, rtol=1e-10).concentration
        seen.append(tf.PointSamples("a", EXACT.positions, EXACT.predict(one, field, {}), tf.Lognormal(0.1), image=image, name=image))
    fit = tf.fit(build, [tf.FreeParameter("decay", 1e-3), tf.FreeParameter("rate[one]", 1.0), tf.FreeParameter("rate[two]", 1.0)], seen)
    assert fit.values == pytest.approx({"decay": TRUTH["a.decay"], "rate[one]": 2.0, "rate[two]": 2.0}, rel=1e-4)


def test_a_field_of_unknown_secretion_is_found():
    """Where nobody knows which cells secrete: a smooth density, from concentrations everywhere."""
    z, y, x = GRID.coordinates()
    true = 1e-5 * np.exp(-((z - 180) ** 2 + (y - 120) ** 2 + (x - 210) ** 2) / (2 * 120.0**2)) + 1e-6
    given = tf.with_leaves(model(), {"a.secretion_by_A.density": true, "a.secretion_by_B.rate": 0.0})
    field = tf.solve_steady(given, rtol=1e-10).concentration
    points = np.stack([np.broadcast_to(one, GRID.shape).ravel() for one in (x, y, z)], axis=1)
    data = tf.PointSamples("a", points, field.ravel(), tf.Lognormal(0.01))
    start = tf.FreeParameter("a.secretion_by_A.density", np.full(GRID.shape, 4e-6), smoothness=0.5)
    fit = tf.fit(given, [start], [data], max_steps=150, optimiser=tf.LBFGS(tolerance=1e-3))
    found = fit.values["a.secretion_by_A.density"]
    assert np.corrcoef(np.log(found).ravel(), np.log(true).ravel())[0, 1] > 0.98
    assert abs(found.sum() / true.sum() - 1) < 0.03


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tf.fit(model(), free("a.decay"), []), "at least one observation"),
        (lambda: tf.fit(model(), free("a.decay"), [ONE]), "a dict of models by image"),
        (lambda: tf.fit(model(), free("a.decay"), [EXACT, EXACT]), "two observations are called"),
        (lambda: tf.fit(model(), [tf.FreeParameter("a.dekay", 1.0)], [EXACT]), r"did you mean a\.decay"),
        (
            lambda: tf.fit(model(), free(*TRUTH), [tf.PointSamples("a", [[50.0, 50.0, 50.0]], [1.0], tf.Lognormal(0.1))]),
            "1 data and 0 priors cannot determine 5",
        ),
        (
            lambda: tf.fit(
                {"one": model(), "two": model()}, free("a.decay"), [tf.PointSamples("a", EXACT.positions, EXACT.data, tf.Lognormal(0.1), image="one")]
            ),
            "no observation belongs to two",
        ),
        (lambda: tf.fit(model(), [tf.FreeParameter("rate", 1.0, leaves=("a.decay",)), *free("a.decay")], [EXACT]), r"a\.decay: two free parameters"),
        (lambda: tf.fit(lambda values: 3, free("a.decay"), [EXACT]), "must return a Model"),
        (lambda: tf.fit(model(), free("a.decay"), [EXACT], starts=0), "starts"),
        (lambda: tf.fit(model(), free("a.decay"), [EXACT], max_steps=0), "max_steps must be at least 1"),
        (lambda: tf.fit(model(), free("a.decay"), [PROBE]), "uses rho"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(tf.InputError, match=said):
        make()


def test_a_start_without_a_steady_state_is_said():
    """A switch whose production exceeds every loss has no steady state."""
    bad = tf.Model(GRID, [tf.Species("a", 40.0, 0.0)], [tf.Secretion("a", 1e-3, 10.0, source="A"), tf.ReceptorUptake("a", 1e-5, 10.0, 1e-4, 0.1)])
    with pytest.raises(tf.NumericsError, match="cannot be solved at the start"):
        tf.fit(bad, [tf.FreeParameter("a.secretion_by_A.rate", 10.0)], [EXACT])
    with pytest.raises(tf.NumericsError, match="nothing can be said of what data determine there"):
        tf.identifiability(tf.make_problem(bad, [tf.FreeParameter("a.secretion_by_A.rate", 10.0)], [EXACT]))
