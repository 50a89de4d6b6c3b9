"""One patient's stained section: fields, the profile by region, which therapy does best, and whether that hangs on where cells are; see README.md."""

import argparse
import json
import tomllib
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from section import SHARED, Case, draws, read

import tmefield as tf
from tmefield import units
from tmefield.outcome import cohort, endpoints, placement, ranking
from tmefield.outcome.arms import CONTROL, movement_stages, single_and_combined
from tmefield.outcome.records import key_of
from tmefield.output import FieldSet, write_netcdf

FOLDER = Path(__file__).parent
FULL, QUICK = (40, 160, 40), (16, 24, 2)  # voxels along each side, members drawn, members kept at most
RTOL = 1e-3
PLACED, SHUFFLED, AGAIN = "placed", "shuffled", "again"


def stages_of(case: Case, drawn: list[dict[str, float]], step: float) -> tuple[int, ...]:
    """Of the movement, enough for the fastest T cells that are drawn: all members share a compilation."""
    fastest = max(drawn, key=lambda one: one["T_cell_motility"])
    return movement_stages(case.tissue(fastest).model(), step)


def times(case: Case) -> list[float]:
    """Start and end, s."""
    return [0.0, units.parse(case.given["course"]["duration"], "time")]


def plausible(case: Case, drawn: list[dict[str, float]], most: int, results: Path | None, how: dict[str, Any]) -> tuple[list[int], int]:
    """The first members whose untreated section looks like that of a patient, at most so many, and how many were asked for that."""
    what = case.given["plausible"]
    (low, high), limit = what["growth"], units.parse(what["TGFb"], "concentration")
    kept: list[int] = []
    for index, values in enumerate(drawn):
        patient = cohort.Patient(f"member {index}", case.tissue(values), values)
        (record,) = cohort.run_cohort([patient], {CONTROL: {}}, times(case), results=results, measured=_ligand, **how)
        end = record["arms"][CONTROL]
        if end["status"] == 0 and low <= end["growth_ratio"] <= high and record["profile"]["TGFb_nM"] <= limit:
            kept.append(index)
        if len(kept) == most:
            return kept, index + 1
    return kept, len(drawn)


def _ligand(course: tf.PopulationCourse) -> dict[str, float]:
    return {"TGFb_nM": endpoints.in_tumour(course["TGFb"][0], course, 0)}


