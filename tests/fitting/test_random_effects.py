"""Factors from image to image."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((3, 4, 4), 20.0)
PLACES = np.random.default_rng(1).uniform(5, 55, (25, 3))


def test_gains_of_images_pool_what_they_know():
    """Three images of one tissue with gains 40, 50 and 62.5: the shared gain is near their middle, each factor near its own, drawn towards it by the prior."""
    model = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 1e-4, 5.0)])
    gains = {"A": 40.0, "B": 50.0, "C": 62.5}
    field = tf.solve_steady(model).concentration
    seen = []
    for image, gain in gains.items():
        blank = tf.MarkerIntensity("a", PLACES, np.ones(25), tf.Lognormal(0.05), 0.5, gain=("gain", f"gain[{image}]"), image=image, name=image)
        data = blank.predict(model, field, {"gain": jnp.asarray(gain), f"gain[{image}]": jnp.asarray(1.0)})
        seen.append(tf.MarkerIntensity("a", PLACES, data, tf.Lognormal(0.05), 0.5, gain=("gain", f"gain[{image}]"), image=image, name=image))
    free = tf.per_image(tf.FreeParameter("gain", 30.0), list(gains), spread=0.3)
    fit = tf.fit(dict.fromkeys(gains, model), free, seen)
    assert fit.values["gain"] == pytest.approx(50.0, rel=0.01)
    for image, gain in gains.items():
        assert fit.values[f"gain[{image}]"] == pytest.approx(gain / 50.0, rel=0.01)
        assert fit.values["gain"] * fit.values[f"gain[{image}]"] == pytest.approx(gain, rel=0.002)
    # One image more than the spread allows to know the shared gain by: 0.3/sqrt 3.
    assert fit.intervals["gain"].deviation == pytest.approx(0.3 / np.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    ("parameter", "images", "spread", "said"),
    [
        (tf.FreeParameter("x", 0.5, transform="logit"), ["A"], 0.1, "factors on a number"),
        (tf.FreeParameter("x", 0.5), ["A", "A"], 0.1, "different names"),
        (tf.FreeParameter("x", 0.5), ["A"], 0.0, "above zero"),
    ],
)
def test_what_is_refused(parameter, images, spread, said):
    with pytest.raises(tf.InputError, match=said):
        tf.per_image(parameter, images, spread)
