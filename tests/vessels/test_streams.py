import dataclasses
import warnings

import numpy as np
import pytest

import tmefield as tf
from data_files import data_file
from tmefield.vessels.network import Boundary, VesselNetwork


def diamond(flow):
    """An inlet 0, a loop 1-2-4 and 1-3-4, an outlet 5."""
    nodes = np.array([[0, 0, 0], [1, 0, 0], [2, 1, 0], [2, -1, 0], [3, 0, 0], [4, 0, 0]], float)
    edges = np.array([[4, 5], [0, 1], [2, 1], [1, 3], [2, 4], [3, 4]])
    return VesselNetwork(nodes, edges, np.ones(6), flow=np.asarray(flow, float))


def test_each_segment_comes_after_those_that_feed_it():
    found = diamond([3, 3, -1, 2, 1, 2]).streams()
    rows = [sorted(row[row < 6].tolist()) for row in found.levels]
    assert rows == [[1], [2, 3], [4, 5], [0]]
    np.testing.assert_array_equal(found.upstream, [4, 0, 1, 1, 2, 3])
    np.testing.assert_array_equal(found.downstream, [5, 1, 2, 3, 4, 4])
    np.testing.assert_allclose(found.inflow, [3, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(found.throughput, [3, 3, 1, 2, 3, 3])


def test_a_segment_with_next_to_no_flow_is_at_rest():
    found = diamond([3, 3, -1e-7, 3, 1e-7, 3]).streams()
    np.testing.assert_array_equal(found.flow == 0, [False, False, True, False, True, False])
    assert sorted(found.levels[found.levels < 6].tolist()) == [0, 1, 3, 5]


def test_flow_in_a_circle_is_refused():
    with pytest.raises(tf.InputError, match="round in a circle through 4 segments"):
        diamond([0, 0, 1, 1, -1, 1]).streams()


@pytest.mark.parametrize("flow", [None, np.zeros(6), np.full(6, np.nan)])
def test_network_without_flow_is_refused(flow):
    network = diamond(np.ones(6)) if flow is None else diamond(flow)
    if flow is None:
        network = VesselNetwork(network.nodes, network.edges, network.radius)
    with pytest.raises(tf.InputError, match="perfuse"):
        network.streams()


@pytest.mark.data
def test_streams_of_a_real_network_hold_every_flowing_segment_once():
    network = VesselNetwork.read(data_file("network/secomb_mesentery_546_netflow.dat"))
    found = network.streams()
    listed = found.levels[found.levels < len(network.edges)]
    assert len(np.unique(listed)) == len(listed) == (found.flow > 0).sum()
    level = np.full(len(network.edges), -1)
    for index, row in enumerate(found.levels):
        level[row[row < len(level)]] = index
    flowing = np.flatnonzero(found.flow > 0)
    latest = np.full(len(network.nodes), -1)
    np.maximum.at(latest, found.downstream[flowing], level[flowing])
    assert (level[flowing] > latest[found.upstream[flowing]]).all()


def test_flows_that_do_not_balance_inside_the_network_are_told():
    """Of 3 um3/s, 2 arrive where the branches meet and 4 leave."""
    with pytest.warns(UserWarning, match=r"does not balance at 2 nodes inside it, most at node"):
        found = diamond([4, 3, -1, 2, 1, 1]).streams()
    np.testing.assert_allclose(found.inflow, [3, 0, 0, 0, 2, 0])


def test_rounded_flows_and_boundary_values_inside_the_network_pass():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rounded = diamond([3.003, 3, -1, 2, 1, 2]).streams()
        entered = dataclasses.replace(diamond([4, 3, -1, 2, 1, 2]), boundary=(Boundary(4, "flow", 1.0, None),)).streams()
    np.testing.assert_allclose(rounded.inflow, [3, 0, 0, 0, 0.003, 0], atol=1e-12)
    np.testing.assert_allclose(entered.inflow, [3, 0, 0, 0, 1, 0])
