"""Blocking TGF-beta and PD-1 alone and together: what the combination is beyond its parts, and which edges of the network make it so; see README.md."""

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units
from tmefield.library.prior import Prior
from tmefield.outcome import cohort, endpoints
from tmefield.outcome.arms import CONTROL, bliss_excess, fractional_effect, single_and_combined
from tmefield.output import FieldSet, write_netcdf

FOLDER = Path(__file__).parent
A, B = "anti-TGFb", "anti-PD1"
BOTH = f"{A} + {B}"
FULL, QUICK = (10, 24), (6, 6)  # voxels along each side, tumours
RESAMPLES = 4000
RTOL = 1e-3


def read() -> dict[str, Any]:
    """The numbers of parameters.toml."""
    return tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))


def treatments(given: dict[str, Any]) -> dict[str, tf.DrugTreatment]:
    """Both antibodies at plasma levels that are held."""
    return {name: tf.DrugTreatment.held(**arm) for name, arm in given["arms"].items()}


def tumour(given: dict[str, Any], voxels: int) -> tf.ImmuneTissue:
    """One eighth of the tumour that all are drawn from."""
    what = given["tissue"]
    box, radius, margin = (units.parse(what[key], "length") for key in ("box", "radius", "margin"))
    grid = tf.Grid((voxels,) * 3, box / voxels)
    densities = {name: (1e-9 * inside, 1e-9 * outside) for name, (inside, outside) in given["cells"].items()}
    cells = tf.around_tumour(grid, radius, densities, edge=margin)
    found = tf.ImmuneTissue(grid, cells, tuple(what["cytokines"]), values=given["values"], treatments=treatments(given))
    return found.without("vessels-growth")  # vessels only let CTL in here


def patients(given: dict[str, Any], place: tf.ImmuneTissue, count: int) -> list[cohort.Patient]:
    """Tumours that differ in what parameters.toml spreads; the first of them are the same whatever the count."""
    spread = cohort.library_priors(given["spread"]["library"])
    spread |= {key: Prior("lognormal", median, sigma) for key, (median, sigma) in given["spread"]["lognormal"].items()}
    return cohort.virtual_patients(place, spread, count, given["tissue"]["seed"])


def courses(given: dict[str, Any], place: tf.ImmuneTissue) -> dict[str, tf.PopulationCourse]:
    """The four arms. All share a compilation: the movement has the stages of the fastest T cells that are drawn, whatever this tumour's."""
    days, step = (units.parse(given["tissue"][key], "time") for key in ("days", "step"))
    return tf.run_arms(place, single_and_combined(place, [[A, B]]), [0.0, days], step=step, rtol=RTOL, stages=stages(place))


def stages(place: tf.ImmuneTissue) -> tuple[int, ...]:
    """Stages of the movement by population, odd."""
    return tuple({"CD8_T": 5, "tumour": 3}.get(name, 0) for name in place.cells)


