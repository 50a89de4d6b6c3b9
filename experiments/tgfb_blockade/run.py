"""How far an antibody from the plasma lowers free TGF-beta in a tumour: dose, vessel walls, and what becomes of the complexes; see README.md."""

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
from tmefield.vessels.embed import Embedding
from tmefield.vessels.tumour_bed import TumourBed

FOLDER = Path(__file__).parent
KINDS = {"radius": "length", "box": "length", "near": "length", "far": "length", "fluid": "number", "fast_clearance": "rate"}
KINDS |= {"volume": "distribution_volume", "peripheral_volume": "distribution_volume", "clearance": "clearance", "intercompartmental_clearance": "clearance"}
LIGAND, DRUG, COMPLEX = "TGFb", "fresolimumab", "TGFb_fresolimumab"
RIM = 0.7
DAY = 86400.0


@dataclass(frozen=True)
class Tumour:
    """The tissue that all cases share: voxels, vessels, cells (per um3), and what is measured where."""

    vessels: Embedding
    cells: dict[str, np.ndarray]
    regions: dict[str, np.ndarray]
    to_vessel: np.ndarray
    fluid: float


def read() -> tuple[dict[str, float], dict[str, Any]]:
    """The numbers in internal units, and what else the file holds."""
    given = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    return {name: units.parse(text, KINDS[name]) for name, text in given.pop("parameters").items()}, given


def tumour(p: dict[str, float], cells: dict[str, str], voxels: int, *, spread: bool = False) -> Tumour:
    """One eighth of a tumour around the corner at the origin; fibroblasts in its rim (or, as many, throughout: `spread`), all other cells throughout."""
    grid = tf.Grid((voxels,) * 3, p["box"] / voxels)
    bed = TumourBed((0, 0, 0), p["radius"], spacing=(90.0, 260.0), fraction=(0.8, 0.6))
    vessels = tf.VesselNetwork.generate(((0, 0, 0), (p["box"],) * 3), tumour=bed, seed=1).embed(grid)
    z, y, x = grid.coordinates()
    inside = np.broadcast_to(np.sqrt(z**2 + y**2 + x**2) / p["radius"], grid.shape)
    tissue, away = ~vessels.lumen & (inside < 1), vessels.distance_to_vessel()
    density = {name: units.parse(text, "density") * tissue.astype(float) for name, text in cells.items()}
    rim = tissue & (inside > RIM)
    density["myCAF"] *= rim.sum() / tissue.sum() if spread else rim
    regions = {"mean": tissue, "near": tissue & (away < p["near"]), "far": tissue & (away > p["far"])}
    return Tumour(vessels, density, regions, away, p["fluid"])


def model(place: Tumour, plasma: Any, permeability: float = 1.0, **drug_values: Any) -> tf.Model:
    """Ligand, antibody and complex; `permeability` multiplies that of the vessel walls to the antibody. Ligand that crosses into the plasma is gone."""
    record = library.species(LIGAND)
    value = {key: one.internal for key, one in record.parameters.items()}
    drug = tf.Drug.from_library(DRUG, **drug_values)
    drug = tf.Drug.from_library(DRUG, **{**drug_values, "permeability": permeability * drug["permeability"]})
    half = value["K_D"] + value["k_endo"] / value["k_on"]
    terms: list[tf.AbstractTerm] = [tf.Decay(), tf.VascularExchange(LIGAND, place.vessels, value["permeability"]), *drug.terms(place.vessels, plasma)]
    for cell, density in place.cells.items():
        terms.append(tf.Secretion(LIGAND, density, record.secretion[cell].rate.internal, value["active_share"], source=cell))
        terms.append(tf.ReceptorUptake(LIGAND, density, record.receptors[cell].internal, value["k_endo"], half, sink=cell))
    # Complexes stay in the tissue until they are cleared: no wall lets them out, so what is cleared is what complex_decay says.
    held = np.array([0.0, np.max(plasma), 0.0]) if not isinstance(plasma, tf.PlasmaCourse) else np.zeros(3)
    fixed = tf.FixedConcentration(place.vessels.lumen, held, sealed=True) if place.vessels.lumen.any() else None
    return tf.Model(place.vessels.grid, [tf.Species.from_library(LIGAND), *drug.species()], terms, fixed=fixed, volume_fraction=place.fluid)


def uniform(k: float, antibody: float, on: float, off: float, clearance: float) -> float:
    """free/baseline where everything is mixed and the antibody is in excess: k (k_b + k_off)/[k (k_b + k_off) + k_on A k_b]."""
    return k * (clearance + off) / (k * (clearance + off) + on * antibody * clearance)


