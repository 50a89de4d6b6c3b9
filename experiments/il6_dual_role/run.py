"""The same dose of IL-6 in a day or in a month: whether it helps against a tumour or feeds it; see README.md."""

import argparse
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units
from tmefield.outcome import endpoints
from tmefield.output import FieldSet, write_netcdf

FOLDER = Path(__file__).parent
CYTOKINES = ("IL6", "IFNg", "IL10", "VEGF")
DAY = 86400.0
OFF = {
    "all edges": (),
    "IL6-entry off": ("IL6-entry",),
    "IL6-growth off": ("IL6-growth",),
    "IL6-angiogenesis off": ("IL6-angiogenesis",),
    "IL6-M2 off": ("IL6-M2",),
    "IL6-growth and -angiogenesis off": ("IL6-growth", "IL6-angiogenesis"),
}


@dataclass(frozen=True)
class Setting:
    """What all courses share."""

    grid: tf.Grid
    cells: dict[str, np.ndarray]
    days: list[float]
    until: float
    values: dict[str, Any]

    def tissue(self, dose: float, days: float, **values: Any) -> tf.ImmuneTissue:
        """The tissue with a depot throughout that makes `dose`/`days` for `days`; breakpoints are those of all durations: one compilation serves."""
        cuts = [0.0, *self.days]
        course = tf.TimeCourse([cut * DAY for cut in cuts], [dose / days if cut < days else 0.0 for cut in cuts])
        depot = {"IL6": tf.Depot("IL6", 1.0, course)}
        tissue = tf.ImmuneTissue(self.grid, self.cells, CYTOKINES, values={**self.values, **values}, treatments=depot)
        return tissue.without("vessels-growth")  # vessels only let T cells in here

    def run(self, tissue: tf.ImmuneTissue, given: float = 1.0, step: float = DAY / 2) -> tf.PopulationCourse:
        """The course with the depot (`given` 1) or without (0)."""
        return tf.evolve_populations(tissue.model({"IL6": given}), dict(tissue.cells), DAY * np.array([0.0, *self.days, self.until]), step=step)

    def ratio(self, tissues: dict[str, tf.ImmuneTissue]) -> dict[str, float]:
        """Tumour volume at the end over that of the untreated tissue of the same values, by name."""
        none = volume(self.run(next(iter(tissues.values())), 0.0))
        return {name: volume(self.run(one)) / none for name, one in tissues.items()}


def volume(course: tf.PopulationCourse) -> float:
    """Of the tumour at the end, um3."""
    return float(course.volume("tumour")[-1])


def setting(voxels: int) -> tuple[Setting, dict[str, Any]]:
    """The setting, and what else parameters.toml holds."""
    given = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    length = {name: units.parse(text, "length") for name, text in given["parameters"].items()}
    densities = {name: (units.parse(one[0], "density"), units.parse(one[1], "density")) for name, one in given["cells"].items()}
    grid = tf.Grid((voxels,) * 3, length["box"] / voxels)
    cells = tf.around_tumour(grid, length["radius"], densities, edge=length["edge"])
    values = given["values"] | {"IL6-entry.saturated": float(given["values"]["IL6-entry.saturated"])}
    return Setting(grid, cells, given["days"], given["until"], values), given


def told(course: tf.PopulationCourse, none: float) -> dict[str, Any]:
    """What is asked of a course: tumour, T cells, vessels and the level of IL-6 while it is made."""
    first = np.asarray(course.density[0].sum(axis=(1, 2, 3)), float) * course.tissue.model.grid.voxel_volume
    end = {name: float(course.number(name)[-1]) / start for name, start in zip(course.tissue.names, first, strict=True)}
    levels = {f"{name}_pM": [1e3 * endpoints.in_tumour(course[name][index], course, index) for index in (0, -1)] for name in CYTOKINES}
    return {
        "ratio": volume(course) / none,
        "over_start": end,
        **levels,
        "days": [0.0, *(np.asarray(course.step_times) / DAY).tolist()],
        "tumour": [1.0, *(np.asarray(course.number("tumour"), float) / first[course.tissue.names.index("tumour")]).tolist()],
        "CD8_T": [1.0, *(np.asarray(course.number("CD8_T"), float) / first[course.tissue.names.index("CD8_T")]).tolist()],
        "status": int(np.max(course.status)),
    }


