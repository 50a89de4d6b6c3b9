"""SWC: one point a line, `id type x y z radius parent`; each point but a root makes a segment with its parent."""

from pathlib import Path

import numpy as np

from ...errors import FileError
from .raw import RawNetwork
from .text import at, leading_numbers, require_finite, require_whole

_COLUMNS = "id type x y z radius parent"


def _data(lines: list[str]) -> list[tuple[int, str]]:
    rows = [(number, line.split("#")[0].strip()) for number, line in enumerate(lines, start=1)]
    return [(number, text) for number, text in rows if text]


def is_swc(lines: list[str]) -> bool:
    """Whether the first line that is no comment holds seven numbers with whole id, type and parent."""
    rows = _data(lines)
    numbers = leading_numbers(rows[0][1]) if rows else []
    return len(numbers) == 7 and all(numbers[i] == round(numbers[i]) for i in (0, 1, 6) if abs(numbers[i]) < 1e15)


def read_swc(path: Path, lines: list[str]) -> RawNetwork:
    """A network from the points of an SWC file; ids in any order, the radius of a segment is the mean of its two points.

    A tree by its format: loops of the vessels it was made from are cut, unless points are doubled (`repair` joins those).

    **Raises** `FileError` naming the line for rows that are not seven finite numbers, parents that are missing and an empty file.
    """
    rows = _rows(path, lines)
    if not rows:
        raise FileError(f"{path}: there are no points in the file ({_COLUMNS} expected in each line)")
    names = [f"{row[0]:.0f}" for _, row in rows]
    by_name = {name: row for name, (_, row) in zip(names, rows, strict=True)}
    children = [(line, name, f"{row[6]:.0f}", row) for name, (line, row) in zip(names, rows, strict=True) if row[6] >= 0]
    if not children:
        raise FileError(f"{path}: all points are roots (parent -1), so there is no segment")
    # An unknown parent is told by `clean`, with its line.
    radius = [(row[5] + by_name.get(parent, row)[5]) / 2 if min(row[5], by_name.get(parent, row)[5]) > 0 else 0.0 for _, _, parent, row in children]
    return RawNetwork(
        path=path,
        format="SWC",
        names=names,
        positions=np.array([row[2:5] for _, row in rows]),
        node_lines=[line for line, _ in rows],
        ends=[(parent, name) for _, name, parent, _ in children],
        radius=np.array(radius),
        edge_lines=[line for line, _, _, _ in children],
    )


def _rows(path: Path, lines: list[str]) -> list[tuple[int, list[float]]]:
    rows = []
    for line, text in _data(lines):
        numbers = leading_numbers(text)
        if len(numbers) != 7 or len(text.replace(",", " ").split()) != 7:
            raise at(path, line, f"expected seven numbers ({_COLUMNS}); found '{text[:60]}'" + ("; is the file cut short?" if len(numbers) < 7 else ""))
        require_finite(path, line, numbers, "the point")
        require_whole(path, line, numbers[0], "the id of a point")
        require_whole(path, line, numbers[6], "the parent of a point", least=-1)
        rows.append((line, numbers))
    return rows
