"""What each cell sees: interpolation, CSV, and there and back through an AnnData file."""

import csv

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.grid import Grid
from tmefield.response.cell_table import at_positions

GRID = Grid((4, 5, 6), (10.0, 8.0, 5.0), (1.0, 2.0, 3.0))
TYPES = ["CD8_T", "tumour", "CD8_T"]
PLACES = np.array([[10.0, 20.0, 15.0], [20.5, 30.0, 22.0], [12.0, 9.0, 30.0]])


def linear(z, y, x):
    return 0.01 + 0.002 * z + 0.003 * y + 0.001 * x


@pytest.fixture
def table():
    field = np.broadcast_to(linear(*GRID.coordinates()), GRID.shape)
    return tf.cell_table({"IFNg": field, "IL10": 0 * field}, PLACES, TYPES, grid=GRID, names=["pSTAT1", "CD8_function"], ids=["a", "b", "c"])


def test_linear_fields_are_met_exactly(table):
    expected = linear(*PLACES.T[::-1])
    np.testing.assert_allclose(table.concentration["IFNg"], expected, rtol=1e-12)
    np.testing.assert_allclose(table.response["pSTAT1"], expected / (expected + 0.0158), rtol=1e-12)
    np.testing.assert_allclose(table.response["CD8_function"], 1 + expected / (expected + 0.0158), rtol=1e-12)


def test_walls_and_flat_grids():
    flat = Grid((1, 1, 3), 10.0)
    field = {"a": jnp.asarray([[[1.0, 2.0, 4.0]]])}
    found = at_positions(field, flat, [[-3.0, 0, 0], [5.0, 99, 5], [12.5, 5, 5], [20.0, 5, 5], [30.0, 5, 5]])["a"]
    np.testing.assert_allclose(found, [1.0, 1.0, 1.75, 3.0, 4.0])


def test_gradient_goes_to_the_voxels_around():
    slope = jax.grad(lambda field: at_positions({"a": field}, Grid((1, 1, 3), 10.0), [[12.5, 5, 5]])["a"][0])(jnp.zeros((1, 1, 3)))
    np.testing.assert_allclose(slope[0, 0], [0.25, 0.75, 0.0])


def test_csv(table, tmp_path):
    table.to_csv(tmp_path / "cells.csv")
    with (tmp_path / "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "x_um", "y_um", "z_um", "type", "IFNg_nM", "IL10_nM", "pSTAT1", "CD8_function"]
    assert [row["id"] for row in rows] == ["a", "b", "c"] and rows[1]["type"] == "tumour"
    np.testing.assert_allclose([float(row["IFNg_nM"]) for row in rows], table.concentration["IFNg"], rtol=1e-6)


def test_there_and_back_through_h5ad(table, tmp_path):
    anndata = pytest.importorskip("anndata")
    path = tmp_path / "cells.h5ad"
    table.to_h5ad(path)
    back = anndata.read_h5ad(path)
    assert list(back.var_names) == ["IFNg", "IL10", "pSTAT1", "CD8_function"]
    assert list(back.var["kind"]) == ["concentration"] * 2 + ["response"] * 2
    assert back.uns["units"]["IFNg"] == "nmol/L" and back.uns["units"]["x"] == "um" and back.uns["units"]["pSTAT1"] == "1"
    np.testing.assert_array_equal(back.X[:, 0], table.concentration["IFNg"])
    cells = tf.Cells.read(path, x="x", y="y", z="z", type="type", unit="um")
    np.testing.assert_array_equal(cells.positions, PLACES)
    assert cells.types.tolist() == TYPES and cells.ids.tolist() == ["a", "b", "c"]


def test_what_does_not_fit_is_refused():
    field = np.zeros(GRID.shape)
    with pytest.raises(tf.InputError, match="give grid="):
        tf.cell_table({"IFNg": field}, PLACES, TYPES)
    with pytest.raises(tf.InputError, match="positions must be"):
        tf.cell_table({"IFNg": field}, PLACES[:, :2], TYPES, grid=GRID)
