"""Held-out scores: the model beats every null on data of its own kind, and is said not to where the data hold nothing of it."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.fitting.holdout import CrossValidation
from tmefield.fitting.nulls import distance_only, distances_of, well_mixed

GRID = tf.Grid((6, 6, 6), 60.0)
POINTS = np.random.default_rng(5).uniform(30.0, 330.0, (25, 3))
FREE = [tf.FreeParameter("a.decay", 2e-3), tf.FreeParameter("a.secretion_by_A.rate", 1.0)]
CENTRES = np.stack(np.meshgrid(*(GRID.centres(axis) for axis in range(3)), indexing="ij"), axis=-1)[..., ::-1]


def places(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=GRID.shape) < 0.06


def model(cells: np.ndarray) -> tf.Model:
    return tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 2e-4 * cells, 2.0, source="A")])


def nearest(cells: np.ndarray) -> np.ndarray:
    return np.linalg.norm(POINTS[:, None] - CENTRES[cells][None], axis=-1).min(axis=1)


def points(image: str, data: np.ndarray, sigma: float = 0.1) -> tf.PointSamples:
    return tf.PointSamples("a", POINTS, data, tf.Lognormal(sigma), image=image, name=image)


CELLS = {name: places(seed) for name, seed in (("one", 1), ("two", 2), ("three", 3))}
MODELS = {name: model(cells) for name, cells in CELLS.items()}
DISTANCES = {name: nearest(cells) for name, cells in CELLS.items()}


def shuffled(random: np.random.Generator) -> dict[str, tf.Model]:
    return {name: model(random.permutation(cells.ravel()).reshape(GRID.shape)) for name, cells in CELLS.items()}


@pytest.fixture(scope="module")
def seen():
    random, found = np.random.default_rng(7), []
    for name, one in MODELS.items():
        exact = points(name, np.ones(len(POINTS))).predict(one, tf.solve_steady(one).concentration, {})
        found.append(points(name, np.asarray(exact) * np.exp(0.1 * random.standard_normal(len(POINTS)))))
    return found


def test_a_true_model_beats_every_null(seen):
    found = tf.cross_validate(MODELS, FREE, seen, distances=DISTANCES, permuted=shuffled, permutations=2)
    assert found.groups == (("one",), ("two",), ("three",)) and found.counts == (25, 25, 25) and all(found.converged)
    assert found.score() == pytest.approx(-0.5, abs=0.15)
    for null in ("well-mixed", "distance only", "shuffled labels"):
        assert found.better_than(null) and found.score(null) < -1, null
    assert found.shuffles.shape == (2, 3) and len(found.sentences()) == 3
    assert all("the model is better than" in one for one in found.sentences())
    for values in found.values:
        assert values["a.decay"] == pytest.approx(1e-3, rel=0.2)


def test_data_without_the_model_in_them_are_said_to_be(seen):
    """One level everywhere, with scatter: the cells' places predict nothing."""
    random = np.random.default_rng(9)
    flat = [points(name, 0.05 * np.exp(0.1 * random.standard_normal(len(POINTS)))) for name in MODELS]
    found = tf.cross_validate(MODELS, FREE, flat, distances=DISTANCES)
    assert not found.better_than("well-mixed") and found.score("well-mixed") == pytest.approx(-0.5, abs=0.15)
    assert found.sentences()[0].startswith("the model is not better than well-mixed: score ")


def test_two_groups_tell_nothing():
    """However far the scores lie apart, their scatter from group to group is not known."""
    scores = {"model": np.array([-0.5, -0.6]), "well-mixed": np.array([-17.0, -18.0])}
    found = CrossValidation((("one",), ("two",)), (20, 20), scores, np.zeros((0, 2)), ({}, {}), (True, True))
    assert not found.better_than("well-mixed")
    assert found.sentences() == [
        "whether the model is better than well-mixed cannot be told from 2 groups, it takes three: score -0.55 against -17.5 a datum, difference 17"
    ]


def test_nulls_find_their_own_law():
    d = np.linspace(0, 200, 40)
    exact = 0.1 + 2 * np.exp(-d / 35)
    pair = [tf.PointSamples("a", np.zeros((40, 3)), exact, tf.Lognormal(0.1), image=name, name=name) for name in ("one", "two")]
    known = distances_of(pair, {"one": d, "two": d[::-1]})
    first, second = distance_only(pair, [True, False], known)
    np.testing.assert_allclose(first, exact, rtol=1e-4)
    np.testing.assert_allclose(second, exact[::-1], rtol=1e-4)
    np.testing.assert_allclose(well_mixed(pair, [True, False])[1], np.exp(np.log(exact).mean()), rtol=1e-6)
    assert distances_of(pair, None) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"groups": [["one", "two", "three"]]}, "at least two groups"),
        ({"groups": [["one"], ["two"]]}, "each image once"),
        ({"distances": {"four": [1.0]}}, "no observation four"),
        ({"distances": DISTANCES | {"one": [1.0, 2.0]}}, "needs as many distances"),
        ({"permuted": shuffled, "permutations": 0}, "permutations"),
    ],
)
def test_what_is_refused(seen, arguments, said):
    with pytest.raises(tf.InputError, match=said):
        tf.cross_validate(MODELS, FREE, seen, **arguments)


def test_a_kind_that_stands_alone_is_refused(seen):
    alone = tf.PointSamples("a", POINTS, np.ones(len(POINTS)), tf.Lognormal(0.1), image="one", name="alone")
    profile = tf.DistanceProfile("a", np.broadcast_to(GRID.coordinates()[2], GRID.shape), [0.0, 400.0], [1.0], tf.Gaussian(1.0), image="two", name="profile")
    with pytest.raises(tf.InputError, match="profile: nothing of its kind"):
        tf.cross_validate(MODELS, FREE, [*seen, alone, profile])
