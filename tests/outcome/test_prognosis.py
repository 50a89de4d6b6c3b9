"""What profiles tell: areas under the curve, prognostic and predictive slopes, on outcomes that are known."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.outcome.prognosis import cross_validated_auc, effects

COUNT = 300
STREAM = np.random.default_rng(3)
IL6, TGFB, NOTHING = (np.exp(STREAM.normal(size=COUNT)) for _ in range(3))
PROFILE = {"IL6": IL6, "TGFb": TGFB, "IL2": NOTHING}


def test_a_profile_that_tells_and_one_that_does_not():
    """An outcome by a logistic law of two levels: the area on patients left out is that of the law itself, within its error."""
    law = 1.5 * np.log(IL6) - 1.0 * np.log(TGFB)
    had = np.random.default_rng(4).uniform(size=COUNT) < 1 / (1 + np.exp(-law))
    order = np.argsort(np.argsort(law)) + 1
    exact = (order[had].sum() - had.sum() * (had.sum() + 1) / 2) / (had.sum() * (~had).sum())  # Mann and Whitney
    found = cross_validated_auc(PROFILE, had, shuffles=20)
    assert found.auc == pytest.approx(exact, abs=0.02) and found.interval[0] < exact < found.interval[1]
    assert found.auc > found.by_chance and found.positives == had.sum() and found.patients == COUNT
    blind = cross_validated_auc({"IL2": NOTHING}, had, shuffles=20)
    assert blind.auc < max(blind.by_chance, 0.6)


def test_prognostic_and_predictive_are_told_apart():
    """IL-6 is prognostic alone, TGF-b predictive alone, IL-2 neither."""
    noise = np.random.default_rng(5).normal(0, 0.1, (2, COUNT))
    control = np.exp(0.8 * np.log(IL6) + noise[0])
    treated = control * np.exp(-0.5 * np.log(TGFB) - 0.3 + noise[1])
    found = {one.level: one for one in effects(PROFILE, control, {"anti-TGFb": treated})}
    assert found["IL6"].prognostic == pytest.approx(0.8, abs=0.03) and found["TGFb"].predictive == pytest.approx(-0.5, abs=0.03)
    for interval in (found["IL6"].predictive_interval, found["IL2"].predictive_interval):
        assert abs(np.mean(interval)) < 0.05
    assert found["IL6"].prognostic_interval[0] > 0.7 and found["TGFb"].predictive_interval[1] < -0.4
    nearly = np.exp(1e-7 * STREAM.normal(size=COUNT))
    assert effects({"same": np.ones(COUNT), "by round-off": nearly}, control, {"anti-TGFb": treated}) == []


def test_a_slope_and_its_interval_agree():
    """Also of a level that differs little, and of one that few patients have: y = x has slope 1 in every drawing."""
    for level in (np.exp(1e-4 * STREAM.normal(size=COUNT)), np.where(np.arange(COUNT) < 2, 2.0, 1.0)):
        (found,) = effects({"level": level}, level, {"same": level})
        assert (found.prognostic, *found.prognostic_interval) == pytest.approx((1.0, 1.0, 1.0)) and found.predictive == pytest.approx(0)


def test_what_is_refused():
    with pytest.raises(tf.InputError, match="5 folds need 5 patients of each outcome at least; there are 2 with it and 298 without"):
        cross_validated_auc(PROFILE, np.arange(COUNT) < 2)
    with pytest.raises(tf.InputError, match="must not be negative"):
        cross_validated_auc({"IL6": -IL6}, IL6 > 1)
    with pytest.raises(tf.InputError, match="an endpoint above zero for each of the 300 patients"):
        effects(PROFILE, IL6 - IL6, {"a": IL6})
    with pytest.raises(tf.InputError, match="a level for each patient under every name"):
        effects({"IL6": IL6, "TGFb": TGFB[:3]}, IL6, {"a": IL6})
