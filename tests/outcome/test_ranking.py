"""Ranks of arms and what an endpoint hangs on, where both are known."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.library.prior import Prior
from tmefield.outcome.ranking import rank_arms, sobol_drivers


def test_ranks():
    control = np.exp(np.random.default_rng(0).normal(size=400))
    best = control * np.exp(-1 + 0.5 * np.random.default_rng(1).normal(size=400))
    found = rank_arms({"control": control, "none": control * 1.0, "best": best})
    assert found[0].arm == "best" and found[-1].mean_log_ratio == 0.0
    assert found[0].mean_log_ratio == pytest.approx(-1, abs=0.06) and found[0].interval[0] < -1 < found[0].interval[1]
    assert found[0].better_share == found[0].best_share == pytest.approx(0.977, abs=0.02)  # a normal with mean -1 and deviation 0.5 below 0
    with pytest.raises(tf.InputError, match="above zero"):
        rank_arms({"control": control, "zero": 0 * control})
    with pytest.raises(tf.InputError, match="an arm 'control'; got best"):
        rank_arms({"best": best})


def test_sobol_indices_of_a_known_function():
    """The function of Ishigami & Homma 1990, whose indices have a closed form: first 0.3139, 0.4424, 0, total 0.5576, 0.4424, 0.2437."""

    def ishigami(x):
        return np.sin(x["a"]) + 7 * np.sin(x["b"]) ** 2 + 0.1 * x["c"] ** 4 * np.sin(x["a"])

    found = sobol_drivers(ishigami, dict.fromkeys("abc", Prior("uniform", 0.0, bounds=(-np.pi, np.pi))), 1024)
    assert [one.key for one in found] == ["a", "b", "c"]
    for one, first, total in zip(found, (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437), strict=True):
        assert one.first == pytest.approx(first, abs=0.02) and one.total == pytest.approx(total, abs=0.02)
        assert one.first_interval[0] < first < one.first_interval[1] and one.total_interval[0] < total < one.total_interval[1]


def test_an_analysis_is_the_same_again_and_says_where_nothing_varies():
    priors = dict.fromkeys("ab", Prior("uniform", 0.5, bounds=(0, 1)))
    asked = []
    one, other = (sobol_drivers(lambda x: asked.append(x) or x["a"], priors, 8, seed=3) for _ in range(2))
    assert one == other and len(asked) == 2 * 8 * 4 and asked[:32] == asked[32:]
    assert one[1].key == "b" and (one[1].first, one[1].total, one[1].total_interval) == (0.0, 0.0, (0.0, 0.0))
    assert all(np.isnan([one.first, one.total, *one.first_interval]).all() for one in sobol_drivers(lambda x: 1.0, priors, 8))


def test_samples_are_a_power_of_two():
    with pytest.raises(tf.InputError, match="power of two; got 100"):
        sobol_drivers(lambda x: 0.0, {"a": Prior("uniform", 0.5, bounds=(0, 1))}, 100)
