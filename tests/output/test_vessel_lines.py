import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import InputError
from tmefield.grid import Grid
from tmefield.output import FieldSet, Variable, VesselLines
from tmefield.vessels.network import VesselNetwork

NODES = np.array([[10.0, 30, 30], [50, 30, 30], [50, 55, 45], [150, 30, 30]])
EDGES = np.array([[0, 1], [2, 1], [1, 3]])
GRID = Grid((12, 14, 16), (5.0, 5.0, 5.0))


def network(**changes):
    return VesselNetwork(NODES, EDGES, np.array([2.0, 3.0, 4.0]), **changes)


def field_set(values, **changes):
    return FieldSet(GRID, [0.0], ("IFNg",), values[None, None], names=("IFN-γ",), **changes)


def test_a_network_brings_what_it_knows():
    lines = VesselLines.of_network(network(flow=np.array([1.0, -2, 3]), hd=np.full(3, 0.4)), pressure=np.array([400.0, 300, 500, 100]))
    assert {name: entry.units for name, entry in lines.on_segments.items()} == {"flow": "um3 s-1", "hd": "1", "pressure": "Pa"}
    assert lines.on_segments["pressure"].values.tolist() == [350.0, 400.0, 200.0]
    assert lines.on_points["pressure"].values.tolist() == [400.0, 300.0, 500.0, 100.0]
    assert lines.point_radius.tolist() == [2.0, 3.0, 3.0, 4.0]


def test_the_box_holds_all_nodes_whatever_the_file_states():
    box = VesselLines.of_network(network(box=(np.zeros(3), np.full(3, 100.0)))).box
    assert box is not None
    assert box[0].tolist() == [0, 0, 0] and box[1].tolist() == [150, 100, 100]


def test_segments_of_a_result_share_the_points_where_they_meet():
    segments = NODES[EDGES]
    flow = Variable(np.array([1.0, 2, 3]), "blood flow", "um3 s-1")
    fields = field_set(np.ones(GRID.shape), vessel_segments=segments, vessel_radii=np.array([2.0, 3, 4]), vessel_arrays={"flow": flow})
    lines = VesselLines.of_result(fields)
    assert len(lines.points) == 4
    assert np.array_equal(lines.points[lines.ends], segments)
    assert lines.on_segments["flow"].values.tolist() == [1.0, 2.0, 3.0]
    assert lines.box is not None and lines.box[1].tolist() == [80.0, 70.0, 60.0]
    with pytest.raises(InputError, match="no vessels"):
        VesselLines.of_result(field_set(np.ones(GRID.shape)))


def test_a_linear_field_has_at_the_wall_its_mean_along_the_segment():
    z, y, x = np.meshgrid(*(GRID.centres(axis) for axis in range(3)), indexing="ij")
    lines = VesselLines.of_network(network()).with_species(field_set(3 + 0.1 * x + 0.2 * y - 0.03 * z))
    entry = lines.on_segments["ifng"]
    middle = NODES[EDGES[:2]].mean(axis=1)
    assert entry.units == "nmol L-1" and entry.long_name == "IFN-γ concentration at the vessel wall"
    # The circle of the wall averages to its centre, the parts of a segment to its middle.
    assert np.allclose(entry.values[:2], 3 + middle @ [0.1, 0.2, -0.03], rtol=1e-12)


def test_only_the_part_of_a_segment_inside_the_box_counts():
    _, _, x = np.meshgrid(*(GRID.centres(axis) for axis in range(3)), indexing="ij")
    lines = VesselLines.of_network(network()).with_species(field_set(x))
    # From x = 50 to the face at 80, where the outermost half voxel has the value of its centre, 77.5.
    assert lines.on_segments["ifng"].values[2] == pytest.approx((52.5 + 57.5 + 62.5 + 67.5 + 72.5 + 77.5) / 6)
    outside = VesselNetwork(NODES + 500, EDGES, np.ones(3))
    assert np.isnan(VesselLines.of_network(outside).with_species(field_set(x)).on_segments["ifng"].values).all()


def test_plasma_inside_a_wide_vessel_is_not_tissue():
    z, y, _ = np.meshgrid(*(GRID.centres(axis) for axis in range(3)), indexing="ij")
    lumen = np.hypot(y - 30, z - 30) < 9
    fields = field_set(np.where(lumen, 100.0, 2.0), labels=np.where(lumen, 3, 0).astype(np.int8))
    lines = VesselLines.of_network(VesselNetwork(NODES[:2], EDGES[:1], np.array([9.0]))).with_species(fields)
    assert lines.on_segments["ifng"].values[0] == pytest.approx(2.0, rel=1e-12)


def test_segments_are_taken_in_any_number_of_parts(monkeypatch):
    values = np.random.default_rng(1).random(GRID.shape)
    random = np.random.default_rng(2).uniform(5, 55, (40, 2, 3))
    many = VesselNetwork(random.reshape(-1, 3), np.arange(80).reshape(-1, 2), np.full(40, 1.5))
    whole = VesselLines.of_network(many).with_species(field_set(values)).on_segments["ifng"].values
    monkeypatch.setattr("tmefield.output.vessel_lines._CHUNK", 50)
    assert np.allclose(VesselLines.of_network(many).with_species(field_set(values)).on_segments["ifng"].values, whole, rtol=1e-12)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"'pressure' must hold one number a point \(4\)"):
        VesselLines.of_network(network(), pressure=np.zeros(3))
    with pytest.raises(InputError, match=r"'mine' must hold one number a segment \(3\)"):
        VesselLines(NODES, EDGES, np.ones(3), {"mine": Variable(np.zeros(4), "mine", "1")})
    with pytest.raises(InputError, match="no time number 4"):
        VesselLines.of_network(network()).with_species(field_set(np.ones(GRID.shape)), time=4)


@pytest.mark.data
def test_nodes_of_the_mesentery_lie_in_its_box():
    lines = VesselLines.of_network(VesselNetwork.read(data_file("network/secomb_mesentery_546_netflow.dat")))
    assert lines.box is not None and np.all(lines.points <= lines.box[1]) and lines.box[1][1] > 7071
    assert set(lines.on_segments) >= {"flow", "hd"}
