"""Rows: hypre against tmefield on the same systems, each at the loosest tolerance that reaches the same error."""

import cases
import ours
import reference
from rival_hypre import PROCESSES, Hypre
from rows import Measured, absent
from timing import Settings, interleaved, timed
from toolchain import Unavailable


def measure(settings: Settings) -> dict[str, Measured]:
    """Both rows."""
    wanted = {"hypre": (1e-5, False), "hypre-mixed": (1e-10, True)}
    try:
        rows = {row: [] for row in wanted}
        for name in "A" if settings.quick else "ABC":
            _compare_case(settings, name, wanted, rows)
    except Unavailable as error:
        return {row: absent(str(error)) for row in wanted}
    return {row: _worst(found, settings) if found else absent(ours.NO_MIXED) for row, found in rows.items()}


def _compare_case(settings: Settings, name: str, wanted: dict, rows: dict[str, list]) -> None:
    n = settings.size(128, 24)
    case = cases.build(name, n)
    rival = Hypre(cases.discretise(case), settings.cache)
    exact, model = reference.steady(name, n, settings.cache), cases.model(case)
    for row, (error, mixed) in wanted.items():
        if mixed and not ours.has_mixed():
            continue
        # From just above the error: the tolerance of hypre is on the residual.
        for tolerance in (error * 10 ** (1.5 - k / 2) for k in range(10)):
            field, _, iterations = rival.solve(tolerance, repeats=1)
            theirs = reference.largest_error(field, exact)
            if theirs <= error:
                break
        else:
            raise RuntimeError(f"hypre does not reach {error:g} in case {name}")
        found = ours.loosest_steady(model, exact, error, mixed=mixed)
        if found is None:
            raise RuntimeError(f"tmefield does not reach {error:g} in case {name}")
        rtol = found[0]
        contenders = {"hypre": lambda: rival.solve(tolerance)[1], "tmefield": timed(lambda: ours.steady(model, rtol, mixed=mixed))}  # noqa: B023
        seconds = interleaved(contenders, settings.rounds)
        one = {"case": name, "ratio": seconds["hypre"] / seconds["tmefield"], "seconds": seconds, "iterations": iterations}
        rows[row].append(one | {"tolerances": {"hypre": tolerance, "tmefield": rtol}, "errors": {"hypre": theirs, "tmefield": found[1]}, "voxels": n**3})


def _worst(found: list[dict], settings: Settings) -> Measured:
    lines = [
        f"{one['case']}: {one['ratio']:.1f} x; hypre {one['seconds']['hypre']:.3f} s ({1e9 * one['seconds']['hypre'] / one['voxels']:.0f} ns/voxel, "
        f"{one['iterations']} iterations, error {one['errors']['hypre']:.0e}), ours {one['seconds']['tmefield']:.3f} s "
        f"({1e9 * one['seconds']['tmefield'] / one['voxels']:.0f} ns/voxel, error {one['errors']['tmefield']:.0e})"
        for one in found
    ]
    against = f"hypre PFMG-PCG, {PROCESSES} processes, double, set-up included, {settings.size(128, 24)}^3"
    return Measured(min(one["ratio"] for one in found), against, lines, {"cases": found})
