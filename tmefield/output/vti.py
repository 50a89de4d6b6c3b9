"""Fields at one time as a VTK image (.vti) for ParaView, 3D Slicer and the like."""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .atomic import write_bytes
from .fieldset import FieldSet, variable_name
from .layout import entries

_BLOCK_BYTES = 1 << 20
_TYPES = {np.dtype(np.float32): "Float32", np.dtype(np.int8): "Int8"}


def write_vti(fields: FieldSet, path: str | os.PathLike, *, time: int = -1) -> Path:
    """Write all fields [z, y, x] at the time of index `time` as cell data of a VTK ImageData file; returns the path.

    Voxels are VTK cells, so the bounds are those of the box, in um; names and units are those of the NetCDF file. The
    arrays are zlib-compressed and appended raw (VTK file format, XML ImageData, version 1.0).

    **Raises** `InputError` for a time index that does not exist, `FileError` if the file cannot be written.
    """
    time = fields.time_index(time)
    arrays, blocks, offset = [], [], 0
    for entry in entries(fields):
        if not entry.packed:
            continue
        values = entry.values[time] if entry.dims[0] == "t" else entry.values
        packed = _pack(values)
        arrays.append(_array_tag(entry.name, values.dtype, entry.attributes.get("units", ""), offset))
        blocks.append(packed)
        offset += len(packed)
    head = _head(fields, float(fields.times[time]), arrays)
    return write_bytes(path, _pieces(head, blocks))


def _pieces(head: str, blocks: list[bytes]) -> Iterator[bytes]:
    yield head.encode("utf-8")
    yield b'  <AppendedData encoding="raw">\n_'
    yield from blocks
    yield b"\n  </AppendedData>\n</VTKFile>\n"


def _head(fields: FieldSet, seconds: float, arrays: list[str]) -> str:
    nz, ny, nx = fields.grid.shape
    extent = f"0 {nx} 0 {ny} 0 {nz}"
    origin = " ".join(repr(o) for o in reversed(fields.grid.origin))
    spacing = " ".join(repr(h) for h in reversed(fields.grid.spacing))
    # Viewers show these scalars first.
    first = quoteattr(variable_name(fields.species[0]))
    return f"""<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">
  <!-- lengths in um, TimeValue in s -->
  <ImageData WholeExtent="{extent}" Origin="{origin}" Spacing="{spacing}">
    <FieldData>
      <DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">{seconds!r}</DataArray>
    </FieldData>
    <Piece Extent="{extent}">
      <PointData></PointData>
      <CellData Scalars={first}>
{"".join(arrays)}      </CellData>
    </Piece>
  </ImageData>
"""


def _array_tag(name: str, dtype: np.dtype, units: str, offset: int) -> str:
    label = f'<InformationKey name="UNITS_LABEL" location="vtkDataArray">{escape(units)}</InformationKey>' if units else ""
    return f'        <DataArray type="{_TYPES[dtype]}" Name={quoteattr(name)} format="appended" offset="{offset}">{label}</DataArray>\n'


def _pack(values: np.ndarray) -> bytes:
    """A compressed array as VTK reads it: [blocks, block size, size of a partial last block, packed sizes...], then the blocks."""
    data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    packed = [zlib.compress(data[start : start + _BLOCK_BYTES], 1) for start in range(0, len(data), _BLOCK_BYTES)]
    header = (len(packed), _BLOCK_BYTES, len(data) % _BLOCK_BYTES, *(len(block) for block in packed))
    return struct.pack(f"<{len(header)}Q", *header) + b"".join(packed)
