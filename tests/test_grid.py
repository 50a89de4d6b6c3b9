import numpy as np
import pytest

import tmefield as tf


def test_geometry():
    grid = tf.Grid((2, 3, 4), (10.0, 20.0, 30.0), origin=(1.0, 2.0, 3.0))
    assert grid.size == 24
    assert grid.voxel_volume == 6000.0
    assert grid.extent == (20.0, 60.0, 120.0)
    assert grid.upper == (21.0, 62.0, 123.0)
    np.testing.assert_allclose(grid.centres(1), [12.0, 32.0, 52.0])
    np.testing.assert_allclose(grid.edges(0), [1.0, 11.0, 21.0])
    z, y, x = grid.coordinates()
    assert tf.Grid((2, 3, 4), 5.0).spacing == (5.0, 5.0, 5.0)
    assert np.broadcast_shapes(z.shape, y.shape, x.shape) == grid.shape


def test_from_box_keeps_whole_voxels_and_rounds_up_the_rest():
    assert tf.Grid.from_box((0, 0, 0), (230, 520, 550), (5, 5, 5)).shape == (46, 104, 110)
    assert tf.Grid.from_box((0, 0, 0), (0.2 / 0.1 * 1.0, 21.0, 1.0), (1.0, 10.0, 10.0)).shape == (2, 3, 1)


def test_grids_with_the_same_numbers_are_one_key():
    assert hash(tf.Grid([2, 2, 2], [1, 1, 1])) == hash(tf.Grid((2, 2, 2), (1.0, 1.0, 1.0)))


@pytest.mark.parametrize(
    ("shape", "spacing", "said"),
    [
        ((2, 2), (1, 1, 1), "shape must hold three"),
        ((2, 2, 0), (1, 1, 1), "at least 1"),
        ((2, 2, 2.5), (1, 1, 1), "whole numbers"),
        ((2, 2, 2), (1, -1, 1), "positive and finite"),
        ((2, 2, 2), (5.0,), "spacing must hold three"),
        ((2, 2, 2), (1, float("nan"), 1), "positive and finite"),
    ],
)
def test_bad_grids_are_refused(shape, spacing, said):
    with pytest.raises(tf.InputError, match=said):
        tf.Grid(shape, spacing)
