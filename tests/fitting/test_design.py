"""Which measurement next: information adds up, null directions that a candidate takes away, and the ranking."""

import numpy as np
import pytest

import tmefield as tf
from small_fit import GRID, POINTS, TRUTH, free, model, samples

NAMES = ("a.diffusivity", "a.decay", "a.secretion_by_A.rate")
DUMMY = tf.PointSamples("a", POINTS[:20], np.ones(20), tf.Lognormal(0.1), name="more points")
LATER = tf.PointSamples("a", POINTS[:20], np.ones(40), tf.Lognormal(0.1), times=[60.0, 600.0], name="two times")


def still() -> tf.Model:
    """One kind of source and decay alone: three parameters, of which a steady field fixes two ratios."""
    return tf.with_leaves(model(), {"a.secretion_by_B.rate": 0.0, "a.uptake.receptors": 0.0})


@pytest.fixture(scope="module")
def problem():
    return tf.make_problem(still(), free(*NAMES), [samples()], rtol=1e-9)


@pytest.fixture(scope="module")
def ranked(problem):
    candidates = {"more points": DUMMY, "known D": {"a.diffusivity": 0.2}, "two times": LATER}
    return tf.rank_designs(problem, candidates, interest=["a.decay"])


def by_name(ranked, name):
    return next(one for one in ranked.ranked if one.name == name)


def test_only_what_breaks_the_scale_takes_the_null_direction_away(ranked):
    assert len(ranked.now.words()) == 1
    assert by_name(ranked, "known D").resolves == by_name(ranked, "two times").resolves == tuple(ranked.now.words())
    more = by_name(ranked, "more points")
    assert more.resolves == () and more.leaves == tuple(ranked.now.words()) and more.after["a.decay"] > 1.2
    assert ranked.ranked[-1] is more


def test_each_open_direction_is_told_by_its_own_words():
    """One parameter that nothing touches and one open ratio: what a candidate takes away is what it says."""
    parameters = [tf.FreeParameter("idle", 1.0), *free(*NAMES)]
    problem = tf.make_problem(lambda values: tf.with_leaves(still(), {name: values[name] for name in NAMES}), parameters, [samples()], rtol=1e-9)
    found = tf.rank_designs(problem, {"idle": {"idle": 0.1}, "D": {"a.diffusivity": 0.1}})
    idle, ratio = sorted(found.now.words(), key=lambda words: "idle" not in words)
    assert (by_name(found, "idle").resolves, by_name(found, "idle").leaves) == ((idle,), (ratio,))
    assert (by_name(found, "D").resolves, by_name(found, "D").leaves) == ((ratio,), (idle,))


def test_a_known_value_gives_its_own_spread_to_what_hangs_on_it(ranked):
    """k/D is sharp, so that k is known as well as D: 0.2, but for the data's own share."""
    known = by_name(ranked, "known D")
    ratios = tf.rank_designs(tf.make_problem(still(), free(*NAMES[1:]), [samples()]), {"none": {"a.decay": 1e6}}).now
    own = ratios.deviations()[0]
    assert known.after["a.decay"] == pytest.approx(np.sqrt(0.2**2 + own**2), rel=0.02)


def test_information_is_that_of_both_together(problem, ranked):
    both = tf.identifiability(tf.make_problem(still(), free(*NAMES), [samples(), LATER], rtol=1e-9))
    added = by_name(ranked, "two times")
    np.testing.assert_allclose(ranked.now.information + added.information, both.information, rtol=1e-5, atol=1e-5 * both.information.max())
    assert added.d_value == pytest.approx(np.log(both.eigenvalues).sum(), rel=1e-3)
    assert added.a_value == pytest.approx(both.deviations()[1] ** 2, rel=1e-3)


def test_the_table_and_the_words(ranked):
    rows = ranked.table()
    assert [row["candidate"] for row in rows] == [one.name for one in ranked.ranked] and ranked.best is ranked.ranked[0]
    assert rows[0]["a_value"] < rows[1]["a_value"] and rows[-1]["a_value"] is None
    assert [row["ratio"] for row in rows] == [0, 0, 1]
    assert "undetermined to sd" in ranked.sentences()[0] and "only their ratios are fixed" in ranked.sentences()[0]
    assert set(TRUTH) > set(ranked.interest)


@pytest.mark.parametrize(
    ("candidates", "interest", "said"),
    [
        ({}, None, "no candidate"),
        ({"one": DUMMY}, ["b.decay"], r"interest: b\.decay is no free number"),
        ({"one": {"b.decay": 0.1}}, None, r"one: b\.decay is no free number"),
        ({"one": {"a.decay": 0.0}}, None, "above zero"),
        ({"one": tf.PointSamples("b", [[50.0, 50.0, 50.0]], [1.0], tf.Gaussian(1.0))}, None, "no species 'b'"),
        ({"one": tf.Assay("a", np.ones(GRID.shape, bool), [1.0], tf.Lognormal(0.1), recovery="rho")}, None, "uses rho"),
        ({"one": tf.PointSamples("a", [[50.0, 50.0, 50.0]], [1.0], tf.Gaussian(1.0), image="x")}, None, "image 'x'"),
    ],
)
def test_what_is_refused(problem, candidates, interest, said):
    with pytest.raises(tf.InputError, match=said):
        tf.rank_designs(problem, candidates, interest)
