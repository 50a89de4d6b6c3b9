"""Clearance or escape by the balance of IFN-gamma and TGF-beta, in a tumour with places and in the same cells all mixed; see README.md."""

import argparse
import json
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import library, units
from tmefield.outcome import endpoints
from tmefield.output import FieldSet, Variable, write_netcdf

FOLDER = Path(__file__).parent
DAY = 86400.0
RTOL = 1e-3
Cells = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Place:
    """Where the cells are: a grid, and densities at the start."""

    grid: tf.Grid
    cells: Cells


def read() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))


def around(given: dict[str, Any], voxels: int) -> Place:
    """One eighth of a tumour around a corner of the box."""
    box = units.parse(given["tissue"]["box"], "length")
    grid = tf.Grid((voxels,) * 3, box / voxels)
    return Place(grid, tf.around_tumour(grid, units.parse(given["tissue"]["radius"], "length"), given["densities"]))


def mixed(place: Place) -> Place:
    """As many of all cells and as much wall, evenly over the same voxels: every field is uniform and movement does nothing. One compilation serves both."""
    return Place(place.grid, {name: np.full(one.shape, one.mean()) for name, one in place.cells.items()})


def tissue(place: Place, given: dict[str, Any], factor: float, rate: float) -> tf.ImmuneTissue:
    """Tumour, CTL and vessels with IFN-g and TGF-b; the tumour's growth no longer answers to TGF-b (sensitivity 0)."""
    made = factor * library.species("IFNg").secretion["CD8_T"].rate.internal
    values = {**given["values"], "IFNg.secretion.CD8_T": made, "TGFb.secretion.tumour": rate}
    return tf.ImmuneTissue(place.grid, place.cells, ("IFNg", "TGFb"), values=values, sensitivity=0.0).without("vessels-growth")  # they only let CTL in here


def course(one: tf.ImmuneTissue, given: dict[str, Any], step: float = 1.0, longer: float = 1.0) -> tf.PopulationCourse:
    """Days 0, a third and the whole of the time."""
    times = longer * given["time"]["days"] * DAY * np.array([0, 1 / 3, 1])
    with warnings.catch_warnings():  # a tumour that is cleared within days falls by more than half in a step: its fate is not in doubt
        warnings.filterwarnings("ignore", message="tumour changed by")
        return tf.evolve_populations(one.model(), dict(one.cells), times, step=step * units.parse(given["time"]["step"], "time"), rtol=RTOL)


def volumes(found: tf.PopulationCourse) -> tuple[np.ndarray, np.ndarray]:
    """Days, and the tumour's volume over that at the start, with the start."""
    start = float(np.asarray(found["tumour"][0], float).sum()) * found.tissue.model.grid.voxel_volume
    return np.array([0.0, *np.asarray(found.step_times, float)]) / DAY, np.array([1.0, *np.asarray(found.number("tumour"), float) / start])


def fate(found: tf.PopulationCourse, late: float) -> dict[str, Any]:
    """Cleared: below a tenth of the start, or below the start and falling over the last `late` days; escaped: all else."""
    days, volume = volumes(found)
    before = float(np.interp(days[-1] - late, days, volume))
    return {"cleared": bool(volume[-1] < 0.1 or volume[-1] < min(1.0, before)), "ratio": float(volume[-1]), "least": float(volume.min())}


def plane(place: Place, given: dict[str, Any], factors: np.ndarray, rates: np.ndarray) -> dict[str, list]:
    """Fate and final volume at every point, [rate, factor]."""
    rows = [[fate(course(tissue(place, given, x, y), given), given["time"]["late"]) for x in factors] for y in rates]
    return {key: [[one[key] for one in row] for row in rows] for key in ("cleared", "ratio")}


def locally(found: tf.PopulationCourse, index: int) -> dict[str, float]:
    """What a tumour cell meets, mean over tumour cells: cells and cytokines around it, rates of killing and growth, and the share of entry that is left."""
    density = np.asarray(found["tumour"][index], float)
    per_day = {"killed": sum(np.asarray(one, float) for one in endpoints.killing(found, index).values()), "grown": endpoints.growth(found, index)}
    rates = {f"{name}_per_day": float(np.sum(np.asarray(one, float)) / density.sum() * DAY) for name, one in per_day.items()}
    cells = {f"{name}_per_mm3": 1e9 * endpoints.in_tumour(found[name][index], found, index) for name in ("tumour", "CD8_T")}
    return cells | {f"{name}_pM": 1e3 * endpoints.in_tumour(found[name][index], found, index) for name in ("IFNg", "TGFb")} | rates


def example(places: dict[str, Place], given: dict[str, Any], at: list[float]) -> tuple[dict[str, Any], tf.PopulationCourse]:
    """One point of the plane: courses in both, what tumour cells meet, and fates with edges off or with the CTL and vessels alone spread evenly."""
    found = {name: course(tissue(place, given, *at), given) for name, place in places.items()}
    late, local = given["time"]["late"], places["local"]
    told: dict[str, Any] = {"at": at}
    for name, one in found.items():
        days, volume = volumes(one)
        told[name] = {**fate(one, late), "days": days.tolist(), "volume": volume.tolist(), "start": locally(one, 0), "third": locally(one, 1)}
    without = {"TGFb-CTL": ("TGFb-CTL",), "TGFb-exclusion": ("TGFb-exclusion",), "both": ("TGFb-CTL", "TGFb-exclusion")}
    told["without"] = {name: fate(course(tissue(local, given, *at).without(*edges), given), late) for name, edges in without.items()}
    spread = {name: one if name == "tumour" else np.full(one.shape, one.mean()) for name, one in local.cells.items()}
    told["without"]["places of CTL and vessels"] = fate(course(tissue(Place(local.grid, spread), given, *at), given), late)
    return told, found["local"]


