"""Marker intensities: the response of each cell, and what blur, neighbours, scale and wrong types make of it."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((4, 5, 6), 10.0)
MODEL = tf.Model(GRID, [tf.Species("a", 40.0, 1e-4)], [tf.Decay()])
Z, Y, X = GRID.coordinates()
FIELD = jnp.asarray(0.1 + 0.02 * X + 0.01 * Z + 0 * Y)
CELLS = np.array([[15.0, 15.0, 20.0], [24.0, 15.0, 20.0], [45.0, 35.0, 20.0]])  # the first two 9 um apart
C = 0.1 + 0.02 * CELLS[:, 0] + 0.01 * CELLS[:, 2]
H = C**2 / (0.5**2 + C**2)
NOISE = tf.Gaussian(1.0)


def read(values=None, **settings):
    one = tf.MarkerIntensity("a", CELLS, np.ones(3), NOISE, 0.5, 2.0, **settings)
    one.check(MODEL)
    return np.asarray(one.predict(MODEL, FIELD[None], {name: jnp.asarray(value) for name, value in (values or {}).items()}))


def test_each_cell_responds_to_what_it_sees():
    np.testing.assert_allclose(read(), H, rtol=1e-12)
    np.testing.assert_allclose(read(gain="g", offset=3.0, values={"g": 50.0}), 3 + 50 * H, rtol=1e-12)


def test_cells_that_do_not_respond_get_what_spills_over():
    found = read(responds=[True, False, False], spillover="s", contact=10.0, values={"s": 0.2})
    np.testing.assert_allclose(found, [0.8 * H[0], 0.2 * H[0], 0.0], rtol=1e-12)


def test_blur_weighs_by_distance():
    weight = np.exp(-(9.0**2) / (2 * 6.0**2))
    np.testing.assert_allclose(read(blur=6.0)[:2], [(H[0] + weight * H[1]) / (1 + weight), (H[1] + weight * H[0]) / (1 + weight)], rtol=1e-12)
    assert read(blur=6.0)[2] == pytest.approx(H[2])


def test_wrong_types_dim_and_light_up():
    np.testing.assert_allclose(read(responds=[True, False, True], misassigned=0.1), H * [0.9, 0.1, 0.9], rtol=1e-12)


def test_a_thick_section_sees_the_mean_of_its_depth():
    """20 um are two planes of voxels, 5 um above and below: the mean of a linear field is that of the middle."""
    np.testing.assert_allclose(read(thickness=20.0), H, rtol=1e-12)


def test_a_control_fixes_offset_and_spillover():
    """Intensities alone leave gain and half maximum of a weak response one number; cells that cannot respond bound offset and spillover."""
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(5, 55, 60), rng.uniform(5, 45, 60), np.full(60, 20.0)])
    responds = rng.uniform(size=60) < 0.5
    names = {"g": 50.0, "o": 2.0, "s": 0.15}
    model = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 1e-4 * (X > 30) + np.zeros(GRID.shape), 1.0)])
    marker = tf.MarkerIntensity("a", places, np.ones(60), tf.Gaussian(0.5), 0.5, gain="g", offset="o", spillover="s", responds=responds, contact=12.0)
    free = [tf.FreeParameter(name, value, transform="logit" if name == "s" else "log") for name, value in names.items()]
    found = tf.identifiability(tf.make_problem(model, free, [marker]))
    assert not found.undetermined_parameters()
    every = tf.MarkerIntensity("a", places, np.ones(60), tf.Gaussian(0.5), 0.5, gain="g", offset="o", spillover="s", contact=12.0)
    blind = tf.identifiability(tf.make_problem(model, free, [every]))
    assert blind.deviations()[2] > 5 * found.deviations()[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spillover": 0.1}, "needs contact"),
        ({"spillover": 1.5, "contact": 10.0}, "below 1"),
        ({"responds": [True]}, "1 entries for 3 cells"),
        ({"blur": -1.0}, "not be negative"),
    ],
)
def test_what_is_refused(settings, said):
    with pytest.raises(tf.InputError, match=said):
        read(**settings)


def test_cells_outside_the_grid_are_said():
    with pytest.raises(tf.InputError, match="1 of 3 cells lie outside"):
        tf.MarkerIntensity("a", CELLS + np.array([20.0, 0.0, 0.0]), np.ones(3), NOISE, 0.5).check(MODEL)
