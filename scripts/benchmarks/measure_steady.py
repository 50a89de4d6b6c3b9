"""Rows: steady cases A, B, C, P, float32 to an error of 1e-3 and mixed to 1e-10."""

import time

import cases
import numpy as np
import ours
import reference
from rows import Measured, absent
from timing import Settings, interleaved, timed

NAMES = "ABCP"


def measure(settings: Settings) -> dict[str, Measured]:
    """Both rows."""
    n = settings.size(100, 24)
    exact = {name: reference.steady(name, n, settings.cache) for name in NAMES}
    models = {name: cases.model(cases.build(name, n)) for name in NAMES}
    rows = {"steady": _row(settings, models, exact, n, 1e-3, mixed=False), "steady-mixed": absent(ours.NO_MIXED)}
    if ours.has_mixed():
        rows["steady-mixed"] = _row(settings, models, exact, n, 1e-10, mixed=True)
    return rows


def _row(settings: Settings, models: dict, exact: dict, n: int, error: float, *, mixed: bool) -> Measured:
    default = 1e-10 if mixed else 1e-6
    first = {}
    for name, model in models.items():
        start = time.perf_counter()
        ours.steady(model, default, mixed=mixed)
        first[name] = time.perf_counter() - start
    found = {name: ours.loosest_steady(model, exact[name], error, mixed=mixed) for name, model in models.items()}
    missed = [name for name, one in found.items() if one is None]
    if missed:
        return absent(f"no tolerance reaches an error of {error:g} in {', '.join(missed)}")
    settled = {name: one for name, one in found.items() if one is not None}
    contenders = {name: timed(lambda name=name: ours.steady(models[name], settled[name][0], mixed=mixed)) for name in models}
    contenders |= {f"{name} default": timed(lambda name=name: ours.steady(models[name], default, mixed=mixed)) for name in models}
    seconds = interleaved(contenders, settings.rounds)
    details, numbers = [f"{n}^3 voxels, against the exact discrete field; the default is rtol {default:g}"], {}
    for name, model in models.items():
        solution = ours.steady(model, default, mixed=mixed)
        iterations = int(np.asarray(solution.stats.iterations).ravel()[0])
        wide = reference.largest_error(np.asarray(solution.concentration[0]), exact[name])
        rtol, narrow = settled[name]
        details.append(
            f"{name}: {seconds[name]:.3f} s at rtol {rtol:.0e} (error {narrow:.0e}); default {seconds[name + ' default']:.3f} s, "
            f"{iterations} iterations, error {wide:.0e}; first call {first[name]:.1f} s"
        )
        numbers[name] = {"seconds": seconds[name], "rtol": rtol, "error": narrow, "default_seconds": seconds[f"{name} default"], "default_error": wide}
        numbers[name] |= {"iterations": iterations, "first_call_seconds": first[name]}
    return Measured(max(seconds[name] for name in models), details=details, numbers=numbers)
