"""Whether placement matters, on ensembles for which the answer is known."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.outcome.placement import changes, compare_placements

MEMBERS = 60


def ensemble(effects, seed, spread=0.05):
    """Endpoints by arm: a control that differs widely between members, and arms that lower it by an effect with a spread."""
    random = np.random.default_rng(seed)
    control = np.exp(np.random.default_rng(99).normal(size=MEMBERS))
    return {"control": control} | {name: control * np.exp(effect + spread * random.normal(size=MEMBERS)) for name, effect in effects.items()}


def test_the_order_turns():
    placed, shuffled, again = (ensemble(one, seed) for seed, one in enumerate([{"a": -1, "b": -0.2}, {"a": -0.2, "b": -1}, {"a": -0.2, "b": -1}]))
    found = compare_placements(placed, shuffled, again)
    assert found.verdict == "spatial"
    (turned,) = [one for one in found.turns if one.clear]
    assert (turned.first, turned.second) == ("a", "b") and turned.placed == pytest.approx(-0.8, abs=0.15) and turned.shuffled == pytest.approx(0.8, abs=0.15)
    assert found.excess_discord[0] > 0 and found.discord > 0.3 and found.discord_by_chance < 0.2


def test_effects_alone_change():
    placed, shuffled, again = (ensemble(one, seed) for seed, one in enumerate([{"a": -1.5, "b": -0.2}, {"a": -1, "b": -0.2}, {"a": -1, "b": -0.2}]))
    found = compare_placements(placed, shuffled, again)
    assert found.verdict == "spatial effects, compositional ranking"
    assert [one.name for one in found.effects if one.clear] == ["a"]


def test_nothing_changes():
    """Of 40 ensembles without any change, five in a hundred may be called changed; 8 or more of 40 would be one in a thousand."""
    called = 0
    for seed in range(40):
        found = compare_placements(*(ensemble({"a": -1, "b": -0.9}, 1000 * seed + part) for part in range(3)))
        called += found.verdict != "compositional"
    assert called < 8


def test_one_more_dealing_is_no_change():
    """Cells in place that are one more dealing, the same for all members, are called changed about as rarely as they should, however many members there are."""
    random, called = np.random.default_rng(1), 0
    names = ("control", "a", "b")
    for _ in range(100):
        control = np.exp(random.normal(size=100))
        shift = {name: 0.05 * random.normal() for name in names}
        placed = {name: control * np.exp(shift[name] + 0.01 * random.normal(size=100)) for name in names}
        dealt = [{name: control * np.exp(0.05 * random.normal(size=100)) for name in names} for _ in range(2)]
        called += compare_placements(placed, *dealt).verdict != "compositional"
    assert called < 14  # twice 5 % of 100, and three standard deviations less would be 1


def test_changes_of_levels():
    random = np.random.default_rng(3)
    level = np.exp(random.normal(size=MEMBERS))
    dealt = [{"up": level * np.exp(0.1 * random.normal(size=MEMBERS)), "same": level} for _ in range(2)]
    found = changes({"up": level * 1.5, "same": level}, *dealt)
    assert [one.clear for one in found] == [True, False]
    assert found[0].mean_log_ratio == pytest.approx(np.log(1.5), abs=0.05) and found[1].interval == (0.0, 0.0)


def test_what_does_not_fit():
    good = {"control": np.ones(3), "a": np.ones(3)}
    with pytest.raises(tf.InputError, match="an arm 'control' and another one; got a"):
        compare_placements({"a": np.ones(3)}, good, good)
    with pytest.raises(tf.InputError, match="same columns; got control, a; a; control, a"):
        compare_placements(good, {"a": np.ones(3)}, good)
    with pytest.raises(tf.InputError, match="two members at least"):
        changes({"a": np.ones(3)}, {"a": np.ones(2)}, {"a": np.ones(3)})
    with pytest.raises(tf.InputError, match="two members at least"):
        changes(*({"a": np.ones(1)},) * 3)
    with pytest.raises(tf.InputError, match="a: placements compare logarithms"):
        changes({"a": np.zeros(3)}, {"a": np.ones(3)}, {"a": np.ones(3)})
