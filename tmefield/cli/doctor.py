"""`tmefield doctor`: whether this installation can work, in a form that can be pasted into a report."""

from .source import JsonOption

OPTIONAL = {"vtk": "viz", "anndata": "h5ad"}


def doctor(json: JsonOption = False) -> None:
    """Report versions, devices and memory, and solve a small problem. Prints nothing of your files or environment."""
    import os
    import platform
    from importlib.util import find_spec

    from ..config.estimate import available_memory
    from ..config.versions import versions
    from .console import human_bytes, print_json

    free = available_memory()
    report = {
        "versions": versions(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "available_memory": free,
        "optional": {name: find_spec(name) is not None for name in OPTIONAL},
        **_trial(),
    }
    if json:
        print_json(report)
        return
    for name, version in report["versions"].items():
        print(f"{name:<12} {version}")
    print(f"{'system':<12} {report['system']}, {report['cpus']} cores, {human_bytes(free) if free else 'unknown'} of memory available")
    print(f"{'devices':<12} {', '.join(report['devices'])}")
    for name, there in report["optional"].items():
        print(f"{name:<12} " + ("installed" if there else f"not installed (pip install 'tmefield[{OPTIONAL[name]}]')"))
    print(f"{'trial':<12} closed form met to {report['trial_error']:.1e}, first solve {report['first_seconds']:.1f} s, again {report['again_seconds']:.3f} s")
    print("all well" if report["trial_error"] < 1e-4 else "the trial solve is wrong: please report this")


def _trial() -> dict:
    """Even secretion against decay, whose concentration is known: n q/k."""
    import time

    import jax
    import numpy as np

    from ..grid import Grid
    from ..model import Model
    from ..species import Species
    from ..steady import solve_steady
    from ..terms import Decay, Secretion

    expected = 1e-4 * 10.0 / 0.602214076 / 1e-3
    times = []
    error = 0.0
    for density in (1e-4, 2e-4):
        model = Model(Grid((16, 16, 16), (10.0, 10.0, 10.0)), [Species("X", 40.0, 1e-3)], [Decay(), Secretion("X", density, 10.0)])
        start = time.perf_counter()
        field = np.asarray(solve_steady(model).concentration)
        times.append(time.perf_counter() - start)
        error = max(error, float(np.abs(field / (expected * density / 1e-4) - 1).max()))
    return {"devices": [str(device) for device in jax.devices()], "trial_error": error, "first_seconds": times[0], "again_seconds": times[1]}