def run_all(case: Case, drawn: list[dict[str, float]], kept: list[int], out: Path | None, how: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Records of the members with the cells in place and dealt out twice; each member has dealings of its own."""
    found = {}
    for name, dealing in ((PLACED, None), (SHUFFLED, 0), (AGAIN, 1)):
        members = []
        for index in kept:
            here = case if dealing is None else case.shuffled(2 * index + dealing)
            members.append(cohort.Patient(f"member {index}", here.tissue(drawn[index]), drawn[index]))
        arms = single_and_combined(members[0].tissue, case.given["combinations"]["pairs"])
        results = None if out is None else out / f"{name}.jsonl"
        told = partial(_tell, name)
        found[name] = cohort.run_cohort(members, arms, times(case), results=results, measured=case.levels, told=told, **how)
    return found


def converged(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The members of which every steady state was found, in every arm and placement."""
    rows = zip(*found.values(), strict=True)
    good = [all(end["status"] == 0 for one in row for end in one["arms"].values()) for row in rows]
    return {name: [one for one, kept in zip(records, good, strict=True) if kept] for name, records in found.items()}


def _tell(name: str, done: int, whole: int) -> None:
    if done % 10 == 0 or done == whole:
        print(f"{name}: {done} of {whole} members", flush=True)


def volumes(records: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Volume at the end over that at the start, by arm; what is left below a millionth counts as that."""
    return {arm: np.maximum([one["arms"][arm]["growth_ratio"] for one in records], endpoints.GONE) for arm in records[0]["arms"]}


def levels(records: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """pg/mL at the start by place and cytokine."""
    return {key: np.array([one["profile"][key] for one in records]) for key in records[0]["profile"]}


def evaluate(found: dict[str, list[dict[str, Any]]], asked: int, left_out: int = 0) -> dict[str, Any]:
    """Profile, ranking, and what placement does to both."""
    placed, shuffled, again = (volumes(found[name]) for name in (PLACED, SHUFFLED, AGAIN))
    here, there, twice = (levels(found[name]) for name in (PLACED, SHUFFLED, AGAIN))
    test = placement.compare_placements(placed, shuffled, again)
    return {
        "members": len(found[PLACED]),
        "asked": asked,
        "left_out": left_out,
        "profile": {key: np.quantile(column, [0.05, 0.5, 0.95]).tolist() for key, column in here.items()},
        "fields": [asdict(one) | {"clear": one.clear} for one in placement.changes(here, there, twice)],
        "ranking": {name: [asdict(one) for one in ranking.rank_arms(columns)] for name, columns in ((PLACED, placed), (SHUFFLED, shuffled))},
        "effects": [asdict(one) | {"clear": one.clear} for one in test.effects],
        "turns": [asdict(one) | {"clear": one.clear} for one in test.turns],
        "discord": {"placed against dealt out": test.discord, "by chance": test.discord_by_chance, "difference, 95 %": test.excess_discord},
        "verdict": test.verdict,
    }


def report(numbers: dict[str, Any]) -> None:
    """Print what numbers.json holds, a line each."""
    print(f"{numbers['members']} of {numbers['asked']} members; {numbers['left_out']} plausible ones left out: some steady state was not found")
    for key, (low, middle, high) in numbers["profile"].items():
        change = next(one for one in numbers["fields"] if one["name"] == key)
        print(
            f"{key:14s} {middle:9.3g} pg/mL ({low:.3g} to {high:.3g}); over dealt out {np.exp(change['mean_log_ratio']):.3g}{' *' if change['clear'] else ''}"
        )
    for name, ranks in numbers["ranking"].items():
        for one in ranks:
            low, high = one["interval"]
            told = f"ln(volume/control) {one['mean_log_ratio']:+.3f} ({low:+.3f} to {high:+.3f}), best for {one['best_share']:.2f}"
            print(f"{name:9s} {one['arm']:22s} {told}")
    for one in numbers["effects"]:
        low, high = one["interval"]
        print(f"placement changes {one['name']:22s} by {one['mean_log_ratio']:+.3f} ({low:+.3f} to {high:+.3f}){' *' if one['clear'] else ''}")
    turned = [f"{one['first']} and {one['second']}" for one in numbers["turns"] if one["clear"]]
    print(f"order turns for: {', '.join(turned) or 'no two arms'}; discord {numbers['discord']}")
    print(f"verdict: {numbers['verdict']}")


def write(case: Case, drawn: dict[str, float], out: Path, how: dict[str, Any]) -> dict[str, tf.PopulationCourse]:
    """A member's untreated section with the cells in place and dealt out, start and end, as NetCDF; the courses by placement."""
    found = {}
    for name, here in ((PLACED, case), (SHUFFLED, case.shuffled(0))):
        found[name] = course = tf.run_arms(here.tissue(drawn), {CONTROL: {}}, times(case), step=how["step"], rtol=RTOL, least_stages=how["stages"])[CONTROL]
        for index, when in enumerate(("start", "end")):
            cells, moment = {one: course[one][index] for one in course.tissue.names}, slice(index, index + 1)
            title = {"title": f"Section of a triple-negative breast cancer, cells {name}, untreated, {when}"}
            fields = FieldSet(case.grid, course.times[moment], course.tissue.model.names, course.concentration[moment], cell_density=cells, attributes=title)
            write_netcdf(fields, out / f"{name}_{when}.nc")
    return found


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run the ensemble, print the numbers and, with --out, write numbers.json, the fields of a member as NetCDF and patient_profile.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED, help="the cell table (default: beside the project, shared/data)")
    parser.add_argument("--quick", action="store_true", help="fewer members, coarser voxels, a third of the time")
    parser.add_argument("--out", type=Path, help="folder for the results; a run that was stopped goes on from there")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    voxels, count, most = QUICK if options.quick else FULL
    text = (FOLDER / "parameters.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)
    if options.quick:
        given["course"]["duration"] = given["course"]["quick_duration"]
    case = read(given, options.data, voxels)
    drawn, step = draws(given, count), units.parse(given["course"]["step"], "time")
    key = key_of(options.data.read_bytes(), text, voxels, given["course"]["duration"], RTOL)
    how = {"step": step, "rtol": RTOL, "stages": stages_of(case, drawn, step), "key": key}
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    kept, asked = plausible(case, drawn, most, options.out and options.out / "untreated.jsonl", how)
    if len(kept) < 2:
        raise SystemExit(f"{len(kept)} of {asked} members are plausible, two are the least: draw more, or widen [plausible] in parameters.toml")
    found = converged(run_all(case, drawn, kept, options.out, how))
    numbers = evaluate(found, asked, len(kept) - len(found[PLACED]))
    report(numbers)
    if options.out:
        from figure import draw

        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(case, numbers, write(case, drawn[kept[0]], options.out, how), options.out / "patient_profile.png")
    return numbers


if __name__ == "__main__":
    main()