def outcome(found: dict[str, tf.PopulationCourse]) -> dict[str, float]:
    """Effects of the arms on volume, their excess, and the worst status of any steady solve."""
    control = found[CONTROL]
    volume = {name: float(one.volume("tumour")[-1]) for name, one in found.items()}
    effect = {name: float(fractional_effect(one, volume[CONTROL])) for name, one in volume.items()}
    return {
        "growth": endpoints.growth_ratio(control),
        "E_TGFb": effect[A],
        "E_PD1": effect[B],
        "E_both": effect[BOTH],
        "excess": float(bliss_excess(volume[BOTH], volume[A], volume[B], volume[CONTROL])),
        "TGFb_pM": 1e3 * endpoints.in_tumour(control["TGFb"][0], control, 0),
        "TGFb_treated_pM": 1e3 * endpoints.in_tumour(found[A]["TGFb"][0], control, 0),
        "IFNg_pM": 1e3 * endpoints.in_tumour(control["IFNg"][0], control, 0),
        "IFNg_treated_pM": 1e3 * endpoints.in_tumour(found[A]["IFNg"][0], control, 0),
        "CTL": float(found[A].number("CD8_T")[-1] / control.number("CD8_T")[-1]),
        "status": max(int(np.max(one.status)) for one in found.values()),
        "change": max(float(np.max(one.change)) for one in found.values()),
    }


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """The ensemble in numbers: percentiles over tumours, and 95 % of the mean by drawing tumours again."""
    excess = np.array([row["excess"] for row in rows])
    picks = np.random.default_rng(0).integers(0, excess.size, (RESAMPLES, excess.size))
    told: dict[str, Any] = {"tumours": len(rows), "mean": float(excess.mean())}
    told["interval"] = np.quantile(excess[picks].mean(axis=1), [0.025, 0.975]).tolist()
    told["percentiles"] = np.quantile(excess, [0.05, 0.5, 0.95]).tolist()
    told |= {"positive": float((excess > 0).mean()), "status": max(row["status"] for row in rows), "change": max(row["change"] for row in rows)}
    told |= {key: float(np.mean([row[key] for row in rows])) for key in ("E_TGFb", "E_PD1", "E_both")}
    return told | {
        f"{key}_median": float(np.median([row[key] for row in rows])) for key in ("growth", "TGFb_pM", "TGFb_treated_pM", "IFNg_pM", "IFNg_treated_pM", "CTL")
    }


def ensemble(given: dict[str, Any], tumours: list[cohort.Patient], off: tuple[str, ...] = (), **values: float) -> list[dict[str, float]]:
    """All tumours with these edges off and these values."""
    return [outcome(courses(given, one.tissue.changed(values=values).without(*off))) for one in tumours]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run the ensembles, print the numbers and, with --out, write numbers.json, combination_therapy.png and the four arms of a tumour as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tumours, coarser voxels, no scan")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    given, (voxels, count) = read(), QUICK if options.quick else FULL
    tumours, carriers = patients(given, tumour(given, voxels), count), tuple(given["carriers"])
    off = {"all edges": (), **{f"{one} off": (one,) for one in carriers}, "both off": carriers, "both and TGFb-EMT off": (*carriers, "TGFb-EMT")}
    rows = {name: ensemble(given, tumours, edges) for name, edges in off.items()}
    scan = {}
    for rate in [] if options.quick else given["scan"]["secretion"]:
        scan[f"{rate:g}"] = {
            name: summary(ensemble(given, tumours[: count // 2], off[name], **{"TGFb.secretion.tumour": rate})) for name in ("all edges", "both off")
        }
    numbers = {"edges": {name: summary(found) for name, found in rows.items()}, "scan": scan, "tumours": rows}
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, options.out / "combination_therapy.png")
        for name, course in courses(given, tumours[0].tissue).items():
            write(course, name, options.out / f"{name.replace(' + ', '_')}.nc")
    return numbers


def report(numbers: dict[str, Any]) -> None:
    """Print what numbers.json holds, a line each."""
    told = dict(numbers["edges"])
    told |= {f"secretion {rate}/s, {name}": one for rate, both in numbers["scan"].items() for name, one in both.items()}
    for what, one in told.items():
        (low, high), (least, middle, most) = one["interval"], one["percentiles"]
        print(f"{what:28s} excess {one['mean']:+.4f} (95 % of the mean {low:+.4f} to {high:+.4f}; tumours {least:+.4f}, {middle:+.4f}, {most:+.4f})", end=" ")
        print(", ".join(f"{key} {one[key]:.3g}" for key in ("positive", "E_TGFb", "E_PD1", "E_both", "growth_median", "TGFb_pM_median", "CTL_median")), end=" ")
        print(f"treated {one['TGFb_treated_pM_median']:.3g}, status {one['status']}, change {one['change']:.2g}")


def write(course: tf.PopulationCourse, arm: str, path: Path) -> None:
    """Cytokines, drugs and cells at the end."""
    model, cells = course.tissue.model, {name: course[name][-1] for name in course.tissue.names}
    title = {"title": f"The first tumour, {arm}"}
    write_netcdf(FieldSet(model.grid, course.times[-1:], model.names, course.concentration[-1:], cell_density=cells, attributes=title), path)


if __name__ == "__main__":
    main()
