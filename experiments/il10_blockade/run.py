"""An antibody against the receptor of IL-10: the ligand rises, and the signal falls only where something else removes ligand; see README.md."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from figure import draw

import tmefield as tf
from tmefield import library
from tmefield.output import Variable
from tmefield.output.profiles import profile

FLUID = 0.3  # share of the tissue
CELLS = {"M2": 3e-5, "Treg": 1e-5, "CD8_T": 1e-5, "NK": 2e-6}  # cells/um3, everywhere alike
BOX, SEED = 400.0, 2  # um
DOSES = (0.0, 1.0, 10.0, 100.0, 1e3, 1e4)  # a in plasma
SHOWN = (10.0, 1e4)  # doses with a profile and a file
SLOW = 5.0  # um2/s: diffusivity of the antibody at the lower end of the library's range
BIN, NEAR, FAR = 10.0, 20.0, 60.0  # um


@dataclass(frozen=True)
class Case:
    """Distance of the vessels' lattice (um); what removes IL-10 beside its receptors; diffusivity of the antibody (None: the library's)."""

    spacing: float
    decays: bool = True
    crosses_walls: bool = True
    antibody_diffusivity: float | None = None


CASES = {
    "dense": Case(70.0),
    "medium": Case(100.0),
    "sparse": Case(140.0),
    "decay_alone": Case(100.0, crosses_walls=False),
    "uptake_alone": Case(100.0, decays=False, crosses_walls=False),
    "slow_antibody": Case(140.0, antibody_diffusivity=SLOW),
}


def value(key: str) -> float:
    """A number of IL-10 of the library in internal units."""
    return library.species("IL10").parameters[key].internal


def half_saturation() -> float:
    """K_M of IL-10, nM."""
    return value("K_D") + value("k_endo") / value("k_on")


def vessels_of(spacing: float, voxels: int):
    """The vessels of a piece of tumour, made up, on the grid."""
    network = tf.VesselNetwork.generate(([0.0] * 3, [BOX] * 3), preset="tumour", spacing=spacing, feeding=0, seed=SEED)
    return network.embed(tf.Grid((voxels,) * 3, BOX / voxels), clip=True)


def model(vessels, case: Case, dose: float) -> tf.Model:
    """IL-10 of M2 macrophages, taken up by all cells with a receptor, and the antibody that enters from plasma and is taken up with the receptor."""
    own = {} if case.antibody_diffusivity is None else {"diffusivity": case.antibody_diffusivity}
    drug, record = tf.Drug.from_library("anti-IL10R", **own), library.species("IL10")
    in_plasma, held = dose * drug["K_D"], [value("plasma_concentration"), dose * drug["K_D"]]
    ligand = tf.Species("IL10", value("diffusivity"), value("decay") if case.decays else 0.0)
    terms: list[tf.AbstractTerm] = [tf.Decay(), *drug.terms(vessels, in_plasma)]
    if case.crosses_walls:
        terms.append(tf.VascularExchange("IL10", vessels, value("permeability"), held[0]))
    for cell, density in CELLS.items():
        here = density * ~vessels.lumen
        receptors = record.receptors[cell].internal
        if cell in record.secretion:
            terms.append(tf.Secretion("IL10", here, record.secretion[cell].rate.internal, source=cell))
        terms.append(tf.ReceptorUptake("IL10", here, receptors, value("k_endo"), half_saturation(), sink=cell, blockade=drug.blockade()))
        terms.append(drug.target_uptake(here, receptors, value("k_endo"), sink=cell))
    fixed = tf.FixedConcentration(vessels.lumen, np.array(held), sealed=True) if vessels.lumen.any() else None
    return tf.Model(vessels.grid, [ligand, *drug.species()], terms, fixed=fixed, volume_fraction=FLUID)


def seen(solution: tf.Solution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The dose in the tissue, a = A/K_d; what the receptors see of the ligand, c/(1 + a), nM; and the function of CD8 T cells."""
    drug = tf.Drug.from_library("anti-IL10R")
    (effect,) = (one for one in library.effects() if one.id == "IL10-CTL")
    hill = tf.Hill("IL10", effect.inputs[0].half_maximum.internal, effect.inputs[0].exponent.internal, drug.blockade())
    fields = {name: solution[name] for name in solution.model.names}
    a = np.asarray(fields[drug.name], float) / drug["K_D"]
    function = tf.Modulation(hill, effect.saturated.internal, effect.basal.internal)(fields)
    return a, np.asarray(fields["IL10"], float) / (1 + a), np.asarray(function, float)


def rates(vessels, case: Case) -> tuple[float, float]:
    """Rates kappa and k, 1/s: uptake far from saturation and all other loss, in the mean over the tissue."""
    record = library.species("IL10")
    kappa = sum(n * record.receptors[cell].internal for cell, n in CELLS.items()) * value("k_endo") / (0.602214076 * half_saturation())
    through_walls = value("permeability") * vessels.surface_density().mean() if case.crosses_walls else 0.0
    return kappa, through_walls + (FLUID * value("decay") if case.decays else 0.0)


