"""Oxygen and two cytokines against the distance to the nearest vessel of a real tumour; see README.md."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import tmefield as tf
from tmefield import library
from tmefield.output import Variable
from tmefield.output.profiles import profile
from tmefield.vessels.kernel import resolvable_radius

FLOW_FACTOR = 4 / 3  # the file's flows are relative; the parameter file beside it multiplies them with this
OXYGEN_WALL = 1000.0  # um/s: the intravascular resistance of a vessel of 8 um, 1.44 mmHg um s/um3 (the same files), as a permeability
TUMOUR = 4e-4  # cells/um3 (assumption); with 57 amol/cell/s they use 0.51 cm3 of oxygen per cm3 in 1000 s
T_CELLS, T_CELL_RANGE = 2e-6, 40.0  # CD8 T cells: mean density, cells/um3, and how it falls from the vessels, um (assumptions)
HALF_SATURATION = 1300.0  # nM: half of the greatest consumption at 1 mmHg
BIN = 10.0  # um


def value(species: str, key: str) -> float:
    """A number of the library in internal units."""
    return library.species(species).parameters[key].internal


def read(path: Path) -> tf.VesselNetwork:
    """The network with absolute flows."""
    network = tf.VesselNetwork.read(path)
    return replace(network, flow=FLOW_FACTOR * network.flow)


def grid_of(network: tf.VesselNetwork, spacing: float) -> tf.Grid:
    """The box that the file states."""
    lower, upper = network.box
    return tf.Grid.from_box(lower[::-1].tolist(), upper[::-1].tolist(), (spacing,) * 3)


def oxygen(network: tf.VesselNetwork, grid: tf.Grid):
    """Oxygen from blood that loses it on the way, used by the tumour's cells; and the vessels on the grid."""
    plasma, diffusivity = value("O2", "plasma_concentration"), value("O2", "diffusivity")
    wide = resolvable_radius(OXYGEN_WALL / diffusivity, grid.spacing[2], 1.5)
    vessels = network.embed(grid, lumen_radius=wide, clip=True)
    tissue = ~vessels.lumen
    used = tf.Consumption("O2", TUMOUR * tissue, value("O2", "consumption"), HALF_SATURATION, sink="tumour")
    exchange = tf.VascularExchange("O2", vessels, OXYGEN_WALL, tf.Blood(network, plasma, tf.Haemoglobin()))
    fixed = tf.FixedConcentration(vessels.lumen, plasma, sealed=True) if vessels.lumen.any() else None
    model = tf.Model(grid, [tf.Species("O2", diffusivity, species_class="oxygen")], [used, exchange], fixed=fixed)
    return tf.solve_steady(model), vessels


def cytokines(vessels, distance: np.ndarray):
    """IFN-gamma of T cells that stay near vessels, IL-6 of the tumour's cells; both taken up, both cross the walls."""
    grid, tissue = vessels.grid, ~vessels.lumen
    near = np.where(tissue, np.exp(-np.maximum(distance, 0) / T_CELL_RANGE), 0)
    cells = {"tumour": TUMOUR * tissue, "CD8_T": T_CELLS * near / near[tissue].mean()}
    species, terms, plasma = [], [tf.Decay()], []
    for name in ("IFNg", "IL6"):
        record = library.species(name)
        species.append(tf.Species.from_library(name))
        plasma.append(value(name, "plasma_concentration"))
        half = value(name, "K_D") + value(name, "k_endo") / value(name, "k_on")
        for cell, density in cells.items():
            if cell in record.secretion:
                rate = record.secretion[cell]
                terms.append(tf.Secretion(name, density, rate.rate.internal, rate.active_fraction.internal, source=cell))
            if cell in record.receptors:
                terms.append(tf.ReceptorUptake(name, density, record.receptors[cell].internal, value(name, "k_endo"), half, sink=cell))
        terms.append(tf.VascularExchange(name, vessels, value(name, "permeability"), plasma[-1]))
    fixed = tf.FixedConcentration(vessels.lumen, np.array(plasma), sealed=True) if vessels.lumen.any() else None
    return tf.solve_steady(tf.Model(grid, species, terms, fixed=fixed))


