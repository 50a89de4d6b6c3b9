import time

import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import InputError
from tmefield.grid import Grid
from tmefield.vessels.network import VesselNetwork

NODES = np.array([[15.0, 20.0, 25.0], [45.0, 32.0, 28.0], [60.0, 50.0, 40.0], [70.0, 22.0, 18.0]])
EDGES = np.array([[0, 1], [1, 2], [1, 3]])


def bifurcation(radius=(3.0, 2.0, 2.5)):
    return VesselNetwork(NODES, EDGES, np.array(radius))


@pytest.mark.parametrize("spacing", [2.5, 4.0, 5.0])
@pytest.mark.parametrize("radius", [(3.0, 2.0, 2.5), (9.0, 2.0, 2.5), (12.0, 12.0, 7.0)], ids=["thin", "mixed", "wide"])
def test_every_segment_keeps_its_wall_area(spacing, radius):
    network = bifurcation(radius)
    embedding = network.embed(Grid.from_box((0, 0, 0), (60, 80, 90), (spacing,) * 3))
    expected = 2 * np.pi * network.radius * network.lengths
    assert np.bincount(embedding.segment, embedding.area) == pytest.approx(expected, rel=1e-6)
    for name in ("area_network", "area_expected", "area_embedded"):
        assert embedding.report[name] == pytest.approx(network.surface_area, rel=1e-6)
    assert embedding.surface_density().sum() * spacing**3 == pytest.approx(network.surface_area, rel=1e-6)
    assert (embedding.area > 0).all() and np.isfinite(embedding.path).all()
    pairs = embedding.segment * embedding.grid.size + embedding.voxel
    assert (np.diff(pairs) > 0).all()
    assert not embedding.lumen.reshape(-1)[embedding.voxel].any()


def test_winding_vessels_have_more_wall():
    winding = np.array([1.5, 1.0, 2.0])
    grid = Grid((15, 20, 20), 4.0)
    for radius in ((3.0, 2.0, 2.5), (9.0, 2.0, 2.5)):
        plain = bifurcation(radius).embed(grid)
        network = VesselNetwork(NODES, EDGES, np.array(radius), tortuosity=winding)
        embedding = network.embed(grid)
        assert embedding.area == pytest.approx(plain.area * winding[plain.segment], rel=1e-12) and (embedding.path == plain.path).all()
        for name in ("area_network", "area_expected", "area_embedded"):
            assert embedding.report[name] == pytest.approx(network.surface_area, rel=1e-6)
        assert embedding.report["length_outside"] == pytest.approx(0.0, abs=1e-9)


def test_thin_vessels_have_the_closure_and_wide_ones_the_radial_path():
    embedding = bifurcation((12.0, 2.0, 2.5)).embed(Grid((15, 20, 20), 4.0))
    thin = embedding.segment == 1
    assert embedding.path[thin] == pytest.approx(2.0 * np.log(1.045 * 4.0 / 2.0))
    assert (embedding.path[embedding.segment == 0] >= 0.45 * 4.0).all()
    assert embedding.report["segments_wide"] == 1 and embedding.report["lumen_voxels"] == embedding.lumen.sum() > 0


def test_lumen_radius_is_where_wide_begins():
    network, grid = bifurcation((5.9, 2.0, 2.5)), Grid((15, 20, 20), 4.0)
    assert not network.embed(grid).lumen.any()
    assert network.embed(grid, lumen_radius=1.47).lumen.any()
    with pytest.raises(InputError, match="lumen_radius must be positive"):
        network.embed(grid, lumen_radius=0.0)


def test_grid_with_an_origin_gives_the_same_as_a_moved_network():
    network = bifurcation()
    moved = VesselNetwork(NODES + np.array([100.0, -40.0, 7.0]), EDGES, network.radius)
    a = network.embed(Grid((15, 20, 20), 4.0))
    b = moved.embed(Grid((15, 20, 20), 4.0, (7.0, -40.0, 100.0)))
    assert (a.voxel == b.voxel).all() and b.area == pytest.approx(a.area, rel=1e-9)


def test_vessel_on_a_face_exchanges_with_half_its_wall():
    network = VesselNetwork(np.array([[0.0, 0.0, 20.0], [40.0, 0.0, 20.0]]), np.array([[0, 1]]), np.array([2.0]))
    report = network.embed(Grid((10, 10, 10), 4.0)).report
    assert report["area_expected"] == pytest.approx(network.surface_area / 2, rel=1e-9)
    assert report["area_embedded"] == pytest.approx(report["area_expected"], rel=1e-12)


@pytest.mark.parametrize("radius", [2.0, 8.0])
def test_vessel_through_a_face_is_cut_there(radius):
    network = VesselNetwork(np.array([[20.0, 20.0, 20.0], [70.0, 20.0, 20.0]]), np.array([[0, 1]]), np.array([radius]))
    embedding = network.embed(Grid((10, 10, 10), 4.0))
    assert embedding.report["area_embedded"] == pytest.approx(2 * np.pi * radius * 20, rel=1e-6 if radius == 2 else 0.02)
    assert embedding.report["length"] == pytest.approx(20) and embedding.report["length_outside"] == pytest.approx(30)
    assert radius != 8 or embedding.lumen[5, 5, 9]


