"""From interleukin 6 over VEGF and vessels to the growth of a tumour, link by link; see README.md."""

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

FOLDER = Path(__file__).parent
CYTOKINES = ("IL6", "VEGF", "IFNg", "IL10")
DAY = 86400.0
LINKS = ("IL6-angiogenesis", "VEGF-vessels", "vessels-growth")
OTHERS = ("IL6-entry", "IL6-growth", "IL6-M2", "IL6-IL10")
"""What else IL-6 does among these cells."""
NONE = "0 molecules/cell/s"


@dataclass(frozen=True)
class Setting:
    """A tissue, and when it is looked at."""

    tissue: tf.ImmuneTissue
    times: np.ndarray

    def run(self, secretion: str, off: tuple[str, ...] = (), arm: dict[str, float] | None = None, step: float = DAY / 2, **values: Any) -> tf.PopulationCourse:
        """The course with IL-6 made at this rate by tumour cells, M1 and M2, and these edges off."""
        made = {f"IL6.secretion.{cell}": secretion for cell in ("tumour", "M1", "M2")}
        here = self.tissue.changed(values=made | values).without(*off)
        return tf.evolve_populations(here.model(arm), dict(here.cells), self.times, step=step)


def settings(given: dict[str, Any], voxels: int) -> dict[str, Setting]:
    """The chain alone; the chain with killers that vessels let in; all edges. They differ in values only: one compilation serves."""
    length = {name: units.parse(text, "length") for name, text in given["parameters"].items()}
    densities = {name: (units.parse(one[0], "density"), units.parse(one[1], "density")) for name, one in given["cells"].items()}
    grid = tf.Grid((voxels,) * 3, length["box"] / voxels)
    cells = tf.around_tumour(grid, length["radius"], densities, edge=length["edge"])
    drugs = {"tocilizumab": tf.Drug.from_library("tocilizumab"), "bevacizumab": tf.Drug("bevacizumab", "neutralises", "VEGF", **given["bevacizumab"])}
    treatments = {name: tf.DrugTreatment.held(drug, given["drugs"][name]) for name, drug in drugs.items()}
    whole = tf.ImmuneTissue(grid, cells, CYTOKINES, values=given["values"], treatments=treatments)
    alone = whole.without(*OTHERS)
    times = DAY * np.arange(0, given["until"] + 1, given["every"], dtype=float)
    return {"chain": Setting(alone.changed(values=given["chain"]), times), "killers": Setting(alone, times), "all edges": Setting(whole, times)}


def told(course: tf.PopulationCourse) -> dict[str, Any]:
    """Volume, vessels and CD8 T cells over their start; IL-6 and VEGF among tumour cells at the end; volume and vessels in time."""
    first = np.asarray(course.density[0].sum(axis=(1, 2, 3)), float) * course.tissue.model.grid.voxel_volume
    over = {
        name: np.array([1.0, *np.asarray(course.number(name), float) / first[course.tissue.names.index(name)]]) for name in ("tumour", "endothelial", "CD8_T")
    }
    levels = {f"{name}_pM": 1e3 * endpoints.in_tumour(course[name][-1], course, -1) for name in ("IL6", "VEGF")}
    ends = {"volume": over["tumour"][-1], "vessels": over["endothelial"][-1], "CD8_T": over["CD8_T"][-1]}
    times = {"days": [0.0, *(np.asarray(course.step_times) / DAY)], "tumour": over["tumour"], "endothelial": over["endothelial"]}
    return (
        {key: float(value) for key, value in ends.items()}
        | levels
        | {key: np.asarray(one).tolist() for key, one in times.items()}
        | {"status": int(np.max(course.status))}
    )