def one_place(k: float, on: float, off: float, antibody: float, clearance: float) -> tuple[float, float]:
    """free/baseline and (free + bound)/baseline in one mixed volume, where walls that hardly resist hold the antibody at `antibody` nM (V10)."""
    grid, made = tf.Grid((1, 1, 4), 10.0), 1e-3 * k  # a baseline of 1 pM
    species = [tf.Species(LIGAND, 26.0, k), tf.Species("A", 10.0, species_class="antibody"), tf.Species("bound", 10.0, clearance)]
    terms = [tf.Decay(), tf.Linear(made, species=LIGAND), tf.VascularExchange("A", 0.01, 10.0, antibody), tf.Binding(LIGAND, "A", "bound", on, off)]
    start = np.stack([np.full(grid.shape, one) for one in (1e-3, antibody, 0.0)])
    solution = tf.solve_steady(tf.Model(grid, species, terms), 1e-9, initial=start, precision="mixed")
    free, bound = (float(np.asarray(solution[name]).mean()) / 1e-3 for name in (LIGAND, "bound"))
    return free, free + bound


def measure(place: Tumour, base: np.ndarray, solution: tf.Solution, plasma: float) -> dict[str, float]:
    """Free ligand over the baseline and antibody over plasma, in each region; share of the ligand that is bound, and what of the free ligand's loss remains."""
    free, antibody, bound = (np.asarray(solution[name], float) for name in (LIGAND, DRUG, COMPLEX))
    ratio = {f"free_{name}": free[where].sum() / base[where].sum() for name, where in place.regions.items()}
    drug = {f"antibody_{name}": antibody[where].mean() / plasma for name, where in place.regions.items()}
    inside = place.regions["mean"]
    local = free[inside] / base[inside]
    more = {"total_mean": (free + bound)[inside].sum() / base[inside].sum(), "lowest": local.min(), "highest": local.max()}
    more |= {"bound_share": bound[inside].sum() / (free + bound)[inside].sum(), "defect": float(np.abs(solution.budget.defect).max())}
    return {key: float(value) for key, value in (ratio | drug | more).items()}


def lost_free(solution: tf.Solution) -> float:
    """Free ligand that cells, decay and vessels take, molecules/s; binding only moves it."""
    return sum(float(value[0]) for label, value in solution.budget.lost.items() if not label.startswith("binding"))


def well_mixed(place: Tumour, base: np.ndarray, none: tf.Solution, solution: tf.Solution, clearance: float) -> float:
    """`uniform` with the tumour's mean antibody and the mean rate at which it loses free ligand."""
    drug, inside = tf.Drug.from_library(DRUG), place.regions["mean"]
    content = place.fluid * base.sum() * place.vessels.grid.voxel_volume * units.NANOMOLAR
    antibody = float(np.asarray(solution[DRUG], float)[inside].mean())
    return uniform(lost_free(none) / content, antibody, drug["k_on"], drug["k_on"] * drug["K_D"], clearance)


def steady_cases(place: Tumour, doses: list[float], p: dict[str, float]) -> tuple[dict[str, list], dict[str, tf.Solution]]:
    """All cases at held plasma, and of each the solution at the highest dose."""
    none = tf.solve_steady(model(place, 0.0))
    base, washout = np.asarray(none[LIGAND], float), tf.Drug.from_library(DRUG)["decay"]
    cases = {"kept, P x 1": (0.0, 1.0), "fast, P x 1": (p["fast_clearance"], 1.0), **{f"washout, P x {by:g}": (washout, by) for by in (0.1, 1.0, 10.0)}}
    found, last = {}, {"none": none}
    for name, (clearance, factor) in cases.items():
        found[name], start, before = [], None, None
        for dose in doses:
            if start is not None and before is not None:
                start = start * np.array([1.0, dose / before, dose / before])[:, None, None, None]
            solution = tf.solve_steady(model(place, dose, factor, complex_decay=clearance), initial=start)
            start, before = np.asarray(solution.concentration), dose
            more = {"plasma_nM": dose, "loss_of_free": lost_free(solution) / lost_free(none), "well_mixed": well_mixed(place, base, none, solution, clearance)}
            found[name].append(measure(place, base, solution, dose) | more)
            last[name] = solution
    return found, last


def other_cases(place: Tumour, spread: Tumour, dose: float) -> dict[str, float]:
    """Mean free/baseline at the ends of the range of k_on with the same K_D; and, complexes kept, far from vessels with the fibroblasts throughout."""
    found, base = {}, np.asarray(tf.solve_steady(model(place, 0.0))[LIGAND], float)
    for name, on in (("k_on_1e5", 1e-4), ("k_on_1e6", 1e-3)):
        found[name] = measure(place, base, tf.solve_steady(model(place, dose, k_on=on)), dose)["free_mean"]
    base = np.asarray(tf.solve_steady(model(spread, 0.0))[LIGAND], float)
    kept = measure(spread, base, tf.solve_steady(model(spread, dose, complex_decay=0.0)), dose)
    return found | {f"spread_{name}": kept[f"free_{name}"] for name in ("mean", "near", "far")}


