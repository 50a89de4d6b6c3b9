import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.grid import Grid
from tmefield.output import FieldSet, write_vti


def read_image(path):
    pytest.importorskip("vtk")
    from vtkmodules.vtkIOXML import vtkXMLImageDataReader

    reader = vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def cell_array(image, name):
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetCellData().GetArray(name))


@pytest.mark.parametrize("time", [0, 1])
def test_vtk_reads_the_same_values_bounds_units_and_time(make_fields, tmp_path, time):
    fields = make_fields()
    image = read_image(write_vti(fields, tmp_path / "out.vti", time=time))
    assert image.GetBounds() == (7.5, 25.5, 0.0, 20.0, -10.0, 10.0)
    assert image.GetDimensions() == (7, 6, 5)
    expected = {"ifng": fields.concentration[time, 0], "il6": fields.concentration[time, 1], "tissue": fields.labels}
    expected |= {"density_cd8_t": fields.cell_density["CD8_T"], "vessel_area": fields.vessel_area, "ifng_secretion": fields.maps["ifng_secretion"].values}
    assert image.GetCellData().GetNumberOfArrays() == len(expected)
    for name, values in expected.items():
        assert np.array_equal(cell_array(image, name), values.reshape(-1)), name
    assert image.GetFieldData().GetArray("TimeValue").GetValue(0) == fields.times[time]
    array = image.GetCellData().GetArray("ifng_secretion")
    assert array.GetInformation().Get(array.UNITS_LABEL()) == "nmol L-1 s-1"


# Blocks hold 262144 numbers: one block exactly, a bit more, and several.
@pytest.mark.parametrize("shape", [(64, 64, 64), (64, 64, 65), (50, 100, 110)])
def test_arrays_of_one_and_of_several_blocks_are_read(tmp_path, shape):
    values = np.random.default_rng(3).integers(0, 9, (1, 1, *shape)).astype(np.float32)
    image = read_image(write_vti(FieldSet(Grid(shape, (5.0, 5.0, 5.0)), [0.0], ("IL6",), values), tmp_path / "out.vti"))
    assert np.array_equal(cell_array(image, "il6"), values.reshape(-1))


def test_wrong_time_and_missing_folder_are_refused(make_fields, tmp_path):
    with pytest.raises(InputError, match="no time number 5"):
        write_vti(make_fields(), tmp_path / "out.vti", time=5)
    with pytest.raises(FileError, match="create it first"):
        write_vti(make_fields(), tmp_path / "nowhere" / "out.vti")
    assert list(tmp_path.iterdir()) == []