def measure(air, cells, vessels, network: tf.VesselNetwork, distance: np.ndarray) -> dict:
    """Profiles, the hypoxic share of the tissue, what the blood loses, and how well the balances close."""
    tissue = ~vessels.lumen & (distance > 0)
    edges = np.arange(0, distance.max() + BIN, BIN)
    fields = {"O2": air["O2"], "IFNg": cells["IFNg"], "IL6": cells["IL6"]}
    found = {name: profile(np.asarray(field)[tissue], distance[tissue], edges)[1] for name, field in fields.items()}
    centres, _, _, count = profile(distance[tissue], distance[tissue], edges)
    (term,) = (one for one in air.model.terms if isinstance(one, tf.VascularExchange))
    plasma, _ = term.in_blood(air["O2"], air.model.medium())
    perfused = np.asarray(term.plasma_concentration.perfused) > 0
    return {
        "distance_um": centres.tolist(),
        "tissue_share": (count / count.sum()).tolist(),
        "profiles_nM": {name: values.tolist() for name, values in found.items()},
        "hypoxic_fraction": float((np.asarray(air["O2"])[tissue] < value("O2", "hypoxia_threshold")).mean()),
        "oxygen_mean_nM": float(np.asarray(air["O2"])[tissue].mean()),
        "plasma_lowest_nM": float(np.asarray(plasma)[perfused].min()),
        "exchange_form": term.form,
        "budget_defect": float(max(np.abs(air.budget.defect).max(), np.abs(cells.budget.defect).max())),
    }


def draw(found: dict, path: Path) -> None:
    """Oxygen above, cytokines below, the tissue at each distance behind."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    d, share = np.array(found["distance_um"]), np.array(found["tissue_share"])
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 6.6), sharex=True, layout="constrained")
    limit = float(d[np.cumsum(share) < 0.999][-1] + BIN)
    for axes in (top, bottom):
        behind = axes.twinx()
        behind.bar(d, 100 * share, width=0.9 * BIN, color="0.90", zorder=0)
        behind.set(ylim=(0, 300 * share.max()), yticks=[])
        axes.set_zorder(1)
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        behind.spines[:].set_visible(False)
    top.plot(d, np.array(found["profiles_nM"]["O2"]) / 1e3, color="#b2182b", lw=2)
    threshold = value("O2", "hypoxia_threshold") / 1e3
    top.axhline(threshold, color="0.3", lw=1, ls="--")
    top.text(limit, threshold, f"hypoxic below: {100 * found['hypoxic_fraction']:.0f} % of the tissue", ha="right", va="bottom", fontsize=9, color="0.3")
    top.set(ylabel="oxygen, uM", ylim=(0, None), title="Around the vessels of an R3230Ac tumour")
    for name, label, colour in (("IFNg", "IFN-gamma, of T cells near vessels", "#2166ac"), ("IL6", "IL-6, of all tumour cells", "#1b7837")):
        values = np.array(found["profiles_nM"][name])
        bottom.plot(d, values / values[0], color=colour, lw=2, label=f"{label} ({1e3 * values[0]:.3g} pM at the wall)")
    bottom.set(xlabel="distance to the nearest vessel wall, um (grey: share of the tissue)", ylabel="relative to the wall", xlim=(0, limit), ylim=(0, None))
    bottom.legend(frameon=False, fontsize=9)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> dict:
    """Solve, print, and with --out write profiles.json, profiles.png and a NetCDF file for oxygen and one for the cytokines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path, help="the network.dat of the R3230Ac tumour")
    parser.add_argument("--spacing", type=float, default=5.0, help="voxel, um")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    tf.reuse_memory()
    network = read(options.network)
    air, vessels = oxygen(network, grid_of(network, options.spacing))
    distance = vessels.distance_to_vessel()
    cells = cytokines(vessels, distance)
    found = measure(air, cells, vessels, network, distance)
    print(f"oxygen crosses walls by the {found['exchange_form']} form; blood leaves no segment below {found['plasma_lowest_nM'] / 1e3:.1f} uM in the plasma")
    print(f"mean oxygen {found['oxygen_mean_nM'] / 1e3:.2f} uM; {100 * found['hypoxic_fraction']:.1f} % of the tissue is hypoxic")
    for name, values in found["profiles_nM"].items():
        near, middle, far = (values[int(np.searchsorted(found["distance_um"], where))] for where in (5, 55, 105))
        print(f"{name}: {near:.4g} nM at 5 um, {middle:.4g} at 55 um, {far:.4g} at 105 um")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "profiles.json").write_text(json.dumps(found, indent=1) + "\n")
        draw(found, options.out / "profiles.png")
        maps = {"distance_to_vessel": Variable(distance, "distance to the nearest vessel wall", "um")}
        air.to_netcdf(options.out / "oxygen.nc", maps=maps)
        cells.to_netcdf(options.out / "cytokines.nc", maps=maps)
    return found


if __name__ == "__main__":
    main()
