import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

TEXT = """# AmiraMesh 3D ASCII 2.0

define VERTEX 3
define EDGE 3
define POINT 8

Parameters {
    Units { Coordinates "um" }
    ContentType "HxSpatialGraph"
}

VERTEX { float[3] VertexCoordinates } @1
EDGE { int[2] EdgeConnectivity } @2
EDGE { int NumEdgePoints } @3
POINT { float[3] EdgePointCoordinates } @4
POINT { float thickness } @5
EDGE { float mean } @6
VERTEX { float vessel } @7

# Data section follows
@1
0 0 0
10 0 0
10 20 0

@2
0 1
1 2
2 2

@3
2
2
4

@5
1
3
3
5
4
4
4
4

@4
0 0 0
10 0 0
10 0 0
10 20 0
10 20 0
20 20 0
20 30 0
10 20 0

@6
7
8
9

@7
1
1
1
"""


def write(folder, text, name="net.am"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_edges_become_segments_between_their_points(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT), unit="um", radius_field="thickness")
    assert network.nodes.tolist() == [[0, 0, 0], [10, 0, 0], [10, 20, 0], [20, 20, 0], [20, 30, 0]]
    assert network.edges.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [4, 2]]
    assert network.radius.tolist() == [2, 4, 4, 4, 4]
    assert network.branch_id is not None and network.branch_id.tolist() == [0, 1, 2, 2, 2]
    assert network.loops == 1 and network.meta["notes"] == []


def test_radius_may_stand_at_the_edges_or_be_a_diameter(tmp_path):
    path = write(tmp_path, TEXT.replace("# AmiraMesh 3D ASCII 2.0", "# Avizo 3D ASCII 3.0"), "graph.txt")
    assert VesselNetwork.read(path, unit="um", radius_field="mean", is_diameter=True).radius.tolist() == [3.5, 4, 4.5, 4.5, 4.5]
    assert VesselNetwork.read(path, unit="um", default_radius=2.0).radius.tolist() == [2] * 5
    with pytest.raises(InputError, match=r"does not say which array is the radius; give radius_field .* thickness, mean, vessel"):
        VesselNetwork.read(path, unit="um")
    with pytest.raises(InputError, match="no array 'radius'"):
        VesselNetwork.read(path, unit="um", radius_field="radius")
    with pytest.raises(InputError, match="does not say its unit"):
        VesselNetwork.read(path, radius_field="mean")


@pytest.mark.parametrize("change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("# Data section follows\n", "")])
def test_marks_line_ends_and_comments_do_not_matter(tmp_path, change):
    network = VesselNetwork.read(write(tmp_path, change(TEXT)), unit="um", radius_field="thickness")
    assert network.total_length == pytest.approx(10 + 20 + 10 + 10 + 200**0.5)


def test_blocks_count_not_the_numbers_of_the_header(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT.replace("define EDGE 3", "define EDGE 1")), unit="um", radius_field="thickness")
    assert len(network.edges) == 5
    assert network.meta["notes"] == ["the header states 1 of EDGE, the file lists 3: those are read"]


def test_ends_away_from_their_vertex_are_noted(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT.replace("@2", "", 0).replace("\n10 20 0\n\n@2", "\n0 20 10\n\n@2")), unit="um", radius_field="thickness")
    assert network.meta["notes"] == ["3 ends of edges lie away from their vertex (by up to 14.14 in the unit of the file); the vertex counts"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3D ASCII", "3D BINARY-LITTLE-ENDIAN", "line 1: a binary file; save the spatial graph as ASCII"),
        ("thickness } @5", "thickness } @5(HxZip,20)", "line 16: the block of thickness is encoded"),
        ("EDGE { int NumEdgePoints } @3\n", "", "the block @3 is not declared"),
        ("2 2\n\n@3", "2 7\n\n@3", r"line 29: an edge names vertex 7, but there are 3 \(from 0\)"),
        ("2 2\n\n@3", "2 1.5\n\n@3", "line 29: the index of a vertex must be a whole number"),
        ("20 30 0\n", "", "line 15: the edges have 8 points together, but 7 rows"),
        ("20 30 0\n", "20 30\n", r"line 53: expected 3 number\(s\) of EdgePointCoordinates; found '20 30'"),
        ("20 30 0\n", "20 nan 0\n", "line 53: EdgePointCoordinates holds nan"),
        ("5\n4\n4\n", "5\n4\n0\n", "line 52: segment from node 2 to 3 has radius 0"),
        ("5\n4\n4\n", "5\n4\n", "line 16: 7 rows of thickness, but 8 are needed"),
        ("VERTEX { float[3] VertexCoordinates } @1", "VERTEX { float[3] Places } @1", "VERTEX VertexCoordinates of a spatial graph is not declared"),
        ("2\n2\n4\n", "2\n2\n", "line 14: 2 rows of NumEdgePoints for 3 edges"),
        ("2\n2\n4\n", "2\n1\n5\n", "line 33: the number of points of an edge must be a whole number of at least 2"),
    ],
)
def test_damage_is_told(tmp_path, old, new, said):
    assert TEXT.count(old) >= 1
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, TEXT.replace(old, new, 1)), unit="um", radius_field="thickness")


def test_radius_at_the_vertices_is_refused(tmp_path):
    with pytest.raises(FileError, match="vessel is given at the vertices only"):
        VesselNetwork.read(write(tmp_path, TEXT), unit="um", radius_field="vessel")


@pytest.mark.parametrize("lines", [5, 18, 25, 30, 36, 45, 52])
def test_file_cut_short_is_refused(tmp_path, lines):
    with pytest.raises(FileError, match=r"cut short|not declared|is declared"):
        VesselNetwork.read(write(tmp_path, "\n".join(TEXT.split("\n")[:lines])), unit="um", radius_field="thickness")
