"""Interleukin 2 into a tumour or into a vein: what reaches the tumour, how far and how long, and what the body sees; see README.md."""

import argparse
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

import tmefield as tf
from tmefield import library, units
from tmefield.output import Variable

FOLDER = Path(__file__).parent
KINDS = {
    "tumour_radius": "length",
    "box": "length",
    "fluid": "number",
    "ball_radius": "length",
    "injection_lasts": "time",
    "infusion_lasts": "time",
    "body": "mass",
}
HOST_SHARE = 0.1
COMPARED = ("tumour_peak_nM", "tumour_AUC_nM_h", "plasma_AUC_nM_h")
HOUR, MINUTE = 3600.0, 60.0
LITRES = 1e-15  # in 1 um3
PROFILES = (60.0, 0.5 * HOUR, HOUR, 2 * HOUR, 3 * HOUR)
TIMES = np.unique(np.concatenate([[0.0, 60.0], MINUTE * np.arange(3, 181, 3), HOUR * np.arange(3.25, 8.1, 0.25), HOUR * np.arange(9, 25)]))


@dataclass(frozen=True)
class Place:
    """The tissue: voxels, distance from the needle and the tumour's centre, wall area per volume, cells per um3, share of fluid."""

    grid: tf.Grid
    away: np.ndarray
    walls: np.ndarray
    cells: dict[str, np.ndarray]
    radius: float
    fluid: float

    @property
    def regions(self) -> dict[str, np.ndarray]:
        """Centre (within 0.2 of the radius), rim (beyond 0.9) and the mean of the tumour."""
        share = self.away / self.radius
        return {"centre": share < 0.2, "rim": (share > 0.9) & (share < 1), "tumour": share < 1}


def read() -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers in internal units, and what else the file holds."""
    given = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    return {name: units.parse(text, KINDS[name]) for name, text in given.pop("parameters").items()}, given


def tissue(p: dict[str, Any], given: dict[str, Any], voxels: int) -> Place:
    """A round tumour in the middle of a box of host tissue."""
    grid = tf.Grid((voxels,) * 3, p["box"] / voxels)
    z, y, x = (one - p["box"] / 2 for one in grid.coordinates())
    away = np.broadcast_to(np.sqrt(z**2 + y**2 + x**2), grid.shape)
    inside = away < p["tumour_radius"]
    area = {name: units.parse(text, "surface_density") for name, text in given["vessels"].items()}
    cells = {name: units.parse(text, "density") * np.where(inside, 1.0, HOST_SHARE) for name, text in given["cells"].items()}
    return Place(grid, away, np.where(inside, area["tumour"], area["host"]), cells, p["tumour_radius"], p["fluid"])


def model(place: Place, drug: tf.Drug, plasma: Any, more: list[tf.AbstractTerm]) -> tf.Model:
    """Diffusion, decay, vessel walls, and receptors of T cells as sinks."""
    record = library.species("IL2")
    value = {key: one.internal for key, one in record.parameters.items()}
    half = value["K_D"] + value["k_endo"] / value["k_on"]
    uptake = [tf.ReceptorUptake("IL2", density, record.receptors[cell].internal, value["k_endo"], half, sink=cell) for cell, density in place.cells.items()]
    return tf.Model(place.grid, drug.species(), [tf.Decay(), *uptake, *drug.terms(place.walls, plasma), *more], volume_fraction=place.fluid)


def run_route(place: Place, drug: tf.Drug, plasma: Any, more: list[tf.AbstractTerm]) -> tf.Trajectory:
    """A day from no interleukin 2."""
    return tf.evolve(model(place, drug, plasma, more), 0.0, TIMES, rtol=1e-3, atol=1e-6)


def integral(values: np.ndarray) -> float:
    """Over TIMES, by straight lines."""
    return float(np.sum(0.5 * np.diff(TIMES) * (values[1:] + values[:-1])))


def fate(run: tf.Trajectory, plasma: np.ndarray, given: float) -> tuple[dict[str, float], np.ndarray]:
    """Where the cytokine went, nmol: from each term's rates at each time, to vessels net; and the rate of the latter, nmol/s."""
    fields, medium = run["IL2"], run.model.medium()
    volume = run.model.grid.voxel_volume * LITRES
    went: dict[str, np.ndarray] = {}
    for term in run.model.terms:
        if isinstance(term, tf.VascularExchange):
            brought, taken = (np.asarray(one, float) for one in term.coefficients(medium))
            went["vessels"] = np.array([volume * np.sum(taken * np.asarray(c, float) - brought * level) for c, level in zip(fields, plasma, strict=True)])
        elif not isinstance(term, tf.Injection):
            went[term.label] = np.array([volume * np.sum(np.asarray(term.rates({"IL2": c}, medium)["IL2"].loss, float) * np.asarray(c, float)) for c in fields])
    left = volume * float(run.model.volume_fraction) * float(np.asarray(fields[-1], float).sum())
    told = {name: integral(rate) for name, rate in went.items()} | {"left": left}
    entered = given if given > 0 else -integral(np.minimum(went["vessels"], 0))
    return told | {"defect": abs(given - sum(told.values())) / entered}, went["vessels"]


