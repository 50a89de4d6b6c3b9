"""Two hundred virtual tumours in four arms: what the profile at the start tells of the outcome, and of who responds to what; see README.md."""

import argparse
import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units
from tmefield.library.prior import Prior
from tmefield.outcome import cohort, endpoints, prognosis, ranking
from tmefield.outcome.records import key_of

FOLDER = Path(__file__).parent
DAY = 86400.0
FULL, QUICK = (10, 200), (6, 12)  # voxels along each side, tumours
SEED, RTOL = 11, 1e-3
WRITTEN = ("control", "anti-PD1")


def read() -> dict[str, Any]:
    """The numbers of parameters.toml."""
    return tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))


def treatments(given: dict[str, Any]) -> dict[str, tf.DrugTreatment]:
    """Each antibody at its plasma level from day 1 on."""
    return {name: tf.DrugTreatment.held(**arm, since=DAY) for name, arm in given["arms"].items()}


def tumour(given: dict[str, Any], voxels: int) -> tf.ImmuneTissue:
    """The tumour that all are drawn from, one eighth of it around a corner."""
    what = given["tissue"]
    lengths = {key: units.parse(what[key], "length") for key in ("box", "radius", "margin")}
    grid = tf.Grid((voxels,) * 3, lengths["box"] / voxels)
    densities = {name: (units.parse(f"{low} cell/mm3", "density"), units.parse(f"{high} cell/mm3", "density")) for name, (low, high) in given["cells"].items()}
    cells = tf.around_tumour(grid, lengths["radius"], densities, edge=lengths["margin"])
    return tf.ImmuneTissue(grid, cells, tuple(what["cytokines"]), treatments=treatments(given)).without("vessels-growth")  # vessels only let cells in here


def spread(given: dict[str, Any]) -> dict[str, Prior]:
    """How widely each value differs between tumours."""
    known = cohort.library_priors(given["spread"]["library"])
    known |= {key: Prior("lognormal", median, sigma) for key, (median, sigma) in given["spread"]["lognormal"].items()}
    return known | {key: Prior("uniform", 0.5 * (low + high), bounds=(low, high)) for key, (low, high) in given["spread"]["uniform"].items()}