def run(case: Case, vessels, doses) -> tuple[dict[float, tf.Solution], dict]:
    """Every dose, and in numbers: level and signal against none, response, function, the closed form at the tissue's mean a, profiles."""
    distance = vessels.distance_to_vessel()
    tissue = ~vessels.lumen & (distance > 0)
    edges = np.arange(0, distance.max() + BIN, BIN)
    kappa, other = rates(vessels, case)
    half = next(one for one in library.effects() if one.id == "IL10-CTL").inputs[0].half_maximum.internal
    found: dict = {"wall_area_1_cm": float(1e4 * vessels.surface_density().mean()), "kappa": kappa, "k": other, "farthest_um": float(distance.max())}
    rows: dict[str, list] = {name: [] for name in ("a", "a_near", "a_far", "rise", "signal", "signal_near", "signal_far", "closed", "response", "function")}
    solved, start = {}, np.ones(())
    near, far = tissue & (distance < NEAR), tissue & (distance > FAR)
    for dose in doses:
        solved[dose] = solution = tf.solve_steady(model(vessels, case, dose))
        a, x, function = seen(solution)
        c = np.asarray(solution["IL10"], float)
        if dose == 0:
            start = x
        mean = a[tissue].mean()
        row = {"a": mean, "a_near": a[near].mean(), "a_far": a[far].mean(), "rise": c[tissue].mean() / start[tissue].mean()}
        row |= {name: x[where].mean() / start[where].mean() for name, where in (("signal", tissue), ("signal_near", near), ("signal_far", far))}
        row |= {"closed": (kappa + other) / (kappa + other * (1 + mean)), "response": (x / (half + x))[tissue].mean(), "function": function[tissue].mean()}
        for name, one in row.items():
            rows[name].append(float(one))
        if dose in SHOWN:
            centres, share = profile((a / dose)[tissue], distance[tissue], edges)[:2]
            signal = profile((x / start)[tissue], distance[tissue], edges)[1]
            found[f"profile_{dose:g}"] = {"distance_um": centres.tolist(), "a_over_plasma": share.tolist(), "signal": signal.tolist()}
    defects = [float(np.abs(one.budget.defect).max()) for one in solved.values()]
    return solved, found | rows | {"c0_pM": 1e3 * float(start[tissue].mean()), "defect": max(defects)}


def uniform(other: float, a: float = 100.0) -> Mapping[str, float]:
    """The closed form's own case, solved: kappa = 10 k and kappa alone, even everywhere; c/c0 and signal at a."""
    endo, half, drug = 5e-4, 0.15, tf.Blockade("drug", 0.316)
    density = 1e-3 * half * 0.602214076 / (300 * endo)  # kappa = 1e-3 1/s
    levels = []
    for level in (0.0, a):
        terms = [tf.Decay(), tf.Linear(np.array(1e-9), species="IL10"), tf.Linear(np.array(level * 0.316), species="drug")]
        terms.append(tf.ReceptorUptake("IL10", density, 300.0, endo, half, blockade=drug))
        species = [tf.Species("IL10", 40.0, other), tf.Species("drug", 20.0, 1.0)]
        levels.append(float(tf.solve_steady(tf.Model(tf.Grid((1, 1, 8), 10.0), species, terms))["IL10"].mean()))
    return {"rise": levels[1] / levels[0], "signal": levels[1] / levels[0] / (1 + a)}


def main(arguments: list[str] | None = None) -> dict:
    """Solve every case at every dose, print the signal and, with --out, write numbers.json, il10_blockade.png and two NetCDF files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="voxels of 20 um instead of 10")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    jax.config.update("jax_enable_x64", True)  # blocked receptors leave IL-10 hardly any loss: float32 would not know its level
    embedded = {spacing: vessels_of(spacing, 20 if options.quick else 40) for spacing in sorted({one.spacing for one in CASES.values()})}
    ran = {name: run(case, embedded[case.spacing], DOSES) for name, case in CASES.items()}
    found = {"doses": list(DOSES), "uniform": {"k": uniform(1e-4), "no_k": uniform(0.0)}, "cases": {name: told for name, (_, told) in ran.items()}}
    for name, told in found["cases"].items():
        print(f"{name}: IL-10 {told['c0_pM']:.2f} pM without antibody; signal {', '.join(f'{one:.3g}' for one in told['signal'])} at a = {DOSES} in plasma")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")
        draw(found, options.out / "il10_blockade.png")
        for dose in SHOWN:
            solution = ran["medium"][0][dose]
            maps = {"function_of_cd8": Variable(seen(solution)[2], "function of CD8 T cells under IL-10 with its receptor blocked", "1")}
            solution.to_netcdf(options.out / f"dose_{dose:g}.nc", maps=maps)
    return found


if __name__ == "__main__":
    main()
