"""Mixed precision: float64 answers from float32 corrections, with x64 on and off."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((5, 12, 16), (10.0, 10.0, 10.0))
RNG = np.random.default_rng(2)
DENSITY = RNG.uniform(0, 1e-4, GRID.shape)


def model(rate=1.0, dtype=None, receptors=3000.0):
    terms = [tf.Decay(), tf.Secretion("a", DENSITY, rate), tf.ReceptorUptake("a", DENSITY[::-1], receptors, 5e-4, 0.05)]
    return tf.Model(GRID, [tf.Species("a", 40.0, 1e-4)], terms, dtype=dtype)


def test_mixed_reaches_what_float64_reaches():
    wide = tf.solve_steady(model(), rtol=1e-11)
    mixed = tf.solve_steady(model(), rtol=1e-11, precision="mixed")
    assert mixed.status == tf.Status.CONVERGED
    assert float(mixed.stats.residual[0]) < 1e-11
    np.testing.assert_allclose(mixed.concentration, wide.concentration, rtol=1e-9)
    assert abs(float(mixed.budget.defect[0])) < 1e-10


def test_derivatives_in_mixed():
    def mean(rate, precision):
        return tf.solve_steady(model(rate), rtol=1e-12, precision=precision).concentration.mean()

    wide, mixed = (jax.grad(mean)(1.3, precision) for precision in (None, "mixed"))
    assert float(mixed) == pytest.approx(float(wide), rel=1e-9)


def test_an_unknown_precision_is_refused():
    with pytest.raises(tf.InputError, match="precision must be None or"):
        tf.solve_steady(model(), precision="double")


WITHOUT_X64 = """
import numpy as np, jax, tmefield as tf
assert not jax.config.jax_enable_x64
grid = tf.Grid((4, 8, 8), 10.0)
density = np.random.default_rng(0).uniform(0, 1e-4, grid.shape)
def model(rate):
    return tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", density, rate)])
solution = tf.solve_steady(model(1.0), rtol=1e-11, precision="mixed")
assert solution.concentration.dtype == np.float64 and float(solution.stats.residual[0]) < 1e-11
total = float(np.asarray(solution.concentration).mean())
gradient = jax.grad(lambda rate: tf.solve_steady(model(rate), rtol=1e-11, precision="mixed").concentration.astype("float32").mean())(1.0)
assert abs(float(gradient) / total - 1) < 1e-5, (gradient, total)
assert not jax.config.jax_enable_x64
"""


def test_mixed_with_x64_off():
    done = subprocess.run([sys.executable, "-c", WITHOUT_X64], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_loss_below_round_off_is_said(dtype):
    loss = 1e-9 if dtype == jnp.float32 else 1e-17
    nearly = tf.Model(GRID, [tf.Species("a", 40.0, loss)], [tf.Decay(), tf.Secretion("a", DENSITY, 1.0)], dtype=dtype)
    with pytest.warns(UserWarning, match="a: nearly singular"):
        tf.solve_steady(nearly)


def test_no_loss_at_all_has_no_steady_state():
    with pytest.warns(UserWarning, match="there is no steady state"):
        solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0)], [tf.Secretion("a", DENSITY, 1.0)]))
    assert solution.status == tf.Status.NO_STEADY_STATE


def test_a_failure_names_the_worst_voxel():
    with pytest.warns(UserWarning, match=r"worst in voxel \[\d+, \d+, \d+\] \(z, y, x\) at [\d. ]+ um, c = "):
        solution = tf.solve_steady(model(), max_steps=1)
    place = tuple(int(i) for i in solution.stats.worst_voxel[0])
    assert len(place) == 3 and all(0 <= i < n for i, n in zip(place, GRID.shape, strict=True))
    assert float(solution.stats.worst_residual[0]) != 0
