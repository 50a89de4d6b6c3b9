from dataclasses import replace

import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import InputError
from tmefield.vessels.bed import capillary_bed
from tmefield.vessels.boundary import conditions, pressures_on_faces
from tmefield.vessels.network import Boundary, VesselNetwork
from tmefield.vessels.pressure import PressureSolver
from tmefield.vessels.rheology import relative_viscosity

MMHG, NANOLITRE_PER_MINUTE = 133.322, 1e6 / 60
MESENTERY = {"plasma_viscosity": 1.0466e-3, "cell_volume": 55.0}  # the constants that belong to the file
NODES = np.array([[0.0, 0, 0], [100, 0, 0], [200, 0, 0], [100, 100, 0]])


def chain(*boundary, radii=(4.0, 5.0), edges=((0, 1), (2, 1))):
    return VesselNetwork(NODES, np.array(edges), np.array(radii), boundary=boundary)


def resistance(radius, length, hd=0.45, plasma=1.2e-3):
    return 128 * plasma * relative_viscosity(np.array([2 * radius]), np.array([hd]))[0] * length / (np.pi * (2 * radius) ** 4)


def test_one_vessel_after_another_is_poiseuille():
    found = chain(Boundary(0, "pressure", 3000.0), Boundary(2, "pressure", 1000.0)).perfuse()
    first, second = resistance(4, 100), resistance(5, 100)
    flow = 2000 / (first + second)
    assert found.flow == pytest.approx([flow, -flow])  # the second is written against its flow
    assert found.pressure[:3] == pytest.approx([3000, 3000 - flow * first, 1000])
    assert found.velocity == pytest.approx([flow / (np.pi * 16), -flow / (np.pi * 25)])
    # Wall shear: the pressure drop acts on the cross-section, the shear on the wall.
    assert found.wall_shear_stress == pytest.approx([flow * first * 4 / 200, flow * second * 5 / 200])
    assert found.inflow == pytest.approx([flow, 0, -flow, 0], abs=1e-9) and np.abs(found.defect).max() < 1e-9 * flow
    assert found.separation == "none" and found.perfused.all() and found.perfused_fraction == 1


def test_vessels_side_by_side_between_the_same_nodes():
    both = chain(Boundary(0, "pressure", 2000.0), Boundary(1, "pressure", 1000.0), radii=(4.0, 6.0), edges=((0, 1), (0, 1)))
    assert both.perfuse(haematocrit=0.3).flow == pytest.approx([1000 / resistance(4, 100, 0.3), 1000 / resistance(6, 100, 0.3)])


def test_flows_given_make_pressures_up_to_a_constant():
    found = chain(Boundary(0, "flow", 500.0), Boundary(2, "flow", -500.0)).perfuse(plasma_viscosity=1e-3)
    assert found.flow == pytest.approx([500, -500])
    assert found.pressure[2] == 0 and found.pressure[0] == pytest.approx(500 * (resistance(4, 100, plasma=1e-3) + resistance(5, 100, plasma=1e-3)))
    assert any("up to a constant" in note for note in found.notes)


def test_small_imbalance_is_spread_in_proportion():
    ends = Boundary(0, "flow", 1000.0), Boundary(2, "flow", -700.0), Boundary(3, "flow", -306.0)
    found = chain(*ends, radii=(4.0, 5.0, 5.0), edges=((0, 1), (1, 2), (1, 3))).perfuse()
    rest = -6 / 2006
    assert found.inflow == pytest.approx([1000 * (1 - rest), 0, -700 * (1 + rest), -306 * (1 + rest)])
    assert found.flow == pytest.approx([1000 * (1 - rest), 700 * (1 + rest), 306 * (1 + rest)])
    assert np.abs(found.defect).max() < 1e-9 * 1000
    assert any("balanced: -6 um3/s (0.006 of the through flow)" in note for note in found.notes)


