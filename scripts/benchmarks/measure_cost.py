"""Row: the cost of a voxel against the size of the problem."""

import cases
import numpy as np
import ours
from rows import Measured
from timing import Settings, interleaved, timed


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    sizes = (16, 24) if settings.quick else (32, 64, 96, 128, 192, 256)
    models = {str(n): cases.model(cases.build("A", n)) for n in sizes}
    iterations = {name: int(np.asarray(ours.steady(model, 1e-6).stats.iterations)[0]) for name, model in models.items()}
    seconds = interleaved({name: timed(lambda model=model: ours.steady(model, 1e-6)) for name, model in models.items()}, settings.rounds)
    cost = {name: 1e9 * seconds[name] / int(name) ** 3 for name in models}
    lines = [", ".join(f"{name}^3: {cost[name]:.0f} ns/voxel ({iterations[name]} iterations)" for name in models)]
    fixed, slope, deviation = _line(np.array(sizes, float) ** 3, np.array([seconds[str(n)] for n in sizes]))
    lines.append(
        f"straight line with a fixed cost: {1e3 * fixed:.1f} ms + {1e9 * slope:.0f} ns/voxel, which no size misses by more than {100 * deviation:.0f} %"
    )
    numbers = {"nanoseconds_per_voxel": cost, "iterations": iterations, "seconds": seconds}
    return {"linear-cost": Measured(100 * _spread(cost), "itself: case A, rtol 1e-6, float32", lines, numbers)}


def _spread(cost: dict[str, float]) -> float:
    return max(cost.values()) / min(cost.values()) - 1


def _line(voxels: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float]:
    """Fixed cost and slope of the line with the least relative squares, and its largest relative deviation."""
    design = np.stack([1 / seconds, voxels / seconds], axis=1)
    fixed, slope = np.linalg.lstsq(design, np.ones_like(seconds), rcond=None)[0]
    return float(fixed), float(slope), float(np.abs((fixed + slope * voxels) / seconds - 1).max())
