"""Fields at one time as a VTK image (.vti) for ParaView, 3D Slicer and the like."""

import os
from pathlib import Path
from xml.sax.saxutils import quoteattr

from .fieldset import FieldSet, variable_name
from .layout import entries
from .vtk_xml import Appended, time_value


def write_vti(fields: FieldSet, path: str | os.PathLike, *, time: int = -1) -> Path:
    """Write all fields [z, y, x] at the time of index `time` as cell data of a VTK ImageData file; returns the path.

    Voxels are VTK cells, so the bounds are those of the box, in um; names and units are those of the NetCDF file. The
    arrays are zlib-compressed and appended raw (VTK file format, XML ImageData, version 1.0).

    **Raises** `InputError` for a time index that does not exist, `FileError` if the file cannot be written.
    """
    time = fields.time_index(time)
    appended, arrays = Appended(), []
    for entry in entries(fields):
        if entry.packed:
            values = entry.values[time] if entry.dims[0] == "t" else entry.values
            arrays.append(appended.tag(entry.name, values, units=entry.attributes.get("units", "")))
    return appended.write(path, "ImageData", _body(fields, float(fields.times[time]), arrays))


def _body(fields: FieldSet, seconds: float, arrays: list[str]) -> str:
    nz, ny, nx = fields.grid.shape
    extent = f"0 {nx} 0 {ny} 0 {nz}"
    origin = " ".join(repr(o) for o in reversed(fields.grid.origin))
    spacing = " ".join(repr(h) for h in reversed(fields.grid.spacing))
    # Viewers show these scalars first.
    first = quoteattr(variable_name(fields.species[0]))
    return f"""  <ImageData WholeExtent="{extent}" Origin="{origin}" Spacing="{spacing}">
{time_value(seconds)}    <Piece Extent="{extent}">
      <PointData></PointData>
      <CellData Scalars={first}>
{"".join(arrays)}      </CellData>
    </Piece>
  </ImageData>
"""
