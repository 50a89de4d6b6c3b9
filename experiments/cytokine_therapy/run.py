"""Cytokines as drugs: interleukin 2 by dose and by route, interferon gamma with its brake, blockades and combinations; see README.md."""

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import library, units
from tmefield.library.prior import Prior
from tmefield.outcome import cohort, endpoints, ranking
from tmefield.outcome.arms import CONTROL, fractional_effect
from tmefield.outcome.signals import ENDOTHELIUM, WALL_PER_CELL
from tmefield.output import FieldSet, write_netcdf

FOLDER = Path(__file__).parent
FULL, QUICK = (10, 24), (6, 3)  # voxels along each side, tumours
EIGHTHS = 8  # of the tumour, of which the box holds one
INSIDE = (1, 2, 3, 4)  # of `times`: within the infusions
RTOL = 1e-3
DAY, HOUR = 86400.0, 3600.0
IL2, IFNG = "IL-2", "IFN-g"
TOLD = ("dose", "growth", "spared", "CD8_T_second", "Treg_second", "Treg_to_CD8_first", "Treg_to_CD8_second", "IL2_pM_early", "IL2_pM_late", "IL10_pM_late")
TOLD += ("IFNg_pM_early", "nmol", "area_nM_h", "left_share", "status", "change")
MECHANISMS = {
    "all edges": {},
    "IL10-CTL off": {"IL10-CTL.saturated": 1.0, "IL10-IFNg_CD8_T.saturated": 1.0},
    "no IL-10 from Treg": {"IL10.secretion.Treg": 0.0},
    "no TGF-b from Treg": {"TGFb.secretion.Treg": 0.0},
    "Treg take up no IL-2": {"IL2.receptors.Treg": 0.0},
}
BRAKES = {"all edges": {}, "PD_L1-killing off": {"PD_L1-killing.saturated": 1.0}, "library's 0": {"PD_L1-killing.saturated": 0.0}}
NK_EDGES = {"all edges": {}, "MHC_I-killing_NK off": {"MHC_I-killing_NK.saturated": 1.0}}


def read() -> dict[str, Any]:
    """The numbers of parameters.toml."""
    return tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))


def infusion(given: dict[str, Any]) -> tf.PlasmaCourse:
    """Plasma of aldesleukin at 1 MIU/m2/d, nM."""
    plan = given["schedule"]
    doses = [tf.Dose(f"{length} MIU/m2", at=DAY * begin, duration=DAY * length) for begin, length in plan["infusions"]]
    return tf.Drug.from_library("aldesleukin").plasma(doses, body_surface=plan["body_surface"])


def times(given: dict[str, Any]) -> np.ndarray:
    """Start, two moments of each infusion between which an integral over it is taken (Gauss-Legendre), and the end, s."""
    (first, length), (second, other) = given["schedule"]["infusions"]
    share = 0.5 - 0.5 / np.sqrt(3)
    inside = [begin + part * whole for begin, whole in ((first, length), (second, other)) for part in (share, 1 - share)]
    return DAY * np.array([first, *inside, second + other])


def over_infusions(given: dict[str, Any], rates: Sequence[float]) -> float:
    """The integral over both infusions of a rate at the moments of `times` between start and end."""
    lengths = [DAY * one[1] for one in given["schedule"]["infusions"]]
    return 0.5 * float(np.dot(np.repeat(lengths, 2), rates))


def treatments(given: dict[str, Any], inside: np.ndarray) -> dict[str, Any]:
    """Interleukin 2 into a vein, depots in the tumour (`inside`: 1 in it) on the same days, antibodies at plasma levels that are held."""
    (first, length), (second, _) = given["schedule"]["infusions"]
    on = tf.TimeCourse([DAY * first, DAY * (first + length), DAY * second], [1.0, 0.0, 1.0])
    found: dict[str, Any] = {IL2: tf.DrugTreatment(tf.Drug.from_library("aldesleukin"), infusion(given))}
    for name, species in ((IL2, "IL2"), (IFNG, "IFNg")):
        found[f"{name} depot"] = tf.Depot(species, units.parse(given["depots"][species], "production") * inside, on)
    return found | {name: tf.DrugTreatment.held(**arm) for name, arm in given["antibodies"].items()}


