import numpy as np
import pytest

from tmefield.errors import InputError
from tmefield.output import profile
from tmefield.output.profiles import wall_distance


def test_bins_hold_their_mean_spread_and_count():
    distance = np.array([0.0, 5.0, 10.0, 15.0, 30.0, 31.0, np.nan, 5.0])
    values = np.array([1.0, 3.0, 10.0, 20.0, 7.0, 1e9, 1e9, np.inf])
    centres, mean, spread, count = profile(values, distance, np.array([0.0, 10.0, 20.0, 25.0, 30.0]))
    assert list(centres) == [5.0, 15.0, 22.5, 27.5]
    assert list(count) == [2, 2, 0, 1]
    assert np.array_equal(mean, [2.0, 15.0, np.nan, 7.0], equal_nan=True)
    assert np.array_equal(spread, [1.0, 5.0, np.nan, 0.0], equal_nan=True)


def test_small_spread_on_a_large_mean_is_not_lost():
    values = 1e8 + np.array([-1.0, 1.0] * 500)
    _, _, spread, _ = profile(values, np.ones(1000), np.array([0.0, 2.0]))
    assert abs(spread[0] - 1.0) < 1e-6


def test_profile_refuses_what_does_not_fit():
    with pytest.raises(InputError, match="one shape"):
        profile(np.ones(3), np.ones(4), np.array([0.0, 1.0]))
    with pytest.raises(InputError, match="increasing"):
        profile(np.ones(3), np.ones(3), np.array([0.0, 0.0]))


def test_distance_is_measured_to_the_wall_of_the_nearest_vessel():
    segments = np.array([[[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]], [[0.0, 60.0, 0.0], [100.0, 60.0, 0.0]]])
    radii = np.array([4.0, 20.0])
    points = np.array([[50.0, 10.0, 0.0], [50.0, 29.0, 0.0], [50.0, 2.0, 1.0], [-30.0, 0.0, 40.0], [50.0, 60.0, -90.0]])
    # The second point is nearer to the first axis (29 against 31 um) but nearer to the second wall (25 against 11).
    expected = [6.0, 11.0, 0.0, 46.0, 70.0]
    assert np.allclose(wall_distance(points, segments, radii, step=1.0), expected, atol=0.05)


def test_many_radii_cost_little_accuracy():
    rng = np.random.default_rng(2)
    start = rng.random((40, 3)) * 200
    segments = np.stack([start, start + rng.normal(size=(40, 3)) * 30], axis=1)
    radii = rng.uniform(2.0, 12.0, 40)
    points = rng.random((500, 3)) * 200
    run = segments[:, 1] - segments[:, 0]
    along = np.clip(((points[:, None] - segments[:, 0]) * run).sum(-1) / (run**2).sum(-1), 0, 1)
    exact = np.linalg.norm(points[:, None] - segments[:, 0] - along[..., None] * run, axis=-1) - radii
    error = wall_distance(points, segments, radii, step=0.5) - np.maximum(exact.min(axis=1), 0)
    assert np.percentile(error, 95) < 0.1 and error.min() > -1e-9 and error.max() < 0.85
