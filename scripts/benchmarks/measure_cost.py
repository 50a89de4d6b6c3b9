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
    lines.append(f"from 64^3 on: {100 * _spread({name: value for name, value in cost.items() if int(name) >= 64}):.0f} %" if not settings.quick else "")
    numbers = {"nanoseconds_per_voxel": cost, "iterations": iterations, "seconds": seconds}
    return {"linear-cost": Measured(100 * _spread(cost), "itself: case A, rtol 1e-6, float32", [line for line in lines if line], numbers)}


def _spread(cost: dict[str, float]) -> float:
    return max(cost.values()) / min(cost.values()) - 1
