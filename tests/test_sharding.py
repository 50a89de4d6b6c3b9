"""Whole solves with their fields cut along z over several devices: the same code, the same numbers."""

import jax
import numpy as np
import pytest

import tmefield as tf
from sharded import placed

SHAPE = (16, 4, 4)


def model(dtype, *, saturable=False):
    """Two species, held voxels, a diffusivity that varies, one of them with saturable uptake where asked."""
    rng = np.random.default_rng(0)
    terms = [tf.Decay(), tf.Linear(production=rng.uniform(0, 1e-3, SHAPE))]
    if saturable:
        terms.append(tf.ReceptorUptake("a", rng.uniform(0, 2e-4, SHAPE), 3000, 3e-4, 0.13))
    species = [tf.Species("a", rng.uniform(20, 60, SHAPE), 1e-4), tf.Species("b", 30.0, 1e-3)]
    return tf.Model(tf.Grid(SHAPE, 10.0), species, terms, fixed=tf.FixedConcentration(rng.random(SHAPE) < 0.05, 0.3), dtype=dtype)


def alone_and_cut(solve, one, devices):
    """The field on one device, and that of a model cut over several, which stays cut."""
    field = solve(placed(one, devices, SHAPE[0]))
    assert len(field.sharding.device_set) == devices
    assert field.sharding.shard_shape(field.shape)[-3] == SHAPE[0] // devices
    return np.asarray(solve(one)), np.asarray(field)


def difference(alone, cut):
    """The largest difference against the largest value."""
    return np.abs(cut - alone).max() / np.abs(alone).max()


@pytest.mark.parametrize(("dtype", "rtol", "equal"), [(np.float32, 1e-6, 1e-5), (np.float64, 1e-12, 1e-12)], ids=["float32", "float64"])
@pytest.mark.parametrize("devices", [2, 4, 8])
def test_a_steady_state_on_any_number_of_devices(devices, dtype, rtol, equal):
    alone, cut = alone_and_cut(lambda m: tf.solve_steady(m, rtol).concentration, model(dtype), devices)
    assert difference(alone, cut) <= equal


def test_saturable_uptake_on_several_devices():
    alone, cut = alone_and_cut(lambda m: tf.solve_steady(m, 1e-12).concentration, model(np.float64, saturable=True), 4)
    assert difference(alone, cut) <= 1e-12


@pytest.mark.parametrize("method", ["rkc", "tr-bdf2"])
def test_a_transient_on_several_devices(method):
    alone, cut = alone_and_cut(lambda m: tf.evolve(m, 0.0, [0.0, 60.0], method=method, rtol=1e-3).concentration, model(np.float64), 4)
    assert difference(alone, cut) <= 1e-12


def test_a_gradient_on_several_devices():
    def loss(scale, m):
        terms = [tf.Decay(), tf.Linear(production=scale * m.terms[1].production)]
        return tf.solve_steady(tf.Model(m.grid, list(m.species), terms, dtype=np.float64), 1e-12).concentration.mean()

    one = model(np.float64)
    alone, there = (float(jax.grad(loss)(2.0, m)) for m in (one, placed(one, 4, SHAPE[0])))
    assert there == pytest.approx(alone, rel=1e-11)
