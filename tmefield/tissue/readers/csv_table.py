"""Cells from a text table: one header line, one cell a line; comma, semicolon or tab between the fields."""

import codecs
import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from .columns import Columns, missing_column, to_number

DELIMITERS = (",", ";", "\t")
_BINARY = {
    b"PK\x03\x04": "looks like a spreadsheet or a zip archive; save it as CSV",
    b"\xd0\xcf\x11\xe0": "looks like an old spreadsheet; save it as CSV",
    b"\x1f\x8b": "is compressed; unpack it first (gunzip)",
    b"PAR1": "is a Parquet file; save it as CSV",
}


def read_csv_table(path: Path, data: bytes, columns: Columns, encoding: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 2 or 3) in the unit of the table and types (n,) of the cells in a text table.

    Byte order mark, CRLF, quotes, comment lines (#) above the header, blank lines and rows shorter than the header (where the
    missing fields are not asked for) are accepted. Without `encoding` the text is UTF-8, or UTF-16 where its mark says so.

    **Raises** `FileError` naming file, line and column for a table that is empty or holds anything but finite numbers as
    positions; `InputError` for a column that is not there and an encoding that is not known.
    """
    lines = list(io.StringIO(_decode(path, data, encoding), newline=None))
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise FileError(f"{path}: the table is empty; expected a header line and one cell a line")
    delimiter = _delimiter(lines[start], columns)
    rows = csv.reader(lines[start:], delimiter=delimiter, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(rows)]
        place = _places(path, header, columns)
        return _cells(path, rows, start, header, columns, place)
    except csv.Error as error:
        raise FileError(f"{path}, line {start + rows.line_num}: {error}; is a quotation mark left open?") from None


def _cells(path: Path, rows, start: int, header: list[str], columns: Columns, place: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    positions, types = [], []
    widest = max(place.values())
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        line = f"line {start + rows.line_num}"
        if len(row) <= widest or any(field.strip() for field in row[len(header) :]):
            raise FileError(f"{path}, {line}: {len(row)} fields where the header has {len(header)}; is a separator missing, or one too many inside a field?")
        positions.append([to_number(row[place[name]].strip(), path, line, name) for name in columns.coordinates])
        kind = row[place[columns.type]].strip()
        if not kind:
            raise FileError(f"{path}, {line}: column '{columns.type}' is empty; give the cell a type (e.g. other) or take the row out")
        types.append(kind)
    if not types:
        raise FileError(f"{path}: the table has a header but no cells")
    return np.array(positions, dtype=np.float64), np.array(types, dtype=np.str_)


def _places(path: Path, header: list[str], columns: Columns) -> dict[str, int]:
    times = Counter(header)
    for argument, column in columns.wanted.items():
        if column not in times:
            raise missing_column(path, argument, column, header)
        if times[column] > 1:
            raise FileError(f"{path}: the header has {times[column]} columns named '{column}'; rename all but the one for {argument}")
    return {column: header.index(column) for column in columns.wanted.values()}


def _delimiter(header: str, columns: Columns) -> str:
    """The separator with which the header shows most of the columns asked for, then the one with most columns."""

    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter, skipinitialspace=True))]
        return len(set(names) & set(columns.wanted.values())), len(names)

    return max(DELIMITERS, key=found)


def _decode(path: Path, data: bytes, encoding: str | None) -> str:
    for start, message in _BINARY.items():
        if data.startswith(start):
            raise FileError(f"{path} {message}")
    if encoding is None:
        encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except LookupError:
        raise InputError(f"encoding '{encoding}' is not known; common ones are utf-8, utf-16, cp1252 and latin-1") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FileError(f"{path}, line {line}: not {error.encoding} text; give the encoding it was saved in, e.g. encoding = 'cp1252'") from None
    if "\0" in text:
        raise FileError(f"{path}: not a text table (it holds NUL bytes); give a CSV file, or encoding = 'utf-16' if it is one")
    return text.removeprefix("\ufeff")
