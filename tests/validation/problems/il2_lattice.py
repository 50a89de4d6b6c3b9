"""P5 resolved: interleukin 2 between cells of 5 um on a lattice of 20 um, with secretion and uptake on their surfaces.

A periodic box of 6^3 cells, of which a share secretes at random places; the mean over the fluid is compared with the well-mixed balance at the
same number of secreting cells. It exceeds the balance at small shares, since uptake is concave: an uneven field needs a higher mean.
"""

from functools import cache

import numpy as np

import tmefield as tf
from validation.problems import balance

SIDE = 6
# Binding constant, receptors of the cells that take up, share of secreting cells.
SETTINGS = tuple((constant, receptors, share) for constant, receptors in (("KD", 4000.0), ("KM", 4000.0), ("KD", 1500.0)) for share in (0.02, 0.05, 0.1))


@cache
def tile(spacing):
    """One lattice cell: voxels inside the biological cell, and the share of its surface that each voxel outside holds."""
    count = round(balance.PITCH / spacing)
    centre = (np.arange(count) + 0.5) * spacing - balance.PITCH / 2
    offsets = np.meshgrid(centre, centre, centre, indexing="ij")
    r = np.sqrt(sum(o**2 for o in offsets))
    inside = r < balance.RADIUS
    area = np.zeros(r.shape)
    for axis in range(3):
        for step in (1, -1):
            beside = np.roll(inside, step, axis) & ~inside
            area += beside * np.abs(offsets[axis]) / r
    return inside, area / area.sum()


def secreting_cells(share, seed):
    """Which cells of the box secrete, [SIDE, SIDE, SIDE]."""
    count = round(share * SIDE**3)
    places = np.random.default_rng(seed).choice(SIDE**3, count, replace=False)
    return np.isin(np.arange(SIDE**3), places).reshape((SIDE,) * 3)


def solve(spacing, constant, receptors, share, seed):
    """Mean over the fluid divided by the well-mixed balance, and the solution."""
    inside, area = tile(spacing)
    secreting = secreting_cells(share, seed)
    ones = np.ones((SIDE,) * 3)
    grid = tf.Grid([SIDE * n for n in inside.shape], spacing)
    density, cells = np.kron(secreting, area) / grid.voxel_volume, np.kron(ones, inside) > 0
    others = np.kron(~secreting, area) / grid.voxel_volume
    terms = [
        tf.Decay(),
        tf.Secretion("il2", density, balance.RATE),
        tf.ReceptorUptake("il2", others, receptors, balance.INTERNALISATION, balance.CONSTANTS[constant], sink="other cells"),
        tf.ReceptorUptake("il2", density, balance.SECRETING_RECEPTORS, balance.INTERNALISATION, balance.CONSTANTS[constant], sink="secreting cells"),
    ]
    fixed = tf.FixedConcentration(cells, 0.0, sealed=True)
    model = tf.Model(grid, [tf.Species("il2", 10.0, balance.DECAY)], terms, walls=tf.Periodic(), fixed=fixed)
    solution = tf.solve_steady(model, rtol=1e-6)
    mean = float(np.asarray(solution["il2"])[~cells].mean())
    return mean / float(balance.expected(secreting.mean(), receptors, constant)), solution


def placements(spacing, constant, receptors, share, count):
    """Mean and standard deviation of that ratio over `count` random placements."""
    ratios = []
    for seed in range(count):
        ratio, solution = solve(spacing, constant, receptors, share, seed)
        if solution.status != tf.Status.CONVERGED:
            raise ArithmeticError(f"placement {seed}: {solution.status}")
        ratios.append(ratio)
    return float(np.mean(ratios)), float(np.std(ratios, ddof=1))