def test_large_imbalance_names_the_part_and_the_numbers():
    with pytest.raises(InputError, match=r"part 0 \(with node 0, 3 nodes\) add up to 100 um3/s, 10.53% of the 950 um3/s"):
        chain(Boundary(0, "flow", 1000.0), Boundary(2, "flow", -900.0)).perfuse()


def test_parts_without_a_boundary_value_and_dead_ends_have_no_flow():
    nodes = np.vstack([NODES, [[0, 0, 50], [0, 0, 90]]])
    network = VesselNetwork(nodes, np.array([[0, 1], [1, 2], [1, 3], [4, 5]]), np.full(4, 4.0))
    found = network.perfuse(pressures={0: 2000.0, 2: 1000.0})
    assert found.flow[0] == pytest.approx(found.flow[1]) and found.flow[3] == 0
    assert abs(found.flow[2]) < 1e-12 * found.flow[0]
    assert found.perfused.tolist() == [True, True, False, False]
    assert found.perfused_fraction == pytest.approx(200 / 340)
    assert np.isnan(found.pressure[4:]).all() and found.pressure[3] == pytest.approx(found.pressure[1])
    assert any("1 parts (1 segments) have no boundary value" in note for note in found.notes)


@pytest.mark.parametrize(
    ("boundary", "options", "said"),
    [
        ((), {}, "nothing drives the flow"),
        ((Boundary(0, "pressure", np.nan),), {}, "pressure at node 0 must be finite"),
        ((Boundary(0, "pressure", 1.0), Boundary(0, "flow", 1.0)), {}, "node 0 has two boundary values"),
        ((Boundary(9, "pressure", 1.0),), {}, "nodes 0 to 3"),
        ((Boundary(0, "head", 1.0),), {}, "kind 'head'"),
        ((Boundary(0, "pressure", 1.0, 1.5),), {}, "haematocrit at node 0"),
        ((Boundary(0, "pressure", 1.0), Boundary(3, "pressure", 0.5)), {"haematocrit": 45.0}, "haematocrit must be a number"),
        ((Boundary(0, "pressure", 1.0), Boundary(3, "pressure", 0.5)), {"haematocrit": "file"}, "needs a file that states it"),
        ((Boundary(0, "pressure", 1.0),), {"plasma_viscosity": 0.0}, "plasma_viscosity must be above zero"),
        ((Boundary(0, "pressure", 1.0),), {"inlet_haematocrit": -0.1}, "inlet_haematocrit"),
    ],
)
def test_what_cannot_be_is_refused(boundary, options, said):
    with pytest.raises(InputError, match=said):
        chain(*boundary).perfuse(**options)


@pytest.fixture(scope="module")
def mesentery():
    return VesselNetwork.read(data_file("network/secomb_mesentery_546_netflow.dat"))


def relative(found, stored):
    return np.linalg.norm(found - stored) / np.linalg.norm(stored)


def test_flow_in_the_mesentery_with_its_haematocrit(mesentery):
    """NetFlowV2's result for 546 vessels of the rat mesentery; 5.4e-7 is what its printed digits allow."""
    found = mesentery.perfuse(haematocrit="file", **MESENTERY)
    assert relative(found.flow, mesentery.flow) < 6e-7
    assert found.pressure.min() / MMHG == pytest.approx(13.8, abs=0.05) and found.pressure.max() / MMHG == pytest.approx(101.2, abs=0.05)
    assert np.abs(found.defect).max() < 1e-9 * np.abs(found.flow).max()


def test_haematocrit_in_the_mesentery(mesentery):
    """NetFlowV2 stopped at changes of 1e-3 nl/min and 1e-3 in haematocrit, and printed six decimals: half of all values agree to these."""
    found = mesentery.perfuse(phase_separation=True, **MESENTERY)
    assert found.separation == "converged"
    assert np.median(np.abs(found.hd - mesentery.hd)) < 1e-6
    assert np.abs(found.hd - mesentery.hd).max() < 1e-3
    assert np.abs(found.flow - mesentery.flow).max() < 1e-3 * NANOLITRE_PER_MINUTE
    assert relative(found.flow, mesentery.flow) < 1e-6 and relative(found.hd, mesentery.hd) < 1e-4


