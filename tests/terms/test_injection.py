"""Needles in the tissue: all of the amount, where and when it is given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((6, 8, 10), (10.0, 12.0, 8.0), origin=(100.0, 0.0, -20.0))
LITRES = 1e-15 * GRID.voxel_volume
MIDDLE = (131.0, 47.0, 19.0)


def given(term, time):
    moment = tf.Moment(jnp.asarray(time), jnp.asarray(time))
    rates = term.rates({}, tf.Medium(jnp.asarray(0.3), {"a": tf.Species("a", 40.0)}, moment, GRID.voxel_volume))["a"]
    assert float(rates.loss) == 0.0
    return np.asarray(rates.production)


@pytest.mark.parametrize("radius", [1e-3, 9.0, 25.0])
def test_all_of_the_amount_is_released_in_the_ball(radius):
    term = tf.Injection("a", GRID, MIDDLE, amount=2e-6, radius=radius, times=[50.0, 1000.0], duration=30.0)
    production = given(term, 60.0)
    assert production.sum() * LITRES * 30.0 == pytest.approx(2e-6, rel=1e-13)
    centres = np.stack(np.meshgrid(*(GRID.centres(axis) for axis in range(3)), indexing="ij"), axis=-1)
    weights = production / production.sum()
    if radius > 10:
        np.testing.assert_allclose((weights[..., None] * centres).sum(axis=(0, 1, 2)), MIDDLE, atol=1.0)
        assert np.abs(centres[production > 0] - MIDDLE).max() < radius + 6.0
    else:
        assert tuple(np.argwhere(production == production.max())[0]) == (3, 3, 4)
    for time, runs in ((49.0, False), (79.0, True), (81.0, False), (1010.0, True), (2000.0, False)):
        assert (given(term, time).sum() > 0) == runs
    assert term.jumps == (50.0, 80.0, 1000.0, 1030.0)


def test_voxels_inside_a_wide_ball_get_the_same():
    grid = tf.Grid((20, 20, 20), (10.0, 11.0, 13.0))
    middle, radius = (101.0, 108.0, 130.0), 85.0
    share = np.asarray(tf.Injection("a", grid, middle, 1e-6, radius).share)
    corners = np.sqrt(sum((np.abs(one - at) + h / 2) ** 2 for one, at, h in zip(grid.coordinates(), middle, grid.spacing, strict=True)))
    whole = share[corners < radius]
    assert len(whole) > 500
    np.testing.assert_allclose(whole, 10.0 * 11.0 * 13.0 / (4 / 3 * np.pi * radius**3), rtol=0.01)
    assert np.ptp(whole) < 1e-12 * whole.max()


def test_what_was_injected_is_in_the_tissue():
    """With phi = 0.3 and walls that let nothing out, phi sum c V is the amount, whatever the solver's steps."""
    term = tf.Injection("a", GRID, MIDDLE, 3e-6, radius=15.0, times=[100.0, 400.0], duration=20.0)
    model = tf.Model(GRID, [tf.Species("a", 40.0)], [term], volume_fraction=0.3)
    trajectory = tf.evolve(model, 0.0, [0.0, 110.0, 300.0, 900.0], method="rkc", rtol=1e-3)
    held = 0.3 * np.asarray(trajectory["a"]).sum(axis=(1, 2, 3)) * LITRES
    np.testing.assert_allclose(held, [0.0, 1.5e-6, 3e-6, 6e-6], rtol=1e-12)


def test_the_amount_is_differentiable():
    def released(amount):
        moment = tf.Moment(jnp.asarray(1.0), jnp.asarray(1.0))
        medium = tf.Medium(jnp.asarray(1.0), {"a": tf.Species("a", 40.0)}, moment, GRID.voxel_volume)
        return jnp.sum(tf.Injection("a", GRID, MIDDLE, amount, 15.0).rates({}, medium)["a"].production) * LITRES * 60.0

    assert float(jax.grad(released)(jnp.asarray(3e-6))) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"position": (101.0, 47.0, 19.0)}, "leaves the box, which reaches from 100, 0, -20 to 160, 96, 60 um"),
        ({"radius": 0.0}, "radius of the injection of a must be above zero"),
        ({"position": (1.0, 2.0)}, "three numbers z, y, x"),
        ({"duration": 0.0}, "duration of the injection of a must be above zero"),
        ({"times": [0.0, 30.0]}, "increase by at least its duration, 60 s"),
        ({"amount": -1.0}, "amount of the injection of a"),
    ],
)
def test_wrong_injections(change, says):
    arguments = {"position": MIDDLE, "amount": 1e-6, "radius": 5.0} | change
    with pytest.raises(tf.InputError, match=says):
        tf.Injection("a", GRID, **arguments)


def test_an_injection_of_another_grid():
    term = tf.Injection("a", GRID, MIDDLE, 1e-6, 5.0)
    with pytest.raises(tf.InputError, match=r"made for a grid of \[6, 8, 10\] voxels"):
        tf.Model(tf.Grid((6, 8, 8), 10.0), [tf.Species("a", 40.0)], [term])


def test_an_injection_into_a_vessel_is_refused():
    """What goes into held voxels would be lost without a word."""
    grid = tf.Grid((6, 6, 6), 10.0)
    mask = np.zeros(grid.shape, bool)
    mask[3, 3, 3] = True
    term = tf.Injection("a", grid, (35.0, 35.0, 35.0), 1e-9, 12.0)
    with pytest.raises(tf.InputError, match="of the injection of a would go into voxels that are held"):
        tf.Model(grid, [tf.Species("a", 40.0)], [term], fixed=tf.FixedConcentration(mask, 0.0, sealed=True))
