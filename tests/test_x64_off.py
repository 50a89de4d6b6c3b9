"""The solver, its derivatives and the transient in a process where x64 is off, as most users run it."""

import subprocess
import sys

SCRIPT = """
import jax, jax.numpy as jnp, numpy as np
import tmefield as tf

assert not jax.config.jax_enable_x64
grid = tf.Grid((4, 8, 8), 10.0)
density = np.random.default_rng(0).uniform(0, 1e-4, grid.shape)

def model(p):
    terms = [tf.Decay(), tf.Secretion("a", density, p[1]), tf.ReceptorUptake("a", density, p[2], 5e-4, 0.05)]
    return tf.Model(grid, [tf.Species("a", p[0], 1e-4)], terms)

def mean(p):
    return tf.solve_steady(model(p)).concentration.mean()

p = jnp.asarray([40.0, 1.0, 3000.0])
solution = tf.solve_steady(model(p))
assert solution.concentration.dtype == jnp.float32
assert solution.status == tf.Status.CONVERGED
assert abs(float(solution.budget.defect[0])) < 1e-5
reverse, forward = jax.grad(mean)(p), jax.jacfwd(mean)(p)
np.testing.assert_allclose(reverse, forward, rtol=1e-3)
step = 3.0
difference = (mean(p.at[2].add(10 * step)) - mean(p.at[2].add(-10 * step))) / (20 * step)
np.testing.assert_allclose(reverse[2], difference, rtol=1e-2)
trajectory = tf.evolve(model(p), 0.0, [0.0, 1e5], fixed_steps=8)
np.testing.assert_allclose(trajectory.concentration[-1], solution.concentration, rtol=1e-3)
assert not jax.config.jax_enable_x64
print("fine")
"""


def test_everything_runs_in_single_precision():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"
