"""Time and error of the steady cases A, B, C, P: `python scripts/benchmarks/steady_cases.py [n]`.

Prints, per case: the median of five warm solves in float32, the first call, iterations, and the largest error against the exact discrete field
relative to its maximum.
"""

import sys
import time

import jax
import numpy as np
from cases import build, exact_field, model

import tmefield as tf


def copy_bandwidth(megabytes: int = 256) -> float:
    """GB/s that a plain copy of an array moves (read and written), the best of five."""
    source = np.ones(megabytes * 250_000, np.float32)
    target = np.empty_like(source)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - start)
    return 2 * source.nbytes / min(seconds) / 1e9


def measure(name: str, n: int) -> str:
    """One line of the table."""
    case = build(name, n)
    one = model(case)
    start = time.perf_counter()
    solution = jax.block_until_ready(tf.solve_steady(one))
    first = time.perf_counter() - start
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        solution = jax.block_until_ready(tf.solve_steady(one))
        seconds.append(time.perf_counter() - start)
    exact = exact_field(case)
    error = np.abs(np.asarray(solution["c"], np.float64) - exact).max() / exact.max()
    warm = float(np.median(seconds))
    iterations, defect = int(solution.stats.iterations[0]), float(solution.budget.defect[0])
    speed = f"{name}  {warm:7.3f} s  {1e9 * warm / n**3:6.0f} ns/voxel  first {first:5.1f} s"
    return f"{speed}  {iterations:3d} iterations  error {error:.1e}  budget {defect:+.0e}"


def main() -> None:
    """The table for n^3 voxels, 100^3 by default."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    device = jax.devices()[0]
    print(f"{n}^3 voxels, float32, {device.platform} ({device.device_kind}), copy bandwidth {copy_bandwidth():.0f} GB/s", flush=True)
    for name in "ABCP":
        print(measure(name, n), flush=True)


if __name__ == "__main__":
    main()
