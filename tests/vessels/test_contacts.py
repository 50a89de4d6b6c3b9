import numpy as np
import pytest

from tmefield.grid import Grid
from tmefield.vessels.network import VesselNetwork


def cross(radii):
    nodes = np.array([[3, 40, 41], [40, 40, 41], [77, 40, 41], [40, 2, 41], [40, 78, 41]], float)
    return VesselNetwork(nodes, np.array([[0, 1], [1, 2], [3, 1], [1, 4]]), np.asarray(radii, float))


@pytest.mark.parametrize("radii", [(3, 3, 4, 4), (3, 3, 9, 9)])
def test_points_have_the_walls_of_the_embedding(radii):
    embedding = cross(radii).embed(Grid((16, 16, 16), 5.0))
    points = embedding.contacts()
    np.testing.assert_allclose(points.weight.sum(axis=1), 1)
    np.testing.assert_allclose(np.bincount(points.segment, points.area), np.bincount(embedding.segment, embedding.area), rtol=1e-12)
    used = points.weight > 0
    assert not embedding.lumen.reshape(-1)[points.voxel[used]].any()


def test_what_points_give_is_what_voxels_of_the_lumped_form_get():
    """The sums over points of area times weight are the embedding's areas, voxel by voxel."""
    embedding = cross((3, 3, 4, 4)).embed(Grid((16, 16, 16), 5.0))
    points = embedding.contacts()
    given = np.bincount(points.voxel.ravel(), (points.weight * points.area[:, None]).ravel(), embedding.grid.size)
    np.testing.assert_allclose(given, np.bincount(embedding.voxel, embedding.area, embedding.grid.size), atol=1e-12)


def test_wide_vessels_stay_with_single_voxels():
    embedding = cross((3, 3, 9, 9)).embed(Grid((16, 16, 16), 5.0))
    points = embedding.contacts()
    wide = np.isin(points.segment, (2, 3))
    assert ((points.weight[wide] > 0).sum(axis=1) == 1).all()
    assert wide.sum() == np.isin(embedding.segment, (2, 3)).sum()
    np.testing.assert_array_equal(points.path[wide], embedding.path[np.isin(embedding.segment, (2, 3))])