def test_tumour_whose_boundary_values_are_all_flows():
    tumour = VesselNetwork.read(data_file("network/secomb_R3230Ac_tumour1998/network.dat"))
    found = tumour.perfuse(phase_separation=True)
    assert found.separation == "converged" and found.perfused.all()
    assert any("balanced: -16.67 um3/s" in note for note in found.notes)  # 0.001 nl/min
    given = {one.node: one.value for one in tumour.boundary}
    assert found.inflow[list(given)] == pytest.approx(list(given.values()), rel=1e-4)
    assert np.abs(found.defect).max() < 1e-9 * np.abs(found.flow).max()
    assert found.pressure.min() == 0 and any("pressures of 2 parts" in note for note in found.notes)


def test_cortex_of_the_rat_with_pressures_at_its_outlets():
    cortex = VesselNetwork.read(data_file("network/secomb_rat_brain/network.dat"))
    found = cortex.perfuse(phase_separation=True, cell_volume=55.0)
    assert found.separation == "converged" and found.perfused.all()
    held = [one.node for one in cortex.boundary if one.kind == "pressure"]
    assert len(held) == 3 and found.pressure[held] == pytest.approx(np.full(3, 13 * MMHG)) and (found.inflow[held] < 0).all()
    assert found.inflow.sum() == pytest.approx(0, abs=1e-9 * np.abs(found.flow).max())


def test_cortex_of_the_mouse_with_pressures_at_its_ends():
    path = data_file("network/dumux_mousecortex_200um.dgf")
    cortex = VesselNetwork.read(path, unit="m", vertex_parameters=("pressure",), segment_parameters=("radius",))
    found = cortex.perfuse(phase_separation=True)
    assert len(cortex.boundary) == 126 and found.separation == "converged" and found.perfused.all()
    assert found.pressure.min() >= 2426 and found.pressure.max() <= 4958  # the file's own range; a pressure between the ends is no extreme
    assert any("narrower than 3 um" in note for note in found.notes)


BOX = np.zeros(3), np.full(3, 300.0)


@pytest.fixture(scope="module")
def bed():
    return capillary_bed(*BOX, spacing=60, diameter=6, seed=2)


def test_pressures_at_the_faces_of_a_box(bed):
    between = pressures_on_faces(bed, BOX)
    ends = np.flatnonzero(bed.degree == 1)
    assert sorted(one.node for one in between.boundary) == ends.tolist()
    for one in between.boundary:
        assert one.kind == "pressure" and one.hd == 0.45
        assert one.value / MMHG == pytest.approx(50 - 35 * bed.nodes[one.node, 0] / 300)
    closed = pressures_on_faces(bed, BOX, inlet="z_upper", outlet="z_lower", arteriolar=7000.0, venular=1500.0, others="closed")
    z = bed.nodes[[one.node for one in closed.boundary], 2]
    assert set(np.round(z)) == {0, 300}
    assert [one.value for one in closed.boundary] == [7000.0 if one > 150 else 1500.0 for one in z]
    assert "pressures set at the faces" in closed.report()
    found = closed.perfuse(phase_separation=True)
    assert found.separation == "converged" and found.inflow[bed.nodes[:, 2] == 300].sum() == pytest.approx(found.inflow[found.inflow > 0].sum())


