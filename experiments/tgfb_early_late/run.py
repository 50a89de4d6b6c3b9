"""An antibody against TGF-beta in a small tumour and in a crowded one, with growth that answers to TGF-beta or not; see README.md."""

import argparse
import json
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units
from tmefield.outcome import endpoints
from tmefield.output import FieldSet, Variable, write_netcdf

FOLDER = Path(__file__).parent
DAY = 86400.0
RTOL = 1e-3
ANTIBODY = "fresolimumab"
SHORT = {"all edges": (), "growth": ("TGFb-growth",), "CTL and exclusion": ("TGFb-CTL", "TGFb-exclusion"), "EMT": ("TGFb-EMT",)}
SHORT["all of these"] = tuple(edge for edges in SHORT.values() for edge in edges)
"""Edges that are switched off."""


def read() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))


def tissue(given: dict[str, Any], stage: dict[str, Any], sensitivity: float, rate: float, voxels: int) -> tf.ImmuneTissue:
    """One eighth of the tumour of a stage, with IFN-g, TGF-b and the antibody, whose plasma is held for the time of the blockade."""
    box, cells = units.parse(given["tissue"]["box"], "length"), dict(stage)
    grid, radius = tf.Grid((voxels,) * 3, box / voxels), units.parse(cells.pop("radius"), "length")
    antibody = tf.DrugTreatment.held(ANTIBODY, given["blockade"]["plasma"])
    values = {**given["values"], "TGFb.secretion.tumour": rate}
    found = tf.ImmuneTissue(
        grid, tf.around_tumour(grid, radius, cells), ("IFNg", "TGFb"), values=values, treatments={ANTIBODY: antibody}, sensitivity=sensitivity
    )
    return found.without("vessels-growth")  # vessels only let CTL in here


def courses(one: tf.ImmuneTissue, given: dict[str, Any], step: float = 1.0) -> tuple[dict[str, tf.PopulationCourse], list[str]]:
    """Untreated and treated from the same cells, and what the solver warned of."""
    times, step = [0.0, given["blockade"]["days"] * DAY], step * units.parse(given["blockade"]["step"], "time")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = {
            name: tf.evolve_populations(one.model({ANTIBODY: dose}), dict(one.cells), times, step=step, rtol=RTOL)
            for name, dose in (("untreated", 0.0), ("treated", 1.0))
        }
    return found, sorted({str(each.message) for each in told})


def measure(found: dict[str, tf.PopulationCourse]) -> dict[str, Any]:
    """Effect and what it is made of: of each arm volume over the start, cytokines and CTL among tumour cells, growth and killing a day, invasion."""
    told: dict[str, Any] = {name: _arm(one) for name, one in found.items()}
    untreated, treated = told["untreated"], told["treated"]
    told["effect"] = treated["volume"][-1] / untreated["volume"][-1]
    told["status"] = max(int(np.max(one.status)) for one in found.values())
    for when in ("first", "last"):
        told[f"invasion_{when}"] = treated[when]["invasion"] / untreated[when]["invasion"]
        told[f"motility_{when}"] = treated[when]["motility"] / untreated[when]["motility"]
    return told


def _arm(found: tf.PopulationCourse) -> dict[str, Any]:
    start = float(np.asarray(found["tumour"][0], float).sum()) * found.tissue.model.grid.voxel_volume
    told: dict[str, Any] = {"days": [0.0, *(np.asarray(found.step_times, float) / DAY).tolist()]}
    told["volume"] = [1.0, *(np.asarray(found.number("tumour"), float) / start).tolist()]
    return told | {name: _moment(found, index) for name, index in (("first", 0), ("last", -1))}


def _moment(found: tf.PopulationCourse, index: int) -> dict[str, float]:
    density = np.asarray(found["tumour"][index], float)
    killed = np.asarray(sum(endpoints.killing(found, index).values()), float).sum() / density.sum() * DAY
    grown = np.asarray(endpoints.growth(found, index), float).sum() / density.sum() * DAY
    out = {"TGFb_pM": 1e3 * endpoints.in_tumour(found["TGFb"][index], found, index), "IFNg_pM": 1e3 * endpoints.in_tumour(found["IFNg"][index], found, index)}
    out |= {"CTL_per_mm3": 1e9 * endpoints.in_tumour(found["CD8_T"][index], found, index), "killed_per_day": float(killed), "grown_per_day": float(grown)}
    (tumour,) = [one for one in found.tissue.populations if one.name == "tumour"]
    levels = found.tissue.around(dict(zip(found.tissue.names, found.density[index], strict=True)), found.concentration[index]).levels
    motility = np.prod([np.broadcast_to(np.asarray(one(levels), float), density.shape) for one in tumour.motility_modulations], axis=0)
    out["motility"] = endpoints.at_margin(motility, found, index)
    out["invasion"] = endpoints.at_margin(endpoints.invasion(found, index), found, index) * 1e6 * DAY
    return out


