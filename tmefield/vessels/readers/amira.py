"""Spatial graphs of Amira and Avizo, ASCII (.am): vertices, edges, and the points along each edge."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import FileError
from .polyline import choose_radius, end_mean, expand
from .raw import RawNetwork
from .text import at, leading_numbers, require_finite, require_whole

_HEADER = re.compile(r"#\s*(AmiraMesh|Avizo)\b(.*)", re.IGNORECASE)
_DECLARED = re.compile(r"\b(VERTEX|EDGE|POINT)\s*\{\s*\w+(?:\[(\d+)\])?\s+(\w+)\s*\}\s*=?\s*@(\d+)(\S*)")
_DEFINED = re.compile(r"\bdefine\s+(VERTEX|EDGE|POINT)\s+(\d+)")
_BLOCK = re.compile(r"\s*@(\d+)\s*(?:#.*)?$")


@dataclass
class _Block:
    """A block of numbers: what it belongs to, its name, numbers a row, and its rows with their lines."""

    place: str
    name: str
    width: int
    line: int
    rows: list[tuple[int, list[float]]] = field(default_factory=list)

    @property
    def values(self) -> np.ndarray:
        return np.array([row for _, row in self.rows]).reshape(-1, self.width)


def is_amira(lines: list[str]) -> bool:
    """Whether the first line is the header of Amira or Avizo."""
    return bool(_HEADER.match(lines[0].strip()))


def read_amira(path: Path, lines: list[str], *, radius_field: str | None, is_diameter: bool, default_radius: float | None) -> RawNetwork:
    """The edges of an ASCII spatial graph as segments from point to point, with `branch_id` the edge.

    The first and last point of an edge stand for its vertices. The blocks count, not the numbers that `define` states (where they
    differ it is noted). `radius_field` names an array at the points, the vertices or the edges.

    **Raises** `FileError` naming the line for blocks that are missing, incomplete or do not fit each other; `InputError` where the
    array of radii is not named or not there.
    """
    header = _HEADER.match(lines[0].strip())
    if header is None:
        raise at(path, 1, f"a spatial graph starts with '# AmiraMesh' or '# Avizo'; found '{lines[0].strip()[:60]}'")
    if "ASCII" not in header[2].upper():
        raise at(path, 1, "a binary file; save the spatial graph as ASCII (in Amira: 'AmiraMesh ASCII SpatialGraph')")
    blocks = _blocks(path, lines)
    vertices, connectivity, counts, points = (
        _find(path, blocks, *one)
        for one in (("VERTEX", "VertexCoordinates", 3), ("EDGE", "EdgeConnectivity", 2), ("EDGE", "NumEdgePoints", 1), ("POINT", "EdgePointCoordinates", 3))
    )
    runs, pairs_of_edges = _runs(path, vertices, connectivity, counts, points)
    n_vertices, interior = len(vertices.rows), np.ones(len(points.rows), dtype=bool)
    node = n_vertices + np.arange(len(points.rows))
    for (first, last), (a, b) in zip(runs, pairs_of_edges, strict=True):
        node[[first, last - 1]] = a, b
        interior[[first, last - 1]] = False
    # Points that stand for a vertex are no nodes of their own: the others move up.
    node = np.where(interior, n_vertices + np.cumsum(interior) - 1, node)
    at_points, branch = expand([np.arange(first, last) for first, last in runs])
    positions = np.vstack([vertices.values, points.values[interior]])
    return RawNetwork(
        path=path,
        format="Amira spatial graph",
        names=[str(index) for index in range(len(positions))],
        positions=positions,
        node_lines=[line for line, _ in vertices.rows] + [line for (line, _), inner in zip(points.rows, interior, strict=True) if inner],
        ends=[(str(a), str(b)) for a, b in node[at_points].tolist()],
        radius=_radius(path, blocks, node, at_points, branch, radius_field, default_radius) / (2 if is_diameter else 1),
        edge_lines=[points.rows[index][0] for index in at_points[:, 1]],
        branch_id=branch,
        notes=_count_notes(lines, blocks) + _end_notes(vertices, points, runs, pairs_of_edges),
    )


def _blocks(path: Path, lines: list[str]) -> dict[tuple[str, str], _Block]:
    """Blocks by what they belong to and their name."""
    declared: dict[int, _Block] = {}
    current: _Block | None = None
    for number, line in enumerate(lines, start=1):
        start = _BLOCK.match(line)
        if start:
            current = declared.get(int(start[1]))
            if current is None:
                raise at(path, number, f"the block @{start[1]} is not declared in the header")
        elif current is None:
            for place, width, name, index, encoding in _DECLARED.findall(line):
                if encoding:
                    raise at(path, number, f"the block of {name} is encoded ({encoding[:30]}); save the spatial graph as plain ASCII")
                declared[int(index)] = _Block(place, name, int(width or 1), number)
        elif line.strip() and not line.lstrip().startswith("#"):
            _row(path, number, line, current)
    if not declared:
        raise FileError(f"{path}: no array of a spatial graph is declared (VERTEX, EDGE, POINT); is it a file of another kind?")
    return {(one.place, one.name): one for one in declared.values()}


def _row(path: Path, number: int, line: str, block: _Block) -> None:
    numbers = leading_numbers(line)
    if len(numbers) != block.width or len(line.replace(",", " ").split()) != block.width:
        raise at(path, number, f"expected {block.width} number(s) of {block.name}; found '{line.strip()[:60]}'")
    require_finite(path, number, numbers, block.name)
    block.rows.append((number, numbers))


def _find(path: Path, blocks: dict[tuple[str, str], _Block], place: str, name: str, width: int) -> _Block:
    block = blocks.get((place, name))
    if block is None:
        there = ", ".join(f"{one.place} {one.name}" for one in blocks.values())
        raise FileError(f"{path}: the array {place} {name} of a spatial graph is not declared; declared are {there}")
    if not block.rows:
        raise at(path, block.line, f"the block of {name} has no rows; is the file cut short?")
    if block.width != width:
        raise at(path, block.line, f"{name} must have {width} number(s) a row; it is declared with {block.width}")
    return block


def _runs(path: Path, vertices: _Block, connectivity: _Block, counts: _Block, points: _Block) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """First and one past the last point of each edge, and its two vertices."""
    if len(counts.rows) != len(connectivity.rows):
        raise at(path, counts.line, f"{len(counts.rows)} rows of {counts.name} for {len(connectivity.rows)} edges; is the file cut short?")
    runs, pairs, first = [], [], 0
    for (line, (a, b)), (count_line, (count,)) in zip(connectivity.rows, counts.rows, strict=True):
        ends = [require_whole(path, line, one, "the index of a vertex") for one in (a, b)]
        if max(ends) >= len(vertices.rows):
            raise at(path, line, f"an edge names vertex {max(ends)}, but there are {len(vertices.rows)} (from 0)")
        last = first + require_whole(path, count_line, count, "the number of points of an edge", least=2)
        runs.append((first, last))
        pairs.append((ends[0], ends[1]))
        first = last
    if first != len(points.rows):
        raise at(path, points.line, f"the edges have {first} points together, but {len(points.rows)} rows of {points.name} follow; is the file cut short?")
    return runs, pairs


def _radius(
    path: Path,
    blocks: dict[tuple[str, str], _Block],
    node: np.ndarray,
    at_points: np.ndarray,
    branch: np.ndarray,
    asked: str | None,
    default_radius: float | None,
) -> np.ndarray:
    """Radius or diameter of each segment, NaN where the default is to serve."""
    structure = ("VertexCoordinates", "EdgeConnectivity", "NumEdgePoints", "EdgePointCoordinates")
    order = {"POINT": 0, "EDGE": 1, "VERTEX": 2}
    scalars = sorted((one for one in blocks.values() if one.width == 1 and one.name not in structure), key=lambda one: order[one.place])
    name = choose_radius(path, [one.name for one in scalars], asked, default_radius)
    if name is None:
        return np.full(len(branch), np.nan)
    block = next(one for one in scalars if one.name == name)
    values = block.values[:, 0]
    wanted = {"POINT": len(node), "EDGE": int(branch.max()) + 1, "VERTEX": len(blocks["VERTEX", "VertexCoordinates"].rows)}[block.place]
    if len(values) != wanted:
        raise at(path, block.line, f"{len(values)} rows of {name}, but {wanted} are needed; is the file cut short?")
    if block.place == "EDGE":
        return values[branch]
    if block.place == "POINT":
        return end_mean(values[at_points[:, 0]], values[at_points[:, 1]])
    raise at(path, block.line, f"{name} is given at the vertices only; name an array at the points or edges, or give default_radius (um)")


def _count_notes(lines: list[str], blocks: dict[tuple[str, str], _Block]) -> list[str]:
    stated = {place: int(number) for line in lines for place, number in _DEFINED.findall(line)}
    listed = {one.place: len(one.rows) for one in blocks.values() if one.rows}
    return [
        f"the header states {number} of {place}, the file lists {listed[place]}: those are read"
        for place, number in stated.items()
        if listed.get(place, number) != number
    ]


def _end_notes(vertices: _Block, points: _Block, runs: list[tuple[int, int]], pairs: list[tuple[int, int]]) -> list[str]:
    ends = points.values[[index for first, last in runs for index in (first, last - 1)]]
    away = np.linalg.norm(ends - vertices.values[np.array(pairs).ravel()], axis=1)
    far = int((away > 1e-3 * max(float(np.ptp(vertices.values, axis=0).max()), 1e-12)).sum())
    return [f"{far} ends of edges lie away from their vertex (by up to {away.max():.4g} in the unit of the file); the vertex counts"] if far else []
