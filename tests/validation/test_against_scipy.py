"""The same discrete problem by an independent assembly and a direct solver: fields agree to 1e-9 in float64."""

import numpy as np
import pytest

import independent
import tmefield as tf

SHAPE, SPACING = (5, 9, 13), (7.0, 5.0, 3.0)
GRID = tf.Grid(SHAPE, SPACING)


def media(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(5, 60, SHAPE), rng.uniform(1e-4, 1e-2, SHAPE), rng.uniform(0, 1e-2, SHAPE), rng.uniform(0.2, 1.0, SHAPE)


def solved(walls, *, fixed=None, seed=0):
    d, loss, production, phi = media(seed)
    model = tf.Model(GRID, [tf.Species("c", d)], [tf.Linear(production, loss)], walls=walls, fixed=fixed, volume_fraction=phi)
    return tf.solve_steady(model, rtol=1e-13)


CASES = {
    "no-flux": (tf.NoFlux(), {}),
    "periodic x": (tf.Walls(x=tf.Periodic()), {"periodic": (False, False, True)}),
    "periodic": (tf.Periodic(), {"periodic": (True, True, True)}),
    "fixed z": (tf.Walls(z=(tf.FixedValue(2.0), tf.NoFlux())), {"walls": [(0, False, np.inf, 2.0)]}),
    "robin and fixed": (
        tf.Walls(y=(tf.Robin(0.7, 1.5), tf.FixedValue(0.5)), x=(tf.NoFlux(), tf.Robin(4.0))),
        {"walls": [(1, False, 0.7, 1.5), (1, True, np.inf, 0.5), (2, True, 4.0, 0.0)]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_walls(name):
    walls, options = CASES[name]
    d, loss, production, phi = media(0)
    solution = solved(walls)
    expected = independent.solve(SHAPE, SPACING, d * phi, loss, production, **options)
    np.testing.assert_allclose(np.asarray(solution["c"]), expected, rtol=1e-9)
    assert abs(float(solution.budget.defect[0])) < 1e-12


def test_wall_arrays_follow_the_wall():
    rng = np.random.default_rng(3)
    outside = rng.uniform(0, 2, (SHAPE[0], SHAPE[2]))
    d, loss, production, phi = media(0)
    solution = solved(tf.Walls(y=(tf.NoFlux(), tf.FixedValue(outside))))
    expected = independent.solve(SHAPE, SPACING, d * phi, loss, production, walls=[(1, True, np.inf, outside.ravel())])
    np.testing.assert_allclose(np.asarray(solution["c"]), expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["no-flux", "periodic x", "robin and fixed"])
def test_fixed_voxels(name):
    walls, options = CASES[name]
    rng = np.random.default_rng(4)
    held, value = rng.random(SHAPE) < 0.15, rng.uniform(0, 3, SHAPE)
    d, loss, production, phi = media(1)
    solution = solved(walls, fixed=tf.FixedConcentration(held, value), seed=1)
    expected = independent.solve(SHAPE, SPACING, d * phi, loss, production, held=held, value=value, **options)
    np.testing.assert_allclose(np.asarray(solution["c"]), expected, rtol=1e-9)
    assert abs(float(solution.budget.defect[0])) < 1e-12


def test_sealed_voxels_exchange_nothing():
    held = np.zeros(SHAPE, bool)
    held[1:3, 2:5, 3:8] = True
    d, loss, production, phi = media(2)
    solution = solved(tf.NoFlux(), fixed=tf.FixedConcentration(held, 9.0, sealed=True), seed=2)
    field = np.asarray(solution["c"])
    kappa = np.where(held, 0.0, d * phi)
    expected = independent.solve(SHAPE, SPACING, kappa, loss, production, held=held, value=9.0)
    np.testing.assert_allclose(field, expected, rtol=1e-9)
    assert float(solution.budget.fixed[0]) == 0


def test_each_species_has_its_own_walls_and_held_value():
    d, loss, production, _ = media(5)
    held = np.zeros(SHAPE, bool)
    held[2, 4, 6] = True
    species = [tf.Species("a", d), tf.Species("b", 20.0)]
    walls = {"a": tf.Periodic(), "b": tf.Walls(z=tf.FixedValue(1.0))}
    model = tf.Model(GRID, species, [tf.Linear(production, loss)], walls=walls, fixed=tf.FixedConcentration(held, np.array([3.0, 0.0])))
    solution = tf.solve_steady(model, rtol=1e-13)
    first = independent.solve(SHAPE, SPACING, d, loss, production, periodic=(True,) * 3, held=held, value=3.0)
    second = independent.solve(SHAPE, SPACING, 20.0, loss, production, walls=[(0, False, np.inf, 1.0), (0, True, np.inf, 1.0)], held=held, value=0.0)
    np.testing.assert_allclose(np.asarray(solution["a"]), first, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(solution["b"]), second, rtol=1e-9, atol=1e-12)
    assert np.abs(np.asarray(solution.budget.defect)).max() < 1e-12
