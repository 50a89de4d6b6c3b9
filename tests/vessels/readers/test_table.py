import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.vessels.network import Boundary, VesselNetwork

NODES = "# unit: um\nid,x,y,z,bc_kind,bc_value,hd\nin,0,0,0,pressure,3000,0.45\nmid,30,0,0,,,\nout,30,40,0,flow,-500,\n"
EDGES = "# unit: um\n# box: 0 0 0 100 90 80\nid,a,b,radius,flow,hd\ns1,in,mid,3,500,0.45\ns2,mid,out,2.5,500,0.45\n"


@pytest.fixture
def tables(tmp_path):
    def write(edges=EDGES, nodes=NODES):
        (tmp_path / "nodes.csv").write_text(nodes, encoding="utf-8")
        (tmp_path / "edges.csv").write_text(edges, encoding="utf-8")
        return tmp_path / "edges.csv"

    return write


def test_columns_are_found_by_name(tables):
    network = VesselNetwork.read(tables())
    assert network.lengths.tolist() == [30, 40] and network.radius.tolist() == [3, 2.5]
    assert network.boundary == (Boundary(0, "pressure", 3000.0, 0.45), Boundary(2, "flow", -500.0, None))
    assert network.node_names == ("in", "mid", "out") and network.segment_names == ("s1", "s2")
    assert network.box is not None and network.box[1].tolist() == [100, 90, 80]