def tumour(given: dict[str, Any], voxels: int) -> tf.ImmuneTissue:
    """One eighth of the tumour that all are drawn from."""
    what = given["tissue"]
    box, radius, margin = (units.parse(what[key], "length") for key in ("box", "radius", "margin"))
    grid = tf.Grid((voxels,) * 3, box / voxels)
    densities = {name: (1e-9 * inside, 1e-9 * outside) for name, (inside, outside) in given["cells"].items()}
    cells = tf.around_tumour(grid, radius, densities, edge=margin)
    inside = cells["tumour"] / densities["tumour"][0]
    found = tf.ImmuneTissue(grid, cells, tuple(what["cytokines"]), values=given["values"], treatments=treatments(given, inside))
    return found.without("vessels-growth")  # vessels only let cells in here


def stages(place: tf.ImmuneTissue) -> tuple[int, ...]:
    """Stages of the movement by population, odd: enough for the fastest T cells that are drawn, so that all tumours share a compilation."""
    return tuple({"CD8_T": 5, "Treg": 5, "NK": 5, "tumour": 3}.get(name, 0) for name in place.cells)


def options(given: dict[str, Any], place: tf.ImmuneTissue, shorter: int = 1) -> dict[str, Any]:
    """How every course is stepped."""
    return {"step": units.parse(given["tissue"]["step"], "time") / shorter, "rtol": RTOL, "stages": stages(place)}


def courses(given: dict[str, Any], place: tf.ImmuneTissue, arms: Mapping[str, Mapping[str, float]], shorter: int = 1) -> dict[str, tf.PopulationCourse]:
    """The control and these arms."""
    return tf.run_arms(place, {CONTROL: {}, **arms}, times(given), **options(given, place, shorter))


def to_vessels(course: tf.PopulationCourse, index: int) -> float:
    """Interleukin 2 that leaves the whole tumour through its vessels at an output time, nmol/s, where the plasma holds none."""
    density = np.asarray(course[ENDOTHELIUM][index], float)
    litres = 1e-15 * course.tissue.model.grid.voxel_volume
    return EIGHTHS * litres * permeability() * WALL_PER_CELL * float(np.sum(density * np.asarray(course["IL2"][index], float)))


def permeability() -> float:
    """Of vessel walls for interleukin 2, um/s."""
    return library.species("IL2").parameters["permeability"].internal


def measure(given: dict[str, Any], course: tf.PopulationCourse, control: tf.PopulationCourse) -> dict[str, float]:
    """Tumour, T cells (over the control, at the end of the first infusion and of the second), levels in the tumour and how the solve went."""
    (_, length), _ = given["schedule"]["infusions"]
    after = {"first": int(np.argmin(np.abs(np.asarray(course.step_times) - DAY * length))), "second": -1}
    found: dict[str, float] = {"growth": endpoints.growth_ratio(course)}
    found["spared"] = float(fractional_effect(found["growth"], endpoints.growth_ratio(control)))
    for when, index in after.items():
        cells = {name: float(course.number(name)[index] / control.number(name)[index]) for name in ("CD8_T", "Treg")}
        found |= {f"{name}_{when}": value for name, value in cells.items()} | {f"Treg_to_CD8_{when}": cells["Treg"] / cells["CD8_T"]}
    for name in ("IL2", "IFNg", "TGFb", "IL10"):
        found |= {f"{name}_pM_{when}": 1e3 * endpoints.in_tumour(course[name][index], course, index) for when, index in (("early", 1), ("late", -2))}
    return found | {"status": int(np.max(course.status)), "change": float(np.max(course.change))}


def dose_response(given: dict[str, Any], place: tf.ImmuneTissue, doses: Sequence[float]) -> dict[str, list[dict[str, float]]]:
    """Interleukin 2 into a vein, with all edges and without what Treg do."""
    found = {}
    for name, values in MECHANISMS.items():
        runs = courses(given, place.changed(values=values), {f"{dose:g}": {IL2: dose} for dose in doses})
        found[name] = [{"dose": dose, **measure(given, one, runs[CONTROL])} for dose, one in zip([0.0, *doses], runs.values(), strict=True)]
    return found


