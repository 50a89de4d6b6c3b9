import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError
from tmefield.output import Variable, VesselLines, write_vtp, write_vtu
from tmefield.vessels.network import VesselNetwork


def small_lines():
    points = np.array([[0.1, 0.2, 0.3], [10, 20, 30], [-5, 7, 1 / 3], [40, 40, 40.5]])
    ends = np.array([[0, 1], [2, 1], [1, 3]])
    arrays = {
        "flow": Variable(np.array([1e4 / 3, -2.0, 0.0]), "blood flow", "um3 s-1"),
        "branch_id": Variable(np.array([7, 8, 7]), "branch", "1"),
        "il6": Variable(np.array([np.nan, 1e-3, 2e-3]), "IL-6 concentration at the vessel wall", "nmol L-1"),
    }
    return VesselLines(points, ends, np.array([2.0, 3.0, 1 / 7]), arrays, {"pressure": Variable(np.array([1e3, 2e3, np.pi, 4.0]), "pressure", "Pa")})


def read_lines(path):
    """The data set, its points, the two points of each cell and its arrays, as VTK reads them."""
    pytest.importorskip("vtk")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkIdList
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader, vtkXMLUnstructuredGridReader

    reader = vtkXMLPolyDataReader() if path.suffix == ".vtp" else vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    data, ids, ends = reader.GetOutput(), vtkIdList(), []
    for cell in range(data.GetNumberOfCells()):
        assert data.GetCellType(cell) == 3  # a line
        data.GetCellPoints(cell, ids)
        ends.append([ids.GetId(index) for index in range(ids.GetNumberOfIds())])
    arrays = []
    for place in (data.GetPointData(), data.GetCellData()):
        found = [place.GetArray(index) for index in range(place.GetNumberOfArrays())]
        arrays.append({one.GetName(): (vtk_to_numpy(one), one.GetInformation().Get(one.UNITS_LABEL())) for one in found})
    return data, vtk_to_numpy(data.GetPoints().GetData()), np.array(ends), *arrays


def bits(values):
    return np.ascontiguousarray(values).tobytes()


def assert_written(lines, path):
    data, points, ends, on_points, on_segments = read_lines(path)
    assert bits(points) == bits(np.asarray(lines.points, np.float64)) and np.array_equal(ends, lines.ends)
    low, high = lines.points.min(axis=0), lines.points.max(axis=0)
    assert data.GetBounds() == tuple(np.column_stack([low, high]).ravel().tolist())
    assert set(on_points) == {"radius", *lines.on_points} and set(on_segments) == {"radius", *lines.on_segments}
    assert bits(on_segments["radius"][0]) == bits(np.asarray(lines.radius, np.float64)) and on_segments["radius"][1] == "um"
    assert bits(on_points["radius"][0]) == bits(lines.point_radius)
    for expected, found in ((lines.on_points, on_points), (lines.on_segments, on_segments)):
        for name, entry in expected.items():
            assert bits(found[name][0]) == bits(entry.values), name
            assert found[name][1] == entry.units
    assert data.GetCellData().GetScalars().GetName() == "radius" and data.GetPointData().GetScalars().GetName() == "radius"


@pytest.mark.parametrize(("write", "suffix"), [(write_vtp, "vtp"), (write_vtu, "vtu")])
def test_vtk_reads_the_same_lines_and_arrays(tmp_path, write, suffix):
    lines = small_lines()
    assert_written(lines, write(lines, tmp_path / f"out.{suffix}"))


@pytest.mark.data
@pytest.mark.parametrize(("write", "suffix"), [(write_vtp, "vtp"), (write_vtu, "vtu")])
def test_a_real_network_is_written_whole(tmp_path, write, suffix):
    lines = VesselLines.of_network(VesselNetwork.read(data_file("network/secomb_mesentery_546_netflow.dat")))
    assert (len(lines.points), len(lines.radius)) == (972, 1130)
    assert_written(lines, write(lines, tmp_path / f"out.{suffix}"))


def test_the_radius_at_the_points_makes_tubes(tmp_path):
    pytest.importorskip("vtk")
    from vtkmodules.vtkFiltersCore import vtkTubeFilter

    lines = VesselLines(np.array([[0.0, 0, 0], [100, 0, 0]]), np.array([[0, 1]]), np.array([6.0]))
    data, *_ = read_lines(write_vtp(lines, tmp_path / "out.vtp"))
    tube = vtkTubeFilter()
    tube.SetInputData(data)
    tube.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tube.SetNumberOfSides(40)
    tube.Update()
    assert np.allclose(tube.GetOutput().GetBounds(), (0, 100, -6, 6, -6, 6), atol=0.05)


def test_nothing_is_left_where_the_folder_is_missing(tmp_path):
    with pytest.raises(FileError, match="create it first"):
        write_vtp(small_lines(), tmp_path / "nowhere" / "out.vtp")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_ours_gives_back_each_segments_radius(tmp_path):
    """Its points hold means where vessels branch; the segments' own radii go before them."""
    pytest.importorskip("vtk")
    lines = small_lines()
    write_vtp(lines, tmp_path / "net.vtp")
    network = VesselNetwork.read(tmp_path / "net.vtp", unit="um", radius_field="radius")
    np.testing.assert_array_equal(np.sort(network.radius), np.sort(lines.radius))
