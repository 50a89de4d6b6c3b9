"""A course of populations as a file: densities and concentrations through time, numbers of cells after every step."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.output import FieldSet, read_netcdf
from written_files import compliance_messages

DAY = 86400.0
GRID = tf.Grid((2, 3, 4), 20.0)


@pytest.fixture(scope="module")
def course():
    model = tf.Model(GRID, [tf.Species("x", 10.0, 1e-3)], [tf.Decay(), tf.PerCell("tumour", tf.Secretion("x", 1.0, 2.0))], dtype="float64")
    tissue = tf.PopulationModel(model, [tf.Population("tumour", 1767.0), tf.Population("CD8_T", 524.0)], [tf.Growth("tumour", 0.3 / DAY)])
    return tf.evolve_populations(tissue, {"tumour": 1e-5, "CD8_T": 2e-6}, np.array([0.0, 1.0, 2.0]) * DAY)


def test_a_course_is_written_and_read_back(course, tmp_path):
    path = tmp_path / "course.nc"
    course.to_netcdf(path, attributes={"title": "two populations"})
    fields = read_netcdf(path)
    assert fields.attributes["title"] == "two populations" and fields.species == ("x",)
    np.testing.assert_allclose(fields.times, course.times)
    for name in ("tumour", "CD8_T"):
        assert fields.cell_density[name].shape == (3, *GRID.shape)
        np.testing.assert_allclose(fields.cell_density[name], course[name], rtol=1e-6)
    np.testing.assert_allclose(fields.concentration[:, 0], course["x"], rtol=1e-6)
    assert fields.lists["step_time"].values.tolist() == [0.0, 0.5 * DAY, DAY, 1.5 * DAY, 2 * DAY]
    counted = fields.lists["cells_tumour"].values
    assert counted[0] == pytest.approx(1e-5 * GRID.size * GRID.voxel_volume)
    np.testing.assert_allclose(counted[1:], course.number("tumour"))
    assert float(fields.scalars["tumour_cell_volume"].values) == 1767.0


def test_the_file_keeps_the_conventions_and_the_dataset_is_the_same(course, tmp_path):
    path = tmp_path / "course.nc"
    course.to_netcdf(path)
    assert compliance_messages(path)[1] == []
    dataset = course.to_dataset()
    assert dataset["density_tumour"].dims == ("t", "z", "y", "x") and dataset["density_tumour"].attrs["units"] == "um-3"
    assert dataset["v_x"].dims == ("t", "z", "y", "x") and dataset["v_x"].attrs["units"] == "nmol L-1"


def test_densities_of_another_number_of_times_are_refused():
    given = {"grid": GRID, "times": [0.0, 1.0], "species": ("x",), "concentration": np.zeros((2, 1, *GRID.shape))}
    with pytest.raises(tf.InputError, match=r"cell_density\['NK'\] must have the shape of the grid"):
        FieldSet(**given, cell_density={"NK": np.zeros((3, *GRID.shape))})
