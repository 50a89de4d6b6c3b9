"""The same discrete problem by an independent assembly and a direct solver: fields agree to 1e-9 in float64."""

from functools import cache

import numpy as np
import pytest

import independent
import tmefield as tf

# A box of three sizes and spacings, voxels of 1:8 in a box and in a section.
GRIDS = {
    "box": tf.Grid((5, 9, 13), (7.0, 5.0, 3.0)),
    "flat voxels": tf.Grid((6, 7, 10), (2.0, 16.0, 4.0)),
    "section of flat voxels": tf.Grid((1, 15, 21), (5.0, 2.0, 16.0)),
}
ROBIN_AND_FIXED = (
    tf.Walls(y=(tf.Robin(0.7, 1.5), tf.FixedValue(0.5)), x=(tf.NoFlux(), tf.Robin(4.0))),
    {"walls": [(1, False, 0.7, 1.5), (1, True, np.inf, 0.5), (2, True, 4.0, 0.0)]},
)
WALLS = {
    "no-flux": (tf.NoFlux(), {}),
    "periodic x": (tf.Walls(x=tf.Periodic()), {"periodic": (False, False, True)}),
    "periodic": (tf.Periodic(), {"periodic": (True, True, True)}),
    "fixed z": (tf.Walls(z=(tf.FixedValue(2.0), tf.NoFlux())), {"walls": [(0, False, np.inf, 2.0)]}),
    "robin and fixed": ROBIN_AND_FIXED,
    "no-flux, held voxels": (tf.NoFlux(), {}),
    "periodic x, held voxels": (tf.Walls(x=tf.Periodic()), {"periodic": (False, False, True)}),
    "robin and fixed, held voxels": ROBIN_AND_FIXED,
    "array on a wall": (None, {}),
}


def media(seed, shape=GRIDS["box"].shape):
    rng = np.random.default_rng(seed)
    return rng.uniform(5, 60, shape), rng.uniform(1e-4, 1e-2, shape), rng.uniform(0, 1e-2, shape), rng.uniform(0.2, 1.0, shape)


def walls_of(name, grid):
    if name != "array on a wall":
        return WALLS[name]
    outside = np.random.default_rng(3).uniform(0, 2, (grid.shape[0], grid.shape[2]))
    return tf.Walls(y=(tf.NoFlux(), tf.FixedValue(outside))), {"walls": [(1, True, np.inf, outside.ravel())]}


@cache
def solved(which):
    """All kinds of walls as species of one model, with the masks and the values of its held voxels."""
    grid = GRIDS[which]
    phi = media(99, grid.shape)[3]
    rng = np.random.default_rng(4)
    held, value = np.zeros((len(WALLS), *grid.shape), bool), rng.uniform(0, 3, (len(WALLS), *grid.shape))
    species, terms, walls = [], [], {}
    for index, name in enumerate(WALLS):
        d, loss, production, _ = media(index, grid.shape)
        species.append(tf.Species(name, d))
        terms.append(tf.Linear(production, loss, species=name))
        walls[name] = walls_of(name, grid)[0]
        if "held" in name:
            held[index] = rng.random(grid.shape) < 0.15
    model = tf.Model(grid, species, terms, walls=walls, fixed=tf.FixedConcentration(held, value), volume_fraction=phi)
    return tf.solve_steady(model, rtol=1e-13), held, value, phi


@pytest.mark.parametrize("which", GRIDS)
@pytest.mark.parametrize("name", WALLS)
def test_walls_and_held_voxels(which, name):
    solution, held, value, phi = solved(which)
    grid, index = GRIDS[which], list(WALLS).index(name)
    d, loss, production, _ = media(index, grid.shape)
    _, options = walls_of(name, grid)
    expected = independent.solve(grid.shape, grid.spacing, d * phi, loss, production, held=held[index], value=value[index], **options)
    np.testing.assert_allclose(np.asarray(solution[name]), expected, rtol=1e-9)
    # Where a wall exchanges far more than comes in net, round-off leaves more than 1e-12: the solver stops at 16 eps of what is exchanged.
    assert abs(float(solution.budget.defect[index])) < max(1e-12, 4 * float(solution.budget.resolution[index]))


def test_sealed_voxels_exchange_nothing():
    grid = GRIDS["box"]
    held = np.zeros(grid.shape, bool)
    held[1:3, 2:5, 3:8] = True
    d, loss, production, phi = media(2)
    fixed = tf.FixedConcentration(held, 9.0, sealed=True)
    solution = tf.solve_steady(tf.Model(grid, [tf.Species("c", d)], [tf.Linear(production, loss)], fixed=fixed, volume_fraction=phi), rtol=1e-13)
    kappa = np.where(held, 0.0, d * phi)
    expected = independent.solve(grid.shape, grid.spacing, kappa, loss, production, held=held, value=9.0)
    np.testing.assert_allclose(np.asarray(solution["c"]), expected, rtol=1e-9)
    assert float(solution.budget.fixed[0]) == 0


def test_each_species_has_its_own_held_value():
    grid = GRIDS["box"]
    d, loss, production, _ = media(5)
    held = np.zeros(grid.shape, bool)
    held[2, 4, 6] = True
    species = [tf.Species("a", d), tf.Species("b", 20.0)]
    walls = {"a": tf.Periodic(), "b": tf.Walls(z=tf.FixedValue(1.0))}
    model = tf.Model(grid, species, [tf.Linear(production, loss)], walls=walls, fixed=tf.FixedConcentration(held, np.array([3.0, 0.0])))
    solution = tf.solve_steady(model, rtol=1e-13)
    first = independent.solve(grid.shape, grid.spacing, d, loss, production, periodic=(True,) * 3, held=held, value=3.0)
    walls_z = [(0, False, np.inf, 1.0), (0, True, np.inf, 1.0)]
    second = independent.solve(grid.shape, grid.spacing, 20.0, loss, production, walls=walls_z, held=held, value=0.0)
    np.testing.assert_allclose(np.asarray(solution["a"]), first, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(solution["b"]), second, rtol=1e-9, atol=1e-12)
    assert np.abs(np.asarray(solution.budget.defect)).max() < 1e-12
