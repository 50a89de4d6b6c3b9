"""Row: the slope of the peak resident size between two sizes, each solved in a process of its own.

`python measure_memory.py N` is that process: it prints the resident size before and its peak after the solve, in bytes.
"""

import json
import resource
import sys
from pathlib import Path

from rows import Measured
from timing import Settings
from toolchain import output_of


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    sizes = (16, 32) if settings.quick else (128, 256)
    # The smallest shows what import and compilation take: where it comes near the smaller size, the slope is too low.
    smallest, *found = [json.loads(output_of([sys.executable, str(Path(__file__).resolve()), str(n)]).splitlines()[-1]) for n in (8, *sizes)]
    voxels = sizes[1] ** 3 - sizes[0] ** 3
    slope = (found[1]["peak"] - found[0]["peak"]) / voxels
    most = (found[1]["peak"] - found[1]["resident"]) / sizes[1] ** 3 + 8
    peaks = ", ".join(f"{one['peak'] / 1e6:.0f} MB at {n}^3" for one, n in zip(found, sizes, strict=True))
    lines = [
        f"peak {peaks}; in it 8 B/voxel production and loss as given, 4 B/voxel the field",
        f"import and compilation alone (8^3): {smallest['peak'] / 1e6:.0f} MB, which may hide a part of the smaller solve; "
        f"if all that the larger process took beyond its size before the solve were the solve's, {most:.0f} B/voxel",
    ]
    return {
        "memory": Measured(
            slope, f"peak of a process each, {sizes[0]}^3 to {sizes[1]}^3, one species, inputs included", lines, {"processes": [smallest, *found]}
        )
    }


def _peak() -> int:
    # The kernel's mark of this program, where it keeps one: ru_maxrss starts from what the parent process had.
    mark = _status("VmHWM")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return mark or (used if sys.platform == "darwin" else 1024 * used)


def _status(key: str) -> int:
    """An entry of Linux's account of this process in bytes; 0 elsewhere."""
    account = Path("/proc/self/status")
    lines = account.read_text().splitlines() if account.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:")), 0)


def _solve(n: int) -> dict:
    import cases
    import jax
    import jax.numpy as jnp

    import tmefield as tf

    # Only what the solve needs stays: production and loss as float32, built by the device.
    middle = (jnp.arange(n) - (n - 1) / 2) ** 2
    line = jnp.arange(n) % 8 == 4
    z, y, x = line[:, None, None], line[None, :, None], line[None, None, :]
    build = jax.jit(lambda: (middle[:, None, None] + middle[None, :, None] + middle[None, None, :] < (0.2 * n) ** 2).astype(jnp.float32))
    production = build()
    loss = jax.jit(lambda tumour: tumour + 5.0 * ((z & y) | (y & x) | (z & x)))(production)
    model = tf.Model(tf.Grid((n,) * 3, cases.SPACING), [tf.Species("c", 6e3, cases.DECAY)], [tf.Decay(), tf.Linear(production, loss)])
    resident = _status("VmRSS")
    solution = jax.block_until_ready(tf.solve_steady(model))
    return {"size": n, "resident": resident, "peak": _peak(), "status": int(solution.status)}


if __name__ == "__main__":
    print(json.dumps(_solve(int(sys.argv[1]))))
