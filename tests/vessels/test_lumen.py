import numpy as np
import pytest

from line_source import Cylinder, at_wall, exchange_per_length, line, solve
from tmefield.grid import Grid
from tmefield.vessels.network import VesselNetwork

# Permeability um/s of the cases with R = 5 um, D = 10 um2/s, k = 1e-3 1/s, and c at the wall for a plasma concentration of 1.
WALLS = [(1e-3, 0.0015617), (1e-2, 0.0154009), (1e-1, 0.135261)]
SLANTED = [((0, 1, 1), (0.0, 0.0, 0.0)), ((1, 1, 1), (0.11, 0.23, 0.41)), ((1, 2, 3), (0.3, 0.1, 0.2))]


def check(cylinder, shape, voxels, direction, offset):
    vessel = line(shape, cylinder.radius / voxels, cylinder.radius, direction, offset)
    embedding = vessel.network.embed(vessel.grid)
    assert embedding.lumen.any() and not embedding.lumen.reshape(-1)[embedding.voxel].any()
    field = solve(cylinder, vessel, embedding)
    exchange = exchange_per_length(cylinder, vessel, embedding, field)
    return exchange / cylinder.per_length - 1, at_wall(cylinder, vessel, embedding, field) / cylinder.at_wall - 1, vessel, field


@pytest.mark.parametrize(("permeability", "expected"), WALLS)
def test_exact_concentration_at_the_wall_is_that_of_the_closed_form(permeability, expected):
    assert Cylinder(10.0, 1e-3, permeability, 5.0).at_wall == pytest.approx(expected, rel=3e-5)


@pytest.mark.parametrize("voxels", [1.5, 2, 3, 4])
@pytest.mark.parametrize("permeability", [1e-3, 1e-2, 1e-1])
def test_wide_vessel_along_an_axis_is_the_exact_cylinder(permeability, voxels):
    cylinder = Cylinder(10.0, 1e-3, permeability, 5.0)
    for offset in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.23, 0.41, 0.0)):
        exchange, wall, vessel, field = check(cylinder, (1, 64, 64), voxels, (0, 0, 1), offset)
        assert abs(exchange) < 0.005 and abs(wall) < 0.02
        x, y = (vessel.grid.centres(axis) for axis in (2, 1))
        distance = np.hypot(x[None, :] - vessel.point[0], y[:, None] - vessel.point[1])
        away = distance > cylinder.radius + 1.5 * vessel.grid.spacing[2]
        assert np.abs(field[0] / cylinder.concentration(distance) - 1)[away].max() < 0.02


@pytest.mark.parametrize(("direction", "offset"), SLANTED, ids=["011", "111", "123"])
@pytest.mark.parametrize("voxels", [2, 4])
def test_wide_slanted_vessel_is_the_exact_cylinder(voxels, direction, offset):
    exchange, wall, *_ = check(Cylinder(10.0, 1e-3, 0.1, 5.0), (20, 20, 20), voxels, direction, offset)
    assert abs(exchange) < 0.005 and abs(wall) < 0.02


@pytest.mark.parametrize(("permeability", "bound"), [(1.0, 0.02), (1000.0, 0.025)])
def test_wide_vessel_stays_close_where_the_tissue_limits_the_exchange(permeability, bound):
    # Far above any cytokine: the wall of a gas.
    cylinder = Cylinder(10.0, 1e-3, permeability, 5.0)
    for voxels in (1.5, 2, 3, 4):
        for offset in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.23, 0.41, 0.0)):
            assert abs(check(cylinder, (1, 24, 24), voxels, (0, 0, 1), offset)[0]) < bound
    assert abs(check(cylinder, (20, 20, 20), 2, *SLANTED[1])[0]) < bound


def test_lumen_is_the_inside_of_the_cylinder():
    grid = Grid((20, 20, 40), 1.0)
    network = VesselNetwork(np.array([[0.0, 10.0, 10.0], [40.0, 10.0, 10.0]]), np.array([[0, 1]]), np.array([6.0]))
    lumen = network.embed(grid).lumen
    z, y, _ = np.broadcast_arrays(*grid.coordinates())
    assert (lumen == (np.hypot(y - 10, z - 10) < 6)).all()


def test_bend_between_wide_segments_is_closed():
    grid = Grid((30, 60, 60), 1.0)
    nodes = np.array([[0.0, 20.0, 15.0], [30.0, 20.0, 15.0], [30.0, 60.0, 15.0]])
    lumen = VesselNetwork(nodes, np.array([[0, 1], [1, 2]]), np.array([8.0, 6.0])).embed(grid).lumen
    # Outside both cylinders, beyond the corner, but within the narrower radius of the node.
    assert lumen[15, 16, 33]
    assert not lumen[15, 13, 37]


def test_area_of_branches_inside_a_wide_vessel_is_kept_outside_it():
    grid = Grid((40, 40, 60), 1.0)
    nodes = np.array([[0.0, 20.0, 20.0], [30.0, 20.0, 20.0], [60.0, 20.0, 20.0], [30.0, 38.0, 20.0], [33.0, 22.0, 20.0]])
    edges = np.array([[0, 1], [1, 2], [1, 3], [1, 4]])
    network = VesselNetwork(nodes, edges, np.array([8.0, 8.0, 1.0, 1.0]))
    embedding = network.embed(grid)
    assert not embedding.lumen.reshape(-1)[embedding.voxel].any()
    expected = 2 * np.pi * network.radius * network.lengths
    # The last branch lies inside the wide vessel from end to end.
    assert np.bincount(embedding.segment, embedding.area) == pytest.approx(expected, rel=1e-12)
