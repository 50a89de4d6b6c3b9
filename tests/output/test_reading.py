import netCDF4
import numpy as np
import pytest

from tmefield.errors import FileError, ResourceError
from tmefield.output import read_netcdf, write_netcdf


def test_what_is_written_comes_back(make_fields, tmp_path):
    fields = make_fields()
    back = read_netcdf(write_netcdf(fields, tmp_path / "out.nc"))
    assert (back.grid, back.species, back.names) == (fields.grid, fields.species, fields.names)
    for name in ("times", "concentration", "labels", "vessel_area", "vessel_segments", "vessel_radii"):
        assert np.array_equal(getattr(back, name), getattr(fields, name)), name
    assert back.concentration.dtype == np.float32 and back.labels.dtype == np.int8
    assert list(back.cell_density) == ["CD8_T"] and np.array_equal(back.cell_density["CD8_T"], fields.cell_density["CD8_T"])
    for kind in ("maps", "scalars", "vessel_arrays"):
        for key, entry in getattr(fields, kind).items():
            other = getattr(back, kind)[key]
            assert (other.long_name, other.units, other.origin) == (entry.long_name, entry.units, entry.origin) and np.array_equal(other.values, entry.values)
    assert back.attributes.items() >= fields.attributes.items()


def test_a_file_with_concentrations_alone_comes_back(make_fields, tmp_path):
    bare = make_fields(
        labels=None, cell_density={}, vessel_area=None, maps={}, scalars={}, attributes={}, vessel_segments=None, vessel_radii=None, vessel_arrays={}
    )
    back = read_netcdf(write_netcdf(bare, tmp_path / "out.nc"))
    assert back.labels is None and back.vessel_area is None and back.vessel_segments is None
    assert (dict(back.cell_density), dict(back.maps), dict(back.scalars), dict(back.vessel_arrays)) == ({}, {}, {}, {})


def test_values_that_are_not_a_number_survive(make_fields, tmp_path):
    values = make_fields().concentration.copy()
    values[0, 0, 1, 2, 3] = np.nan
    back = read_netcdf(write_netcdf(make_fields(concentration=values), tmp_path / "out.nc"))
    assert np.array_equal(back.concentration, values, equal_nan=True)


def test_missing_empty_and_foreign_files_are_told_apart(make_fields, tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        read_netcdf(tmp_path / "no.nc")
    with pytest.raises(FileError, match="not a file"):
        read_netcdf(tmp_path)
    (tmp_path / "empty.nc").touch()
    with pytest.raises(FileError, match="is empty"):
        read_netcdf(tmp_path / "empty.nc")
    (tmp_path / "text.nc").write_text("x,y,type\n1,2,tumour\n")
    with pytest.raises(FileError, match="not a NetCDF-4 file"):
        read_netcdf(tmp_path / "text.nc")
    with netCDF4.Dataset(tmp_path / "other.nc", "w") as data:
        data.title = "somebody else's"
    with pytest.raises(FileError, match="not one that tmefield wrote"):
        read_netcdf(tmp_path / "other.nc")


@pytest.mark.parametrize("kept", [9, 100, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_called_so(make_fields, tmp_path, kept):
    path = write_netcdf(make_fields(), tmp_path / "out.nc")
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    with pytest.raises(FileError, match="damaged or truncated"):
        read_netcdf(path)


def change(path, action):
    with netCDF4.Dataset(path, "a") as data:
        action(data)
    return path


def test_another_layout_is_refused(make_fields, tmp_path):
    path = change(write_netcdf(make_fields(), tmp_path / "out.nc"), lambda data: data.setncattr("tmefield_schema", 99))
    with pytest.raises(FileError, match=r"layout 99, .* reads layout 1"):
        read_netcdf(path)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda data: data.renameVariable("vessel_radius", "radius"), "lacks 'vessel_radius'"),
        (lambda data: data.renameVariable("x_bnds", "other"), "lacks 'x_bnds'"),
        (lambda data: data["ifng"].delncattr("identifier"), "is not as tmefield wrote it"),
        (lambda data: data["x_bnds"].__setitem__((2, 1), 99.0), "x_bnds are not evenly spaced"),
        (lambda data: data["tissue"].__setitem__((0, 0, 0), 77), "labels must be 0 to 3"),
        (lambda data: data.createVariable("words", str, ("x",)), "of a type that tmefield does not write"),
    ],
)
def test_a_changed_file_is_refused_by_name(make_fields, tmp_path, action, message):
    path = change(write_netcdf(make_fields(), tmp_path / "out.nc"), action)
    with pytest.raises(FileError, match=message):
        read_netcdf(path)


def test_declared_sizes_are_checked_before_anything_is_read(make_fields, tmp_path):
    def bomb(data):
        for name in ("big_z", "big_y", "big_x"):
            data.createDimension(name, 4000)
        data.createVariable("bomb", "f4", ("big_z", "big_y", "big_x"), chunksizes=(64, 64, 64), zlib=True)

    path = change(write_netcdf(make_fields(), tmp_path / "out.nc"), bomb)
    assert path.stat().st_size < 200_000
    with pytest.raises(FileError, match=r"claims 238\.4 GiB"):
        read_netcdf(path)


def test_honest_files_above_the_limit_are_refused_with_the_size(make_fields, tmp_path):
    with pytest.raises(ResourceError, match="more than the limit"):
        read_netcdf(write_netcdf(make_fields(), tmp_path / "out.nc"), limit=1000)
