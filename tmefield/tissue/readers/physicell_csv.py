"""Cells from `cells.csv`, the start of a PhysiCell simulation, in both versions."""

import csv
from pathlib import Path

from ...errors import FileError
from .columns import Columns, RawCells
from .csv_table import cells_of_rows, first_line, text_lines

_FIRST = ["x", "y", "z", "type"]


def read_physicell_csv(path: Path, data: bytes, encoding: str | None = None) -> RawCells:
    """Positions in um, types, and volumes in um3 where they are given.

    Version 1 has no header and numbers for types: x,y,z,type[,...]. Version 2 has a header that starts with x,y,z,type and may
    name volume and more; its types are names, which may hold spaces, and its rows may be shorter than the header (the rest is
    left to the cell's definition). Blank lines and comments (# or //) may stand anywhere.

    **Raises** `FileError` naming the line for a header that starts with other columns and for positions that are no numbers.
    """
    lines = ["\n" if line.lstrip().startswith(("#", "//")) else line for line in text_lines(path, data, encoding)]
    start = first_line(path, lines)
    first = [field.strip() for field in lines[start].split(",")]
    names = [field.casefold() for field in first]
    if names[:1] != ["x"]:
        columns = Columns("x", "y", "z", "type")
        return _rows(path, lines, start, columns, dict(zip(_FIRST, range(4), strict=True)), None)
    if names[:4] != _FIRST:
        raise FileError(f"{path}, line {start + 1}: the header of a PhysiCell table starts with x,y,z,type; found {','.join(first[:4])}")
    columns = Columns("x", "y", "z", "type", volume="volume" if "volume" in names else None)
    place = {column: names.index(column) for column in columns.wanted.values()}
    return _rows(path, lines, start + 1, columns, place, len(names))


def _rows(path: Path, lines: list[str], start: int, columns: Columns, place: dict[str, int], width: int | None) -> RawCells:
    rows = csv.reader(lines[start:], skipinitialspace=True)
    try:
        return cells_of_rows(path, rows, start, columns, place, width=width)
    except csv.Error as error:
        raise FileError(f"{path}, line {start + rows.line_num}: {error}; is a quotation mark left open?") from None
