"""Whole solves with their fields cut along z over several devices: the same code, the same numbers."""

import jax
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import tmefield as tf

SHAPE = (16, 4, 4)


def model(dtype, *, saturable=False):
    """Two species, held voxels, a diffusivity that varies, one of them with saturable uptake where asked."""
    rng = np.random.default_rng(0)
    terms = [tf.Decay(), tf.Linear(production=rng.uniform(0, 1e-3, SHAPE))]
    if saturable:
        terms.append(tf.ReceptorUptake("a", rng.uniform(0, 2e-4, SHAPE), 3000, 3e-4, 0.13))
    species = [tf.Species("a", rng.uniform(20, 60, SHAPE), 1e-4), tf.Species("b", 30.0, 1e-3)]
    return tf.Model(tf.Grid(SHAPE, 10.0), species, terms, fixed=tf.FixedConcentration(rng.random(SHAPE) < 0.05, 0.3), dtype=dtype)


def placed(tree, devices):
    """Fields are cut along z, everything else is on every device."""
    mesh = jax.make_mesh((devices,), ("z",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices])

    def place(array):
        cut = array.ndim >= 3 and array.shape[-3] == SHAPE[0]
        return jax.device_put(array, NamedSharding(mesh, PartitionSpec(*[None] * (array.ndim - 3), "z") if cut else PartitionSpec()))

    return jax.tree.map(place, tree)


def compare(solve, one, equal, devices):
    alone = np.asarray(solve(one))
    field = solve(placed(one, devices))
    assert len(field.sharding.device_set) == devices
    assert field.sharding.shard_shape(field.shape)[-3] == SHAPE[0] // devices
    assert np.abs(np.asarray(field) - alone).max() <= equal * np.abs(alone).max()


@pytest.mark.parametrize(("dtype", "rtol", "equal"), [(np.float32, 1e-6, 1e-5), (np.float64, 1e-12, 1e-12)], ids=["float32", "float64"])
@pytest.mark.parametrize("devices", [2, 4, 8])
def test_a_steady_state_on_any_number_of_devices(devices, dtype, rtol, equal):
    compare(lambda m: tf.solve_steady(m, rtol).concentration, model(dtype), equal, devices)


def test_saturable_uptake_on_several_devices():
    compare(lambda m: tf.solve_steady(m, 1e-12).concentration, model(np.float64, saturable=True), 1e-12, 4)


@pytest.mark.parametrize("method", ["rkc", "tr-bdf2"])
def test_a_transient_on_several_devices(method):
    compare(lambda m: tf.evolve(m, 0.0, [0.0, 60.0], method=method, rtol=1e-3).concentration, model(np.float64), 1e-12, 4)


def test_a_gradient_on_several_devices():
    def loss(scale, m):
        terms = [tf.Decay(), tf.Linear(production=scale * m.terms[1].production)]
        return tf.solve_steady(tf.Model(m.grid, list(m.species), terms, dtype=np.float64), 1e-12).concentration.mean()

    one = model(np.float64)
    alone, there = (float(jax.grad(loss)(2.0, m)) for m in (one, placed(one, 4)))
    assert there == pytest.approx(alone, rel=1e-11)
