"""Fixed voxels taken out of the operator: with the rates that are left, and by a mask where one rate stands for all faces of an axis."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from flowing import channel_of
from tmefield.linalg.multigrid import build_hierarchy, v_cycle

SHAPE = (5, 6, 7)
RNG = np.random.default_rng(1)
HELD = RNG.uniform(size=SHAPE) < 0.2
VALUE = RNG.uniform(1.0, 2.0, SHAPE)
OPEN = {"x": tf.Robin(2.0, 0.3)}


def channel(diffusivity=40.0, walls=OPEN, *, sealed=False):
    grid = tf.Grid(SHAPE, (10.0, 5.0, 8.0))
    held = tf.FixedConcentration(HELD, VALUE, sealed=sealed)
    return channel_of(tf.Model(grid, [tf.Species("a", diffusivity)], [], walls=tf.Walls(**walls), fixed=held))


def dense(stencil):
    """The matrix, column by column, for fields that are zero in the held voxels."""
    free = jnp.asarray(~HELD)
    return np.asarray(jax.vmap(lambda e: stencil.apply(jnp.where(free, e.reshape(SHAPE), 0)).ravel())(jnp.eye(HELD.size))).T


def test_by_mask_and_by_rates_are_the_same_matrix():
    stencil = channel().stencil
    by_rates = replace(stencil, uncut=None)
    assert stencil.uncut is not None
    np.testing.assert_allclose(dense(stencil), dense(by_rates), rtol=0, atol=1e-14 * float(jnp.max(stencil.row_sizes())))
    for of in ("diagonal", "row_sizes"):
        np.testing.assert_allclose(getattr(stencil, of)(), getattr(by_rates, of)(), rtol=1e-13)
    u = jnp.asarray(RNG.normal(size=SHAPE) * ~HELD)
    np.testing.assert_allclose(stencil.neighbours(u)[~HELD], by_rates.neighbours(u)[~HELD], rtol=1e-13)


@pytest.mark.parametrize("loss", [0.0, 1e-3])
def test_held_voxels_in_a_uniform_medium_are_no_jump(loss):
    """Neither of the conductance nor a wall, found by the mask without a look at the faces: the same levels, and the same correction."""
    stencil = channel(walls={}).stencil.with_loss(jnp.where(jnp.asarray(HELD), 0, loss))
    spacing, one = (10.0, 5.0, 8.0), jnp.asarray(1, jnp.int32)
    masked, looked = build_hierarchy(stencil, spacing), build_hierarchy(replace(stencil, uncut=None), spacing)
    assert masked.jumps is None
    assert looked.jumps is not None
    assert not looked.jumps
    b = jnp.asarray(RNG.normal(size=SHAPE) * ~HELD)
    free = ~HELD  # in a held voxel the mask leaves what its neighbours give
    np.testing.assert_allclose(v_cycle(masked, b, one)[free], v_cycle(looked, b, one)[free], rtol=1e-11, atol=1e-13)


def test_a_loss_is_added_to_both():
    stencil = channel().stencil.with_loss(jnp.where(jnp.asarray(HELD), 0, 0.7))
    np.testing.assert_allclose(dense(stencil), dense(replace(stencil, uncut=None)), rtol=0, atol=1e-14 * float(jnp.max(stencil.row_sizes())))
    np.testing.assert_allclose(stencil.diagonal() - channel().stencil.diagonal(), 0.7 * ~HELD, rtol=1e-12)


def test_held_voxels_give_what_their_faces_let_through():
    """A uniform field at the held value is in balance with it: what is lost to a held voxel comes back."""
    one = channel(walls={})
    level = channel_of(tf.Model(tf.Grid(SHAPE, (10.0, 5.0, 8.0)), [tf.Species("a", 40.0)], [], fixed=tf.FixedConcentration(HELD, 1.5)))
    np.testing.assert_allclose(level.production, 1.5 * one.stencil.loss, rtol=1e-14)
    np.testing.assert_allclose(one.stencil.apply(jnp.where(jnp.asarray(HELD), 0, 1.5)), level.production, atol=1e-14 * float(jnp.max(one.stencil.row_sizes())))
    assert not np.asarray(one.production)[HELD].any()
    assert not np.asarray(one.stencil.loss)[HELD].any()


@pytest.mark.parametrize(("diffusivity", "walls", "sealed"), [(np.full(SHAPE, 40.0), OPEN, False), (40.0, {"x": tf.Periodic()}, False), (40.0, OPEN, True)])
def test_elsewhere_the_rates_are_cut(diffusivity, walls, sealed):
    assert channel(diffusivity, walls, sealed=sealed).stencil.uncut is None


def test_sealed_voxels_exchange_nothing():
    sealed = channel(walls={}, sealed=True)
    assert not np.asarray(sealed.production).any()
    assert not np.asarray(sealed.stencil.loss).any()
