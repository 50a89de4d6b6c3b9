import os
import subprocess
import sys

import netCDF4
import numpy as np
import pytest

from tmefield.errors import FileError
from tmefield.grid import Grid
from tmefield.output import to_dataset, write_netcdf
from written_files import compliance_messages, vtk_says_nothing


def section_fields(make_fields):
    """The same kinds of entries on a grid that is one voxel thick."""
    shape = (1, 5, 6)
    return make_fields(
        grid=Grid(shape, (5.0, 4.0, 4.0)),
        times=[0.0],
        concentration=np.ones((1, 2, *shape), np.float32),
        labels=np.zeros(shape, np.int8),
        cell_density={"NK": np.zeros(shape)},
        vessel_area=np.zeros(shape),
        maps={},
    )


@pytest.mark.parametrize("kind", ["box", "section", "xarray"])
def test_no_error_and_no_warning_in_the_strict_cf_checker(make_fields, tmp_path, kind):
    path = tmp_path / "out.nc"
    if kind == "xarray":
        to_dataset(make_fields()).to_netcdf(path, engine="netcdf4")
    else:
        write_netcdf(make_fields() if kind == "box" else section_fields(make_fields), path)
    points, messages = compliance_messages(path)
    assert messages == []
    assert points > 150


def test_layout_is_the_documented_one(make_fields, tmp_path):
    with netCDF4.Dataset(write_netcdf(make_fields(), tmp_path / "out.nc")) as data:
        assert data.dimensions["t"].isunlimited()
        assert {name: len(data.dimensions[name]) for name in ("z", "y", "x", "nv")} == {"z": 4, "y": 5, "x": 6, "nv": 2}
        for name in ("t", "z", "y", "x", "z_bnds", "y_bnds", "x_bnds", "tissue"):
            assert not {"axis", "standard_name", "positive", "_FillValue"} & set(data[name].ncattrs())
        assert (data["t"].units, data["x"].units, data["x"].bounds) == ("s", "um", "x_bnds")
        assert list(data["x"][:2]) == [9.0, 12.0] and list(data["x_bnds"][0]) == [7.5, 10.5]
        species = data["ifng"]
        assert (species.dimensions, species.dtype, species.units) == (("t", "z", "y", "x"), np.float32, "nmol L-1")
        assert (species.long_name, species.cell_methods) == ("IFN-γ concentration", "t: point z: y: x: mean")
        assert species.chunking() == [1, 4, 5, 6] and species.filters()["complevel"] == 1 and species.filters()["shuffle"]
        assert data["tissue"].flag_meanings == "stroma tumour necrotic_core vessel_lumen" and data["tissue"].dtype == np.int8
        assert (data["ifng_secretion"].units, data["density_cd8_t"].units, data["vessel_area"].units) == ("nmol L-1 s-1", "um-3", "um-1")
        assert data["ifng_diffusivity"].dimensions == () and float(data["ifng_diffusivity"][...]) == 39.0625
        assert data.Conventions == "CF-1.11" and data.title == "A small tumour" and data.config == 'species = ["IFNg"]\n'
        assert {"institution", "source", "history", "references", "comment"} <= set(data.ncattrs())


def test_large_grids_are_written_in_pieces(make_fields, tmp_path):
    shape = (2, 1100, 1000)
    fields = make_fields(
        grid=Grid(shape, (5.0, 5.0, 5.0)),
        times=[0.0],
        species=("IL6",),
        names=(),
        concentration=np.zeros((1, 1, *shape), np.float32),
        labels=None,
        cell_density={},
        vessel_area=None,
        maps={},
    )
    with netCDF4.Dataset(write_netcdf(fields, tmp_path / "out.nc")) as data:
        assert data["il6"].chunking() == [1, 2, 64, 64]


@pytest.mark.parametrize("dimensions", [None, "(z, y, x)"])
def test_vtk_reads_the_same_values_and_bounds(make_fields, tmp_path, dimensions):
    pytest.importorskip("vtk")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
    from vtkmodules.vtkIONetCDF import vtkNetCDFCFReader

    fields = make_fields()
    write_netcdf(fields, tmp_path / "out.nc")
    reader = vtkNetCDFCFReader()
    reader.SetFileName(str(tmp_path / "out.nc"))
    with vtk_says_nothing():
        reader.UpdateMetaData()
        if dimensions:
            reader.SetDimensions(dimensions)
        reader.UpdateInformation()
    steps = reader.GetOutputInformation(0).Get(vtkStreamingDemandDrivenPipeline.TIME_STEPS())
    assert list(steps) == [0.0, 3600.0]
    for index, time in enumerate(steps):
        with vtk_says_nothing():
            reader.UpdateTimeStep(time)
        image = reader.GetOutput()
        assert image.GetClassName() == "vtkImageData"
        assert image.GetBounds() == (9.0, 24.0, 2.0, 18.0, -7.5, 7.5)
        for name, expected in {"ifng": fields.concentration[index, 0], "il6": fields.concentration[index, 1], "tissue": fields.labels}.items():
            values = vtk_to_numpy(image.GetPointData().GetArray(name)).reshape(4, 5, 6)
            assert np.array_equal(values, expected)


def test_a_section_keeps_its_bounds_in_vtk(make_fields, tmp_path):
    pytest.importorskip("vtk")
    from vtkmodules.vtkIONetCDF import vtkNetCDFCFReader

    write_netcdf(section_fields(make_fields), tmp_path / "out.nc")
    reader = vtkNetCDFCFReader()
    reader.SetFileName(str(tmp_path / "out.nc"))
    with vtk_says_nothing():
        reader.Update()
    assert reader.GetOutput().GetBounds() == (2.0, 22.0, 2.0, 18.0, 2.5, 2.5)
    assert reader.GetOutput().GetPointData().GetArray("ifng").GetRange() == (1.0, 1.0)


def test_nothing_is_left_where_the_folder_is_missing(make_fields, tmp_path):
    with pytest.raises(FileError, match="does not exist; create it first"):
        write_netcdf(make_fields(), tmp_path / "nowhere" / "out.nc")
    assert os.listdir(tmp_path) == []


LIMITED = """
import resource, signal, sys, os
sys.path[:0] = sys.argv[2:]
import numpy as np
from tmefield.errors import FileError
from tmefield.grid import Grid
from tmefield.output import FieldSet, overview, write_netcdf, write_vti
grid = Grid((32, 32, 32), (5.0, 5.0, 5.0))
noise = np.random.default_rng(0).random((3, 1, *grid.shape))
fields = FieldSet(grid, [0.0, 1.0, 2.0], ("IL6",), noise)
write = {"nc": write_netcdf, "vti": write_vti, "png": overview}[sys.argv[1].rsplit(".")[-1]]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    write(fields, sys.argv[1])
except FileError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of a file are POSIX")
@pytest.mark.parametrize("name", ["out.nc", "out.vti", "out.png"])
def test_a_full_disk_is_reported_and_the_old_file_kept(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path / name), *sys.path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 4, done.stderr
    assert "cannot be written" in done.stdout and "full" in done.stdout
    assert os.listdir(tmp_path) == [name] and (tmp_path / name).read_bytes() == b"old"
