import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

pytest.importorskip("vtkmodules")

LEGACY = """# vtk DataFile Version 3.0
two polylines that meet at 10 0 0 without sharing a point
ASCII
DATASET POLYDATA
POINTS 5 float
0 0 0  10 0 0  10 0 0.0001  10 20 0  10 20 5
LINES 2 7
2 0 1
3 2 3 4
CELL_DATA 2
SCALARS wide float 1
LOOKUP_TABLE default
3
4
POINT_DATA 5
SCALARS thickness float 1
LOOKUP_TABLE default
2 2 4 6 0
VECTORS way float
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""
VTU = """<?xml version="1.0"?>
<VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian">
<UnstructuredGrid><Piece NumberOfPoints="4" NumberOfCells="3">
<PointData><DataArray type="Float64" Name="r" format="ascii">1 2 3 4</DataArray></PointData>
<Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">0 0 0 1 0 0 2 0 0 2 1 0</DataArray></Points>
<Cells><DataArray type="Int64" Name="connectivity" format="ascii">0 1 2 2 3 0</DataArray>
<DataArray type="Int64" Name="offsets" format="ascii">3 5 6</DataArray>
<DataArray type="UInt8" Name="types" format="ascii">4 3 1</DataArray></Cells>
</Piece></UnstructuredGrid></VTKFile>
"""


def write(folder, text, name="net.vtk"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_are_joined_where_they_meet(tmp_path):
    path = write(tmp_path, LEGACY)
    network = VesselNetwork.read(path, unit="um", radius_field="wide")
    assert network.nodes[network.edges].tolist() == [[[0, 0, 0], [10, 0, 0]], [[10, 0, 0], [10, 20, 0]], [[10, 20, 0], [10, 20, 5]]]
    assert network.radius.tolist() == [3, 4, 4]
    assert network.branch_id is not None and network.branch_id.tolist() == [0, 1, 1]
    assert network.meta["repairs"] == {"nodes merged with another within 0.0005 um": 1}
    assert VesselNetwork.read(path, scale=100.0, radius_field="wide").components == 2  # 0.0001 is 0.01 um there
    assert VesselNetwork.read(path, scale=100.0, radius_field="wide", merge_distance=0.02).components == 1


def test_radius_at_points_is_that_of_both_ends(tmp_path):
    path = write(tmp_path, LEGACY)
    with pytest.raises(FileError, match="cell 1: segment from node 3 to 4 has radius 0"):
        VesselNetwork.read(path, unit="um", radius_field="thickness")
    network = VesselNetwork.read(path, unit="um", radius_field="thickness", is_diameter=True, repair=True)
    assert network.radius.tolist() == [1, 2.5, 2.5]


@pytest.mark.parametrize("change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n"), lambda t: t])
def test_unstructured_lines_are_read_and_other_cells_counted(tmp_path, change):
    network = VesselNetwork.read(write(tmp_path, change(VTU), "net.dat"), unit="mm", radius_field="r")
    assert network.lengths.tolist() == [1e3] * 3 and network.radius.tolist() == [1500, 2500, 3500]
    assert "1 cells that are no lines are left out" in network.meta["notes"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "does not say which array is the radius; give radius_field .* thickness, way, wide"),
        ({"radius_field": "Radius"}, "there is no array 'Radius' .* thickness, way, wide"),
        ({"radius_field": "way"}, "the array 'way' holds 3 numbers"),
        ({"radius_field": "wide", "unit": None}, "does not say its unit of length"),
    ],
)
def test_radius_and_unit_are_never_guessed(tmp_path, options, said):
    with pytest.raises(InputError, match=said):
        VesselNetwork.read(write(tmp_path, LEGACY), **{"unit": "um"} | options)


def test_default_radius_serves_where_no_array_is_named(tmp_path):
    assert VesselNetwork.read(write(tmp_path, LEGACY), unit="um", default_radius=2.5).radius.tolist() == [2.5] * 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (VTU[:500], "VTK cannot read the file .*is it cut short"),
        (VTU.replace('"UnstructuredGrid"', '"ImageData"'), "a VTK file of the kind ImageData"),
        (VTU.replace(">4 3 1<", ">1 1 1<"), "there are no lines in the file"),
        (LEGACY.split("LINES")[0] + "VERTICES 1 2\n1 0\n", "there are no lines in the file"),
        (LEGACY.split("LINES")[0].replace("POLYDATA", "STRUCTURED_GRID\nDIMENSIONS 5 1 1"), "of the kind vtkStructuredGrid"),
        (VTU.replace("0 0 0 1 0 0", "0 0 0 nan 0 0"), "net.file, point 1: node 1 is not at a finite position"),
        (VTU.replace(">1 2 3 4<", ">1 2 nan 4<"), "cell 0: segment from node 1 to 2 has no radius"),
    ],
)
def test_damage_is_told(tmp_path, capfd, text, said):
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, text, "net.file"), unit="um", radius_field="r" if text.startswith("<?xml") else "thickness")
    assert capfd.readouterr() == ("", "")


def test_damage_is_told_where_warnings_are_off(tmp_path):
    from vtkmodules.vtkCommonCore import vtkObject

    vtkObject.GlobalWarningDisplayOff()
    try:
        with pytest.raises(FileError, match=r"VTK cannot read the file .*is it cut short"):
            VesselNetwork.read(write(tmp_path, VTU[:500], "net.file"), unit="um", radius_field="r")
        assert not vtkObject.GetGlobalWarningDisplay()
    finally:
        vtkObject.GlobalWarningDisplayOn()


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vtkmodules.vtkIOLegacy", None)
    with pytest.raises(InputError, match=r'pip install "tmefield\[viz\]"'):
        VesselNetwork.read(write(tmp_path, LEGACY), unit="um", radius_field="wide")


def test_array_of_whole_numbers_serves(tmp_path):
    text = VTU.replace('type="Float64" Name="r"', 'type="Int32" Name="r"')
    assert np.array_equal(VesselNetwork.read(write(tmp_path, text), unit="um", radius_field="r").radius, [1.5, 2.5, 3.5])