def durations(place: Setting, dose: float, days: list[float], off: dict[str, tuple[str, ...]]) -> tuple[dict[str, Any], dict[str, tf.PopulationCourse]]:
    """Every duration with every set of edges off; of the whole tissue also the courses."""
    found, courses = {}, {}
    for name, edges in off.items():
        tissues = {f"{one:g}": place.tissue(dose, one).without(*edges) for one in days}
        none = place.run(next(iter(tissues.values())), 0.0)
        rows = {"none": none} | {key: place.run(one) for key, one in tissues.items()}
        if not edges:
            courses = rows
            found["courses"] = {key: told(one, volume(none)) for key, one in rows.items()}
        found[name] = {key: volume(one) / volume(none) for key, one in rows.items() if key != "none"}
    return found, courses


def scans(place: Setting, given: dict[str, Any]) -> dict[str, Any]:
    """Ratios of the short and the long course over what was chosen: the edge IL6-entry, the dose, and the IL-6 that the tissue makes itself."""
    scan, dose = given["scan"], given["dose"]
    both = {"short": scan["short"], "long": scan["long"]}

    def pair(at: float, **values: Any) -> dict[str, float]:
        return place.ratio({name: place.tissue(at, days, **values) for name, days in both.items()})

    entry = []
    for half in scan["half_maximum"]:
        for most in scan["saturated"]:
            entry.append({"half_maximum": half, "saturated": most} | pair(dose, **{"IL6-entry.half_maximum": half, "IL6-entry.saturated": most}))
    own = [{"secretion": one} | pair(dose, **{f"IL6.secretion.{cell}": one for cell in ("tumour", "M1", "M2")}) for one in scan["secretion"]]
    return {"entry": entry, "dose": [{"dose": one} | pair(one) for one in scan["dose"]], "secretion": own}


def halved(place: Setting, given: dict[str, Any]) -> dict[str, float]:
    """Ratios of the two durations at half the time step."""
    step, found = DAY / 4, {}
    none = volume(place.run(place.tissue(given["dose"], 1), 0.0, step))
    for name in ("short", "long"):
        found[name] = volume(place.run(place.tissue(given["dose"], given["scan"][name]), 1.0, step)) / none
    return found


def main(arguments: list[str] | None = None) -> dict:
    """Run all courses, print the numbers and, with --out, write numbers.json, il6_dual_role.png and the ends of three courses as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels, two durations, no scan")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    place, given = setting(6 if options.quick else 10)
    short, long = f"{given['scan']['short']:g}", f"{given['scan']['long']:g}"
    days = [given["scan"]["short"], given["scan"]["long"]] if options.quick else given["days"]
    off = {name: OFF[name] for name in ("all edges", "IL6-entry off", "IL6-growth and -angiogenesis off")} if options.quick else OFF
    numbers, courses = durations(place, given["dose"], days, off)
    if not options.quick:
        numbers |= {"scan": scans(place, given), "half_step": halved(place, given)}
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, (short, long), options.out / "il6_dual_role.png")
        for name, file in (("none", "untreated"), (short, "acute"), (long, "chronic")):
            write(courses[name], f"Tumour at the end, IL-6: {file}", options.out / f"{file}.nc")
    return numbers


def write(course: tf.PopulationCourse, title: str, path: Path) -> None:
    """Concentrations and cell densities at the end as NetCDF."""
    model = course.tissue.model
    cells = dict(zip(course.tissue.names, np.asarray(course.density[-1]), strict=True))
    end = FieldSet(model.grid, course.times[-1:], model.names, course.concentration[-1:], cell_density=cells, attributes={"title": title})
    write_netcdf(end, path)


def report(numbers: dict) -> None:
    """Print what numbers.json holds, a line each."""
    for name, row in numbers["courses"].items():
        level, end = row["IL6_pM"], row["over_start"]
        print(f"{name:>5s} d: volume/untreated {row['ratio']:.3f}, IL-6 {level[0]:.3g} pM at the start, {level[1]:.3g} at the end,", end=" ")
        print(", ".join(f"{key} x {value:.2f}" for key, value in end.items()), f"status {row['status']}")
    for name in OFF:
        if name in numbers:
            print(f"{name:34s}", "  ".join(f"{key} d {value:.3f}" for key, value in numbers[name].items()))
    for name, rows in numbers.get("scan", {}).items():
        for row in rows:
            print(name, ", ".join(f"{key} {value:.3f}" if key in ("short", "long") else f"{key} {value}" for key, value in row.items()))
    if "half_step" in numbers:
        print("half the step:", ", ".join(f"{key} {value:.3f}" for key, value in numbers["half_step"].items()))


if __name__ == "__main__":
    main()
