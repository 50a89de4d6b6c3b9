"""Secomb's `network.dat` (GreensV4, NetFlow): lengths in um, flow in nl/min, pressure in mmHg.

Positional text; words after the numbers of a line are comments, and column headers may be missing.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...units import MMHG
from .raw import RawBoundary, RawNetwork
from .text import at, leading_numbers, require_finite, require_whole

NANOLITRE_PER_MINUTE = 1e6 / 60  # um3/s
_FLOWING_TYPES = (4, 5)
_BOX_LINE = 1
_COUNT_LINE = 6


def is_secomb(lines: list[str]) -> bool:
    """Whether a file starts as a `network.dat`: title, box, tissue points, three single numbers, number of segments."""
    if len(lines) <= _COUNT_LINE:
        return False
    counts = [len(leading_numbers(line)) for line in lines[1 : _COUNT_LINE + 1]]
    return counts[0] == 3 and counts[1] == 3 and counts[2:] == [1, 1, 1, 1]


def read_secomb(path: Path, lines: list[str]) -> RawNetwork:
    """A network from the lines of a `network.dat`.

    **Raises** `FileError` naming the line for a table that is cut short, counts that do not fit and numbers that are not finite.
    """
    table = _Table(path, lines, _BOX_LINE)
    box = table.next_row(3, "the box (x y z in um)")
    require_finite(path, table.line, box[:3], "the box")
    table.position = _COUNT_LINE
    segments = table.block("segments", 5, "name type from to diameter [flow Hd]")
    nodes = table.block("nodes", 4, "name x y z")
    ends = table.block("boundary nodes", 3, "node type value [Hd]", least=0)
    numbers = np.array([row[:5] for _, row in segments])
    complete = all(len(row) >= 7 for _, row in segments)
    notes = _type_notes(numbers[:, 1])
    boundary = _boundary(path, ends, notes)
    return RawNetwork(
        path=path,
        format="Secomb network.dat",
        names=[_name(row[0]) for _, row in nodes],
        positions=np.array([row[1:4] for _, row in nodes]),
        node_lines=[line for line, _ in nodes],
        ends=[(_name(row[2]), _name(row[3])) for _, row in segments],
        radius=numbers[:, 4] / 2,
        edge_lines=[line for line, _ in segments],
        segment_names=[_name(row[0]) for _, row in segments],
        flow=np.array([row[5] for _, row in segments]) * NANOLITRE_PER_MINUTE if complete else None,
        hd=np.array([row[6] for _, row in segments]) if complete else None,
        boundary=boundary,
        box=(np.zeros(3), np.array(box[:3])),
        notes=notes,
    )


@dataclass
class _Table:
    """A place in the lines; `line` is the number of the row read last."""

    path: Path
    lines: list[str]
    position: int
    line: int = 0

    def next_row(self, least: int, what: str, *, skip: bool = True) -> list[float]:
        """The numbers of the next row that starts with `least` numbers; without `skip` only blank lines are passed over."""
        while self.position < len(self.lines):
            text = self.lines[self.position]
            self.position += 1
            numbers = leading_numbers(text)
            if len(numbers) >= least:
                self.line = self.position
                return numbers
            if not skip and text.strip():
                raise at(self.path, self.position, f"expected {what}; found '{text.strip()[:60]}'")
        raise at(self.path, len(self.lines), f"the file ends where {what} should follow; is it cut short?")

    def block(self, what: str, columns: int, content: str, *, least: int = 1) -> list[tuple[int, list[float]]]:
        """A number of rows, a header, and that many rows with their line numbers."""
        first = self.next_row(1, f"the number of {what}")
        if len(first) > 2:
            raise at(self.path, self.line, f"expected the number of {what}, found a row of a table: is the number of rows above it too small?")
        count = require_whole(self.path, self.line, first[0], f"the number of {what}", least=least)
        rows = []
        for index in range(count):
            row = self.next_row(columns, f"row {index + 1} of {count} {what} ({content})", skip=index == 0)
            require_finite(self.path, self.line, row[: columns + 2], f"row {index + 1} of the {what}")
            rows.append((self.line, row))
        return rows


def _name(number: float) -> str:
    return f"{number:.0f}"


def _type_notes(types: np.ndarray) -> list[str]:
    odd = Counter(int(one) for one in types if one not in _FLOWING_TYPES)
    return [f"{number} segments of type {kind} carry no flow; kept as vessels" for kind, number in sorted(odd.items())]


def _boundary(path: Path, rows: list[tuple[int, list[float]]], notes: list[str]) -> list[RawBoundary]:
    known = {0: ("pressure", MMHG), 2: ("flow", NANOLITRE_PER_MINUTE)}
    boundary = []
    for line, row in rows:
        kind = require_whole(path, line, row[1], "the type of a boundary node")
        if kind not in known:
            notes.append(f"boundary node {_name(row[0])} (line {line}) has type {kind}, neither pressure (0) nor flow (2): left out")
            continue
        name, factor = known[kind]
        boundary.append(RawBoundary(_name(row[0]), name, row[2] * factor, row[3] if len(row) > 3 else None, line))
    return boundary
