import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

# Ids with gaps, a child before its parent, two roots.
TEXT = """# a comment
10 2 20 0 0 2 5
5 2 10 0 0 4 0   # inline
0 2 0 0 0 4 -1

7 2 0 50 0 1 -1
8 2 0 60 0 1 7
"""


def write(folder, text):
    path = folder / "tree.swc"
    path.write_text(text, encoding="utf-8")
    return path


def test_points_become_segments_with_the_mean_radius(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT), unit="um")
    assert network.nodes[network.edges].tolist() == [[[10, 0, 0], [20, 0, 0]], [[0, 0, 0], [10, 0, 0]], [[0, 50, 0], [0, 60, 0]]]
    assert network.radius.tolist() == [3, 4, 1]
    assert network.components == 2


def test_scale_is_um_per_voxel(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT), scale=0.5)
    assert network.total_length == 15 and network.radius.tolist() == [1.5, 2, 0.5]


@pytest.mark.parametrize("options", [{}, {"unit": "um", "scale": 2.0}, {"unit": "pixel"}, {"scale": 0.0}, {"scale": float("nan")}])
def test_unit_is_asked_for_once_and_understood(tmp_path, options):
    with pytest.raises(InputError, match=r"tree\.swc"):
        VesselNetwork.read(write(tmp_path, TEXT), **options)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("8 2 0 60 0 1 7", "8 2 0 60 0 1 99", "line 7: segment from node 99 to 8 names a node that is not in the file"),
        ("8 2 0 60 0 1 7", "8 2 0 50 0 1 7", "line 7: .* has no length"),
        ("8 2 0 60 0 1 7", "8 2 0 60 0 0 7", "line 7: .* has radius 0"),
        ("8 2 0 60 0 1 7", "8 2 0 60 inf 1 7", "line 7: the point holds inf"),
        ("8 2 0 60 0 1 7", "8 2 0 60 0", "line 7: expected seven numbers .* is the file cut short"),
        ("8 2 0 60 0 1 7", "7 2 0 60 0 1 5", "line 7: node 7 is listed twice"),
        ("8 2 0 60 0 1 7", "8 2 0 60 0 1 -3", "line 7: the parent of a point must be a whole number of at least -1"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path, old, new, said):
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, TEXT.replace(old, new)), unit="um")


@pytest.mark.parametrize(("text", "said"), [("# only a comment\n", "no points"), ("1 2 0 0 0 1 -1\n", "all points are roots")])
def test_file_without_segments_is_refused(tmp_path, text, said):
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, text), unit="um")


# A square cut open: point 5 lies at the place of point 1; point 7 is a short branch of its own, near point 6.
CUT = "1 2 0 0 0 2 -1\n2 2 20 0 0 2 1\n3 2 20 20 0 2 2\n4 2 0 20 0 2 3\n5 2 0 0.2 0 2 4\n6 2 40 0 0 2 2\n7 2 40 0.4 0 2 6\n"


def test_loops_are_closed_on_demand(tmp_path):
    path = write(tmp_path, CUT)
    assert VesselNetwork.read(path, unit="um").loops == 0
    network = VesselNetwork.read(path, unit="um", close_loops_tol=0.5)
    assert (network.loops, network.n_ends, len(network.nodes)) == (1, 1, 6)
    assert network.meta["notes"] == ["1 ends joined to a point within 0.5 um to close loops"]
    assert VesselNetwork.read(path, unit="um", close_loops_tol=0.1).loops == 0
    assert VesselNetwork.read(path, scale=10.0, close_loops_tol=1.0).loops == 0  # in um: 0.1 of the file


@pytest.mark.data
def test_real_tree_has_its_counts():
    network = VesselNetwork.read(data_file("network/vascgraph_exp.swc"), unit="um")
    assert (len(network.nodes), len(network.edges), network.components) == (692, 691, 1)
    assert network.nodes.min() > 1.1 and network.nodes.max() < 97.4
    assert network.radius.max() < 5.84 and np.median(network.radius) > 1.41
