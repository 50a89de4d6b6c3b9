"""What the XML files of VTK have in common: tags of arrays and their bytes, zlib-compressed and appended raw (format version 1.0)."""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .atomic import write_bytes

_BLOCK_BYTES = 1 << 20
_TYPES = {np.dtype(np.float32): "Float32", np.dtype(np.float64): "Float64", np.dtype(np.int8): "Int8", np.dtype(np.uint8): "UInt8", np.dtype(np.int64): "Int64"}


class Appended:
    """The arrays of one file, in the order in which their tags are asked for."""

    def __init__(self):
        self._blocks: list[bytes] = []
        self._offset = 0

    def tag(self, name: str, values: np.ndarray, *, units: str = "", components: int = 1, indent: int = 8) -> str:
        """The line that declares an array whose bytes are appended; `units` go where viewers look for them (`UNITS_LABEL`)."""
        packed = _pack(values)
        label = f'<InformationKey name="UNITS_LABEL" location="vtkDataArray">{escape(units)}</InformationKey>' if units else ""
        several = f' NumberOfComponents="{components}"' if components > 1 else ""
        about = f'type="{_TYPES[values.dtype]}" Name={quoteattr(name)}{several} format="appended" offset="{self._offset}"'
        self._blocks.append(packed)
        self._offset += len(packed)
        return f"{' ' * indent}<DataArray {about}>{label}</DataArray>\n"

    def write(self, path: str | os.PathLike, kind: str, body: str) -> Path:
        """Write the file of type `kind` with the given content and the arrays; returns the path. Raises `FileError` as `write_bytes` does."""
        return write_bytes(path, self._pieces(kind, body))

    def _pieces(self, kind: str, body: str) -> Iterator[bytes]:
        head = f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">'
        yield f'<?xml version="1.0"?>\n{head}\n  <!-- lengths in um, TimeValue in s -->\n{body}  <AppendedData encoding="raw">\n_'.encode()
        yield from self._blocks
        yield b"\n  </AppendedData>\n</VTKFile>\n"


def time_value(seconds: float) -> str:
    """The time of the fields, where ParaView looks for it."""
    tag = f'<DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">{seconds!r}</DataArray>'
    return f"    <FieldData>\n      {tag}\n    </FieldData>\n"


def _pack(values: np.ndarray) -> bytes:
    """A compressed array as VTK reads it: [blocks, block size, size of a partial last block, packed sizes...], then the blocks."""
    data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    packed = [zlib.compress(data[start : start + _BLOCK_BYTES], 1) for start in range(0, len(data), _BLOCK_BYTES)]
    header = (len(packed), _BLOCK_BYTES, len(data) % _BLOCK_BYTES, *(len(block) for block in packed))
    return struct.pack(f"<{len(header)}Q", *header) + b"".join(packed)
