import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

# Names are not in order, the second header is missing, blank lines and comments stand between.
TEXT = """A small network 1998
 100. 80. 60.  box dimensions
 10 8 6 tissue points
 50. outer bound
 20. max. segment length
 4 segments a node
 3  segments
name type from to diam flow hem
7 5 10 30 8.0 -6.0 0.4 *
8 4 30 20 6.0 3 .3
9\t3,30\t40 5 3 0.5 * text

 4 nodes
10 0 40 30
20 100 40 30 comment
30 50 40 30
40 50 80 30

 3 boundary nodes
node type value hd
10 0 30. 0.4 50
20 2 -3 0.4
40 7 1 0.4"""


def write(folder, text, name="network.dat", **options):
    path = folder / name
    path.write_bytes(text.encode(**options))
    return path


def test_every_number_stands_where_it_should(tmp_path):
    network = VesselNetwork.read(write(tmp_path, TEXT))
    assert network.nodes[network.edges].tolist() == [[[0, 40, 30], [50, 40, 30]], [[50, 40, 30], [100, 40, 30]], [[50, 40, 30], [50, 80, 30]]]
    assert network.radius.tolist() == [4.0, 3.0, 2.5]
    assert network.flow == pytest.approx(np.array([-6, 3, 3]) * 1e6 / 60)
    assert network.hd == pytest.approx([0.4, 0.3, 0.5])
    assert network.segment_names == ("7", "8", "9") and network.node_names == ("10", "20", "30", "40")
    assert network.box is not None and network.box[1].tolist() == [100, 80, 60]
    assert [(one.node, one.kind) for one in network.boundary] == [(0, "pressure"), (1, "flow")]
    assert [one.value for one in network.boundary] == pytest.approx([30 * 133.322, -3e6 / 60])
    notes = " ".join(network.meta["notes"])
    assert "1 segments of type 3 carry no flow" in notes and "boundary node 40 (line 23) has type 7" in notes


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: text + "\n\n"])
def test_marks_and_line_ends_do_not_matter(tmp_path, change):
    plain, changed = (VesselNetwork.read(write(tmp_path, one, name)) for one, name in ((TEXT, "a.dat"), (change(TEXT), "b.dat")))
    assert (plain.nodes == changed.nodes).all() and (plain.radius == changed.radius).all()


def test_title_in_another_encoding_is_no_matter(tmp_path):
    path = write(tmp_path, TEXT.replace("A small", "Réseau"), encoding="latin-1")
    assert len(VesselNetwork.read(path).edges) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("8 4 30 20 6.0 3 .3", "8 4 30 20 nan 3 .3", "line 10: row 2 of the segments holds nan"),
        ("8 4 30 20 6.0 3 .3", "8 4 30 20 6.0 inf .3", "line 10: row 2 of the segments holds inf"),
        ("8 4 30 20 6.0 3 .3", "8 4 30 6,0a", r"line 10: expected row 2 of 3 segments .*; found '8 4 30 6,0a'"),
        ("8 4 30 20 6.0 3 .3", "8 4 30 99 6.0 3 .3", r"line 10: segment 8 \(nodes 30 - 99\) names a node that is not in the file \('99'\)"),
        ("8 4 30 20 6.0 3 .3", "8 4 30 30 6.0 3 .3", "line 10: segment 8 .* has no length"),
        ("8 4 30 20 6.0 3 .3", "8 4 30 20 0 3 .3", "line 10: segment 8 .* has radius 0"),
        ("50 80 30", "50 nan 30", "line 17: row 4 of the nodes holds nan"),
        (" 3  segments", " 2  segments", "line 11: expected the number of nodes, found a row of a table"),
        (" 3  segments", " 4  segments", "line 13: expected row 4 of 4 segments"),
        (" 3  segments", " 3.5  segments", "line 7: the number of segments must be a whole number"),
        (" 3  segments", " 0  segments", "line 7: the number of segments must be a whole number of at least 1"),
        ("10 0 30. 0.4 50", "77 0 30. 0.4 50", "line 21: a boundary value is given for node 77"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path, old, new, said):
    assert old in TEXT
    with pytest.raises(FileError, match=r"network\.dat, " + said):
        VesselNetwork.read(write(tmp_path, TEXT.replace(old, new, 1)))


@pytest.mark.parametrize("lines", [3, 7, 8, 10, 12, 15, 19, 22])
def test_file_cut_short_is_refused(tmp_path, lines):
    path = write(tmp_path, "\n".join(TEXT.split("\n")[:lines]))
    with pytest.raises(FileError, match="cut short"):
        VesselNetwork.read(path)


def test_lengths_are_um(tmp_path):
    path = write(tmp_path, TEXT)
    assert len(VesselNetwork.read(path, unit="um").edges) == 3
    with pytest.raises(InputError, match="in um, which does not go with unit 'mm'"):
        VesselNetwork.read(path, unit="mm")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "segments", "nodes", "ends", "components", "diameters"),
    [
        ("network/secomb_R3230Ac_tumour1998/network.dat", 104, 92, (0, 17), 2, (4.7, 33.2)),
        ("network/secomb_rat_brain/network.dat", 50, 49, None, 2, (4.0, 9.0)),
        ("network/secomb_mesentery_546_netflow.dat", 1130, 972, (1, 35), 1, (3.1, 59.2)),
        ("reference/secomb_krogh_washout_Network.dat", 23, 24, None, 1, (11.534, 11.534)),
    ],
)
def test_real_networks_have_their_counts(name, segments, nodes, ends, components, diameters):
    network = VesselNetwork.read(data_file(name))
    assert (len(network.edges), len(network.nodes), network.components) == (segments, nodes, components)
    assert 2 * network.radius.min() == pytest.approx(diameters[0], abs=0.06) and 2 * network.radius.max() == pytest.approx(diameters[1], abs=0.06)
    kinds = [one.kind for one in network.boundary]
    if ends is not None:
        assert (kinds.count("pressure"), kinds.count("flow")) == ends


@pytest.mark.data
def test_tumour_network_has_its_box_flows_and_loops():
    network = VesselNetwork.read(data_file("network/secomb_R3230Ac_tumour1998/network.dat"))
    assert network.box is not None and network.box[1].tolist() == [550, 520, 230]
    assert network.n_ends == 17 and (network.hd == 0.4).all()
    assert len(network.edges) - len(network.nodes) + network.components == 14
    assert network.flow is not None and np.abs(network.flow).max() == pytest.approx(10e6 / 60)


@pytest.mark.data
def test_flow_of_the_mesentery_is_signed_and_balanced():
    network = VesselNetwork.read(data_file("network/secomb_mesentery_546_netflow.dat"))
    assert network.flow is not None and (network.flow < 0).sum() == 14
    assert (network.degree == 3).sum() == 352
    balance = np.zeros(len(network.nodes))
    np.add.at(balance, network.edges[:, 0], -network.flow)
    np.add.at(balance, network.edges[:, 1], network.flow)
    assert np.abs(balance[network.degree > 1]).max() < 4e-5 * 1e6 / 60