def test_pressures_at_nodes_chosen_as_inlet_and_outlet(bed):
    ends = np.flatnonzero(bed.degree == 1)
    chosen = pressures_on_faces(bed, BOX, inlet=[int(ends[0])], outlet=[int(ends[-1])])
    value = {one.node: one.value / MMHG for one in chosen.boundary}
    assert len(value) == len(ends) and value[ends[0]] == pytest.approx(50) and value[ends[-1]] == pytest.approx(15)
    assert all(15 <= one <= 50 for one in value.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inlet": "x_left"}, "no face; choose one of x_lower"),
        ({"outlet": [10**6]}, "outlet must name nodes"),
        ({"outlet": "x_lower"}, "both inlet and outlet"),
        ({"others": "open"}, "'interpolated' or 'closed'"),
        ({"box": (BOX[0] - 50, BOX[1])}, "no vessel ends on the face x_lower"),
    ],
)
def test_faces_that_cannot_be_are_refused(bed, change, said):
    with pytest.raises(InputError, match=said):
        pressures_on_faces(bed, **{"box": BOX, **change})


def test_factors_of_before_lead_to_the_same_flow(bed):
    """Also across segments so short that their conductance is 1e4 times the others'."""
    random = np.random.default_rng(3)
    network = pressures_on_faces(bed, BOX)
    ends = conditions(network, network.boundary, 0.45)
    conductance = random.lognormal(size=len(bed.edges)) * np.where(random.random(len(bed.edges)) < 0.01, 1e4, 1.0)
    solver = PressureSolver(bed.edges, ends)
    solver.solve(conductance)
    factors = solver.factors
    for change, kept in ((0.003, True), (2.0, False)):
        changed = conductance * random.uniform(1 / (1 + change), 1 + change, len(conductance))
        _, flow = solver.solve(changed)
        assert (solver.factors is factors) == kept
        leaving = np.bincount(bed.edges[:, 0], flow, len(bed.nodes)) - np.bincount(bed.edges[:, 1], flow, len(bed.nodes))
        assert np.abs(leaving[~ends.held]).max() < 2e-10 * np.abs(flow).max()
        assert flow == pytest.approx(PressureSolver(bed.edges, ends).solve(changed)[1], abs=1e-7 * np.abs(flow).max())


def test_report_is_one_screen(bed):
    text = pressures_on_faces(bed, BOX).perfuse(phase_separation=True).report()
    assert len(text.splitlines()) < 25 and max(map(len, text.splitlines())) < 140
    for word in ("perfused:", "mmHg", "wall shear stress", "discharge haematocrit", "balance at nodes", "phase separation converged"):
        assert word in text


def test_result_does_not_depend_on_the_order_of_the_segments(bed):
    random = np.random.default_rng(1)
    order, turned = random.permutation(len(bed.edges)), random.random(len(bed.edges)) < 0.5
    shuffled = replace(bed, edges=np.where(turned[:, None], bed.edges[:, ::-1], bed.edges)[order], radius=bed.radius[order], branch_id=None)
    first, second = (pressures_on_faces(one, BOX).perfuse(phase_separation=True) for one in (bed, shuffled))
    assert np.where(turned, -first.flow, first.flow)[order] == pytest.approx(second.flow, rel=1e-3, abs=1e-4 * first.flow.max())


def test_a_winding_vessel_resists_by_its_own_length():
    ends = (Boundary(0, "pressure", 3000.0), Boundary(2, "pressure", 1000.0))
    found = replace(chain(*ends), tortuosity=np.array([1.5, 1.0])).perfuse()
    assert found.flow[0] == pytest.approx(2000 / (resistance(4, 150) + resistance(5, 100)))
    assert found.perfused_fraction == 1


def test_one_pressure_alone_drives_nothing():
    line = VesselNetwork(np.array([[0.0, 0, 0], [100, 0, 0], [200, 0, 0]]), np.array([[0, 1], [1, 2]]), np.full(2, 5.0))
    with pytest.raises(InputError, match="nothing drives the blood: every pressure given is 6666 Pa"):
        line.perfuse(pressures={0: 6666.0})


def test_pressures_that_look_like_mmhg_are_pointed_out():
    line = VesselNetwork(np.array([[0.0, 0, 0], [100, 0, 0]]), np.array([[0, 1]]), np.full(1, 5.0))
    assert "below 1 mmHg" in line.perfuse(pressures={0: 50.0, 1: 15.0}).report()