def effect(place: Setting, mean: str, off: tuple[str, ...] = (), arm: dict[str, float] | None = None, **values: Any) -> dict[str, Any]:
    """What IL-6 at its mean rate does against none: ratios of VEGF, vessels and volume, and both courses."""
    none, some = (told(place.run(rate, off, arm, **values)) for rate in (NONE, mean))
    ratios = {key: some[key] / none[key] for key in ("VEGF_pM", "vessels", "volume")}
    return ratios | {"none": none, "some": some}


def links(place: Setting, mean: str) -> dict[str, Any]:
    """The effect of IL-6 with the chain whole, with each link off, and under each antibody."""
    found = {"whole": effect(place, mean)} | {f"{edge} off": effect(place, mean, (edge,)) for edge in LINKS}
    return found | {name: effect(place, mean, (), {name: 1.0}) for name in ("tocilizumab", "bevacizumab")}


def scans(place: Setting, given: dict[str, Any]) -> dict[str, Any]:
    """The effect of IL-6 over what was chosen and what is a placeholder, and over the level of tocilizumab."""
    scan, mean = given["scan"], given["mean"]

    def ratios(**what: Any) -> dict[str, float]:
        found = effect(place, mean, **what)
        return {key: found[key] for key in ("VEGF_pM", "vessels", "volume")}

    strength = [
        {"IL6-VEGF": a, "vessels-growth": b} | ratios(**{"IL6-VEGF.saturated": a, "vessels-growth.saturated": b}) for a in scan["Emax"] for b in scan["growth"]
    ]
    vegf = [{"secretion": one} | ratios(**{"VEGF.secretion.tumour": one}) for one in scan["VEGF"]]
    return {"strength": strength, "VEGF": vegf, "tocilizumab": [{"level": one} | ratios(arm={"tocilizumab": one}) for one in scan["tocilizumab"]]}


def main(arguments: list[str] | None = None) -> dict:
    """Run all, print the numbers and, with --out, write numbers.json, angiogenesis_il6.png and two courses as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels, fewer rates of IL-6, the chain and all edges only, no further scan")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    given = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    places, mean = settings(given, 6 if options.quick else 10), given["mean"]
    if options.quick:
        del places["killers"]
    rates = given["scan"]["quick_IL6" if options.quick else "IL6"]
    numbers: dict[str, Any] = {name: {"links": links(one, mean)} for name, one in places.items()}
    for name, one in places.items():
        numbers[name]["IL6"] = [{"secretion": rate} | told(one.run(rate)) for rate in rates]
    chain = places["chain"]
    if not options.quick:
        numbers |= {"scan": scans(chain, given), "half_step": told(chain.run(mean, step=DAY / 4))["volume"]}
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, options.out / "angiogenesis_il6.png")
        for rate, file in ((NONE, "without_il6"), (mean, "with_il6")):
            chain.run(rate).to_netcdf(options.out / f"{file}.nc", attributes={"title": f"The chain alone, IL-6 {rate}"})
    return numbers


def report(numbers: dict) -> None:
    """Print what numbers.json holds, a line each."""
    for name in ("chain", "killers", "all edges"):
        for row in numbers.get(name, {}).get("IL6", []):
            levels = f"IL-6 {row['IL6_pM']:.3g} pM, VEGF {row['VEGF_pM']:.3g} pM"
            cells = f"vessels x{row['vessels']:.3f}, volume x{row['volume']:.3f}, CD8 x{row['CD8_T']:.2f}, status {row['status']}"
            print(f"{name:10s} IL-6 {row['secretion']:24s} {levels}, {cells}")
        for what, one in numbers.get(name, {}).get("links", {}).items():
            print(
                f"{name:10s} {what:22s} " + ", ".join(f"{key} x{one[key]:.4f}" for key in ("VEGF_pM", "vessels", "volume")) + f" ({one['none']['volume']:.3f})"
            )
    for name, rows in numbers.get("scan", {}).items():
        for row in rows:
            print(name, ", ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()))
    if "half_step" in numbers:
        print(f"half the step: volume x{numbers['half_step']:.3f}")


if __name__ == "__main__":
    main()