def routes(given: dict[str, Any], place: tf.ImmuneTissue, vein: Sequence[dict[str, float]], depots: Sequence[float]) -> dict[str, Any]:
    """Vein (the rows of `dose_response`) and depot: what each spares for what the plasma sees (area under its curve, nM h), at the same amount for the tissue,
    and at the same area.
    """
    plasma, litres = infusion(given), 1e-15 * place.grid.voxel_volume
    area, clearance = float(plasma.area), float(plasma.kinetics.clearance)
    walls = EIGHTHS * litres * WALL_PER_CELL * float(np.sum(place.cells[ENDOTHELIUM]))
    brought = walls * permeability() * area  # nmol at 1 MIU/m2/d
    put = EIGHTHS * litres * float(np.sum(place.treatments[f"{IL2} depot"].where)) * over_infusions(given, [1.0] * 4)  # nmol at dose 1
    systemic = [{**row, "nmol": brought * row["dose"], "area_nM_h": row["dose"] * area / HOUR} for row in vein]
    same_amount = next(row for row in systemic if row["dose"] == given["arms"]["IL-2 high"][IL2])
    rates = [*depots, same_amount["nmol"] / put]
    runs = courses(given, place, {f"{dose:g}": {f"{IL2} depot": dose} for dose in rates})
    control = runs.pop(CONTROL)
    rest = np.array([to_vessels(control, index) for index in INSIDE])
    local = []
    for dose, run in zip(rates, runs.values(), strict=True):
        left = over_infusions(given, np.array([to_vessels(run, index) for index in INSIDE]) - rest)
        known = {"dose": dose, "nmol": put * dose, "area_nM_h": left / clearance / HOUR, "left_share": left / (put * dose)}
        local.append(known | measure(given, run, control))
    depot = local.pop()
    dose = depot["area_nM_h"] * HOUR / area
    run = courses(given, place, {"same area": {IL2: dose}})["same area"]
    same_area = {"dose": dose, "nmol": brought * dose, "area_nM_h": depot["area_nM_h"], **measure(given, run, control)}
    return {"depot": local, "vein": systemic, "compared": {"depot": depot, "vein, same amount": same_amount, "vein, same area": same_area}}


def interferon(given: dict[str, Any], place: tf.ImmuneTissue, depots: Sequence[float]) -> dict[str, Any]:
    """Interferon gamma as a depot with and without anti-PD-1, by what PD-L1 does; and the factor on what each killer kills in the tissue of the start."""
    found: dict[str, Any] = {"brakes": {}, "killers": {}}
    levels = [0.0, *depots]
    for name, values in BRAKES.items():
        arms = {(dose, more): {f"{IFNG} depot": dose, "anti-PD1": more} for more in (0.0, 1.0) for dose in levels}
        runs = courses(given, place.changed(values=values), {str(key): arm for key, arm in arms.items()})
        rows = {key: {"dose": key[0], **measure(given, runs[str(key)], runs[CONTROL])} for key in arms}
        found["brakes"][name] = {which: [rows[dose, more] for dose in levels] for which, more in (("alone", 0.0), ("with anti-PD1", 1.0))}
    for name, values in NK_EDGES.items():
        runs = courses(given, place.changed(values=values), {"depot": {f"{IFNG} depot": 1.0}})
        killed = {arm: {killer: float(np.sum(one)) for killer, one in endpoints.killing(run, 0).items()} for arm, run in runs.items()}
        found["killers"][name] = {killer: killed["depot"][killer] / killed[CONTROL][killer] for killer in ("CD8_T", "NK")}
    return found


def patients(given: dict[str, Any], place: tf.ImmuneTissue, count: int) -> list[cohort.Patient]:
    """Tumours that differ in what parameters.toml spreads; the first of them are the same whatever the count."""
    spread = cohort.library_priors(given["spread"]["library"])
    spread |= {key: Prior("lognormal", median, sigma) for key, (median, sigma) in given["spread"]["lognormal"].items()}
    return cohort.virtual_patients(place, spread, count, given["tissue"]["seed"])


