"""Rates of a simulated tumour, recovered from what was measured in it, and what cannot be; see README.md."""

import argparse
import json
import warnings
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import twin
from figure import draw

import tmefield as tf

WRONG = 10.0
TOGETHER = ("secretion", "decay", "receptors", "permeability", "diffusivity")  # q, k, V_max, P, D


def recover(setup: twin.Twin) -> dict[str, tf.Fit]:
    """Without noise from ten times off; with noise; and with noise and without IgG."""
    problem = tf.make_problem(setup.model, twin.parameters(wrong=WRONG), setup.observations())
    found = {"exact": tf.fit_problem(problem), "noise": tf.fit_problem(twin.noisy(problem, 0))}
    alone = twin.Twin(setup.grid, setup.vessels, setup.cells, setup.points, tracer=False, dtype=setup.dtype)
    without = tf.make_problem(alone.model, twin.parameters(wrong=WRONG), alone.observations())
    return found | {"no_tracer": tf.fit_problem(twin.noisy(without, 0))}


def scale(setup: twin.Twin) -> dict[str, tf.Identifiability]:
    """What a steady profile of the cytokine alone says of ln(q, k, V_max, P, D), and what three times after the onset say."""
    alone = twin.Twin(setup.grid, setup.vessels, setup.cells, setup.points, tracer=False, dtype=setup.dtype)
    factors = [tf.FreeParameter(name, 1.0, unit="um2/s" if name == "diffusivity" else "1") for name in TOGETHER]

    def model(values):
        true = {name: jnp.asarray(value) for name, value in twin.TRUTH.items()}
        given = {name: true[name] * values[name] for name in ("decay", "receptors", "permeability")}
        given |= {name: true[name] * values["secretion"] for name in ("secretion_CD8", "secretion_NK")}
        return alone.model(given | {"diffusivity": twin.DIFFUSIVITY * values["diffusivity"]})

    found = {"steady": tf.identifiability(tf.make_problem(model, factors, alone.observations()))}
    found["fixed"] = tf.identifiability(tf.make_problem(lambda values: model(values | {"diffusivity": jnp.asarray(1.0)}), factors[:-1], alone.observations()))
    return found | {"course": tf.identifiability(tf.make_problem(model, factors, alone.observations((300.0, 1800.0, 7200.0))))}


def coverage(setup: twin.Twin, seeds: int) -> dict[str, dict[str, float]]:
    """How often the 95 % interval covers the truth, and its median width against that of Cramer and Rao at the truth."""
    problem = tf.make_problem(setup.model, twin.parameters(wrong=1.2), setup.observations())
    bound = tf.identifiability(problem, {name: jnp.asarray(value) for name, value in twin.TRUTH.items()}).deviations()
    hit, width = {name: [] for name in twin.TRUTH}, {name: [] for name in twin.TRUTH}
    for seed in range(seeds):
        fit = tf.fit_problem(twin.noisy(problem, 1000 + seed))
        assert fit.converged, fit.progress.reason
        for name, one in fit.intervals.items():
            assert one.low is not None and one.high is not None and one.deviation is not None, f"{name} {one.status}"
            hit[name].append(one.low <= twin.TRUTH[name] <= one.high)
            width[name].append(one.deviation)
    return {
        name: {"covered": float(np.mean(hit[name])), "width_over_bound": float(np.median(width[name]) / sd)} for name, sd in zip(twin.TRUTH, bound, strict=True)
    }


def main() -> None:
    """Fit, write numbers, figure and fields."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path, help="vessel network of the R3230Ac tumour (network.dat)")
    parser.add_argument("--quick", action="store_true", help="16^3 voxels in place of 48^3, and no seeds")
    parser.add_argument("--seeds", type=int, help="repeats with noise, on 16^3 (default 200, or none with --quick)")
    parser.add_argument("--out", type=Path, default=Path("fit_twin"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", UserWarning)  # what they say stands in the numbers
    setup = twin.make(chosen.network, 16 if chosen.quick else 48)
    fits, spectra = recover(setup), scale(setup)
    numbers = {
        "recovered": {case: {name: fit.values[name] / twin.TRUTH[name] for name in twin.TRUTH} for case, fit in fits.items()},
        "intervals": {case: {name: one.summary() for name, one in fit.intervals.items()} for case, fit in fits.items()},
        "steps": {case: fit.progress.step for case, fit in fits.items()},
        "words": {case: list(fit.warnings) for case, fit in fits.items()} | {case: one.words() for case, one in spectra.items()},
        "suggestions": {case: one.suggestions() for case, one in spectra.items()},
        "weakest": {case: dict(zip(one.names, one.directions[:, -1].tolist(), strict=True)) for case, one in spectra.items()},
        "undetermined_directions": {case: len(one.undetermined) for case, one in spectra.items()},
    }
    seeds = (0 if chosen.quick else 200) if chosen.seeds is None else chosen.seeds
    if seeds:
        numbers["coverage"] = coverage(twin.make(chosen.network, 16), seeds)
    (chosen.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    draw(fits, spectra, twin.TRUTH, chosen.out / "fit_twin.png")
    tf.solve_steady(fits["exact"].models()[None]).to_netcdf(chosen.out / "estimate.nc")
    for case, one in numbers["recovered"].items():
        print(f"{case:>10}: " + ", ".join(f"{name} {factor:.4f}" for name, factor in one.items()) + " of the truth")
        for said in numbers["words"][case]:
            print(f"            {said}")
    for case, one in spectra.items():
        print(f"{case:>10}: " + ("; ".join(one.words()) or "every combination is fixed"))
    for name, one in numbers.get("coverage", {}).items():
        print(f"{name:>14}: covered {100 * one['covered']:.1f} %, width {one['width_over_bound']:.3f} of Cramer and Rao's")


if __name__ == "__main__":
    main()
