"""Suppressed niches against volumes in closed form, and which cytokine makes them."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.grid import Grid

GRID = Grid((40, 40, 60), 5.0, (10.0, 20.0, 30.0))
RADIUS = 40.0


def distance_to(x, y, z):
    at = [o + (np.arange(n) + 0.5) * h for o, n, h in zip(GRID.origin, GRID.shape, GRID.spacing, strict=True)]
    zz, yy, xx = np.meshgrid(*at, indexing="ij")
    return np.sqrt((xx - x) ** 2 + (yy - y) ** 2 + (zz - z) ** 2)


def around_a_source(centre, radius, half=0.008):
    """c = half radius/r falls to the half maximum at the radius, so that the niche is a ball: V = 4 pi R^3/3."""
    return half * radius / np.maximum(distance_to(*centre), 1e-9)


def test_two_balls_of_known_volume():
    centres = (111.3, 121.7, 109.1), (251.3, 119.2, 110.6)
    field = np.where(distance_to(*centres[0]) < 70, around_a_source(centres[0], RADIUS), around_a_source(centres[1], RADIUS / 2))
    cells = np.where(distance_to(*centres[0]) < 20, 1e-4, 0)
    found = tf.suppressed_niches({"IL10": field}, grid=GRID, density=cells)
    assert found.count == 2 and set(np.unique(found.labels)) == {0, 1, 2}
    # Off the lattice, so that errors of the boundary voxels, in or out each, do not add up by symmetry.
    np.testing.assert_allclose(found.volume, 4 / 3 * np.pi * np.array([RADIUS, RADIUS / 2]) ** 3, rtol=0.04)
    np.testing.assert_allclose(found.equivalent_radius, [RADIUS, RADIUS / 2], rtol=0.015)
    np.testing.assert_allclose(found.centre, centres, atol=0.5)
    assert found.share_of_cells == pytest.approx(1.0)
    assert found.share_of_tissue == pytest.approx(found.volume.sum() / (GRID.size * GRID.voxel_volume))
    assert found.causes == {"IL10 alone": 1.0}
    assert found.summary()["largest_um3"] == found.volume[0]


def test_which_cytokine_does_it():
    """Factors 1/(1 + c/K): both below one half, one of them, only the product (1/1.8^2 = 0.309), none (1/1.2^2 = 0.694)."""
    grid = Grid((1, 1, 6), 10.0)
    in_half_maxima = np.array([[2.0, 2.0], [2.0, 0.0], [0.0, 2.0], [0.8, 0.8], [0.2, 0.2], [9.0, 9.0]])
    il10, tgfb = (in_half_maxima * [0.008, 0.14]).T[:, None, None, :]
    tissue = np.array([[[True] * 5 + [False]]])
    for cell in ("CD8_T", "NK"):
        found = tf.suppressed_niches({"IL10": il10, "TGFb": tgfb}, cell, grid=grid, tissue=tissue)
        assert found.ligands == ("IL10", "TGFb")
        assert found.cause[0, 0].tolist() == [3, 1, 2, 4, 0, 0]
        assert found.causes == {"IL10 alone": 0.25, "TGFb alone": 0.25, "either alone": 0.25, "only together": 0.25}
        assert found.count == 1 and found.volume.tolist() == [4000.0]
        assert found.share_of_cells is None and found.share_of_tissue == pytest.approx(0.8)


def test_blockade_opens_a_niche():
    grid = Grid((1, 1, 4), 10.0)
    fields = {"IL10": np.full(grid.shape, 0.02), "drug": np.array([[[0.0, 1.0, 2.0, 9.0]]])}
    found = tf.suppressed_niches(fields, grid=grid, blockades={"IL10": tf.Blockade("drug", 1.0)})
    assert found.mask[0, 0].tolist() == [True, True, False, False]


def test_what_cannot_be_mapped_is_refused():
    grid = Grid((1, 1, 4), 10.0)
    level = np.ones(grid.shape)
    with pytest.raises(tf.InputError, match="give grid="):
        tf.suppressed_niches({"IL10": level})
    with pytest.raises(tf.InputError, match="suppresses CD8_T"):
        tf.suppressed_niches({"IFNg": level}, grid=grid)
    with pytest.raises(tf.InputError, match="density of CD8_T must have the shape"):
        tf.suppressed_niches({"IL10": level}, grid=grid, density=np.ones((2, 2)))
    none = tf.suppressed_niches({"IL10": 0 * level}, grid=grid)
    assert none.count == 0 and none.summary()["largest_um3"] == 0 and none.labels.max() == 0
