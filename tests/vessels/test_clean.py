from pathlib import Path

import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.clean import clean
from tmefield.vessels.readers.raw import RawBoundary, RawNetwork


def raw(ends, radius, **more):
    """Nodes a..e along x, 10 units apart, f at the place of b; nodes in lines 1 to 6, segments from line 11."""
    names = list("abcdef")
    positions = np.array([[0.0, 0, 0], [10.0, 0, 0], [20.0, 0, 0], [30.0, 0, 0], [40.0, 0, 0], [10.0, 0, 0]])
    lines = list(range(11, 11 + len(ends)))
    return RawNetwork(Path("net.txt"), "test", names, positions, [1, 2, 3, 4, 5, 6], [tuple(pair) for pair in ends], np.array(radius, float), lines, **more)


def test_sound_network_is_scaled_and_kept():
    network = clean(raw(["ab", "bc"], [1, 2], box=(np.zeros(3), np.ones(3))), um_per_unit=1000.0)
    assert network.lengths.tolist() == [1e4, 1e4]
    assert network.radius.tolist() == [1e3, 2e3]
    assert network.box is not None and network.box[1].tolist() == [1e3] * 3
    assert network.meta["repairs"] == {}


@pytest.mark.parametrize(
    ("ends", "radius", "said"),
    [
        (["ab", "bx"], [1, 1], r"net.txt, line 12: segment from node b to x names a node that is not in the file \('x'\)"),
        (["ab", "cc"], [1, 1], "line 12: .* has no length"),
        (["bf", "bc"], [1, 1], "line 11: .* has no length"),
        (["ab", "bc", "ba"], [1, 1, 1], "line 13: .* is listed a second time"),
        (["ab", "bc"], [1, 0], "line 12: .* has radius 0"),
        (["ab", "bc"], [1, -2], "line 12: .* has radius -2"),
        (["ab", "bc"], [1, np.nan], "line 12: .* has no radius; give default_radius"),
        (["ab", "bc"], [1, np.inf], "line 12: .* has radius inf"),
        (["ab", "bc"], [1, 1e300], "line 12: .* has radius 1e.300"),
    ],
)
def test_first_wrong_segment_is_refused_with_its_line(ends, radius, said):
    with pytest.raises(FileError, match=said):
        clean(raw(ends, radius))


def test_repair_drops_and_counts():
    network = clean(raw(["ab", "bx", "cc", "ba", "bc", "cd"], [1, 1, 1, 1, 1, 3]), repair=True)
    assert network.edges.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert sum(network.meta["repairs"].values()) == 4  # unknown node, no length, twice, and b with f
    assert any("second time: 1" in note for note in network.meta["notes"])


def test_repair_joins_nodes_at_one_place():
    ends = ["ab", "fc", "de"]
    assert clean(raw(ends, [1, 1, 1])).components == 3
    assert any("repair = true joins them" in note for note in clean(raw(ends, [1, 1, 1])).meta["notes"])
    assert clean(raw(ends, [1, 1, 1]), repair=True).components == 2


def test_repair_takes_radii_from_the_neighbours():
    network = clean(raw(["ab", "bc", "cd", "de"], [2, 0, np.nan, -1]), repair=True)
    assert network.radius.tolist() == [2, 2, 2, 2]
    assert clean(raw(["ab", "bc", "cd"], [2, 0, 4]), repair=True).radius.tolist() == [2, 3, 4]


def test_repair_cannot_invent_radii():
    with pytest.raises(FileError, match="line 12: no segment connected to this one has a radius"):
        clean(raw(["ab", "de"], [1, 0]), repair=True)
    assert clean(raw(["ab", "de"], [1, 0]), repair=True, default_radius=4.0).radius.tolist() == [1, 4]


def test_default_radius_serves_missing_radii_only():
    network = clean(raw(["ab", "bc"], [1, np.nan]), default_radius=3.0)
    assert network.radius.tolist() == [1, 3]
    assert network.meta["repairs"] == {"radii missing, set to 3 um": 1}
    with pytest.raises(FileError, match="radius 0"):
        clean(raw(["ab", "bc"], [1, 0]), default_radius=3.0)
    with pytest.raises(InputError, match="default_radius must be positive"):
        clean(raw(["ab"], [1]), default_radius=0.0)


