import numpy as np
import pytest

from line_source import Cylinder, exchange_per_length, line, solve
from tmefield.grid import Grid
from tmefield.vessels.kernel import CLOSURE_RADIUS, closure_path, mirrored, spread

# Rows 1 and 2 of the reference case: D um2/s, k 1/s, P um/s, R um, and the exchange per um for a plasma concentration of 1.
CASES = [(Cylinder(100.0, 0.01, 1.0, 5.0), 27.1666), (Cylinder(50.0, 0.001, 0.1, 5.0), 3.02305)]
POSES = [((0, 0, 1), (0.5, 0.5, 0.0)), ((0, 1, 1), (0.11, 0.23, 0.41)), ((1, 2, 3), (0.0, 0.0, 0.0)), ((1, 1, 1), (0.5, 0.2, 0.1))]


@pytest.mark.parametrize(("cylinder", "expected"), CASES)
def test_exact_exchange_is_that_of_the_closed_form(cylinder, expected):
    assert cylinder.per_length == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize(("direction", "offset"), POSES, ids=["001", "011", "123", "111"])
@pytest.mark.parametrize("voxels_per_radius", [1, 2, 4])
@pytest.mark.parametrize(("cylinder", "expected"), CASES, ids=["P1", "P0.1"])
def test_thin_vessel_exchanges_as_the_exact_cylinder(cylinder, expected, voxels_per_radius, direction, offset):
    vessel = line((24, 24, 24), voxels_per_radius * cylinder.radius, cylinder.radius, direction, offset)
    embedding = vessel.network.embed(vessel.grid)
    assert not embedding.lumen.any()
    field = solve(cylinder, vessel, embedding)
    assert exchange_per_length(cylinder, vessel, embedding, field) == pytest.approx(expected, rel=0.005)


def test_closure_radius_is_measured_from_the_field_of_a_line():
    # Almost impermeable wall: the exchange is known, and what the voxels on the line have tells where the exact field has it.
    cylinder = Cylinder(100.0, 0.01, 1e-3, 0.5)
    found = []
    for direction, offset in POSES:
        vessel = line((24, 24, 24), 5.0, cylinder.radius, direction, offset)
        embedding = vessel.network.embed(vessel.grid)
        field = solve(cylinder, vessel, embedding)
        middle = embedding.segment == 1
        seen = np.average(field.reshape(-1)[embedding.voxel[middle]], weights=embedding.area[middle])
        radii = np.linspace(0.5, 20.0, 4000)
        found.append(np.interp(-seen, -cylinder.concentration(radii), radii) / 5.0)
    assert np.mean(found) == pytest.approx(CLOSURE_RADIUS, abs=0.02)
    assert np.ptp(found) < 0.04


def test_thin_vessel_in_a_section_exchanges_as_the_exact_cylinder():
    cylinder = CASES[0][0]
    for offset in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.2, 0.4, 0.0)):
        vessel = line((1, 32, 32), 10.0, cylinder.radius, (0, 0, 1), offset)
        embedding = vessel.network.embed(vessel.grid)
        field = solve(cylinder, vessel, embedding)
        assert exchange_per_length(cylinder, vessel, embedding, field) == pytest.approx(cylinder.per_length, rel=0.005)


def test_shares_sum_to_the_amount_and_have_their_centre_at_the_point():
    grid = Grid((12, 14, 16), 2.0, (5.0, -3.0, 1.0))
    random = np.random.default_rng(0)
    points = np.column_stack([random.uniform(low + 4, high - 4, 50) for low, high in zip(grid.origin[::-1], grid.upper[::-1], strict=True)])
    voxel, share = spread(points, np.full(50, 3.0), grid)
    assert voxel.shape == share.shape == (50, 64)
    assert np.allclose(share.sum(axis=1), 3.0, rtol=1e-14)
    z, y, x = np.unravel_index(voxel, grid.shape)
    centre = np.stack([grid.centres(axis)[index] for axis, index in ((2, x), (1, y), (0, z))])
    mean = (centre * share).sum(axis=2) / 3.0
    # The cosine kernel keeps the first moment to a few hundredths of a voxel only.
    assert np.abs(mean.T - points).max() < 0.05 * 2.0
    assert (np.abs(centre - points.T[:, :, None])[:, share > 0] <= 2 * 2.0).all()


def test_what_falls_beyond_a_wall_is_mirrored_back():
    grid = Grid((4, 5, 6), 1.0)
    voxel, share = spread(np.array([[0.0, 2.5, 2.0]]), np.array([1.0]), grid)
    field = np.bincount(voxel.ravel(), share.ravel(), grid.size).reshape(grid.shape)
    along_x = field.sum(axis=(0, 1))
    weights = [(1 + np.cos(np.pi * r / 2)) / 4 for r in (0.5, 1.5)]
    assert along_x[:3] == pytest.approx([2 * weights[0], 2 * weights[1], 0], abs=1e-15)


@pytest.mark.parametrize("cells", [1, 2, 3, 8])
def test_mirrored_indices_lie_in_the_grid(cells):
    index = mirrored(np.arange(-2, cells + 2), cells)
    assert ((index >= 0) & (index < cells)).all()
    assert (index[2 : 2 + cells] == np.arange(cells)).all()
    assert index[1] == 0 and index[2 + cells] == cells - 1


def test_closure_path_is_the_logarithm_of_the_ratio():
    assert closure_path(np.array([2.0]), 4.0)[0] == pytest.approx(2.0 * np.log(1.045 * 4.0 / 2.0), rel=1e-14)
