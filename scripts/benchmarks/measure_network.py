"""Row: five cytokines that regulate each other by the library's edges, in a synthetic tumour; beside them the same five without regulation."""

import jax
import numpy as np
from rows import Measured
from timing import Settings, interleaved, timed

import tmefield as tf
from tmefield import library

CYTOKINES = ("IL6", "TNF", "IFNg", "IL10", "TGFb")
# cells/um3 in the tumour and around it
DENSITIES = {"tumour": (2e-4, 0.0), "CD8_T": (0.0, 3e-5), "NK": (0.0, 1e-5), "Treg": (2e-5, 2e-5), "M1": (0.0, 2e-5), "M2": (3e-5, 3e-5), "CAF": (0.0, 5e-5)}
VESSELS = 0.01  # wall area per volume, 1/um


def build(n: int, *, regulated: bool) -> tf.Model:
    """A sphere of tumour cells amid stroma and immune cells, patchy, in a box of 960 um; library values."""
    grid = tf.Grid((n, n, n), 960.0 / n)
    z, y, x = (axis - 480.0 for axis in grid.coordinates())
    inside = z**2 + y**2 + x**2 < 300.0**2
    rng = np.random.default_rng(1)
    cells = {name: np.where(inside, *at) * rng.lognormal(0, 0.5, grid.shape) for name, at in DENSITIES.items()}
    edges = tf.RegulationNetwork.from_library().among(CYTOKINES)
    terms: list = [tf.Decay()]
    for name in CYTOKINES:
        record = library.species(name)
        values = {key: one.internal for key, one in record.parameters.items()}
        for cell, entry in record.secretion.items():
            if cell in cells:
                factors = edges.modulations(name, cell) if regulated else ()
                terms.append(tf.Secretion(name, cells[cell], entry.rate.internal, entry.active_fraction.internal, cell, factors))
        for cell, count in record.receptors.items():
            if cell in cells:
                terms.append(tf.ReceptorUptake(name, cells[cell], count.internal, values["k_endo"], record.half_saturation(), cell))
        terms.append(tf.VascularExchange(name, VESSELS, values["permeability"], values["plasma_concentration"]))
    return tf.Model(grid, [tf.Species.from_library(name) for name in CYTOKINES], terms, dtype="float32")


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    n = settings.size(96, 16)
    models = {"regulated": build(n, regulated=True), "alone": build(n, regulated=False)}
    found = {name: jax.block_until_ready(tf.solve_steady(model)) for name, model in models.items()}
    calls = {name: timed(lambda model=model: tf.solve_steady(model).concentration) for name, model in models.items()}
    seconds = interleaved(calls, settings.rounds)
    pairs = len(models["regulated"].drives)
    told = ", ".join(f"{name} {solution.status.name} in {int(solution.stats.steps)} steps" for name, solution in found.items())
    lines = [f"{n}^3, {pairs} pairs of species, {told}; without regulation {seconds['alone']:.2f} s"]
    return {"network": Measured(seconds["regulated"], "", lines, {"seconds": seconds})}
