"""A solution and a trajectory written as they are, without a configuration."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.output import read_netcdf
from tmefield.output.collect import collect

GRID = tf.Grid((2, 6, 6), 10.0)
DENSITY = np.random.default_rng(0).uniform(0, 1e-4, GRID.shape)


@pytest.fixture(scope="module")
def model():
    varying = 40.0 * (1 + DENSITY / 1e-4)
    species = [tf.Species("IFNg", 40.0, 1e-4, molecular_weight=34.0), tf.Species("b", varying, 1e-3)]
    terms = [tf.Decay(), tf.Secretion("IFNg", DENSITY, 2.0), tf.Secretion("IFNg", DENSITY, 1.0, source="NK"), tf.Linear(1e-5, species="b")]
    return tf.Model(GRID, species, terms)


@pytest.fixture(scope="module")
def solution(model):
    return tf.solve_steady(model)


def test_a_solution_is_written_with_what_the_model_knows(solution, tmp_path):
    path = tmp_path / "out.nc"
    solution.to_netcdf(path, attributes={"title": "a test"}, cell_density={"NK": DENSITY})
    fields = read_netcdf(path)
    assert fields.species == ("IFNg", "b")
    assert fields.attributes["title"] == "a test"
    np.testing.assert_allclose(fields.concentration[0], np.asarray(solution.concentration), rtol=1e-6)
    np.testing.assert_allclose(fields.maps["ifng_secretion"].values, 3.0 * DENSITY / 0.602214076, rtol=1e-6)
    assert fields.maps["b_diffusivity"].units == "um2 s-1"
    assert float(fields.scalars["ifng_molar_mass"].values) == 34000.0
    assert float(fields.scalars["ifng_residual"].values) == pytest.approx(float(solution.stats.residual[0]))


def test_the_dataset_has_the_same_values(solution):
    dataset = solution.to_dataset()
    np.testing.assert_allclose(dataset["ifng"].values[0], np.asarray(solution["IFNg"]), rtol=1e-6)
    assert dataset["ifng"].attrs["units"] == "nmol L-1"


def test_a_trajectory_keeps_its_times(model):
    fields = collect(tf.evolve(model, 0.0, [0.0, 60.0, 600.0], fixed_steps=2))
    np.testing.assert_allclose(fields.times, [0.0, 60.0, 600.0])
    assert fields.concentration.shape == (3, 2, *GRID.shape)
    assert "state" not in fields.attributes
