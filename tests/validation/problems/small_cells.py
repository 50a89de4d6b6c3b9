"""V8, V9: cells smaller than a voxel take up what diffusion brings them, alone and packed; receptors that hold on, and that let go."""

import numpy as np

import exact
import tmefield as tf
from validation.problems.result import Result, Row

DIFFUSIVITY, RADIUS = 10.0, 5.0
ON, AT_ONCE = 3.1e-2, 1e6  # 1/(nM s); 1/s: internalisation before anything comes off
IL2 = (111.6 / 3600, 0.83 / 3600, 4.6e-4)  # k_on, k_off, k_endo
ALONE = 1e-12  # cells/um3
PITCH, DENSE = 20.0, 10.5
RECEPTORS = (100.0, 1500.0, 4000.0, 5e4)
# Decay lengths at the pitch, um, of reversible receptors with the constants of interleukin 2.
REVERSIBLE = {1500.0: 41.02, 4000.0: 26.66, 5e4: 13.19}


def model(grid, density, receptors, binding, **more):
    """One species for each number of receptors."""
    names = [f"r{number:g}" for number in receptors]
    cells = [
        tf.ReceptorUptake.from_binding(name, density, number, *binding, cell_radius=RADIUS, sink=name) for name, number in zip(names, receptors, strict=True)
    ]
    production = more.pop("production", 0.0)
    return tf.Model(grid, [tf.Species(name, DIFFUSIVITY) for name in names], [*cells, tf.Linear(production)], **more)


def per_cell(density, receptors, binding, volume_fraction=1.0):
    """What a cell takes per concentration, um3/s, from the level that uniform production reaches far below saturation."""
    supply = 1e-9 * density
    solution = tf.solve_steady(model(tf.Grid((1, 1, 2), PITCH), density, receptors, binding, production=supply, volume_fraction=volume_fraction), rtol=1e-10)
    return supply / density / np.asarray(solution.concentration).mean((1, 2, 3))


def cells_alone() -> Result:
    """V8: uptake per cell beside a far concentration and the decay length that it makes at 20 um spacing."""
    on, carried = ON / exact.NANOMOLAR, 4 * np.pi * DIFFUSIVITY * RADIUS
    rows = []
    for receptors, found in zip(RECEPTORS, per_cell(ALONE, RECEPTORS, (ON, 0.0, AT_ONCE)), strict=True):
        taken, where = on * receptors, f"receptors {receptors:g}"
        expected = taken * carried / (taken + carried)
        rows.append(Row("k_eff_um3_s", where, expected, float(found), 0.02))
        rows.append(Row("lam_um", where, _length(expected), _length(found), 0.02))
        rows.append(Row("damkohler", where, taken / carried, float(taken / found - 1), 0.02))
    for (receptors, length), found in zip(REVERSIBLE.items(), per_cell(ALONE, tuple(REVERSIBLE), IL2), strict=True):
        rows.append(Row("lam_um", f"reversible, receptors {receptors:g}", length, _length(found), 0.02))
    return Result(tuple(rows))


def _length(taken):
    return float(np.sqrt(DIFFUSIVITY * PITCH**3 / taken))


def packed_cells() -> Result:
    """V9: uptake per cell beside the mean concentration of the fluid between packed cells, and the decay length of a column beside a held end."""
    rows, receptors, binding = [], RECEPTORS[1:], (ON, 0.0, AT_ONCE)
    alone = per_cell(ALONE, receptors, binding)
    for spacing in (PITCH, DENSE):
        density = spacing**-3
        fluid = 1 - density * 4 / 3 * np.pi * RADIUS**3
        taken = per_cell(density, receptors, binding, fluid)
        grid = tf.Grid((1, 1, 1200), (1.0, 1.0, 0.1))
        walls = tf.Walls(x=(tf.FixedValue(1e-9), tf.NoFlux()))
        column = tf.solve_steady(model(grid, density, receptors, binding, walls=walls, volume_fraction=fluid), rtol=1e-11)
        x = grid.centres(2)
        for one, number, own, single in zip(column.concentration, receptors, taken, alone, strict=True):
            where = f"receptors {number:g}, {spacing:g} um"
            expected, length = _wigner_seitz(number, density)
            rows.append(Row("k_WS_um3_s", where, expected, float(own), 0.02))
            rows.append(Row("ratio_to_smoluchowski", where, expected / _smoluchowski(number), float(own / single), 0.02))
            used = x < length
            rows.append(Row("lam_WS_um", where, length, float(-1 / np.polyfit(x[used], np.log(np.asarray(one)[0, 0][used]), 1)[0]), 0.02))
    return Result(tuple(rows))


def _smoluchowski(receptors):
    taken, carried = ON / exact.NANOMOLAR * receptors, 4 * np.pi * DIFFUSIVITY * RADIUS
    return taken * carried / (taken + carried)


def _wigner_seitz(receptors, density):
    """The closed form by quadrature: mean of the field of uniform production between the cell and the ball that is its share; the decay length."""
    edge, volume = np.cbrt(3 / (4 * np.pi * density)), 1 / density - 4 / 3 * np.pi * RADIUS**3
    r = RADIUS + (edge - RADIUS) * (np.polynomial.legendre.leggauss(40)[0] + 1) / 2
    weights = np.polynomial.legendre.leggauss(40)[1] * r**2
    field = volume / (ON / exact.NANOMOLAR * receptors) + (edge**3 * (1 / RADIUS - 1 / r) - (r**2 - RADIUS**2) / 2) / (3 * DIFFUSIVITY)
    taken = volume / float(np.average(field, weights=weights))
    return taken, float(np.sqrt(DIFFUSIVITY * volume / taken))
