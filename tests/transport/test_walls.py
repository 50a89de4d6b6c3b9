"""Each wall on each side against the exact discrete solution of one row of voxels."""

import numpy as np
import pytest

import tmefield as tf

D, K, H, N = 30.0, 1e-3, 10.0, 6


@pytest.mark.parametrize("axis", ["z", "y", "x"])
@pytest.mark.parametrize("upper", [False, True], ids=["lower", "upper"])
def test_a_fixed_wall_on_every_side(axis, upper):
    shape = tuple(N if name == axis else 1 for name in "zyx")
    sides = (tf.NoFlux(), tf.FixedValue(2.0)) if upper else (tf.FixedValue(2.0), tf.NoFlux())
    model = tf.Model(tf.Grid(shape, H), [tf.Species("a", D, K)], [tf.Decay()], walls=tf.Walls(**{axis: sides}))
    field = np.asarray(tf.solve_steady(model, rtol=1e-13)["a"]).ravel()
    g = D / H**2
    matrix = np.diag(np.full(N, K + 2 * g)) - np.diag(np.full(N - 1, g), 1) - np.diag(np.full(N - 1, g), -1)
    matrix[0, 0] += g  # half a voxel to the wall: 2 g instead of g
    matrix[-1, -1] -= g
    right = np.zeros(N)
    right[0] = 2 * g * 2.0
    expected = np.linalg.solve(matrix, right)
    np.testing.assert_allclose(field[::-1] if upper else field, expected, rtol=1e-10)


def test_robin_lies_between_no_flux_and_fixed():
    def mean(wall):
        model = tf.Model(tf.Grid((1, 1, N), H), [tf.Species("a", D, K)], [tf.Decay()], walls=tf.Walls(x=(wall, tf.NoFlux())))
        return float(tf.solve_steady(model, rtol=1e-12)["a"].mean())

    weak, strong, fixed = mean(tf.Robin(1e-6, 2.0)), mean(tf.Robin(1e9, 2.0)), mean(tf.FixedValue(2.0))
    assert weak < 1e-3
    assert strong == pytest.approx(fixed, rel=1e-6)


def test_robin_with_zero_transfer_is_a_mirror():
    model = tf.Model(tf.Grid((1, 1, N), H), [tf.Species("a", D, K)], [tf.Decay(), tf.Linear(1e-4)], walls=tf.Robin(0.0, 5.0))
    np.testing.assert_allclose(tf.solve_steady(model, rtol=1e-12)["a"], 0.1, rtol=1e-9)


def test_a_single_layer_may_be_periodic():
    model = tf.Model(tf.Grid((1, 4, N), H), [tf.Species("a", D, K)], [tf.Decay(), tf.Linear(1e-4)], walls=tf.Periodic())
    np.testing.assert_allclose(tf.solve_steady(model, rtol=1e-12)["a"], 0.1, rtol=1e-9)
