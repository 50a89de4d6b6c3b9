import numpy as np
import xarray

from tmefield.output import read_netcdf, to_dataset, write_netcdf


def test_dataset_equals_the_file(make_fields, tmp_path):
    fields = make_fields()
    dataset = to_dataset(fields)
    with xarray.open_dataset(write_netcdf(fields, tmp_path / "out.nc")) as opened:
        xarray.testing.assert_equal(dataset, opened.set_coords(["z_bnds", "y_bnds", "x_bnds"]))
        assert opened["t"].dtype == np.float64
        for name in dataset.variables:
            assert dataset[name].attrs.items() >= {k: v for k, v in opened[name].attrs.items() if k != "flag_values"}.items(), name


def test_a_file_written_by_xarray_is_read_back(make_fields, tmp_path):
    fields = make_fields()
    to_dataset(fields).to_netcdf(tmp_path / "out.nc", engine="netcdf4")
    back = read_netcdf(tmp_path / "out.nc")
    assert back.grid == fields.grid and np.array_equal(back.concentration, fields.concentration)
