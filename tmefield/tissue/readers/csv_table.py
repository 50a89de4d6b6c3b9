"""Cells from a text table: one header line, one cell a line; comma, semicolon or tab between the fields."""

import codecs
import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from .columns import Columns, RawCells, is_missing, missing_column, to_number

DELIMITERS = (",", ";", "\t")
_BINARY = {
    b"PK\x03\x04": "looks like a spreadsheet or a zip archive; save it as CSV",
    b"\xd0\xcf\x11\xe0": "looks like an old spreadsheet; save it as CSV",
    b"\x1f\x8b": "is compressed; unpack it first (gunzip)",
    b"PAR1": "is a Parquet file; save it as CSV",
    b"II*\0": "is a TIFF image; cells come from Labels.read(...).cells()",
    b"MM\0*": "is a TIFF image; cells come from Labels.read(...).cells()",
}


def read_csv_table(path: Path, data: bytes, columns: Columns, encoding: str | None = None) -> RawCells:
    """The cells in a text table, positions in the unit of the table.

    Byte order mark, CRLF, quotes, comment lines (#) above the header, blank lines and rows shorter than the header (where the
    missing fields are not asked for) are accepted. Without `encoding` the text is UTF-8, or UTF-16 where its mark says so.

    **Raises** `FileError` naming file, line and column for a table that is empty or holds anything but finite numbers as
    positions; `InputError` for a column that is not there and an encoding that is not known.
    """
    lines = text_lines(path, data, encoding)
    start = first_line(path, lines)
    delimiter = _delimiter(lines[start], columns)
    rows = csv.reader(lines[start:], delimiter=delimiter, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(rows)]
        place = _places(path, header, columns)
        return cells_of_rows(path, rows, start, columns, place, width=len(header))
    except csv.Error as error:
        raise FileError(f"{path}, line {start + rows.line_num}: {error}; is a quotation mark left open?") from None


def table_header(path: Path, data: bytes, encoding: str | None = None) -> list[str]:
    """The names in the header line, split at the separator that gives most of them."""
    lines = text_lines(path, data, encoding)
    header = lines[first_line(path, lines)]
    return max((_split(header, delimiter) for delimiter in DELIMITERS), key=len)


def first_line(path: Path, lines: list[str]) -> int:
    """Index of the first line that is neither blank nor a comment.

    **Raises** `FileError` where there is none.
    """
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise FileError(f"{path}: the table is empty; expected a header line and one cell a line")
    return start


def cells_of_rows(path: Path, rows, start: int, columns: Columns, place: dict[str, int], *, width: int | None) -> RawCells:
    """The cells of the rows that a csv reader gives, whose first stands on line `start` + 1.

    Fields beyond `width` must be empty (any number of them where it is None); the volume may be missing from a row.
    """
    positions, types, ids, volumes = [], [], [], []
    untyped = 0
    widest = max(place[name] for name in columns.wanted.values() if name != columns.volume)
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        line = f"line {start + rows.line_num}"
        if len(row) <= widest or (width is not None and any(field.strip() for field in row[width:])):
            wanted = f"at least {widest + 1} are expected" if width is None else f"the header has {width}"
            raise FileError(f"{path}, {line}: {len(row)} fields where {wanted}; is a separator missing, or one too many inside a field?")
        positions.append([to_number(row[place[name]].strip(), path, line, name) for name in columns.coordinates])
        kind = row[place[columns.type]].strip()
        if columns.untyped is not None and is_missing(kind):
            untyped, kind = untyped + 1, columns.untyped
        if not kind:
            raise FileError(f"{path}, {line}: column '{columns.type}' is empty; give the cell a type (e.g. other) or take the row out")
        types.append(kind)
        if columns.id is not None:
            ids.append(row[place[columns.id]].strip())
        if columns.volume is not None:
            field = row[place[columns.volume]].strip() if place[columns.volume] < len(row) else ""
            volumes.append(to_number(field, path, line, columns.volume) if field else np.nan)
            if volumes[-1] <= 0:
                raise FileError(f"{path}, {line}: column '{columns.volume}' holds {field}; a volume is above zero (leave it empty where it is not known)")
    if not types:
        raise FileError(f"{path}: the table has a header but no cells")
    return RawCells(
        np.array(positions, dtype=np.float64),
        np.array(types, dtype=np.str_),
        np.array(ids, dtype=np.str_) if columns.id is not None else None,
        np.array(volumes) if columns.volume is not None and np.isfinite(volumes).any() else None,
        (f"{untyped} cells without a type are called {columns.untyped}",) if untyped else (),
    )


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
        names = _split(header, delimiter)
        return len(set(names) & set(columns.wanted.values())), len(names)

    return max(DELIMITERS, key=found)


def _split(header: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([header], delimiter=delimiter, skipinitialspace=True))]


def text_lines(path: Path, data: bytes, encoding: str | None) -> list[str]:
    """The lines of a text file with their ends.

    **Raises** `FileError` for a file that is no text, `InputError` for an encoding that is not known.
    """
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
    return list(io.StringIO(text.removeprefix("\ufeff"), newline=None))