def test_vessels_outside_are_refused_or_left_out_on_demand():
    nodes = np.vstack([NODES, [[500.0, 500.0, 500.0], [520.0, 500.0, 500.0]]])
    network = VesselNetwork(nodes, np.vstack([EDGES, [[4, 5]]]), np.array([3.0, 2.0, 2.5, 1.0]))
    grid = Grid((15, 20, 20), 4.0)
    with pytest.raises(InputError, match=r"1 of 4 vessel segments lie outside .* segment 3 around \(510, 500, 500\).* clip = true"):
        network.embed(grid)
    embedding = network.embed(grid, clip=True)
    assert embedding.report["segments_outside"] == 1
    assert embedding.report["area_embedded"] == pytest.approx(bifurcation().surface_area, rel=1e-6)
    with pytest.raises(InputError, match="all vessel segments lie outside"):
        network.embed(Grid((5, 5, 5), 4.0, (1000.0, 0.0, 0.0)), clip=True)


def test_nodes_outside_by_rounding_only_are_moved_onto_the_face():
    nodes = np.array([[10.0, 20.0, 40.0000019], [30.0, 20.0, 40.0000019], [20.0, 20.0, -1e-6], [20.0, 30.0, 20.0]])
    network = VesselNetwork(nodes, np.array([[0, 1], [2, 3]]), np.array([2.0, 2.0]))
    report = network.embed(Grid((10, 10, 10), 4.0)).report
    assert report["segments"] == 2 and report["length_outside"] < 1e-5


def test_voxels_have_to_be_cubic():
    with pytest.raises(InputError, match=r"spacing is 5 x 4 x 4 um \(z, y, x\): use one spacing for all axes, e\.g\. 4 um"):
        bifurcation().embed(Grid((12, 20, 20), (5.0, 4.0, 4.0)))
    with pytest.raises(InputError, match="cubic"):
        VesselNetwork.crossing(np.array([[20.0, 20.0]]), 4.0, 5.0).embed(Grid((1, 20, 40), (5.0, 4.0, 2.0)))


@pytest.mark.parametrize(("radius", "wide"), [(4.0, False), (9.0, True)])
def test_section_takes_vessels_that_cross_it(radius, wide):
    network = VesselNetwork.crossing(np.array([[20.0, 22.0], [55.0, 50.0], [21.0, 58.0]]), radius, 5.0)
    embedding = network.embed(Grid((1, 40, 40), (5.0, 2.0 if wide else 4.0, 2.0 if wide else 4.0)))
    assert embedding.report["area_embedded"] == pytest.approx(3 * 2 * np.pi * radius * 5, rel=1e-6)
    assert embedding.lumen.any() == wide


def test_section_refuses_vessels_that_do_not_cross_it():
    network = VesselNetwork(np.array([[20.0, 20.0, 0.0], [30.0, 20.0, 5.0]]), np.array([[0, 1]]), np.array([2.0]))
    with pytest.raises(InputError, match="vessels must run along z; segment 0 does not"):
        network.embed(Grid((1, 20, 20), (5.0, 4.0, 4.0)))
    with pytest.raises(InputError, match="vessels must run along z; segment 0 does not"):
        network.embed(Grid((1, 20, 20), 5.0))


def test_grid_thinner_than_the_kernel_keeps_the_area():
    network = VesselNetwork(np.array([[1.0, 4.0, 2.0], [30.0, 4.0, 2.0]]), np.array([[0, 1]]), np.array([1.0]))
    for shape in ((2, 2, 8), (2, 3, 8)):
        assert network.embed(Grid(shape, 4.0)).report["area_embedded"] == pytest.approx(network.surface_area, rel=1e-6)


def test_box_that_is_all_lumen_is_refused():
    network = VesselNetwork(np.array([[0.0, 10.0, 10.0], [20.0, 10.0, 10.0]]), np.array([[0, 1]]), np.array([100.0]))
    with pytest.raises(InputError, match="every voxel of the grid lies inside a vessel"):
        network.embed(Grid((5, 5, 5), 4.0))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "spacing", "options"),
    [
        ("secomb_R3230Ac_tumour1998/network.dat", 5.0, {}),
        ("secomb_R3230Ac_tumour1998/network.dat", 10.0, {}),
        ("secomb_rat_brain/network.dat", 4.0, {}),
        ("dumux_mousecortex_200um.dgf", 4.0, {"unit": "m"}),
        ("vascgraph_exp.swc", 2.0, {"unit": "um"}),
    ],
)
def test_real_networks_keep_their_area_and_are_embedded_fast(name, spacing, options):
    network = VesselNetwork.read(data_file(f"network/{name}"), **options)
    corners = np.array([network.nodes.min(axis=0), network.nodes.max(axis=0), *(network.box or ())])
    grid = Grid.from_box(corners.min(axis=0)[::-1].tolist(), corners.max(axis=0)[::-1].tolist(), (spacing,) * 3)
    began = time.perf_counter()
    report = network.embed(grid).report
    assert time.perf_counter() - began < 2.0
    assert report["area_embedded"] == pytest.approx(report["area_expected"], rel=1e-6)
    # Vessels that end on the faces or run along them lose a little of their wall there.
    assert 0.98 * network.surface_area < report["area_expected"] < 1.001 * network.surface_area