def ranked(given: dict[str, Any], place: tf.ImmuneTissue, count: int) -> dict[str, Any]:
    """All arms over tumours drawn from the library's ranges."""
    tumours = patients(given, place, count)
    records = cohort.run_cohort(tumours, {CONTROL: {}, **given["arms"]}, times(given), **options(given, place))
    growth = {arm: np.maximum([one["arms"][arm]["growth_ratio"] for one in records], endpoints.GONE) for arm in records[0]["arms"]}
    told: dict[str, Any] = {"tumours": count, "ranks": [asdict(one) for one in ranking.rank_arms(growth)]}
    told |= {
        "growth": {arm: column.tolist() for arm, column in growth.items()},
        "drawn": {key: [one.drawn[key] for one in tumours] for key in tumours[0].drawn},
    }
    told["shrinks"] = {arm: float(np.mean(column < 1)) for arm, column in growth.items()}
    told["median"] = {arm: float(np.median(np.log(column / growth[CONTROL]))) for arm, column in growth.items()}
    told["beats"] = {arm: {part: float(np.mean(growth[arm] < growth[part])) for part in arm.split(" + ")} for arm in growth if " + " in arm}
    return told | {"status": max(end["status"] for one in records for end in one["arms"].values())}


def one_tumour(given: dict[str, Any], place: tf.ImmuneTissue) -> dict[str, dict[str, float]]:
    """The tumour of which others are drawn in all arms: its volume over that at the start, and what half the step changes of the logarithm."""
    whole, half = ({arm: endpoints.growth_ratio(run) for arm, run in courses(given, place, given["arms"], shorter).items()} for shorter in (1, 2))
    return {arm: {"growth": whole[arm], "half_step": float(np.log(half[arm] / whole[arm]))} for arm in whole}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run everything, print the numbers and, with --out, write numbers.json, cytokine_therapy.png and the arms of the tumour as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tumours and doses, coarser voxels, no halved step")
    parser.add_argument("--out", type=Path, help="folder for the results")
    chosen = parser.parse_args(arguments)
    tf.reuse_memory()
    given, (voxels, count) = read(), QUICK if chosen.quick else FULL
    place, scan = tumour(given, voxels), given["scan"] | (given["scan"]["quick"] if chosen.quick else {})
    by_dose = dose_response(given, place, scan["doses"])
    numbers: dict[str, Any] = {
        "doses": by_dose,
        "routes": routes(given, place, by_dose["all edges"], scan["IL2_depots"]),
        "interferon": interferon(given, place, scan["IFNg_depots"]),
        "ranking": ranked(given, place, count),
        "arms": {} if chosen.quick else one_tumour(given, place),
    }
    report(numbers)
    if chosen.out:
        from figure import draw

        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, chosen.out / "cytokine_therapy.png")
        for name, run in courses(given, place, {name: given["arms"][name] for name in ("IL-2 high", "IL-2 depot")}).items():
            write(run, name, chosen.out / f"{name.replace(' ', '_')}.nc")
    return numbers


def report(numbers: dict[str, Any]) -> None:
    """Print what numbers.json holds, a line each."""
    tables = {f"IL-2 into a vein, {name}": rows for name, rows in numbers["doses"].items()}
    tables |= {f"route: {name}": list(rows.values()) if name == "compared" else rows for name, rows in numbers["routes"].items()}
    tables |= {f"IFN-g depot, {name}, {which}": rows for name, one in numbers["interferon"]["brakes"].items() for which, rows in one.items()}
    for name, rows in tables.items():
        print(name)
        for row in rows:
            print("   ", " ".join(f"{key} {row[key]:.4g}" for key in TOLD if key in row))
    print(numbers["interferon"]["killers"])
    for rank in numbers["ranking"]["ranks"]:
        low, high = rank["interval"]
        told = f"ln(volume/control) {rank['mean_log_ratio']:+.3f} ({low:+.3f} to {high:+.3f}), median {numbers['ranking']['median'][rank['arm']]:+.3f}"
        more = f"better than the control for {rank['better_share']:.2f}, shrinks in {numbers['ranking']['shrinks'][rank['arm']]:.2f}"
        print(f"{rank['arm']:24s} {told}, {more}, beats {numbers['ranking']['beats'].get(rank['arm'], {})}")
    for arm, one in numbers["arms"].items():
        print(f"{arm:24s} volume/start {one['growth']:.3f}, half the step {one['half_step']:+.4f}")


def write(course: tf.PopulationCourse, arm: str, path: Path) -> None:
    """Cytokines, drugs and cells at the end."""
    model, cells = course.tissue.model, {name: course[name][-1] for name in course.tissue.names}
    title = {"title": f"The tumour of which others are drawn, {arm}"}
    write_netcdf(FieldSet(model.grid, course.times[-1:], model.names, course.concentration[-1:], cell_density=cells, attributes=title), path)


if __name__ == "__main__":
    main()
