import numpy as np
import pytest

from tmefield.grid import Grid
from tmefield.outcome.immune_tissue import around_tumour
from tmefield.output.slices import centre_voxel, make_overlay, planes_through


def test_planes_go_through_the_centre_of_the_tumour(make_fields):
    labels = np.zeros((4, 5, 6), np.int8)
    labels[2:4, 0, 4:6] = 1
    fields = make_fields(labels=labels)
    assert centre_voxel(fields) == (2, 0, 4)
    assert centre_voxel(make_fields(labels=None)) == (2, 2, 3)
    xy, xz, yz = planes_through(fields.grid, (2, 0, 4))
    values = np.arange(120).reshape(4, 5, 6)
    assert np.array_equal(xy.cut(values), values[2]) and np.array_equal(xz.cut(values), values[:, 0]) and np.array_equal(yz.cut(values), values[:, :, 4])
    assert (xy.position, xz.position, yz.position) == (2.5, 2.0, 21.0)
    assert xy.extent == (7.5, 25.5, 0.0, 20.0) and yz.extent == (0.0, 20.0, -10.0, 10.0)


@pytest.mark.parametrize(("centre", "voxel"), [((0, 0, 0), (0, 0, 0)), ((60, 0, 400), (1, 0, 9)), ((220, 140, 260), (5, 3, 6))])
def test_without_labels_planes_go_through_the_tumour_cells_at_the_start(make_fields, centre, voxel):
    """The most of a ball lies in the planes through its middle, wherever the box cuts it; and what is left of it at the end does not move them."""
    grid = Grid((10, 10, 10), 40.0)
    start = around_tumour(grid, 130.0, {"tumour": (2e-4, 0.0)}, centre=centre, edge=10.0)["tumour"]
    density = np.stack([start, np.zeros(grid.shape)])
    density[1, 9, 9, 0] = 1e-4
    empty = {"labels": None, "vessel_area": None, "maps": {}, "concentration": np.zeros((2, 2, *grid.shape), np.float32)}
    assert centre_voxel(make_fields(grid=grid, cell_density={"tumour": density}, **empty)) == voxel
    assert centre_voxel(make_fields(grid=grid, cell_density={"tumour": start}, **empty)) == voxel
    assert centre_voxel(make_fields(grid=grid, cell_density={"tumour": 0 * start}, **empty)) == (5, 5, 5)


def test_a_section_has_one_plane():
    assert len(planes_through(Grid((1, 8, 8), (5.0, 5.0, 5.0)), (0, 4, 4))) == 1


def test_outline_of_a_cut_vessel_has_the_area_of_the_ellipse(make_fields):
    """A cylinder of radius r that meets a plane at the angle a leaves an ellipse of area pi r^2 / sin(a)."""
    grid = Grid((40, 60, 60), (5.0, 5.0, 5.0))
    angle, radius = np.radians(40.0), 12.0
    run = 120 * np.array([np.cos(angle), 0.0, np.sin(angle)])
    middle = np.array([150.0, 150.0, grid.centres(0)[20]])
    fields = make_fields(
        grid=grid,
        times=[0.0],
        concentration=np.zeros((1, 2, *grid.shape), np.float32),
        labels=None,
        cell_density={},
        vessel_area=None,
        maps={},
        vessel_segments=np.stack([middle - run, middle + run])[None],
        vessel_radii=np.array([radius]),
    )
    overlay = make_overlay(fields, planes_through(grid, (20, 30, 30))[0], slab=10.0)
    pixel = (overlay.wall_x[1] - overlay.wall_x[0]) * (overlay.wall_y[1] - overlay.wall_y[0])
    assert abs((overlay.wall < 0).sum() * pixel / (np.pi * radius**2 / np.sin(angle)) - 1) < 0.01
    # Within 10 um of the plane the axis runs 20 / tan(a) along x.
    assert np.allclose(overlay.lines[0, :, 0], 150.0 + np.array([-10.0, 10.0]) / np.tan(angle))
    assert np.allclose(overlay.lines[0, :, 1], 150.0) and list(overlay.widths) == [24.0]


def test_a_vessel_inside_the_tumour_leaves_its_outline_whole(make_fields):
    labels = np.ones((1, 40, 40), np.int8)
    labels[0, 18:22, 18:22] = 3
    grid = Grid(labels.shape, (5.0, 5.0, 5.0))
    empty = {"cell_density": {}, "vessel_area": None, "maps": {}}
    fields = make_fields(grid=grid, times=[0.0], concentration=np.zeros((1, 2, *grid.shape), np.float32), labels=labels, **empty)
    overlay = make_overlay(fields, planes_through(grid, (0, 20, 20))[0], slab=5.0)
    assert overlay.tumour.min() > 0.99 and overlay.necrosis.max() == 0
    assert overlay.tissue(np.ones(grid.shape)).size == 1600 - 16
