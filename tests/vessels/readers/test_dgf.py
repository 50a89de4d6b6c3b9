import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

TEXT = """DGF
% a comment © with a sign
Vertex
firstindex 1
parameters 1 # pressures
0 0 0 5000   % first
1e-4 0 0 4000

2e-4 0 0 3000
#
SIMPLEX
parameters 2 # kind radius
1 2 7 2e-6
2 3 7 3e-6
#
BOUNDARYDOMAIN
default 1
#
"""


def write(folder, text):
    path = folder / "net.dgf"
    path.write_text(text, encoding="utf-8")
    return path


def test_blocks_names_and_first_index(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT), unit="m")
    assert network.nodes[:, 0] == pytest.approx([0, 100, 200])
    assert network.edges.tolist() == [[0, 1], [1, 2]]
    assert network.radius == pytest.approx([2, 3])
    assert [(one.node, one.kind, one.value) for one in network.boundary] == [(0, "pressure", 5000), (2, "pressure", 3000)]


def test_given_names_win_over_those_of_the_file(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT), unit="m", segment_parameters=("diameter", "kind"), vertex_parameters=("depth",))
    assert network.radius == pytest.approx([3.5e6, 3.5e6])
    assert network.boundary == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [(("radius",), "segment_parameters names 1 parameters, but the file has 2"), (("a", "b"), "none of the segment_parameters is called radius or diameter")],
)
def test_names_that_do_not_fit_are_refused(tmp_path, names, said):
    with pytest.raises(InputError, match=said):
        VesselNetwork.read(write(tmp_path, TEXT), unit="m", segment_parameters=names)


def test_radius_is_never_guessed(tmp_path):
    with pytest.raises(InputError, match="does not say which of its 2 numbers is the radius; give segment_parameters"):
        VesselNetwork.read(write(tmp_path, TEXT.replace("# kind radius", "")), unit="m")


def test_unit_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="does not say its unit of length; give unit"):
        VesselNetwork.read(write(tmp_path, TEXT))
    assert VesselNetwork.read(write(tmp_path, TEXT), scale=1e6).total_length == pytest.approx(200)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1e-4 0 0 4000", "1e-4 0 4000", "line 7: expected 4 numbers in block VERTEX; found '1e-4 0 4000'"),
        ("1e-4 0 0 4000", "1e-4 nan 0 4000", "line 7: block VERTEX holds nan"),
        ("2 3 7 3e-6", "2 9 7 3e-6", r"line 14: segment from node 2 to 9 names a node that is not in the file"),
        ("2 3 7 3e-6", "2 2 7 3e-6", "line 14: .* has no length"),
        ("2 3 7 3e-6", "2 2.5 7 3e-6", "line 14: a vertex index must be a whole number"),
        ("2 3 7 3e-6", "2 3 7 0", "line 14: .* has radius 0"),
        ("parameters 2 #", "parameters two #", "line 12: parameters must be a whole number"),
        ("#\nSIMPLEX", "#\nSIMPLE", "there is no block SIMPLEX or CUBE"),
        ("1 2 7 2e-6\n2 3 7 3e-6\n", "", "the block SIMPLEX or CUBE is empty"),
    ],
)
def test_damage_is_told(tmp_path, old, new, said):
    assert old in TEXT
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, TEXT.replace(old, new, 1)), unit="m")


@pytest.mark.parametrize(
    ("lines", "said"), [(8, "block VERTEX .line 3. is not closed"), (10, "no block SIMPLEX"), (13, "block SIMPLEX .line 11. is not closed")]
)
def test_file_cut_short_is_refused(tmp_path, lines, said):
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, "\n".join(TEXT.split("\n")[:lines])), unit="m")


@pytest.mark.data
def test_real_cortex_has_its_counts():
    network = VesselNetwork.read(data_file("network/dumux_mousecortex_200um.dgf"), unit="m", segment_parameters=("radius",), vertex_parameters=("pressure",))
    assert (len(network.edges), len(network.nodes), network.components) == (1735, 1746, 24)
    assert (network.n_ends, (network.degree == 3).sum(), (network.degree == 4).sum()) == (126, 86, 9)
    assert [network.radius.min(), network.radius.max()] == pytest.approx([1.271, 3.509], abs=1e-3)
    values = [one.value for one in network.boundary]
    assert len(values) == 126 and min(values) > 2426 and max(values) < 4958
    assert np.allclose(network.nodes.max(axis=0), 200, atol=1.2e-4)
