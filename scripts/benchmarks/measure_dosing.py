"""Row: thirty days of an antibody, two doses, out of capillaries into tissue, where it binds its ligand and the complexes are cleared."""

import numpy as np
from rows import Measured
from timing import Settings, interleaved, timed

import tmefield as tf
from tmefield import library
from tmefield.vessels.bed import capillary_bed

DAY = 86400.0
SPACING = 10.0  # um
CELLS = 2e-4  # M2 macrophages per um3, which secrete IL-6 and take it up
RATE = 0.05  # molecules/cell/s


def build(n: int) -> tf.Model:
    """IL-6, siltuximab (11 mg/kg every 21 days) and their complex."""
    grid = tf.Grid((n, n, n), SPACING)
    vessels = capillary_bed((0, 0, 0), (n * SPACING,) * 3, spacing=75, diameter=8, seed=1).embed(grid)
    cells = CELLS * np.random.default_rng(0).uniform(0.5, 1.5, grid.shape)
    record, drug = library.species("IL6"), tf.Drug.from_library("siltuximab")
    plasma = drug.plasma(tf.Dose("11 mg/kg", duration="1 h").repeated("21 day", 2), body_weight="70 kg")
    uptake = tf.ReceptorUptake("IL6", cells, record.receptors["M2"].internal, record.parameters["k_endo"].internal, record.half_saturation())
    terms = [tf.Decay(), tf.Secretion("IL6", cells, RATE), uptake, *drug.terms(vessels, plasma)]
    return tf.Model(grid, [tf.Species.from_library("IL6"), *drug.species()], terms, dtype="float32")


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    n, days = settings.size(48, 12), settings.size(30, 2)
    model, times = build(n), DAY * np.arange(days + 1)
    found = tf.evolve(model, 0.0, times)
    seconds = interleaved({"dosing": timed(lambda: tf.evolve(model, 0.0, times).concentration)}, settings.rounds)["dosing"]
    steps = f"{int(found.stats.steps)} steps, {int(found.stats.rejected)} redone"
    lines = [f"{n}^3, {days} days, antibody, ligand and complex, {found.method}, {steps}, {found.status.name}"]
    return {"dosing": Measured(seconds, "", lines, {"seconds": seconds})}
