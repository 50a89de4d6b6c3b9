"""Rows: what a Python user reaches for today (SciPy with two preconditioners, pyamg) against tmefield, at equal error."""

import cases
import ours
import reference
from rival_scipy import ScipySolver
from rows import Measured, absent
from timing import Settings, interleaved, timed
from toolchain import Unavailable
from worker import Worker


def measure(settings: Settings) -> dict[str, Measured]:
    """The three rows."""
    n = settings.size(100, 24)
    narrow, wide, others, notes = [], [], [], []
    for name in "ABC":
        case = cases.build(name, n)
        system, exact, model = cases.discretise(case), reference.steady(name, n, settings.cache), cases.model(case)
        cosine = ScipySolver(system, "cosine")
        narrow.append(_compare(settings, name, {"DCT-PCG": _scipy(cosine, 1e-5, exact)}, model, exact, 1e-5, mixed=False))
        if ours.has_mixed():
            wide.append(_compare(settings, name, {"DCT-PCG": _scipy(cosine, 1e-10, exact)}, model, exact, 1e-10, mixed=True))
        rivals = {"Jacobi-CG": _scipy(ScipySolver(system, "diagonal"), 1e-5, exact)}
        worker = None
        try:
            worker = Worker(settings.rivals, "rival_pyamg.py", name=name, n=n, error=1e-5, exact=str((settings.cache / f"steady-{name}-{n}.npy").resolve()))
            rivals["pyamg"] = lambda worker=worker: worker.ask()["seconds"]
        except Unavailable as error:
            notes = [f"pyamg: {error}"]
        others.append(_compare(settings, name, rivals, model, exact, 1e-5, mixed=False, rounds=3))
        if worker is not None:
            worker.close()
    return {
        "scipy": _row(narrow, "SciPy DCT-PCG, float64, 2 threads, matrix assembled beforehand"),
        "scipy-mixed": _row(wide, "SciPy DCT-PCG, float64, 2 threads, matrix assembled beforehand") if wide else absent(ours.NO_MIXED),
        "scipy-others": _row(others, "SciPy CG with the diagonal, and pyamg smoothed aggregation with CG (set-up included), median of three", notes),
    }


def _scipy(solver: ScipySolver, error: float, exact):
    tolerance, _, _ = solver.tolerance_for(error, exact)
    return timed(lambda: solver.solve(tolerance))


def _compare(settings: Settings, name: str, rivals: dict, model, exact, error: float, *, mixed: bool, rounds: int | None = None) -> dict:
    found = ours.loosest_steady(model, exact, error, mixed=mixed)
    if found is None:
        raise RuntimeError(f"tmefield does not reach {error:g} in case {name}")
    seconds = interleaved(rivals | {"tmefield": timed(lambda: ours.steady(model, found[0], mixed=mixed))}, rounds or settings.rounds)
    ratios = {rival: seconds[rival] / seconds["tmefield"] for rival in rivals}
    return {"case": name, "ratios": ratios, "seconds": seconds, "rtol": found[0], "error": found[1]}


def _row(found: list[dict], against: str, notes: list[str] | None = None) -> Measured:
    lines = []
    for one in found:
        each = ", ".join(f"{rival} {one['seconds'][rival]:.3f} s ({ratio:.1f} x)" for rival, ratio in one["ratios"].items())
        lines.append(f"{one['case']}: {each}, ours {one['seconds']['tmefield']:.3f} s (rtol {one['rtol']:.0e}, error {one['error']:.0e})")
    return Measured(min(ratio for one in found for ratio in one["ratios"].values()), against, lines + (notes or []), {"cases": found})
