import numpy as np
import pytest

from tmefield.vessels.bed import capillary_bed
from tmefield.vessels.boundary import pressures_on_faces
from tmefield.vessels.network import Boundary, VesselNetwork
from tmefield.vessels.separation import cell_share

# FQB, D_f, D_a, D_b, H_f and FQE: the formula worked out independently.
TABLE = [
    (0.5, 10, 8, 8, 0.45, 0.5),
    (0.3, 10, 8, 8, 0.45, 0.20871),
    (0.5, 10, 10, 6, 0.45, 0.41484),
    (0.03, 10, 8, 8, 0.45, 0),
    (0.7, 20, 12, 10, 0.3, 0.74219),
]


@pytest.mark.parametrize(("flow", "feeder", "first", "second", "hd", "expected"), TABLE)
def test_share_of_the_cells(flow, feeder, first, second, hd, expected):
    one, feeder, first, second, hd = (np.array([value], dtype=float) for value in (flow, feeder, first, second, hd))
    assert cell_share(one, feeder, (first, second), hd)[0] == pytest.approx(expected, abs=6e-6)
    assert cell_share(1 - one, feeder, (second, first), hd)[0] == pytest.approx(1 - expected, abs=6e-6)


def test_share_rises_from_none_to_all_even_in_the_narrowest_feeder():
    flow = np.linspace(0, 1, 101)
    for feeder in (1.0, 3.0, 50.0):
        share = cell_share(flow, np.full(101, feeder), (np.full(101, 4.0), np.full(101, 5.0)), np.full(101, 0.1))
        assert share[0] == 0 and share[-1] == 1 and (np.diff(share) >= 0).all()


def star(directions, flows, hd=0.4, radii=None):
    """Segments from a node in the middle, each given a flow into the network (the last one a pressure)."""
    number = len(directions)
    nodes = np.vstack([np.zeros(3), np.asarray(directions, dtype=float) * 100])
    edges = np.column_stack([np.zeros(number, dtype=int), np.arange(1, number + 1)])
    ends = [Boundary(index + 1, "flow", flow, hd if np.isscalar(hd) else hd[index]) for index, flow in enumerate(flows)]
    return VesselNetwork(nodes, edges, np.full(number, 4.0) if radii is None else np.array(radii), boundary=(*ends, Boundary(number, "pressure", 2000.0)))


Y = [(-1, 0, 0), (1, 1, 0), (1, -1, 0)]


def test_red_cells_divide_at_a_branching():
    found = star(Y, (1000.0, -300.0), 0.45, (5.0, 4.0, 4.0)).perfuse(phase_separation=True)
    assert found.separation == "converged"
    assert found.flow == pytest.approx([-1000, 300, 700])
    assert found.hd == pytest.approx([0.45, 0.20871 * 0.45 / 0.3, 0.79129 * 0.45 / 0.7], abs=1e-5)


def test_meeting_blood_is_mixed_by_flow():
    found = star(Y, (1000.0, 500.0), (0.45, 0.15)).perfuse(phase_separation=True)
    assert found.hd == pytest.approx([0.45, 0.15, 0.35])


def test_no_separation_where_more_than_three_meet():
    found = star([*Y, (0, 0, 1)], (1000.0, -300.0, -100.0)).perfuse(phase_separation=True)
    assert found.hd == pytest.approx(np.full(4, 0.4))


def test_a_dead_end_takes_no_cells_and_does_not_hinder_separation():
    plain = star(Y, (1000.0, -300.0))
    blind = VesselNetwork(np.vstack([plain.nodes, [0, 0, 80]]), np.vstack([plain.edges, [0, 4]]), np.full(4, 4.0), boundary=plain.boundary)
    found = blind.perfuse(phase_separation=True)
    assert found.hd[:3] == pytest.approx(plain.perfuse(phase_separation=True).hd) and found.hd[3] == 0
    assert found.perfused.tolist() == [True, True, True, False]


def test_daughters_hold_no_more_cells_than_there_is_room():
    found = star(Y, (1000.0, -75.0), 0.9, (4.0, 8.0, 4.0)).perfuse(phase_separation=True)
    assert found.hd.max() <= 0.95 + 1e-9
    assert (found.flow * found.hd).sum() == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def bed():
    box = (0, 0, 0), (400, 400, 400)
    return pressures_on_faces(capillary_bed(*box, spacing=60, diameter=6, seed=4), box, others="interpolated")


@pytest.fixture(scope="module")
def perfused(bed):
    return bed.perfuse(phase_separation=True)


def test_red_cells_balance_at_every_node(bed, perfused):
    assert perfused.separation == "converged"
    cells = perfused.flow * perfused.hd
    leaving = np.bincount(bed.edges[:, 0], cells, len(bed.nodes)) - np.bincount(bed.edges[:, 1], cells, len(bed.nodes))
    inner = bed.degree > 1
    assert np.abs(leaving[inner]).max() < 1e-9 * cells.max()
    entering = perfused.inflow > 0
    assert leaving[entering] == pytest.approx(0.45 * perfused.inflow[entering])
    assert leaving.sum() == pytest.approx(0, abs=1e-9 * cells.max())


def test_every_branching_keeps_to_the_law(bed, perfused):
    """The law itself at each branching of the converged network, from the result alone."""
    flow, diameter = np.abs(perfused.flow), 2 * bed.radius
    up = np.where(perfused.flow > 0, bed.edges[:, 0], bed.edges[:, 1])
    down = np.where(perfused.flow > 0, bed.edges[:, 1], bed.edges[:, 0])
    checked = 0
    for node in np.flatnonzero(bed.degree == 3):
        out, into = np.flatnonzero((up == node) & perfused.perfused), np.flatnonzero((down == node) & perfused.perfused)
        if len(out) != 2 or len(into) != 1 or perfused.hd[out].max() > 0.94:
            continue
        a, b = out
        f = into[0]
        share = cell_share(flow[[a]] / flow[f], diameter[[f]], (diameter[[a]], diameter[[b]]), perfused.hd[[f]])[0]
        checked += 1
        # The feeder's haematocrit stands for that of a round before, within 1e-4, to which the daughters' responds a few times as much.
        assert perfused.hd[a] == pytest.approx(share * perfused.hd[f] * flow[f] / flow[a], abs=5e-4)
    assert checked > 200


def test_start_does_not_matter(bed, perfused):
    other = bed.perfuse(phase_separation=True, haematocrit=0.2)
    assert np.abs(other.hd - perfused.hd)[perfused.perfused].max() < 5e-3
    assert np.linalg.norm(other.flow - perfused.flow) < 1e-4 * np.linalg.norm(perfused.flow)


def test_what_does_not_converge_falls_back_to_one_haematocrit_and_says_so(bed):
    with pytest.warns(UserWarning, match="phase separation did not converge"):
        found = bed.perfuse(phase_separation=True, most_rounds=3)
    assert found.separation == "not converged" and found.rounds == 3 and found.hd_change > 1e-4
    assert found.hd == pytest.approx(np.full(len(bed.edges), 0.45))
    assert found.flow == pytest.approx(bed.perfuse(haematocrit=0.45).flow)
    assert any("did not converge" in note for note in found.notes) and "not converged" in found.report()
