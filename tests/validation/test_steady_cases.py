"""The benchmark cases A, B, C, P against the exact discrete field, in float32 as they are timed."""

import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

SOURCE = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks" / "cases.py"


def load():
    spec = importlib.util.spec_from_file_location("benchmark_cases", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["A", "B", "C", "P"])
def test_error_against_the_exact_discrete_field(name):
    cases = load()
    case = cases.build(name, 40)
    wide = cases.model(case)
    narrow = jax.tree.map(lambda leaf: leaf.astype(jnp.float32) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf, wide)
    solution = tf.solve_steady(narrow)
    exact = cases.exact_field(case)
    assert solution.concentration.dtype == jnp.float32
    assert solution.status == tf.Status.CONVERGED
    assert int(solution.stats.iterations[0]) <= 12
    assert np.abs(np.asarray(solution["c"], np.float64) - exact).max() < 1e-5 * exact.max()
    assert abs(float(solution.budget.defect[0])) < 1e-5