def schedule(place: Tumour, p: dict[str, float], days: list[float], amount: str) -> tuple[tf.Trajectory, dict]:
    """Doses by the kinetics of a typical antibody; ligand, antibody and complex through time."""
    body = {key: p[key] for key in ("volume", "clearance", "peripheral_volume", "intercompartmental_clearance")}
    course = tf.Drug.from_library(DRUG, **body).plasma([tf.Dose(amount, f"{day:g} day") for day in days], body_weight="70 kg")
    after = np.array([0.0, 0.03, 0.15, 0.4, 1, 3, 7, 14, 21])
    times = DAY * np.unique(np.concatenate([*(day + after for day in days), [2 * days[1]]]))
    start = np.asarray(tf.solve_steady(model(place, 0.0)).concentration)
    run = tf.evolve(model(place, course, **body), start, times, rtol=1e-2, method="tr-bdf2")
    free, antibody = np.asarray(run[LIGAND], float), np.asarray(run[DRUG], float)
    inside = place.regions["mean"]
    told = {"days": times / DAY, "free": free[:, inside].sum(axis=1) / free[0, inside].sum(), "antibody_nM": antibody[:, inside].mean(axis=1)}
    told["plasma_days"] = np.unique(np.concatenate([np.arange(0, 2 * days[1] + 0.5, 0.5), np.array(days[1:]) - 1e-3]))
    told["plasma_nM"] = np.array([float(course.at(*[jnp.asarray(DAY * day, float)] * 2)) for day in told["plasma_days"]])
    return run, {key: value.tolist() for key, value in told.items()}


def main(arguments: list[str] | None = None) -> dict:
    """Solve all cases, print the numbers and, with --out, write numbers.json, tgfb_blockade.png and the fields as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    p, given = read()
    place = tumour(p, given["cells"], 16 if options.quick else 32)
    doses = [units.parse(text, "concentration") for text in given["plasma"]][:: 2 if options.quick else 1]
    found, kept = steady_cases(place, doses, p)
    base = np.asarray(kept["none"][LIGAND], float)
    run, course = schedule(tumour(p, given["cells"], 10 if options.quick else 16), p, given["schedule"]["days"], given["schedule"]["amount"])
    k, on, off, antibody = (given["uniform"][key] for key in ("k", "k_on", "k_off", "antibody"))
    rates = [(clearance, one_place(k, on, off, antibody, clearance), uniform(k, antibody, on, off, clearance)) for clearance in given["uniform"]["clearance"]]
    numbers = {
        "cases": found,
        "baseline_pM": {name: float(1e3 * base[where].mean()) for name, where in place.regions.items()},
        "shares": {name: float(where.sum() / place.regions["mean"].sum()) for name, where in place.regions.items()},
        "other": other_cases(place, tumour(p, given["cells"], place.vessels.grid.shape[0], spread=True), doses[-1]),
        "uniform": [{"clearance": rate, "free": free, "total": total, "closed_form": exact} for rate, (free, total), exact in rates],
        "schedule": course,
    }
    report(numbers)
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
        draw(numbers, place, kept, options.out / "tgfb_blockade.png")
        maps = {"distance_to_vessel": Variable(place.to_vessel, "distance to the nearest vessel wall", "um")}
        for name in ("none", "kept, P x 1", "washout, P x 1", "fast, P x 1"):
            kept[name].to_netcdf(options.out / f"{name.split(',')[0]}.nc", maps=maps)
        run.to_netcdf(options.out / "schedule.nc")
    return numbers


def report(numbers: dict) -> None:
    """Print what numbers.json holds, a line each."""
    print("baseline, pM:", ", ".join(f"{name} {value:.3g}" for name, value in numbers["baseline_pM"].items()))
    print("free over baseline: mean, near, far; antibody over plasma: mean, near, far; share bound; loss of free; well mixed; lowest, highest free")
    for name, rows in numbers["cases"].items():
        for row in rows:
            values = [row[f"{what}_{where}"] for what in ("free", "antibody") for where in ("mean", "near", "far")]
            values += [row[key] for key in ("bound_share", "loss_of_free", "well_mixed", "lowest", "highest")]
            print(f"{name:18s} {row['plasma_nM']:8.4g}  ", "".join(f"{value:9.4f}" for value in values))
    for row in numbers["uniform"]:
        print(f"one place, complexes cleared at {row['clearance']:.3g}/s: free {row['free']:.6f} (exact {row['closed_form']:.6f}), total {row['total']:.4f}")
    print(", ".join(f"{name} {value:.4f}" for name, value in numbers["other"].items()))
    print("schedule: days", numbers["schedule"]["days"], "free", [round(value, 4) for value in numbers["schedule"]["free"]])


if __name__ == "__main__":
    main()
