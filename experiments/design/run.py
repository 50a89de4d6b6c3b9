"""Which measurement next: a steady profile of interferon gamma leaves one factor open; six further measurements are ranked; see README.md."""

import argparse
import json
from pathlib import Path

import jax
import numpy as np
from figure import draw

import tmefield as tf
from tmefield import library
from tmefield.output import Variable

BOX, SEED = 400.0, 3  # um
TUMOUR, CD8 = 3e-4, 2e-6  # cells/um3, mean; assumptions
CD8_RATE = 10.0  # molecules/cell/s (assumption, that of experiments/ifng_range)
IGG_PLASMA = 100.0  # nM: of a labelled IgG that is given
SCATTER, REPEAT = 0.15, 0.1  # standard deviation of the logarithm of a bin's mean, and of an assay
INTEREST = ("secretion", "receptors", "diffusivity")
UNITS = {"diffusivity": "um2/s", "secretion": "molecules/cell/s", "receptors": "1/cell"}


def value(species: str, key: str) -> float:
    """A number of the library in internal units."""
    return library.species(species).parameters[key].internal


def tissue(voxels: int):
    """The vessels of a made-up piece of tumour on the grid, and where its CD8 T cells are: single voxels at random, cells/um3."""
    network = tf.VesselNetwork.generate(([0.0] * 3, [BOX] * 3), preset="tumour", feeding=0, seed=SEED)
    grid = tf.Grid((voxels,) * 3, BOX / voxels)
    vessels = network.embed(grid, clip=True)
    random = np.random.default_rng(SEED)
    cells = np.zeros(grid.shape)
    # Cells keep their places, in um, whatever the voxels.
    for z, y, x in (random.uniform(0, BOX, (round(CD8 * BOX**3), 3)) / (BOX / voxels)).astype(int):
        cells[z, y, x] += 1 / grid.voxel_volume
    return vessels, cells


def truth() -> dict[str, float]:
    """Values of the free parameters."""
    return {"diffusivity": value("IFNg", "diffusivity"), "secretion": CD8_RATE, "receptors": library.species("IFNg").receptors["tumour"].internal}


def model(values, vessels, cells: np.ndarray) -> tf.Model:
    """Interferon gamma of CD8 T cells, taken up by tumour cells; and a labelled IgG from the plasma, hindered by the tissue as much as interferon gamma is."""
    half = value("IFNg", "K_D") + value("IFNg", "k_endo") / value("IFNg", "k_on")
    ifng = tf.Species("IFNg", values["diffusivity"], 0.0, molecular_weight=value("IFNg", "molecular_weight"))
    hindered = value("IgG", "diffusivity") / value("IFNg", "diffusivity") * values["diffusivity"]
    igg = tf.Species("IgG", hindered, value("IgG", "decay"), molecular_weight=150.0)
    terms = [
        tf.Decay(),
        tf.Secretion("IFNg", cells, values["secretion"], source="CD8_T"),
        tf.ReceptorUptake("IFNg", TUMOUR, values["receptors"], value("IFNg", "k_endo"), half, sink="tumour"),
        tf.VascularExchange("IgG", vessels, value("IgG", "permeability"), IGG_PLASMA, form="lumped"),
    ]
    return tf.Model(vessels.grid, [ifng, igg], terms)


def to_cells(vessels, cells: np.ndarray) -> np.ndarray:
    """Distance of each voxel to the nearest CD8 T cell, [z, y, x], um."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(cells == 0, sampling=vessels.grid.spacing))


def profile(species: str, distance: np.ndarray, count: int, name: str, **options) -> tf.DistanceProfile:
    """A profile with up to `count` bins that hold about as many voxels each; its data do not count for a design."""
    values, voxels = np.unique(np.asarray(distance).round(6), return_counts=True)
    # Distances on a grid take few values: edges lie between two of them, or there would be bins of nothing.
    ends = np.unique(np.searchsorted(np.cumsum(voxels) / distance.size, np.arange(1, count) / count))
    edges = np.concatenate([[0.0], (values[ends] + values[ends + 1]) / 2, [values[-1] + 1.0]])
    times = max(len(options.get("times", ())), 1)
    return tf.DistanceProfile(species, distance, edges, np.ones(times * (len(edges) - 1)), tf.Lognormal(SCATTER), name=name, **options)


def candidates(vessels, cells: np.ndarray) -> dict:
    """What might be measured next."""
    distance, wall = to_cells(vessels, cells), np.maximum(vessels.distance_to_vessel(), 0.0)
    everywhere = np.ones(vessels.grid.shape, bool)
    half = everywhere & (np.arange(vessels.grid.shape[2]) < vessels.grid.shape[2] // 2)
    assay = {"data": [1.0], "noise": tf.Lognormal(REPEAT)}
    return {
        "diffusivity known to 10 %": {"diffusivity": 0.1},
        "profile 10 min after onset": profile("IFNg", distance, 5, "early", times=[600.0]),
        "IgG tracer by distance to vessels": profile("IgG", wall, 5, "IgG"),
        "fluid assay, pg/mL": tf.Assay("IFNg", everywhere, sample="fluid", name="fluid", **assay),
        "biopsy of one half, pg/mL": tf.Assay("IFNg", half, sample="biopsy", name="biopsy", **assay),
        "twice the bins": profile("IFNg", distance, 10, "finer"),
    }


def rank(vessels, cells: np.ndarray) -> tuple[tf.Model, "tf.Designs"]:
    """The model at its truth, and the candidates ranked."""
    true = truth()
    free = [tf.FreeParameter(name, one, unit=UNITS[name]) for name, one in true.items()]
    now = profile("IFNg", to_cells(vessels, cells), 5, "steady profile")
    problem = tf.make_problem(lambda values: model(values, vessels, cells), free, [now], rtol=1e-10)
    return model(true, vessels, cells), tf.rank_designs(problem, candidates(vessels, cells), INTEREST)


def main(arguments: list[str] | None = None) -> dict:
    """Rank, print, and with --out write numbers.json, design.png and a NetCDF file of both steady fields."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="8^3 voxels in place of 16^3")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    tf.reuse_memory()
    vessels, cells = tissue(8 if options.quick else 16)
    true, designs = rank(vessels, cells)
    found = {
        "now": {name: None if not np.isfinite(sd) else float(sd) for name, sd in zip(designs.now.names, designs.now.deviations(), strict=True)},
        "null_directions": designs.now.words(),
        "eigenvalues": designs.now.eigenvalues.tolist(),
        "designs": designs.table(),
    }
    print("now:", *(designs.now.words() or ["every direction is determined"]), sep="\n  ")
    print("next:", *designs.sentences(), sep="\n  ")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")
        draw(found, options.out / "design.png")
        maps = {"distance_to_cd8_t": Variable(to_cells(vessels, cells), "distance to the nearest CD8 T cell", "um")}
        tf.solve_steady(true).to_netcdf(options.out / "fields.nc", maps=maps)
    return found


if __name__ == "__main__":
    main()
