"""V4, P12: one-dimensional media, a jump of the diffusivity and the decay lengths of published parameter sets."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.result import Curve, Result, Row

NEAR, FAR, INTERFACE, DECAY = 50.0, 5.0, 100.0, 1e-3
# um2/s and 1/s: IFN-g by decay, by uptake, by both; IL-2, TGF-b, IL-10, VEGF; oxygen of two models.
PUBLISHED = (
    ("IFN-g, decay", 10.0, 6.5e-5),
    ("IFN-g, uptake", 10.0, 1e-3),
    ("IFN-g, both", 10.0, 1.065e-3),
    ("IL-2", 4.0, 2.78e-5),
    ("TGF-b", 26.0, 1.65e-4),
    ("IL-10", 1.4, 4.6e-5),
    ("VEGF", 29.0, 1.921e-4),
    ("oxygen, 1e5 um2/min and 10/min", 1e5 / 60, 10 / 60),
    ("oxygen, 1750 um2/s", 1750.0, 0.1),
)


def two_layers(x):
    """The closed form of V4."""
    return exact.two_layer_slab(x, near=NEAR, far=FAR, interface=INTERFACE, decay=DECAY)


@cache
def solve_slab(cells):
    """The two layers on `cells` voxels over 600 um: grid and solution."""
    grid = tf.Grid((1, 1, cells), (1.0, 1.0, 600.0 / cells))
    diffusivity = np.where(grid.centres(2) < INTERFACE, NEAR, FAR)[None, None]
    walls = tf.Walls(x=(tf.FixedValue(1.0), tf.NoFlux()))
    return grid, tf.solve_steady(tf.Model(grid, [tf.Species("c", diffusivity, DECAY)], [tf.Decay()], walls=walls), rtol=1e-12)


def diffusivity_jump() -> Result:
    """V4: c/c0 at 50, 100 and 200 um, interpolated between voxels on one side of the jump, and the inflow."""
    grid, solution = solve_slab(600)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    ratio = field / two_layers(x)
    rows = [Row("c_over_c0", f"x {p:g} um", float(two_layers(p)), float(two_layers(p)) * float(np.interp(p, x, ratio)), 0.005) for p in (50.0, 100.0, 200.0)]
    step = 1e-4
    inflow = -float(solution.budget.walls["lower x wall"][0]) / exact.NANOMOLAR
    rows.append(Row("J0_um_per_s", "x 0", NEAR * (1 - float(two_layers(step))) / step, inflow, 0.005))
    fine = np.linspace(0, 300, 400)
    return Result(tuple(rows), (Curve("V4 diffusivity jump, c/c0", "D 50, then 5 um2/s", x[:300:8], field[:300:8], fine, two_layers(fine)),))


@cache
def decay_lengths() -> Result:
    """P12: the length of the exponential fitted to the field beside a wall held at 1, on one grid of 4 um voxels."""
    grid = tf.Grid((1, 1, 1024), (1.0, 1.0, 4.0))
    names = [f"s{i}" for i in range(len(PUBLISHED))]
    species = [tf.Species(name, d, k) for name, (_, d, k) in zip(names, PUBLISHED, strict=True)]
    solution = tf.solve_steady(tf.Model(grid, species, [tf.Decay()], walls=tf.Walls(x=(tf.FixedValue(1.0), tf.NoFlux()))), rtol=1e-12)
    x, rows = grid.centres(2), []
    for name, (label, d, k) in zip(names, PUBLISHED, strict=True):
        length = np.sqrt(d / k)
        used = x < 2 * length
        slope = np.polyfit(x[used], np.log(np.asarray(solution[name])[0, 0][used]), 1)[0]
        rows.append(Row("lam_um", label, float(length), float(-1 / slope), 0.001))
    return Result(tuple(rows))