@pytest.mark.parametrize("change", [lambda t: t.replace(",", ";"), lambda t: t.replace(",", "\t"), lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")])
def test_separator_mark_and_line_ends_do_not_matter(tables, change):
    network = VesselNetwork.read(tables(change(EDGES), change(NODES)))
    assert network.lengths.tolist() == [30, 40] and network.flow is not None


def test_columns_of_vesselgraph_are_understood(tables):
    nodes = "id;pos_x;pos_y;pos_z;degree;isAtSampleBorder\n0;0;0;0;1;0\n1;10;0;0;1;0\n"
    edges = "id;node1id;node2id;length;avgRadiusAvg\n0;0;1;10.5;1.5\n"
    network = VesselNetwork.read(tables(edges, nodes), scale=2.0)
    assert network.total_length == 20 and network.radius.tolist() == [3]
    winding = edges.replace("length;", "length;distance;").replace("10.5;", "10.5;10;")
    assert VesselNetwork.read(tables(winding, nodes), scale=2.0).total_length == pytest.approx(21)


def test_nodes_may_lie_elsewhere(tables, tmp_path):
    path = tables()
    moved = tmp_path / "points.csv"
    (tmp_path / "nodes.csv").rename(moved)
    with pytest.raises(InputError, match="the table of its nodes is missing; give nodes"):
        VesselNetwork.read(path)
    assert len(VesselNetwork.read(path, nodes=moved).nodes) == 3
    with pytest.raises(FileError, match=r"none\.csv: no such file"):
        VesselNetwork.read(path, nodes=tmp_path / "none.csv")


def test_unit_is_stated_or_asked_for(tables):
    bare = (EDGES.replace("# unit: um\n", ""), NODES.replace("# unit: um\n", ""))
    with pytest.raises(InputError, match="does not say its unit"):
        VesselNetwork.read(tables(*bare))
    assert VesselNetwork.read(tables(*bare), unit="mm").total_length == pytest.approx(7e4)
    with pytest.raises(InputError, match="does not go with unit 'mm'"):
        VesselNetwork.read(tables(), unit="mm")
    with pytest.raises(InputError, match="must be the same"):
        VesselNetwork.read(tables(nodes=NODES.replace("unit: um", "unit: mm")))
    with pytest.raises(FileError, match="states the unit 'inch'"):
        VesselNetwork.read(tables(EDGES.replace("unit: um", "unit: inch"), NODES.replace("unit: um", "unit: inch")))


@pytest.mark.parametrize(
    ("which", "old", "new", "said"),
    [
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,out,nan,500,0.45", r"edges\.csv, line 5: column 'radius' holds nan"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,out,thin,500,0.45", r"edges\.csv, line 5: column 'radius' holds 'thin', which is not a number"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,out,0,500,0.45", r"edges\.csv, line 5: segment s2 .* has radius 0"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,away,2.5,500,0.45", r"edges\.csv, line 5: segment s2 .* not in the file \('away'\)"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,mid,2.5,500,0.45", r"edges\.csv, line 5: segment s2 .* has no length"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,ou", r"edges\.csv, line 5: 3 fields where the header has 6; is the file cut short"),
        ("edges", "s2,mid,out,2.5,500,0.45", "s2,mid,,2.5,500,0.45", r"edges\.csv, line 5: column 'b' is empty"),
        ("edges", "# box: 0 0 0 100 90 80", "# box: 0 0 0 100", r"edges\.csv: '# box:' must be followed by six numbers"),
        ("nodes", "out,30,40,0,flow,-500,", "out,30,inf,0,flow,-500,", r"nodes\.csv, line 5: column 'y' holds inf"),
        ("nodes", "out,30,40,0,flow,-500,", "mid,30,40,0,flow,-500,", r"nodes\.csv, line 5: node mid is listed twice"),
        ("nodes", "out,30,40,0,flow,-500,", "out,30,40,0,fluss,-500,", r"nodes\.csv, line 5: bc_kind must be"),
        ("nodes", "id,x,y,z", "id,x,y,height", r"nodes\.csv: there is no column 'z'; the columns are id, x, y, height"),
    ],
)
def test_damage_is_told_with_file_and_line(tables, which, old, new, said):
    texts = {"edges": EDGES, "nodes": NODES}
    assert old in texts[which]
    texts[which] = texts[which].replace(old, new)
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(tables(**texts))


@pytest.mark.parametrize(("text", "said"), [("# unit: um\n", "is empty"), ("# unit: um\nid,a,b,radius\n", "a header but no rows")])
def test_empty_table_is_refused(tables, text, said):
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(tables(text))


def test_table_of_nodes_in_place_of_the_segments_is_told(tables):
    with pytest.raises(InputError, match="this is a table of nodes"):
        VesselNetwork.read(tables().with_name("nodes.csv"))


def test_missing_radii_take_the_default(tables):
    text = "\n".join(line.rsplit(",", 3)[0] if not line.startswith("#") else line for line in EDGES.splitlines())
    with pytest.raises(FileError, match="has no radius; give default_radius"):
        VesselNetwork.read(tables(text))
    assert VesselNetwork.read(tables(text), default_radius=4.0).radius.tolist() == [4, 4]


def assert_same(a, b):
    for name in ("nodes", "edges", "radius", "flow", "hd", "branch_id", "tortuosity"):
        left, right = getattr(a, name), getattr(b, name)
        assert (left is None) == (right is None) and (left is None or np.array_equal(left, right)), name
    assert a.boundary == b.boundary and (a.box is None) == (b.box is None)
    assert a.box is None or all(np.array_equal(x, y) for x, y in zip(a.box, b.box, strict=True))


def test_written_network_is_read_back_exactly(tables, tmp_path):
    random = np.random.default_rng(0)
    network = VesselNetwork(
        random.normal(size=(5, 3)) * 100,
        np.array([[0, 1], [1, 2], [3, 1]]),
        random.uniform(1, 9, 3),
        flow=random.normal(size=3) * 1e4,
        hd=random.uniform(size=3),
        branch_id=np.array([0, 1, 1]),
        tortuosity=1 + random.uniform(size=3),
        boundary=(Boundary(0, "pressure", 1 / 3, 0.1), Boundary(2, "flow", -1e-7)),
        box=(np.zeros(3), np.full(3, 100 / 3)),
    )
    network.write(tmp_path / "e.csv", tmp_path / "n.csv")
    assert_same(VesselNetwork.read(tmp_path / "e.csv", nodes=tmp_path / "n.csv"), network)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv", "n.csv"]


def test_unwritable_place_is_told(tables, tmp_path):
    network = VesselNetwork.read(tables())
    with pytest.raises(FileError, match="cannot be written"):
        network.write(tmp_path / "no folder" / "e.csv", tmp_path / "n.csv")


@pytest.mark.data
@pytest.mark.parametrize("name", ["secomb_R3230Ac_tumour1998/network.dat", "secomb_mesentery_546_netflow.dat", "dumux_mousecortex_200um.dgf"])
def test_real_networks_survive_the_round_trip(name, tmp_path):
    network = VesselNetwork.read(data_file(f"network/{name}"), unit="m" if name.endswith("dgf") else None)
    network.write(tmp_path / "edges.csv", tmp_path / "nodes.csv")
    assert_same(VesselNetwork.read(tmp_path / "edges.csv"), network)