def swapped(given: dict[str, Any], rate: float, voxels: int) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Volume over the start of a sensitive tumour of either stage that has one thing of the other's: which of them makes it early or late."""
    (early, late), told, found = given["stages"], [], {}
    for stage, other in ((early, late), (late, early)):
        for what in ("radius", "tumour", "CD8_T"):
            here = given["stages"][stage] | {what: given["stages"][other][what]}
            both, said = courses(tissue(given, here, given["sensitivity"]["sensitive"], rate, voxels), given)
            told += said
            found[f"{stage}, {what} of {other}"] = {name: endpoints.growth_ratio(one) for name, one in both.items()}
    return found, told


def scanned(here: tf.ImmuneTissue, given: dict[str, Any], rates: list[float]) -> tuple[list[dict[str, float]], list[str]]:
    """The effect by how much TGF-b a tumour cell makes."""
    told, rows = [], []
    for rate in rates:
        found, said = courses(here.changed(values={"TGFb.secretion.tumour": rate}), given)
        one, told = measure(found), told + said
        row = {key: one[key] for key in ("effect", "status", "invasion_first", "motility_last")}
        rows.append({"rate": rate, **row, "TGFb_pM": one["untreated"]["first"]["TGFb_pM"]})
    return rows, told


def write(found: dict[str, tf.PopulationCourse], path: Path) -> None:
    """Cytokines, antibody and complex at the end with the antibody; cells at the end with it and without."""
    treated, untreated = found["treated"], found["untreated"]
    names = treated.tissue.names
    maps = {f"untreated_{name.lower()}": Variable(untreated[name][-1], f"density of {name} without the antibody", "um-3") for name in names}
    maps |= {"untreated_tgfb": Variable(untreated["TGFb"][-1], "free TGF-beta without the antibody", "nmol L-1")}
    model, last = treated.tissue.model, np.asarray(treated.times, float)[-1:]
    write_netcdf(FieldSet(model.grid, last, model.names, treated.concentration[-1:], cell_density={name: treated[name][-1] for name in names}, maps=maps), path)


def main(arguments: list[str] | None = None) -> dict:
    """All cases; with --out numbers.json, tgfb_early_late.png and the fields as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels, two rates of secretion, nothing computed again on finer ones")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    given, told = read(), []
    voxels, rate = given["tissue"]["quick_voxels" if options.quick else "voxels"], given["secretion"]["rate"]
    cases: dict[str, dict[str, Any]] = {}
    scan: dict[str, list[dict[str, float]]] = {}
    again: dict[str, dict[str, float]] = {}
    kept: dict[str, dict[str, tf.PopulationCourse]] = {}
    for stage, cells in given["stages"].items():
        for name, sensitivity in given["sensitivity"].items():
            here, key = tissue(given, cells, sensitivity, rate, voxels), f"{stage}, {name}"
            cases[key] = {}
            for off, edges in SHORT.items():
                found, said = courses(here.without(*edges), given)
                cases[key][off], told = measure(found), told + said
                kept.setdefault(key, found)
            scan[key], said = scanned(here, given, given["secretion"]["quick_scan" if options.quick else "scan"])
            told += said
            if not options.quick:
                finer, halved = courses(tissue(given, cells, sensitivity, rate, voxels * 4 // 3), given), courses(here, given, 0.5)
                again[key], told = {"voxels": measure(finer[0])["effect"], "step": measure(halved[0])["effect"]}, told + finer[1] + halved[1]
    swaps, said = swapped(given, rate, voxels)
    numbers = {"cases": cases, "scan": scan, "swaps": swaps, "again": again, "warnings": sorted({*told, *said})}
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, options.out / "tgfb_early_late.png")
        for key, found in kept.items():
            write(found, options.out / f"{key.replace(', ', '_')}.nc")
    return numbers


def report(numbers: dict) -> None:
    """Print what numbers.json holds."""
    for key, by_edge in numbers["cases"].items():
        print(f"{key}: volume treated over untreated", {off: round(one["effect"], 4) for off, one in by_edge.items()})
        one = by_edge["all edges"]
        for arm in ("untreated", "treated"):
            print(f"    {arm:9s} V/V0 {one[arm]['volume'][-1]:.3f}; first {_row(one[arm]['first'])}; last {_row(one[arm]['last'])}")
        print("    treated over untreated:", {name: round(one[name], 3) for name in ("motility_first", "invasion_first", "motility_last", "invasion_last")})
        print("    without EMT edge: invasion_first", round(by_edge["EMT"]["invasion_first"], 4))
    for key, rows in numbers["scan"].items():
        print(key, [(row["rate"], round(row["TGFb_pM"], 2), round(row["effect"], 4), round(row["invasion_first"], 3)) for row in rows])
    for key, one in numbers["swaps"].items():
        print(f"{key}: V/V0 untreated {one['untreated']:.3g}, treated {one['treated']:.3g}")
    print("again:", numbers["again"])
    print("warnings:", numbers["warnings"])


def _row(values: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.3g}" for key, value in values.items())


if __name__ == "__main__":
    main()
