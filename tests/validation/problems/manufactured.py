"""Manufactured fields in 3D: every wall kind, constant and varying diffusivity, linear and saturable loss; errors on a series of grids."""

from functools import cache

import numpy as np

import tmefield as tf
from exact import NANOMOLAR

CELLS = (16, 24, 32, 48)
LENGTH, TRANSFER = 100.0, 3.0
WAVE = np.pi / LENGTH
WALLS = ("no-flux", "fixed", "Robin", "periodic")
COMBINATIONS = tuple((wall, varying, saturable) for wall in WALLS for varying in (False, True) for saturable in (False, True))
GREATEST, HALF_SATURATION, LOSS = 0.05, 1.5, 0.02


def factors(wall, coordinate):
    """One factor of the field, its derivative, and its wave number: a product of three of them suits the wall on all six sides."""
    if wall == "no-flux":
        return np.cos(WAVE * coordinate), -WAVE * np.sin(WAVE * coordinate), WAVE
    if wall == "periodic":
        return np.cos(2 * WAVE * coordinate), -2 * WAVE * np.sin(2 * WAVE * coordinate), 2 * WAVE
    return np.sin(WAVE * coordinate), WAVE * np.cos(WAVE * coordinate), WAVE


def field(wall, coordinates):
    """2 + the product of the three factors, nM."""
    z, y, x = (factors(wall, c)[0] for c in coordinates)
    return 2.0 + z * y * x


def diffusivity(coordinates, varying):
    """40 um2/s, by half of it more and less along a product of cosines."""
    z, y, x = (np.cos(2 * WAVE * c) for c in coordinates)
    return 40.0 * (1 + 0.5 * varying * z * y * x)


def divergence(wall, coordinates, varying):
    """Div(D grad c) = D lap c + grad D . grad c, nM/s."""
    values, slopes, waves = zip(*(factors(wall, c) for c in coordinates), strict=True)
    cosines, sines = ([turn(2 * WAVE * c) for c in coordinates] for turn in (np.cos, np.sin))
    laplacian = -3 * waves[0] ** 2 * values[0] * values[1] * values[2]
    cross = 0.0
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        gradient_of_field = slopes[axis] * values[others[0]] * values[others[1]]
        cross = cross - 40.0 * varying * WAVE * sines[axis] * cosines[others[0]] * cosines[others[1]] * gradient_of_field
    return diffusivity(coordinates, varying) * laplacian + cross


def robin_walls(grid, varying):
    """Robin walls that make the field exact: outside = c + (D/transfer) dc/dn, n outward; c = 2 on every wall."""
    z, y, x = (grid.centres(axis) for axis in range(3))
    sides = {}
    for axis, (a, b) in {"z": (y, x), "y": (z, x), "x": (z, y)}.items():
        a, b = a[:, None], b[None, :]
        near = 40.0 * (1 + 0.5 * varying * np.cos(2 * WAVE * a) * np.cos(2 * WAVE * b))
        sides[axis] = tf.Robin(TRANSFER, 2.0 - near / TRANSFER * WAVE * np.sin(WAVE * a) * np.sin(WAVE * b))
    return tf.Walls(**sides)


@cache
def errors(cells):
    """(wall, varying, saturable) -> root mean square error on cells^3 voxels, from one model with a species for each."""
    grid = tf.Grid((cells,) * 3, LENGTH / cells)
    coordinates = grid.coordinates()
    walls, species, productions, losses, terms, exactly = {}, [], [], [], [], []
    for wall, varying, saturable in COMBINATIONS:
        name, c = f"{wall}, varying {varying}, saturable {saturable}", field(wall, coordinates)
        loss = GREATEST / (HALF_SATURATION + c) if saturable else LOSS
        source = loss * c - divergence(wall, coordinates, varying)
        offset = max(0.0, -source.min()) + 0.01  # a production has to be positive: the offset leaves by an extra loss
        productions.append(source + offset)
        losses.append(offset / c + (0.0 if saturable else LOSS))
        exactly.append(c)
        species.append(tf.Species(name, diffusivity(coordinates, varying) * np.ones(grid.shape) if varying else 40.0))
        if saturable:
            terms.append(tf.ReceptorUptake(name, NANOMOLAR * GREATEST, 1.0, 1.0, HALF_SATURATION))
        kinds = {"no-flux": tf.NoFlux(), "fixed": tf.FixedValue(2.0), "periodic": tf.Periodic()}
        walls[name] = kinds[wall] if wall in kinds else robin_walls(grid, varying)
    terms.append(tf.Linear(np.stack(productions), np.stack(losses)))
    solution = tf.solve_steady(tf.Model(grid, species, terms, walls=walls), rtol=1e-10)
    if solution.status != tf.Status.CONVERGED:
        raise ArithmeticError(f"{cells}^3 voxels: {solution.status}")
    difference = np.asarray(solution.concentration) - np.stack(exactly)
    return dict(zip(COMBINATIONS, np.sqrt((difference**2).mean(axis=(1, 2, 3))), strict=True))


def order(sizes, error):
    """Observed order: the slope of ln error against ln size, by least squares over all sizes."""
    return float(np.polyfit(np.log(sizes), np.log(error), 1)[0])


def errors_on_all_grids(combination):
    """Voxel sizes and the error on each grid."""
    return LENGTH / np.array(CELLS), np.array([errors(cells)[combination] for cells in CELLS])
