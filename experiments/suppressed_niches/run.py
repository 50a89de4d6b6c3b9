"""Where IL-10 and active TGF-b around Tregs, M2 macrophages and fibroblasts hold CD8 T and NK cells down in a real tumour; see README.md."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from figure import draw
from scipy import ndimage

import tmefield as tf
from tmefield import library
from tmefield.output import Variable

FLUID = 0.3  # share of the tissue
NEST, RIM = 210.0, 40.0  # um: radius of the tumour nest around the middle of the box, and how far fibroblasts reach beyond it
TUMOUR_NEST, TUMOUR_OUTSIDE = 4e-4, 1e-4  # cells/um3
M2, TREG, CD8, NK, MYCAF = 3e-5, 1e-5, 1e-5, 2e-6, 1e-4  # cells/um3: means over the tissue; myCAF at the edge of the nest, and as many iCAF
VESSEL_RANGE, CLUSTERS, CLUSTER_WIDTH = 40.0, 12, 25.0  # um; number; um
CD8_OUTSIDE = 3.0  # how much denser CD8 T cells are outside the nest
HALF = 0.5
SEED = 1
EFFECTS = {"CD8_T": ("TGFb-CTL", "IL10-CTL"), "NK": ("TGFb-NK", "IL10-NK")}


LOCAL = {  # the ends of the library's ranges that make both fields most local and active TGF-b most plentiful, internal units
    "IL10": {"diffusivity": 5.0},
    "TGFb": {"diffusivity": 10.0, "active_share": 0.1, "receptors": 1e3, "k_endo": 5e-4},
}
AMOUNTS, SHARES = (0.5, 0.8, 1.2), (0.3, 1.0)


@dataclass(frozen=True)
class Case:
    """What differs from the library: its numbers by species, cells taken away, the number of M2 macrophages, and what Tregs secrete of IL-10."""

    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    M2: float = 1.0  # times
    treg_IL10: float = 0.0  # molecules/cell/s


def value(species: str, key: str) -> float:
    """A number of the library in internal units."""
    return library.species(species).parameters[key].internal


def cases() -> dict[str, Case]:
    """The library's values, and those of `LOCAL`; each with cells taken away, with Tregs that secrete IL-10 as Bregs do, and with other amounts."""
    as_breg = library.species("IL10").secretion["Breg"].rate.internal
    found = {}
    for name, numbers in (("library", {}), ("local", LOCAL)):
        found[name] = Case(numbers)
        for cell, gone in (("Treg", ("Treg",)), ("CAF", ("myCAF", "iCAF")), ("M2", ("M2",))):
            found[f"{name}_no_{cell}"] = Case(numbers, gone)
        found[f"{name}_Treg_IL10"] = Case(numbers, treg_IL10=as_breg)
        found |= {f"{name}_M2_x{times:g}": Case(numbers, M2=times) for times in AMOUNTS}
        for share in SHARES:
            found[f"{name}_active_{share:g}"] = Case(numbers | {"TGFb": numbers.get("TGFb", {}) | {"active_share": share}})
    return found


