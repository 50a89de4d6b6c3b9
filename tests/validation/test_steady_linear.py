"""Steady fields of linear media against closed forms (V1, V3, V4, V5, V14, P12): absolute values, in infinite media with exact values on the walls."""

import numpy as np
import pytest

from validation.problems import layers, spheres, vessel


@pytest.mark.parametrize("length", spheres.LENGTHS)
def test_the_budget_of_a_secreting_cell_closes(length):
    *_, solution = spheres.solve_cell(length)
    assert abs(float(solution.budget.defect[0])) < 1e-6


@pytest.mark.parametrize("parameters", spheres.BALLS)
def test_every_voxel_of_a_secreting_ball(parameters):
    r, field = spheres.solve_ball(*parameters)
    wanted = spheres.exact.secreting_ball(r, radius=parameters[0], length=parameters[1])
    assert np.abs(field / wanted - 1).max() < 0.02


def test_an_arithmetic_face_mean_misses_the_jump():
    """The harmonic mean is what makes V4 come out; with an arithmetic one the far side is off by more than the tolerance."""
    grid, solution = layers.solve_slab(30)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    wanted = layers.two_layers(x)
    h, d = grid.spacing[2], np.where(x < layers.INTERFACE, layers.NEAR, layers.FAR)
    faces = 0.5 * (d[1:] + d[:-1]) / h**2
    matrix = np.diag(np.r_[faces, 0] + np.r_[0, faces] + layers.DECAY) - np.diag(faces, 1) - np.diag(faces, -1)
    matrix[0, 0] += 2 * d[0] / h**2
    right = np.r_[2 * d[0] / h**2, np.zeros(x.size - 1)]
    arithmetic = np.linalg.solve(matrix, right)
    near = int(np.argmax(x > layers.INTERFACE))
    assert abs(field[near] / wanted[near] - 1) < 0.02 < abs(arithmetic[near] / wanted[near] - 1)


@pytest.mark.parametrize("parameters", vessel.VESSELS)
def test_the_whole_profile_around_a_vessel(parameters):
    """V5 also beside the wall and near the edge."""
    r, free, solution, _, form = vessel.solve_vessel(*parameters)
    field = np.asarray(solution["c"])
    for place in (5.0 + 1.5 * vessel.SPACING, 50.0, 74.0):
        ring = free & (np.abs(r - place) < vessel.SPACING)
        assert abs((field[ring] / form(r[ring])).mean() - 1) < 0.02, place
    assert abs(float(solution.budget.defect[0])) < 1e-9