def test_parallel_vessels_of_other_radius_are_kept():
    network = clean(raw(["ab", "ba"], [1, 2]))
    assert len(network.edges) == 2
    assert any("same nodes as another" in note for note in network.meta["notes"])


def test_node_listed_twice_is_refused():
    network = raw(["ab"], [1])
    network.names[3] = "b"
    with pytest.raises(FileError, match=r"line 4: node b is listed twice .first in line 2"):
        clean(network)


def test_position_beyond_all_measure_is_refused():
    with pytest.raises(FileError, match=r"line 2: node b is not at a finite position below 1e\+09 um"):
        clean(raw(["ab"], [1]), um_per_unit=1e9)


def test_boundary_values_follow_their_nodes():
    boundary = [RawBoundary("f", "pressure", 100.0, None, 21), RawBoundary("c", "flow", -5.0, 0.4, 22)]
    network = clean(raw(["ab", "fc"], [1, 1], boundary=boundary), repair=True)
    assert [(one.node, one.kind, one.value) for one in network.boundary] == [(1, "pressure", 100.0), (2, "flow", -5.0)]
    with pytest.raises(FileError, match="line 9: a boundary value is given for node q"):
        clean(raw(["ab"], [1], boundary=[RawBoundary("q", "flow", 1.0, None, 9)]))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("flow", np.nan, "nan; it must be finite"), ("hd", 45.0, "45; it must be between 0 and 1"), ("tortuosity", 0.9, "0.9; it must be 1 or above")],
)
def test_numbers_of_a_segment_that_cannot_be_are_refused(name, value, said):
    with pytest.raises(FileError, match=f"line 12: the {name} of a segment is {said}"):
        clean(raw(["ab", "bc"], [1, 1], **{name: np.array([1.0, value])}))


def test_merge_distance_joins_without_repair():
    network = clean(raw(["ab", "fc"], [1, 1]), merge_distance=1e-3)
    assert network.components == 1
    assert network.meta["repairs"] == {"nodes merged with another within 0.001 um": 1}


def test_lines_without_a_file_of_lines_are_named_otherwise():
    with pytest.raises(FileError, match=r"net\.txt, cell 12: segment from node c to c has no length"):
        clean(raw(["ab", "cc"], [1, 1], edge_word="cell"))


def test_vessels_beside_each_other_of_other_tortuosity_are_kept():
    network = clean(raw(["ab", "ab"], [1, 1], tortuosity=np.array([1.0, 1.5])))
    assert network.total_length == pytest.approx(25) and network.surface_area == pytest.approx(2 * np.pi * 25)
    assert network.volume == pytest.approx(np.pi * 25) and "vessels wind: 1.25 times" in network.report()


def test_findings_are_counted():
    boundary = [RawBoundary("a", "flow", 5.0, None, 21), RawBoundary("c", "flow", -4.0, None, 22), RawBoundary("d", "pressure", 7.0, None, 23)]
    network = clean(raw(["ab", "bc", "de"], [1, 1, 1], boundary=boundary, box=(np.zeros(3), np.array([35.0, 1.0, 1.0]))))
    assert network.meta["notes"] == [
        "1 nodes belong to no segment",
        "1 nodes lie at the same place as another without being joined (repair = true joins them)",
        "2 parts are not connected; the largest holds 2 of 3 segments",
        "1 nodes and 1 segments lie or end outside the box that the file states",
        "1 ends have no boundary value",
        "1 of 2 connected parts have no boundary pressure, so pressures there are known but for a constant",
        "boundary flows of a part without pressure do not balance: 5 um3/s in, 4 out; a flow solve evens out less than 1 % of them",
    ]
    assert network.meta["notes"][0] in network.report() and "2 connected part(s)" in network.report()


@pytest.mark.parametrize(("second", "said"), [(("b", 0.4), "node b has two boundary values"), (("c", 40.0), "the hd of a boundary node is 40")])
def test_boundary_values_that_cannot_be_are_refused(second, said):
    boundary = [RawBoundary("b", "flow", 5.0, 0.4, 21), RawBoundary(second[0], "flow", 4.0, second[1], 22)]
    with pytest.raises(FileError, match=f"line 22: {said}"):
        clean(raw(["ab", "bc"], [1, 1], boundary=boundary))


def test_loops_are_counted():
    assert clean(raw(["ab", "bc", "ca", "de"], [1, 1, 1, 1])).loops == 1
