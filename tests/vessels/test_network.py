import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import Boundary, VesselNetwork

NODES = np.array([[0.0, 0.0, 0.0], [30.0, 0.0, 0.0], [30.0, 40.0, 0.0], [60.0, 0.0, 0.0], [99.0, 0.0, 0.0]])
EDGES = np.array([[0, 1], [1, 2], [1, 3]])
RADIUS = np.array([2.0, 3.0, 4.0])


def test_measures_of_a_bifurcation():
    network = VesselNetwork(NODES, EDGES, RADIUS)
    assert network.lengths.tolist() == [30.0, 40.0, 30.0]
    assert network.total_length == 100.0
    assert network.surface_area == pytest.approx(2 * np.pi * (60 + 120 + 120))
    assert network.volume == pytest.approx(np.pi * (4 * 30 + 9 * 40 + 16 * 30))
    assert network.degree.tolist() == [1, 3, 1, 1, 0]
    assert network.n_ends == 3
    assert network.components == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"radius": [2.0, 0.0, 4.0]}, "segment 1 has a radius that is not positive"),
        ({"radius": [2.0, 3.0, float("nan")]}, "segment 2 has a radius"),
        ({"edges": [[0, 1], [1, 2], [1, 7]]}, "segment 2 names a node outside 0..4"),
        ({"edges": [[0, 1], [2, 2], [1, 3]]}, "segment 1 has no length"),
        ({"edges": np.zeros((0, 2), int), "radius": []}, "no segments"),
        ({"edges": [[0.0, 1.0], [1.0, 2.0], [1.0, 3.0]]}, "whole numbers"),
        ({"radius": [2.0]}, "shapes"),
        ({"nodes": np.where(NODES == 99.0, np.inf, NODES)}, "node 4 is not at a finite position"),
        ({"flow": np.ones(2)}, "flow must hold one number a segment"),
    ],
)
def test_arrays_that_make_no_network_are_refused(change, said):
    arguments = {"nodes": NODES, "edges": EDGES, "radius": RADIUS} | {key: np.asarray(value) for key, value in change.items()}
    with pytest.raises(InputError, match=said):
        VesselNetwork(**arguments)


def test_report_tells_counts_and_what_was_found():
    network = VesselNetwork(
        NODES,
        EDGES,
        RADIUS,
        boundary=(Boundary(0, "pressure", 3000.0),),
        box=(np.zeros(3), np.array([100.0, 50.0, 10.0])),
        meta={"file": "tree.dat", "format": "SWC", "notes": ["1 nodes belong to no segment"]},
    )
    text = network.report()
    for said in ("tree.dat (SWC)", "3 segments, 5 nodes", "100 x 50 x 10 um", "4..8 um, median 6", "1 pressures", "1 nodes belong to no segment"):
        assert said in text


def test_crossing_vessels_run_through_the_section():
    network = VesselNetwork.crossing(np.array([[10.0, 20.0], [30.0, 40.0]]), 4.0, 5.0, z0=1.0)
    assert network.nodes[network.edges].tolist() == [[[10, 20, 1], [10, 20, 6]], [[30, 40, 1], [30, 40, 6]]]
    assert network.surface_area == pytest.approx(2 * 2 * np.pi * 4 * 5)


@pytest.mark.parametrize(("points", "thickness"), [(np.zeros((0, 2)), 5.0), (np.zeros((3, 3)), 5.0), (np.zeros((1, 2)), 0.0), (np.zeros((1, 2)), float("nan"))])
def test_crossing_vessels_need_points_and_a_thickness(points, thickness):
    with pytest.raises(InputError):
        VesselNetwork.crossing(points, 4.0, thickness)


def test_missing_file_is_named():
    with pytest.raises(FileError, match=r"nowhere\.dat: no such file"):
        VesselNetwork.read("nowhere.dat")
