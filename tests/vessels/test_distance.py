import numpy as np
import pytest

from tmefield.grid import Grid
from tmefield.vessels.bed import capillary_bed
from tmefield.vessels.distance import branches, crowding, from_segment
from tmefield.vessels.network import VesselNetwork
from tmefield.vessels.segments import cut_to_box


def brute_force(network, grid):
    z, y, x = np.broadcast_arrays(*grid.coordinates())
    centres = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    walls = [
        from_segment(centres, *(np.broadcast_to(network.nodes[node], centres.shape) for node in edge)) - r
        for edge, r in zip(network.edges, network.radius, strict=True)
    ]
    return np.min(walls, axis=0).reshape(grid.shape)


def test_distance_to_the_wall_is_that_of_all_segments_tried():
    bed = capillary_bed((0, 0, 0), (150, 120, 90), spacing=45, diameter=8, seed=3)
    network = VesselNetwork(bed.nodes, bed.edges, bed.radius * np.where(np.arange(len(bed.radius)) % 7 == 0, 3.0, 1.0))
    grid = Grid((18, 24, 30), 5.0)
    found, exact = network.embed(grid).distance_to_vessel(), brute_force(network, grid)
    assert (found >= exact - 1e-9).all()
    assert np.mean(found - exact < 1e-9) > 0.99
    assert (found - exact).max() < 5.0


def test_wide_vessel_further_away_may_be_the_nearest():
    nodes = np.array([[0.0, 10.0, 20.0], [80.0, 10.0, 20.0], [0.0, 60.0, 20.0], [80.0, 60.0, 20.0]])
    network = VesselNetwork(nodes, np.array([[0, 1], [2, 3]]), np.array([1.0, 16.0]))
    distance = network.embed(Grid((20, 40, 40), 2.0)).distance_to_vessel()
    # y = 33: 22 from the thin wall, 11 from the wide one, whose axis is further away.
    assert distance[10, 16, 20] == pytest.approx(np.hypot(27, 1) - 16)
    assert distance[10, 30, 20] == pytest.approx(np.hypot(1, 1) - 16)


def test_branches_are_chains_between_junctions():
    edges = np.array([[0, 1], [1, 2], [2, 3], [2, 4], [4, 5], [6, 7]])
    nodes = np.arange(24.0).reshape(8, 3) ** 1.1
    label = branches(VesselNetwork(nodes, edges, np.ones(6)))
    assert label[0] == label[1] and label[3] == label[4]
    assert len({label[0], label[2], label[3], label[5]}) == 4


def test_crowding_tells_vessels_that_do_not_meet():
    nodes = np.array([[0.0, 10, 10], [40, 10, 10], [0, 16, 10], [40, 16, 10], [0, 35, 10], [40, 35, 10]])
    grid = Grid((10, 20, 20), 2.0)
    close = VesselNetwork(nodes, np.array([[0, 1], [2, 3], [4, 5]]), np.ones(3))
    gap, share = crowding(close, cut_to_box(close, grid, clip=False), 2.0)
    assert gap == pytest.approx(6.0) and share == pytest.approx(2 / 3)
    joined = VesselNetwork(nodes, np.array([[0, 1], [1, 3]]), np.ones(2))
    assert crowding(joined, cut_to_box(joined, grid, clip=False), 2.0) == (8.0, 0.0)
