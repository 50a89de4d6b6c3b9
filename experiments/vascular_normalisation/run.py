"""What the normalisation of tumour vessels does to the pressure of the interstitial fluid and to what an antibody and a cytokine reach; see README.md."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from figure import draw

import tmefield as tf
from tmefield.library.permeability import two_pore_permeability, water_diffusivity
from tmefield.output.fieldset import Variable
from tmefield.vessels.embed import Embedding
from tmefield.vessels.tumour_bed import TumourBed

BOX, RADIUS = 1000.0, 700.0  # um; the tumour's centre is a corner of the box, whose three faces there are planes of symmetry
MMHG = 133.322  # Pa
WATER = 0.69e-3  # viscosity at 37 C, Pa s
SMALL_PORE = 4.5  # nm
PLASMA_PROTEIN = 66.5  # kDa, albumin
SOLUTES = {"antibody": 150.0, "cytokine": 20.0}  # kDa
PLASMA = 100.0  # nM
CONDUCTIVITY = {"tumour": 4.13e-8 * 1e8 / MMHG, "host": 8.53e-9 * 1e8 / MMHG}  # K, um2/(Pa s) from cm2/(mmHg s)
ONCOTIC_PLASMA, ONCOTIC_TUMOUR, ONCOTIC_HOST = 20 * MMHG, 15 * MMHG, 10 * MMHG
LYMPH_CONDUCTANCE = 5e-7  # of the host, 1/(Pa s)
FLUID = 0.3  # share of the tissue
LOSS = {"tumour": 1e-3, "host": 5e-5}  # 1/s, the same for both solutes


@dataclass(frozen=True)
class Wall:
    """A vessel wall with two kinds of pore: (radius in nm, pore area per wall area and thickness in 1/cm)."""

    pores: tuple[tuple[float, float], ...]

    @property
    def filtration_coefficient(self) -> float:
        """L_p by Poiseuille's law, um/(Pa s)."""
        return sum(area * radius**2 for radius, area in self.pores) * 1e-4 * 1e-6 / (8 * WATER)

    def permeability(self, weight: float) -> float:
        """P for a protein of `weight` kDa, um/s."""
        return two_pore_permeability(weight, pores=self.pores)

    def reflection(self, weight: float) -> float:
        """(1 - Phi)^2 of each kind of pore, Phi = (1 - solute/pore radius)^2, in the mean over the fluid that passes."""
        solute = 300.0 / water_diffusivity(weight)
        through = [area * radius**2 for radius, area in self.pores]
        held_back = [(1 - max(1 - solute / radius, 0) ** 2) ** 2 for radius, _ in self.pores]
        return sum(share * one for share, one in zip(through, held_back, strict=True)) / sum(through)


@dataclass(frozen=True)
class State:
    """The vessels of the tumour and their walls."""

    bed: TumourBed
    waviness: float
    wall: Wall


HOST_WALL = Wall(((SMALL_PORE, 6.0), (30.0, 0.033)))
LEAKY, TIGHT = Wall(((SMALL_PORE, 17.6), (100.0, 0.65))), Wall(((SMALL_PORE, 17.6), (30.0, 0.65)))
LATTICE = (85.0, 100.0)  # spacing at the rim and in the core, um
STATES = {
    "before": State(TumourBed((0, 0, 0), RADIUS, spacing=LATTICE, fraction=(0.9, 0.85), dilation=2.0, spread=0.45), 0.1, LEAKY),
    "after": State(TumourBed((0, 0, 0), RADIUS, spacing=LATTICE, fraction=(0.8, 0.75), dilation=1.5, spread=0.3), 0.05, TIGHT),
}


@dataclass(frozen=True)
class Outcome:
    """The fluid and the solutes of one state; distance of each voxel from the centre and from vessels, um, and whether it is tissue."""

    fluid: tf.InterstitialFlow
    solution: tf.Solution
    radius: np.ndarray
    to_vessel: np.ndarray
    tissue: np.ndarray


def distance_from_centre(grid: tf.Grid) -> np.ndarray:
    """Of each voxel's centre, um."""
    z, y, x = grid.coordinates()
    return np.broadcast_to(np.sqrt(z**2 + y**2 + x**2), grid.shape)


def same_size(embeddings: list[Embedding]) -> list[Embedding]:
    """Entries without area and segments without entries, so that all states have arrays of one size and run the same compiled program."""
    entries, segments = max(len(one.voxel) for one in embeddings), max(one.report["segments"] for one in embeddings)

    def filled(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, entries - len(values)))

    return [
        replace(
            one, voxel=filled(one.voxel), area=filled(one.area), path=filled(one.path), segment=filled(one.segment), report={**one.report, "segments": segments}
        )
        for one in embeddings
    ]