def plasma_after(drug: tf.Drug, rate: np.ndarray) -> np.ndarray:
    """Plasma concentration (nM) at TIMES when `rate` (nmol/s, straight lines between) enters it; each exponential exact for the mean of a stretch."""
    a, decline = (np.asarray(one, float) for one in drug.kinetics().response())
    level, told = np.zeros_like(a), [0.0]
    for step, mean in zip(np.diff(TIMES), 0.5 * (rate[1:] + rate[:-1]), strict=True):
        level = level * np.exp(-decline * step) + a * mean * (1 - np.exp(-decline * step)) / decline
        told.append(float(level.sum()))
    return np.array(told)


def hours_above(c: np.ndarray, level: float) -> float:
    """How long c stays above a level, h; the moment of passing by straight lines of ln c."""
    over = np.log(np.maximum(c, 1e-30) / level)
    first, second, length = over[:-1], over[1:], np.diff(TIMES)
    share = np.where((first > 0) & (second > 0), 1.0, 0.0)
    passing = (first > 0) != (second > 0)
    share = np.where(passing, np.maximum(first, second) / np.where(passing, np.abs(first - second), 1), share)
    return float(np.sum(share * length)) / HOUR


def reach(place: Place, c: np.ndarray, level: float) -> np.ndarray:
    """Where the mean profile around the centre falls below the level at each time, um; zero where the centre is below."""
    r, profiles = radial(place, c)
    found = np.zeros(len(c))
    for index, one in enumerate(profiles):
        over = one > level
        if over[0] and not over.all():
            last = int(np.argmin(over))
            low, high = np.log(np.maximum(one[last - 1 : last + 1], 1e-30) / level)
            found[index] = r[last - 1] + (r[last] - r[last - 1]) * low / (low - high)
        elif over.all():
            found[index] = r[-1]
    return found


