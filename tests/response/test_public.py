"""Readouts of a solved model, as a user asks for them."""

import numpy as np
import pytest

import tmefield as tf


@pytest.fixture(scope="module")
def solution():
    grid = tf.Grid((1, 1, 8), 20.0)
    cells = np.zeros(grid.shape)
    cells[0, 0, :2] = 1e-4
    species = [tf.Species.from_library(name) for name in ("IFNg", "IL10")]
    terms = [tf.Decay(), tf.Secretion("IFNg", cells[..., ::-1].copy(), 0.1), tf.Secretion("IL10", cells, 0.1)]
    return tf.solve_steady(tf.Model(grid, species, terms, walls=tf.NoFlux()))


def test_readouts_of_a_solution(solution):
    found = tf.responses(solution)
    c = np.asarray(solution["IFNg"])
    np.testing.assert_allclose(found["pSTAT1"], c / (c + 0.0158), rtol=1e-9)
    balance = np.asarray(tf.balance_index(solution))[0, 0]
    assert np.all(np.diff(balance) > 0) and np.all(np.abs(balance) < 1)
    niches = tf.suppressed_niches(solution)
    np.testing.assert_array_equal(niches.mask, np.asarray(solution["IL10"]) > 0.008)
    reports = {one.name: one for one in tf.response_report(solution)}
    assert reports["pSTAT1"].mean == pytest.approx(float(np.mean(found["pSTAT1"])))
    (ifng, _) = tf.assay_profile(solution.model, solution)
    assert ifng.biopsy == pytest.approx(34e3 * c.mean(), rel=1e-6) and ifng.biopsy == ifng.interstitial_fluid
    table = tf.cell_table(solution, [[10.0, 10.0, 10.0]], ["CD8_T"])
    assert table.concentration["IFNg"][0] == pytest.approx(float(c[0, 0, 0]), rel=1e-6)
