"""How cells move: kept in number, spread as a random walk, drawn to where an equilibrium has a closed form, into the room that is there."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.typing import ArrayLike

import tmefield as tf
from tmefield.populations.movement import _bernoulli as bernoulli
from tmefield.populations.movement import jumps, move, stages_for
from tmefield.populations.process import Surroundings

LINE = tf.Grid((1, 1, 48), (10.0, 10.0, 10.0))
X = LINE.coordinates()[2]


def around(taken: ArrayLike = 0.0, **concentration):
    shape = LINE.shape
    fields = {name: jnp.broadcast_to(jnp.asarray(value, float), shape) for name, value in concentration.items()}
    return Surroundings({}, fields, jnp.broadcast_to(jnp.asarray(taken, float), shape))


def test_a_random_walk_spreads_by_twice_d_t():
    walker = tf.Population("walker", 500.0, motility=0.1)
    density = jnp.exp(-0.5 * ((X - 240.0) / 30.0) ** 2)
    rates, dt = jumps(walker, around(), LINE), 3600.0
    stages = stages_for(walker, LINE, dt)
    later = density
    for _ in range(4):
        later = move(rates, later, jnp.asarray(dt), stages)
    assert float(later.sum()) == pytest.approx(float(density.sum()), rel=1e-12)

    def variance(field):
        weight = np.asarray(field / field.sum())
        return (weight * (X - 240.0) ** 2).sum()

    # the walls are eight widths away: the discrete random walk spreads by exactly 2 D t
    assert variance(later) - variance(density) == pytest.approx(2 * 0.1 * 4 * dt, rel=1e-3)
    assert float(later.min()) > -1e-12


def test_the_equilibrium_of_drift_and_random_walk():
    """Without flux n = exp(psi/D), exactly, whatever the grid; far steps end there."""
    attracted = tf.Population("cell", 500.0, motility=0.1, attractions=[tf.Attraction(tf.Hill("bait", 1.0), 0.4)])
    bait = np.exp(-X / 100.0)
    rates = jumps(attracted, around(bait=bait), LINE)
    dt = 20000.0
    stages = stages_for(attracted, LINE, dt)
    density = jnp.ones(LINE.shape)
    for _ in range(120):
        density = move(rates, density, jnp.asarray(dt), stages)
    shape = np.exp(4.0 * bait / (1 + bait))
    np.testing.assert_allclose(density, LINE.shape[2] * shape / shape.sum() * np.ones(LINE.shape), rtol=1e-3)


def test_nobody_moves_into_a_full_voxel():
    walker = tf.Population("walker", 500.0, motility=0.1)
    taken = np.where(np.abs(X - 240.0) < 60.0, 1.0, 0.0)
    density = jnp.asarray(np.where(X < 150.0, 1.0, 0.0) * np.ones(LINE.shape))
    later = move(jumps(walker, around(taken=taken), LINE), density, jnp.asarray(7200.0), 9)
    assert float(jnp.abs(jnp.where(jnp.asarray(taken) > 0, later, 0.0)).max()) == 0.0 and float(later.sum()) == pytest.approx(float(density.sum()), rel=1e-12)


def test_factors_on_motility_and_repulsion():
    slow = tf.Population("slow", 500.0, 0.1, motility_modulations=[tf.Modulation(tf.Hill("brake", 1.0), saturated=0.0)])
    free, held = (jumps(slow, around(brake=level), LINE).up[2] for level in (0.0, 1.0))
    np.testing.assert_allclose(held, 0.5 * free)
    fleeing = tf.Population("fleeing", 500.0, 0.1, [tf.Attraction(tf.Hill("stench", 1.0), -0.4)])
    rates = jumps(fleeing, around(stench=np.exp(-X / 100.0)), LINE)
    assert (np.asarray(rates.up[2]) > np.asarray(rates.down[2])).all()
    with pytest.raises(tf.InputError, match="does not move: give its motility"):
        tf.Population("stone", 500.0, attractions=[tf.Attraction(tf.Hill("bait", 1.0), 1.0)])


def test_enough_stages():
    """At the greatest rates a checkerboard neither grows nor changes sign beyond round-off."""
    walker = tf.Population("walker", 500.0, motility=1.0)
    checks = jnp.asarray(1.0 + (-1.0) ** np.arange(48) * np.ones(LINE.shape))
    for dt in (30.0, 300.0, 30000.0):
        later = move(jumps(walker, around(), LINE), checks, jnp.asarray(dt), stages_for(walker, LINE, dt))
        assert float(later.max()) < 2.0 and float(later.min()) > 0.0
    assert stages_for(tf.Population("stone", 500.0), LINE, 1e5) == 0
    thin, thick = (tf.Grid((1, 8, 8), (depth, 10.0, 10.0)) for depth in (0.1, 10.0))  # there is nowhere to go along an axis of one voxel
    assert stages_for(walker, thin, 300.0) == stages_for(walker, thick, 300.0) < stages_for(walker, tf.Grid((8, 8, 8), 10.0), 300.0)


def test_bernoulli():
    p = np.array([-1000.0, -60.0, -3.0, -1e-2, -1e-5, 0.0, 1e-5, 1e-2, 3.0, 60.0])
    exact = [1000.0, 60.0, -3 / np.expm1(-3), -1e-2 / np.expm1(-1e-2), -1e-5 / np.expm1(-1e-5), 1.0, 1e-5 / np.expm1(1e-5), 1e-2 / np.expm1(1e-2)]
    np.testing.assert_allclose(bernoulli(jnp.asarray(p))[:8], exact, rtol=1e-12)
    np.testing.assert_allclose(bernoulli(jnp.asarray(p))[8:], [3 / np.expm1(3), 0.0], atol=1e-15, rtol=1e-12)