def beside_boundary(cleared: list[list[bool]]) -> list[tuple[int, int]]:
    """Points [rate, factor] on both sides of where the fate turns along the factor, in every third row."""
    rows = [(i, [j for j in range(len(row) - 1) if row[j] != row[j + 1]]) for i, row in enumerate(cleared)]
    return [(i, k) for i, turns in rows[::3] for j in turns[:1] for k in (j, j + 1)]


def refined(given: dict[str, Any], planes: dict, factors: np.ndarray, rates: np.ndarray) -> list[dict[str, Any]]:
    """The points beside the boundary again, with voxels of three quarters the edge, with half the step, and for twice as long."""
    coarse, fine = around(given, given["tissue"]["voxels"]), around(given, given["tissue"]["voxels"] * 4 // 3)
    rows = []
    for i, j in beside_boundary(planes["local"]["cleared"]):
        at, late = (float(factors[j]), float(rates[i])), given["time"]["late"]
        again = {"voxels": fate(course(tissue(fine, given, *at), given), late), "step": fate(course(tissue(coarse, given, *at), given, 0.5), late)}
        again["time"] = fate(course(tissue(coarse, given, *at), given, longer=2.0), late)
        rows.append({"at": at, "plane": {key: planes["local"][key][i][j] for key in ("cleared", "ratio")}, **again})
    return rows


def write(found: tf.PopulationCourse, path: Path) -> None:
    """Cytokines at all times of output, cells at the end and at the start."""
    model, names = found.tissue.model, found.tissue.names
    start = {f"start_{name.lower()}": Variable(found[name][0], f"density of {name} at the start", "um-3") for name in names}
    fields = FieldSet(
        model.grid, np.asarray(found.times, float), model.names, found.concentration, cell_density={name: found[name][-1] for name in names}, maps=start
    )
    write_netcdf(fields, path)


def main(arguments: list[str] | None = None) -> dict:
    """Both planes and three examples; with --out numbers.json, cytokine_balance.png and the examples' fields as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="4 x 4 points, coarser voxels, nothing computed again on finer ones")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    given = read()
    local = around(given, given["tissue"]["quick_voxels" if options.quick else "voxels"])
    places = {"local": local, "mixed": mixed(local)}
    points = given["plane"]["quick_points" if options.quick else "points"]
    factors, rates = (np.geomspace(low, high, points) for low, high in (given["plane"]["IFNg_factor"], given["plane"]["TGFb_rate"]))
    planes = {name: plane(place, given, factors, rates) for name, place in places.items()}
    told = {name: example(places, given, at) for name, at in given["examples"].items()}
    local_fate, mixed_fate = (np.array(planes[name]["cleared"]) for name in ("local", "mixed"))
    numbers = {
        "factors": factors.tolist(),
        "rates": rates.tolist(),
        "planes": planes,
        "points": int(local_fate.size),
        "cleared": {"local": int(local_fate.sum()), "mixed": int(mixed_fate.sum())},
        "differ": {"only_mixed_clears": int((mixed_fate & ~local_fate).sum()), "only_local_clears": int((local_fate & ~mixed_fate).sum())},
        "doubled_where_mixed_clears": int(((np.array(planes["local"]["ratio"]) > 2) & (np.array(planes["mixed"]["ratio"]) < 0.1)).sum()),
        "below_a_tenth": {name: int((np.array(one["ratio"]) < 0.1).sum()) for name, one in planes.items()},
        "examples": {name: one for name, (one, _) in told.items()},
        "refined": [] if options.quick else refined(given, planes, factors, rates),
    }
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, options.out / "cytokine_balance.png")
        for name, (_, found) in told.items():
            write(found, options.out / f"{name}.nc")
    return numbers


def report(numbers: dict) -> None:
    """Print what numbers.json holds."""
    print(f"cleared of {numbers['points']}: {numbers['cleared']}; fates differ: {numbers['differ']}; below a tenth: {numbers['below_a_tenth']}")
    print(f"doubled with places and below a tenth mixed: {numbers['doubled_where_mixed_clears']}")
    for name, one in numbers["planes"].items():
        print(f"{name} (rows: TGF-b up; columns: IFN-g up; o cleared, x escaped)")
        for row in one["cleared"][::-1]:
            print("   ", "".join("o" if cleared else "x" for cleared in row))
    for name, one in numbers["examples"].items():
        print(f"{name}, IFN-g x {one['at'][0]:g}, TGF-b {one['at'][1]:g}/s")
        for place in ("local", "mixed"):
            print(f"    {place}: V/V0 {one[place]['ratio']:.3g};", "; ".join(f"{when} {_row(one[place][when])}" for when in ("start", "third")))
        print("    fate without", {key: f"{'cleared' if value['cleared'] else 'escaped'}, {value['ratio']:.3g}" for key, value in one["without"].items()})
    for row in numbers["refined"]:
        shown = {key: f"{'o' if row[key]['cleared'] else 'x'} {row[key]['ratio']:.3g}" for key in ("plane", "voxels", "step", "time")}
        print(f"again at {row['at'][0]:.3g}, {row['at'][1]:.3g}:", shown)


def _row(values: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.3g}" for key, value in values.items())


if __name__ == "__main__":
    main()
