"""Row: sixty days of eight populations with five cytokines that regulate each other, in a tumour with vessels that grow; rates of the library."""

import numpy as np
from rows import Measured
from timing import Settings, interleaved, timed

import tmefield as tf
from tmefield import library

DAY = 86400.0
CYTOKINES = ("IL6", "TNF", "IFNg", "IL10", "TGFb")
SIDE, RADIUS, EDGE = 960.0, 200.0, 20.0  # um: box, tumour, and how soft its edge is
WALLS, ENDOTHELIUM = 0.01, 1e-5  # wall area, 1/um, that so many cells/um3 make
# cells/um3 in the tumour and around it
DENSITIES = {"tumour": (2e-4, 0.0), "CD8_T": (1e-6, 3e-5), "NK": (1e-5, 1e-5), "Treg": (4e-6, 2e-6), "M1": (1e-6, 2e-5), "M2": (3e-5, 1e-6)}
DENSITIES |= {"CAF": (1e-6, 5e-5), "endothelial": (5e-6, 1e-5)}
VOLUMES = {"tumour": 1767.0, "M1": 1000.0, "M2": 1000.0, "CAF": 1000.0, "endothelial": 0.0}  # um3; of the others a sphere of 10 um
MOBILE = ("CD8_T", "NK", "Treg")


def rate(name: str) -> float:
    """A rate of the library in internal units."""
    return library.population_rate(name).value.internal


def build(n: int) -> tuple[tf.PopulationModel, dict[str, np.ndarray]]:
    """The tissue and the densities with which it starts."""
    grid = tf.Grid((n, n, n), SIDE / n)
    z, y, x = (axis - SIDE / 2 for axis in grid.coordinates())
    inside = 1 / (1 + np.exp((np.sqrt(z**2 + y**2 + x**2) - RADIUS) / EDGE))
    cells = {name: at[0] * inside + at[1] * (1 - inside) for name, at in DENSITIES.items()}
    network = tf.RegulationNetwork.from_library().among(CYTOKINES)
    model = tf.Model(grid, [tf.Species.from_library(name) for name in CYTOKINES], [tf.Decay(), *_terms(cells, network)], dtype="float32")
    return tf.PopulationModel(model, _populations(), _processes(network)), cells


def _terms(cells: dict[str, np.ndarray], network: tf.RegulationNetwork) -> list[tf.PerCell]:
    terms = []
    for name in CYTOKINES:
        record = library.species(name)
        value = {key: one.internal for key, one in record.parameters.items()}
        for cell, entry in record.secretion.items():
            if cell in cells:
                made = tf.Secretion(name, 1.0, entry.rate.internal, entry.active_fraction.internal, cell, network.modulations(name, cell))
                terms.append(tf.PerCell(cell, made, cells[cell]))
        for cell, count in record.receptors.items():
            if cell in cells:
                taken = tf.ReceptorUptake(name, 1.0, count.internal, value["k_endo"], record.half_saturation(), cell)
                terms.append(tf.PerCell(cell, taken, cells[cell]))
        exchange = tf.VascularExchange(name, WALLS, value["permeability"], value["plasma_concentration"])
        terms.append(tf.PerCell("endothelial", exchange, cells["endothelial"], reference=ENDOTHELIUM))
    return terms


def _populations() -> list[tf.Population]:
    motility = {"tumour": rate("tumour_motility")} | dict.fromkeys(MOBILE, rate("T_cell_motility"))
    drawn = {"CD8_T": [tf.Attraction(tf.Hill("IFNg", 0.01), rate("T_cell_motility"))]}
    return [tf.Population(name, VOLUMES.get(name, 524.0), motility.get(name), drawn.get(name, ())) for name in DENSITIES]


def _processes(network: tf.RegulationNetwork) -> list[tf.AbstractProcess]:
    bed = {"wall_area": WALLS, "vessels": "endothelial", "reference": ENDOTHELIUM}
    killing = {"CD8_T": ("kill_rate_CTL", "kill rate per CTL"), "NK": ("kill_rate_NK", "kill rate per NK")}
    processes: list[tf.AbstractProcess] = [tf.Growth("tumour", rate("tumour_growth_mouse"), network.factors("tumour growth rate"))]
    for killer, (name, target) in killing.items():
        processes.append(tf.Killing("tumour", killer, rate(name), rate("kill_half_density"), network.factors(target, killer)))
    for name, flux, death in (("CD8_T", "CTL_entry", "CTL_death"), ("NK", "NK_entry", "NK_death"), ("Treg", "NK_entry", "CTL_death")):
        processes += [tf.Entry(name, rate(flux), **bed), tf.Death(name, rate(death))]
    for source, product in (("M1", "M2"), ("M2", "M1")):
        processes += [tf.Switch(source, product, rate("macrophage_switch"), [share]) for share in network.shares(f"{source}->{product}")]
    vessels = tf.Growth("endothelial", rate("vessel_growth"), capacity=rate("vessel_capacity") * ENDOTHELIUM)
    return [*processes, vessels, tf.Death("endothelial", rate("vessel_death")), tf.Growth("CAF", rate("vessel_death"))]


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    n, days = settings.size(48, 8), settings.size(60, 2)
    tissue, cells = build(n)
    times = DAY * np.array([0.0, days / 2, days])
    found = tf.evolve_populations(tissue, cells, times)
    seconds = interleaved({"populations": timed(lambda: tf.evolve_populations(tissue, cells, times).density)}, settings.rounds)["populations"]
    grown = found.volume("tumour")
    told = f"{len(found.step_times)} steps, status {int(np.max(found.status))}, largest change in a step {100 * float(np.max(found.change)):.0f} %"
    lines = [f"{n}^3, {days} days, {told}; tumour {float(grown[0]) / 1e9:.3g} to {float(grown[-1]) / 1e9:.3g} mm3"]
    return {"populations": Measured(seconds, "", lines, {"seconds": seconds})}
