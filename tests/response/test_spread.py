"""Means with their spread by region and by distance, by hand."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.grid import Grid
from tmefield.response.spread import by_distance, by_region, distance_to_edge, distance_to_points, distance_to_walls


def test_by_region_by_hand():
    """1, 2, 3, 6: mean 3, sample variance (4 + 1 + 0 + 9)/3, standard error its root over 2."""
    found = by_region([1.0, 2.0, 3.0, 6.0, 5.0], [1, 1, 1, 1, 0], ("stroma", "tumour", "necrotic"))
    sd = np.sqrt(14 / 3)
    assert found["tumour"] == {"mean": 3.0, "sd": pytest.approx(sd), "sem": pytest.approx(sd / 2), "count": 4}
    assert found["stroma"]["count"] == 1 and found["stroma"]["mean"] == 5 and np.isnan(found["stroma"]["sd"])
    assert "necrotic" not in found
    with pytest.raises(tf.InputError, match="labels must be 0 to 0"):
        by_region([1.0], [1], ("stroma",))


def test_by_distance_leaves_out_what_is_masked():
    found = by_distance([1.0, 3.0, 100.0, 7.0], [0.0, 5.0, 5.0, 15.0], [0.0, 10.0, 20.0, 30.0], where=[True, True, False, True])
    np.testing.assert_array_equal(found.count, [2, 1, 0])
    np.testing.assert_allclose(found.mean, [2.0, 7.0, np.nan])
    np.testing.assert_allclose(found.sem, [1.0, np.nan, np.nan])
    np.testing.assert_allclose(found.centre, [5.0, 15.0, 25.0])
    with pytest.raises(tf.InputError, match="where must have the shape"):
        by_distance([1.0], [1.0], [0.0, 2.0], where=[True, False])


def test_distance_to_a_flat_edge_is_exact():
    grid = Grid((3, 4, 6), 10.0)
    region = np.zeros(grid.shape, bool)
    region[..., :2] = True
    np.testing.assert_allclose(distance_to_edge(region, grid)[1, 2], [-15, -5, 5, 15, 25, 35])
    with pytest.raises(tf.InputError, match="an edge in it"):
        distance_to_edge(np.ones(grid.shape, bool), grid)


def test_distance_to_a_ball():
    grid = Grid((30, 30, 30), 4.0)
    r = np.sqrt(sum((one - 60.0) ** 2 for one in grid.coordinates()))
    np.testing.assert_allclose(distance_to_edge(r < 40, grid), r - 40, atol=0.5 * np.sqrt(3) * 4.0)


def test_distance_to_cells_and_walls():
    grid = Grid((1, 1, 4), 10.0)
    np.testing.assert_allclose(distance_to_points([[5.0, 5.0, 5.0], [35.0, 8.0, 5.0]], grid)[0, 0], [0, 10, np.hypot(10, 3), 3])
    with pytest.raises(tf.InputError, match="no points"):
        distance_to_points(np.zeros((0, 3)), grid)
    wall = distance_to_walls([[[5.0, -500.0, 5.0], [5.0, 500.0, 5.0]]], [4.0], grid)[0, 0]
    np.testing.assert_allclose(wall, [0, 6, 16, 26], atol=0.7)
