"""Fields to a NetCDF file (CF-1.11), whole or not at all."""

import os
from pathlib import Path

import numpy as np

from ..errors import FileError
from .atomic import atomic_path
from .dataset import to_dataset as to_dataset
from .fieldset import FieldSet
from .layout import Entry, chunk_shape, entries, global_attributes
from .reading import read_netcdf as read_netcdf


def write_netcdf(fields: FieldSet, path: str | os.PathLike) -> Path:
    """Write the fields as NetCDF-4 after CF-1.11 (layout in docs/outputs.md); returns the path.

    The file appears under its name when it is complete; on an error nothing is left and an older file stays.

    **Raises** `FileError` if the file cannot be written (no folder, no permission, disk full).
    """
    import netCDF4

    target = Path(path)
    with atomic_path(target) as temporary:
        try:
            with netCDF4.Dataset(str(temporary), "w", format="NETCDF4") as dataset:
                dataset.setncatts(global_attributes(fields))
                dataset.createDimension("t", None)
                for entry in entries(fields):
                    _write_entry(dataset, entry)
                # HDF5 tells of a full disk at the flush, often not before.
                dataset.sync()
        except RuntimeError as error:
            raise FileError(f"{target} cannot be written ({error}): the disk is probably full; free some space or choose another folder") from error
    return target


def _write_entry(dataset, entry: Entry) -> None:
    for dimension, size in zip(entry.dims, entry.values.shape, strict=True):
        if dimension not in dataset.dimensions:
            dataset.createDimension(dimension, size)
    options = {}
    if entry.packed:
        options = {"compression": "zlib", "complevel": 1, "shuffle": True, "chunksizes": chunk_shape(entry)}
    if entry.packed and entry.values.dtype.kind == "f":
        options["fill_value"] = np.float32(np.nan)
    variable = dataset.createVariable(entry.name, entry.values.dtype, entry.dims, **options)
    variable.setncatts(entry.attributes)
    variable[...] = entry.values