def evaluate(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Outcomes of the arms, the area under the curve of the profile, and the slopes of every level."""
    columns = cohort.table(records)
    # Less than one cell is left of some: how much less says nothing.
    least = {arm: np.array([one["arms"][arm]["one_cell"] for one in records]) for arm in records[0]["arms"]}
    arms = {arm: np.maximum(columns[f"{arm}: growth_ratio"], one_cell) for arm, one_cell in least.items()}
    profile = {key.removeprefix("profile: "): column for key, column in columns.items() if key.startswith("profile: ")}
    cytokines = {key: column for key, column in profile.items() if key.endswith("_pg_per_mL")}
    progressed = np.isfinite(cohort.table(records, "time_to_progression_d")["control: time_to_progression_d"])
    treated = {name: column for name, column in arms.items() if name != "control"}
    responds = {name: column / arms["control"] < 0.7 for name, column in treated.items()}
    how = {"folds": 5, "shuffles": 400} if len(records) >= 50 else {"folds": 2, "shuffles": 40}
    ends = [end for one in records for end in one["arms"].values()]
    told: dict[str, Any] = {
        "tumours": len(records),
        "converged": float(np.mean([all(end["status"] == 0 for end in one["arms"].values()) for one in records])),
        "rough": float(np.mean([end["change"] > 0.5 for end in ends])),
        "progressed": float(progressed.mean()),
        "cleared": float((arms["control"] < 0.1).mean()),
        "auc": {
            "progression, profile": auc(profile, progressed, how),
            "progression, cytokines": auc(cytokines, progressed, how),
            **{f"response to {name}, profile": auc(profile, had, how) for name, had in responds.items()},
        },
        "responds": {name: float(had.mean()) for name, had in responds.items()},
        "ranking": [asdict(one) for one in ranking.rank_arms(arms)],
        "slopes": [asdict(one) for one in prognosis.effects(profile, arms["control"], treated)],
    }
    return told


def auc(profile: dict[str, np.ndarray], had: np.ndarray, how: dict[str, int]) -> dict[str, Any] | None:
    """The area, or None where too few tumours have one of the outcomes."""
    if min(had.sum(), (~had).sum()) < how["folds"]:
        return None
    return asdict(prognosis.cross_validated_auc(profile, had, **how))


def report(numbers: dict[str, Any]) -> None:
    """Print what numbers.json holds, a line each."""
    shares = f"{numbers['progressed']:.3f} progress, {numbers['cleared']:.3f} shrink to a tenth"
    print(f"{numbers['tumours']} tumours: {shares}; every steady solve converged in {numbers['converged']:.3f}", end="; ")
    print(f"a population changed by more than half of its most in a step in {numbers['rough']:.3f} of courses")
    for what, one in numbers["auc"].items():
        if one is not None:
            low, high = one["interval"]
            print(f"AUC {what:32s} {one['auc']:.3f} ({low:.3f} to {high:.3f}), by chance below {one['by_chance']:.3f}; {one['positives']} of {one['patients']}")
    for one in numbers["ranking"]:
        low, high = one["interval"]
        told = f"ln(volume/control) {one['mean_log_ratio']:+.3f} ({low:+.3f} to {high:+.3f})"
        print(f"{one['arm']:12s} {told}, best for {one['best_share']:.3f}, better than the control for {one['better_share']:.3f}")
    for one in numbers["slopes"]:
        if one["level"].endswith("_pg_per_mL"):
            prognostic, predictive = ([one[kind], *one[f"{kind}_interval"]] for kind in ("prognostic", "predictive"))
            words = " ".join(
                f"{kind} {value:+.3f} ({low:+.3f} to {high:+.3f})" for kind, (value, low, high) in (("prognostic", prognostic), ("predictive", predictive))
            )
            print(f"{one['level']:15s} {one['arm']:10s} {words}")


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run the cohort, print the numbers and, with --out, write records.jsonl, numbers.json, virtual_cohort.png and two arms of the first tumour as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tumours, coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for the results; a run that was stopped goes on from there")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    given, (voxels, count) = read(), QUICK if options.quick else FULL
    tissue = tumour(given, voxels)
    duration, step = (units.parse(given["tissue"][key], "time") for key in ("duration", "step"))
    times = np.array([0.0, duration / (6 if options.quick else 1)])
    arms = {"control": {}} | {name: {name: 1.0} for name in tissue.treatments}
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    patients = cohort.virtual_patients(tissue, spread(given), count, SEED)
    results, stages = options.out / "records.jsonl" if options.out else None, cohort.shared_stages(tissue, spread(given), step)
    key = key_of((FOLDER / "parameters.toml").read_bytes(), voxels, float(times[-1]), RTOL, "densities, one cell")
    how = {"step": step, "rtol": RTOL, "stages": stages, "measured": endpoints.density_profile}
    records = cohort.run_cohort(patients, arms, times, results=results, key=key, told=_tell, **how)
    numbers = evaluate(records)
    report(numbers)
    if options.out:
        from figure import draw

        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, cohort.table(records) | cohort.table(records, "one_cell"), options.out / "virtual_cohort.png")
        shown = tf.run_arms(patients[0].tissue, {name: arms[name] for name in WRITTEN}, times, step=step, rtol=RTOL, least_stages=stages)
        for name, course in shown.items():
            course.to_netcdf(options.out / f"{name}.nc", attributes={"title": f"The first tumour, {name}"})
    return numbers


def _tell(done: int, whole: int) -> None:
    if done % 20 == 0 or done == whole:
        print(f"{done} of {whole} tumours", flush=True)


if __name__ == "__main__":
    main()