def radial(place: Place, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean in shells one voxel thick around the centre: their middle, um, and c [time, shell]."""
    shell = (place.away / place.grid.spacing[0]).astype(int).ravel()
    most = place.grid.shape[0] // 2
    count, kept = np.bincount(shell)[:most], shell < most
    r = np.bincount(shell, place.away.ravel())[:most] / count
    return r, np.array([np.bincount(shell[kept], one.ravel()[kept], most) / count for one in c])


def measure(place: Place, run: tf.Trajectory, plasma: np.ndarray, level: float) -> dict[str, Any]:
    """Peaks, areas and times above EC50 in the regions; how far; what the plasma saw."""
    c = np.asarray(run["IL2"], float)
    found: dict[str, Any] = {"plasma_peak_nM": plasma.max(), "plasma_AUC_nM_h": integral(plasma) / HOUR}
    for name, where in place.regions.items():
        course = c[:, where].mean(axis=1)
        found |= {f"{name}_peak_nM": course.max(), f"{name}_AUC_nM_h": integral(course) / HOUR, f"{name}_hours": hours_above(course, level)}
    front = reach(place, c, level)
    found |= {"reach_um": front.max(), "reach_at_h": TIMES[front.argmax()] / HOUR}
    return {key: float(value) for key, value in found.items()}


def curves(place: Place, run: tf.Trajectory, plasma: np.ndarray) -> dict[str, list]:
    """What the figure shows."""
    c = np.asarray(run["IL2"], float)
    told = {name: c[:, where].mean(axis=1).tolist() for name, where in place.regions.items()} | {"plasma": plasma.tolist()}
    r, profiles = radial(place, c[[int(np.argmin(np.abs(TIMES - time))) for time in PROFILES]])
    return told | {"r_um": r.tolist(), "profiles_nM": profiles.tolist()}


def needle(place: Place, drug: tf.Drug, amount: float, p: dict[str, Any]) -> tuple[tf.Trajectory, np.ndarray, dict[str, float]]:
    """An injection into the middle; the run, the plasma that it leads to, and where the cytokine went."""
    given = tf.Injection("IL2", place.grid, [p["box"] / 2] * 3, amount, p["ball_radius"], duration=p["injection_lasts"])
    run = run_route(place, drug, 0.0, [given])
    went, to_vessels = fate(run, np.zeros(len(TIMES)), amount)
    return run, plasma_after(drug, to_vessels), went


def vein(place: Place, drug: tf.Drug, amount: float, p: dict[str, Any]) -> tuple[tf.Trajectory, np.ndarray, dict[str, float]]:
    """An infusion; the run, the plasma, and where the cytokine went that came to this tissue."""
    course = drug.plasma([tf.Dose(amount, duration=p["infusion_lasts"])])
    plasma = np.array([float(course.at(jnp.asarray(time, float), jnp.asarray(time, float))) for time in TIMES])
    run = run_route(place, drug, course, [])
    return run, plasma, fate(run, plasma, 0.0)[0]


def main(arguments: list[str] | None = None) -> dict:
    """Run the three routes, print the numbers and, with --out, write numbers.json, cytokine_injection.png and the fields as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    p, given = read()
    place, drug = tissue(p, given, 40 if options.quick else 60), tf.Drug.from_library("aldesleukin")
    level = library.species("IL2").parameters["EC50"].internal
    amounts = {
        name: tf.dose_amount(text, molecular_weight=drug["molecular_weight"], mass_per_unit=drug["mass_per_IU"], body_weight=p["body"])
        for name, text in given["doses"].items()
    }
    runs, found, shown = {}, {}, {}
    for name, amount in amounts.items():
        runs[name], plasma, went = needle(place, drug, amount, p) if name == "needle" else vein(place, drug, amount, p)
        found[name] = measure(place, runs[name], plasma, level) | {"dose_nmol": float(amount), "fate_nmol": went}
        shown[name] = curves(place, runs[name], plasma)
    ratios = {f"{what}_to_{other}": found["needle"][what] / found[other][what] for what in COMPARED for other in ("vein", "clinical")}
    numbers = {"routes": found, "ratios": ratios}
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, shown, TIMES / HOUR, PROFILES, level, place.radius, p["ball_radius"], options.out / "cytokine_injection.png")
        maps = {"distance_from_centre": Variable(place.away, "distance from the centre of the tumour", "um")}
        for name, run in runs.items():
            run.to_netcdf(options.out / f"{name}.nc", maps=maps)
    return numbers


def report(numbers: dict) -> None:
    """Print what numbers.json holds."""
    for key in numbers["routes"]["needle"]:
        if key != "fate_nmol":
            print(f"{key:20s}" + "".join(f"{one[key]:14.5g}" for one in numbers["routes"].values()))
    for name, one in numbers["routes"].items():
        print(f"{name}: fate in nmol: " + ", ".join(f"{key} {value:.4g}" for key, value in one["fate_nmol"].items()))
    print(", ".join(f"{name} {value:.4g}" for name, value in numbers["ratios"].items()))


if __name__ == "__main__":
    main()
