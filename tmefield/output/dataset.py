"""Fields as an xarray Dataset, the same variables as in the file."""

from typing import TYPE_CHECKING

import numpy as np

from .fieldset import FieldSet
from .layout import chunk_shape, entries, global_attributes

if TYPE_CHECKING:
    import xarray


def to_dataset(fields: FieldSet) -> "xarray.Dataset":
    """The fields as an `xarray.Dataset`, with the dimensions, names, attributes and encoding of the NetCDF file.

    `to_dataset(fields).to_netcdf(path)` therefore writes a CF-1.11 file too; `write_netcdf` does so atomically.
    """
    import xarray

    coordinates, variables = {}, {}
    for entry in entries(fields):
        variable = xarray.Variable(entry.dims, entry.values, entry.attributes)
        variable.encoding["_FillValue"] = None
        if entry.packed:
            variable.encoding |= {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": chunk_shape(entry)}
        if entry.packed and entry.values.dtype.kind == "f":
            variable.encoding["_FillValue"] = np.float32(np.nan)
        is_coordinate = entry.dims == (entry.name,) or entry.name.endswith("_bnds")
        (coordinates if is_coordinate else variables)[entry.name] = variable
    dataset = xarray.Dataset(variables, coordinates, global_attributes(fields))
    dataset.encoding["unlimited_dims"] = {"t"}
    return dataset