def solve(state: State, network: tf.VesselNetwork, vessels: Embedding) -> Outcome:
    """Blood pressure, then the fluid, then both solutes."""
    grid = vessels.grid
    radius = distance_from_centre(grid)
    inside = radius < RADIUS
    in_tumour = np.linalg.norm(network.nodes[network.edges].mean(axis=1), axis=1) < RADIUS

    def of_segments(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, vessels.report["segments"] - len(values)))

    def of_walls(quantity: Callable[[Wall], float]) -> np.ndarray:
        return of_segments(np.where(in_tumour, quantity(state.wall), quantity(HOST_WALL)))

    fluid = tf.interstitial_flow(
        grid,
        vessels,
        hydraulic_conductivity=np.where(vessels.lumen, 0, np.where(inside, CONDUCTIVITY["tumour"], CONDUCTIVITY["host"])),
        filtration_coefficient=of_walls(lambda wall: wall.filtration_coefficient),
        vessel_pressure=of_segments(network.perfuse().segment_pressure),
        reflection=of_walls(lambda wall: wall.reflection(PLASMA_PROTEIN)),
        plasma_oncotic_pressure=ONCOTIC_PLASMA,
        tissue_oncotic_pressure=of_segments(np.where(in_tumour, ONCOTIC_TUMOUR, ONCOTIC_HOST)),
        lymph_conductance=np.where(inside, 0, LYMPH_CONDUCTANCE),
    )
    loss = np.where(inside, LOSS["tumour"], LOSS["host"])
    species = [tf.Species(name, water_diffusivity(weight) / 1.6**2, loss, molecular_weight=weight) for name, weight in SOLUTES.items()]
    exchange = []
    for name, weight in SOLUTES.items():
        permeability = of_walls(lambda wall, weight=weight: wall.permeability(weight))
        reflection = of_walls(lambda wall, weight=weight: wall.reflection(weight))
        exchange.append(tf.VascularExchange(name, vessels, permeability, PLASMA, filtration=fluid.filtration, reflection=reflection))
    terms = [tf.Decay(), *exchange, tf.LymphaticDrainage(fluid.drainage)]
    lumen = tf.FixedConcentration(vessels.lumen, PLASMA, sealed=True)
    solution = tf.solve_steady(tf.Model(grid, species, terms, flow=fluid.flow, volume_fraction=FLUID, fixed=lumen))
    return Outcome(fluid, solution, radius, vessels.distance_to_vessel(), ~vessels.lumen)


def measures(outcome: Outcome) -> dict[str, float]:
    """Pressures (mmHg), velocity through the rim (um/s), fluid from the vessels (1/s), and how much of each solute there is where."""
    radius, tissue, fluid = outcome.radius / RADIUS, outcome.tissue, outcome.fluid
    tumour, core, rim, host = (tissue & (low <= radius) & (radius < high) for low, high in ((0, 1), (0, 0.5), (0.85, 1), (1.2, 1.4)))
    pressure, source = np.asarray(fluid.pressure, float) / MMHG, np.asarray(fluid.source, float)
    surface = np.pi / 2 * RADIUS**2
    found = {
        "core_pressure": pressure[core].mean(),
        "host_pressure": pressure[host].mean(),
        "rim_velocity": source[tumour].sum() * fluid.grid.voxel_volume / surface,
        "core_filtration": source[core].mean(),
        "rim_filtration": source[rim].mean(),
    }
    for name in SOLUTES:
        field = np.asarray(outcome.solution[name], float) / PLASMA
        mean, near, far = field[tumour].mean(), tumour & (outcome.to_vessel < 15), tumour & (outcome.to_vessel > 30)
        found |= {
            f"{name}_mean": mean,
            f"{name}_core": field[core].mean(),
            f"{name}_rim": field[rim].mean(),
            f"{name}_core_to_rim": field[core].mean() / field[rim].mean(),
            f"{name}_far_to_near": field[far].mean() / field[near].mean(),
            f"{name}_spread": field[tumour].std() / mean,
        }
    return {key: float(value) for key, value in found.items()}


def defects(outcome: Outcome) -> dict[str, float]:
    """What is missing in the balances of fluid and solutes, relative to what came in."""
    solutes = zip(SOLUTES, np.asarray(outcome.solution.budget.defect, float), strict=True)
    return {"fluid": abs(float(outcome.fluid.budget()["defect"])), **{name: abs(float(value)) for name, value in solutes}}


def write(outcome: Outcome, path: Path) -> None:
    """Concentrations, pressure, and the fluid that vessels give and lymphatics take."""
    fluid = outcome.fluid
    maps = {
        "pressure": Variable(fluid.pressure, "pressure of the interstitial fluid", "Pa"),
        "filtration": Variable(fluid.source, "fluid from vessels per volume of tissue", "s-1"),
        "drainage": Variable(fluid.drainage, "fluid into lymphatics per volume of tissue", "s-1"),
        "distance_from_centre": Variable(outcome.radius, "distance from the centre of the tumour", "um"),
        "distance_to_vessel": Variable(outcome.to_vessel, "distance to the nearest vessel wall", "um"),
    }
    outcome.solution.to_netcdf(path, maps=maps)


def main(arguments: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Run both states, print what they differ in and, with --out, write numbers, fields and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for measures.json, before.nc, after.nc and normalisation.png")
    options = parser.parse_args(arguments)
    voxels = 40 if options.quick else 80
    grid = tf.Grid((voxels,) * 3, BOX / voxels)
    networks = [tf.VesselNetwork.generate(((0, 0, 0), (BOX,) * 3), tumour=one.bed, waviness=one.waviness, seed=1) for one in STATES.values()]
    embedded = same_size([network.embed(grid) for network in networks])
    outcomes = {name: solve(state, *given) for (name, state), *given in zip(STATES.items(), networks, embedded, strict=True)}
    found = {name: measures(one) for name, one in outcomes.items()}
    missing = {name: defects(one) for name, one in outcomes.items()}
    for key in found["before"]:
        print(f"{key:24s}" + "".join(f"{found[name][key]:12.4g}" for name in STATES))
    print("largest defect of a budget:", f"{max(max(one.values()) for one in missing.values()):.1e}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "measures.json").write_text(json.dumps({"measures": found, "defects": missing}, indent=1) + "\n")
        for name, outcome in outcomes.items():
            write(outcome, options.out / f"{name}.nc")
        draw(outcomes, options.out / "normalisation.png")
    return found


if __name__ == "__main__":
    main()