def place(grid: tf.Grid, distance: np.ndarray, tissue: np.ndarray) -> dict[str, np.ndarray]:
    """Densities of every cell type, cells/um3: regulators half in clusters and half near vessels, fibroblasts around the nest, CD8 T and NK cells scattered."""
    z, y, x = grid.coordinates()
    size = np.array(grid.shape) * np.array(grid.spacing)
    middle = size / 2
    beyond = np.hypot(y - middle[1], x - middle[2]) + 0 * z - NEST
    near = np.exp(-np.maximum(distance, 0) / VESSEL_RANGE)
    random = np.random.default_rng(SEED)
    clusters = np.zeros(grid.shape)
    for centre in random.uniform(0, 1, (CLUSTERS, 3)) * size:
        clusters += np.exp(-((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) / (2 * CLUSTER_WIDTH**2))

    def spread(shape: np.ndarray) -> np.ndarray:
        return np.where(tissue, shape, 0) / shape[tissue].mean()

    regulators = (spread(clusters) + spread(near)) / 2
    around = np.where(beyond > 0, np.exp(-np.maximum(beyond, 0) / RIM), 0) * tissue
    return {
        "tumour": np.where(beyond < 0, TUMOUR_NEST, TUMOUR_OUTSIDE) * tissue,
        "M2": M2 * regulators,
        "Treg": TREG * regulators,
        "myCAF": MYCAF * around,
        "iCAF": MYCAF * around,
        "CD8_T": CD8 * spread(np.where(beyond < 0, 1.0, CD8_OUTSIDE)),
        "NK": NK * spread(np.ones(grid.shape)),
    }


def terms_of(name: str, cells: Mapping[str, np.ndarray], case: Case) -> list[tf.AbstractTerm]:
    """Secretion and uptake of one ligand; of TGF-b the active share of what is secreted."""
    record, own = library.species(name), case.numbers.get(name, {})
    endo = own.get("k_endo", value(name, "k_endo"))
    half = value(name, "K_D") + endo / value(name, "k_on")
    active = own.get("active_share", value("TGFb", "active_share")) if name == "TGFb" else 1.0
    found: list[tf.AbstractTerm] = []
    for cell, density in cells.items():
        here = density * (0.0 if cell in case.without else case.M2 if cell == "M2" else 1.0)
        if cell in record.secretion:
            rate = record.secretion[cell].rate.internal + (case.treg_IL10 if (name, cell) == ("IL10", "Treg") else 0.0)
            found.append(tf.Secretion(name, here, rate, active * record.secretion[cell].active_fraction.internal, source=cell))
        if cell in record.receptors:
            found.append(tf.ReceptorUptake(name, here, own.get("receptors", record.receptors[cell].internal), endo, half, sink=cell))
    return found


def solve(vessels, cells: Mapping[str, np.ndarray], case: Case) -> tf.Solution:
    """Both ligands at steady state; they do not act on each other here."""
    names, terms = ("IL10", "TGFb"), [tf.Decay()]
    plasma = [value(name, "plasma_concentration") for name in names]
    for name, in_plasma in zip(names, plasma, strict=True):
        terms += [*terms_of(name, cells, case), tf.VascularExchange(name, vessels, value(name, "permeability"), in_plasma)]
    species = [tf.Species(one, case.numbers.get(one, {}).get("diffusivity", value(one, "diffusivity")), value(one, "decay")) for one in names]
    fixed = tf.FixedConcentration(vessels.lumen, np.array(plasma), sealed=True) if vessels.lumen.any() else None
    return tf.solve_steady(tf.Model(vessels.grid, species, terms, fixed=fixed, volume_fraction=FLUID))


def factor(effect: str, solution: tf.Solution, scale: float) -> np.ndarray:
    """The factor of one effect of the library on the function of its cells, its half maximum times `scale`."""
    (one,) = (each for each in library.effects() if each.id == effect)
    (ligand,) = one.inputs
    hill = tf.Hill(ligand.species, scale * ligand.half_maximum.internal, ligand.exponent.internal)
    return np.asarray(tf.Modulation(hill, one.saturated.internal, one.basal.internal)({ligand.species: solution[ligand.species]}), float)


def connected(low: np.ndarray) -> tuple[np.ndarray, int]:
    """Niches that share faces of voxels, numbered from 1, and how many there are."""
    labels = np.zeros(low.shape, np.int32)
    ndimage.label(low, output=labels)
    return labels, int(labels.max())


def measure(solution: tf.Solution, tissue: np.ndarray, cells: Mapping[str, np.ndarray], scales: tuple[float, float] = (1.0, 1.0)) -> dict:
    """Shares of the tissue and of the cells below half function, which ligand does it, and the connected niches; `scales` of the IC50 of TGF-b and IL-10."""
    by_tgfb, by_il10 = (factor(effect, solution, scale) for effect, scale in zip(EFFECTS["CD8_T"], scales, strict=True))
    low = (by_tgfb * by_il10 < HALF) & tissue
    alone, other = (by_tgfb < HALF) & tissue, (by_il10 < HALF) & tissue
    nk = np.prod([factor(effect, solution, scale) for effect, scale in zip(EFFECTS["NK"], scales, strict=True)], axis=0)
    labels, count = connected(low)
    volumes = np.bincount(labels.ravel())[1:] * solution.model.grid.voxel_volume
    radii = np.sort((3 * volumes / (4 * np.pi)) ** (1 / 3))[::-1]
    parts = {"TGFb": alone & ~other, "IL10": other & ~alone, "either": alone & other, "together": low & ~alone & ~other}
    return {
        "share": float(low[tissue].mean()),
        **{f"by_{name}": float(part[tissue].mean()) for name, part in parts.items()},
        "niches": count,
        "largest_radius_um": float(radii[0]) if count else 0.0,
        "median_radius_um": float(np.median(radii)) if count else 0.0,
        "CD8_inside": float(cells["CD8_T"][low].sum() / cells["CD8_T"].sum()),
        "NK_inside": float((cells["NK"] * (nk < HALF))[tissue].sum() / cells["NK"].sum()),
        "CD8_function": float((cells["CD8_T"] * by_tgfb * by_il10).sum() / cells["CD8_T"].sum()),
    }


def levels(solution: tf.Solution, tissue: np.ndarray) -> dict:
    """Mean, 5th and 95th percentile, and greatest concentration of each ligand, pM."""
    found = {}
    for name in solution.model.names:
        c = 1e3 * np.asarray(solution[name], float)[tissue]
        found[name] = [float(one) for one in (c.mean(), *np.percentile(c, (5, 95)), c.max())]
    return found


def main(arguments: list[str] | None = None) -> dict:
    """Solve every case, print the shares and, with --out, write numbers.json, suppressed_niches.png and two NetCDF files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path, help="the network.dat of the R3230Ac tumour")
    parser.add_argument("--quick", action="store_true", help="voxels of 10 um instead of 5")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    if not options.network.is_file():
        raise SystemExit(f"{options.network}: no such file; it is the network.dat of the tumour that comes with the program GreensV4 (README.md says where)")
    tf.reuse_memory()
    network = tf.VesselNetwork.read(options.network)
    lower, upper = network.box
    grid = tf.Grid.from_box(lower[::-1].tolist(), upper[::-1].tolist(), (10.0 if options.quick else 5.0,) * 3)
    vessels = network.embed(grid, clip=True)
    distance = vessels.distance_to_vessel()
    tissue = ~vessels.lumen & (distance > 0)
    cells = place(grid, distance, tissue)
    solved = {name: solve(vessels, cells, case) for name, case in cases().items()}
    found = {
        "cases": {name: measure(one, tissue, cells) for name, one in solved.items()},
        "levels_pM": {name: levels(one, tissue) for name, one in solved.items()},
        "IC50": {
            f"{name} TGFb x{tgfb:g} IL10 x{il10:g}": measure(solved[name], tissue, cells, (tgfb, il10))
            for name in ("library", "local")
            for tgfb, il10 in ((0.1, 1), (10, 1), (1, 0.1), (1, 10), (0.1, 0.1), (10, 10))
        },
        "wall_area_per_volume_1_cm": float(1e4 * vessels.surface_density().mean()),
        "budget_defect": max(float(np.abs(one.budget.defect).max()) for one in solved.values()),
    }
    for name, one in {**found["cases"], **found["IC50"]}.items():
        print(f"{name}: {100 * one['share']:.1f} % of the tissue, {100 * one['CD8_inside']:.1f} % of CD8 T cells below half function; {one['niches']} niches")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")
        functions = {name: np.prod([factor(effect, solved[name], 1.0) for effect in EFFECTS["CD8_T"]], axis=0) for name in ("library", "local")}
        draw(found, functions, network, grid, NEST, options.out / "suppressed_niches.png")
        for name, function in functions.items():
            solved[name].to_netcdf(
                options.out / f"{name}.nc", maps={"function_of_cd8": Variable(function, "function of CD8 T cells under IL-10 and TGF-b", "1")}
            )
    return found


if __name__ == "__main__":
    main()
