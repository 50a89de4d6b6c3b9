"""SWC: one point a line, `id type x y z radius parent`; each point but a root makes a segment with its parent."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import FileError
from .polyline import end_mean
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

    A tree by its format: loops of the vessels it was made from are cut (see `close_loops`).

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
    radii = np.array([[row[5], by_name.get(parent, row)[5]] for _, _, parent, row in children])
    return RawNetwork(
        path=path,
        format="SWC",
        names=names,
        positions=np.array([row[2:5] for _, row in rows]),
        node_lines=[line for line, _ in rows],
        ends=[(parent, name) for _, name, parent, _ in children],
        radius=end_mean(radii[:, 0], radii[:, 1]),
        edge_lines=[line for line, _, _, _ in children],
    )


def close_loops(raw: RawNetwork, tolerance: float, um_per_unit: float) -> RawNetwork:
    """The network with ends joined to the nearest point within the tolerance (um) that is at least four times as far along the tree.

    The number of ends joined is noted.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import KDTree

    distance = tolerance / um_per_unit
    index = {name: row for row, name in enumerate(raw.names)}
    pairs = np.array([[index[a], index[b]] for a, b in raw.ends if a in index and b in index]).reshape(-1, 2)
    size = len(raw.names)
    leaves = np.flatnonzero(np.bincount(pairs.ravel(), minlength=size) == 1)
    lengths = np.linalg.norm(raw.positions[pairs[:, 1]] - raw.positions[pairs[:, 0]], axis=1)
    graph = coo_array((np.maximum(lengths, np.finfo(float).tiny), (pairs[:, 0], pairs[:, 1])), shape=(size, size)).tocsr()
    near = KDTree(raw.positions).query_ball_point(raw.positions[leaves], distance)
    joined: dict[int, int] = {}
    for leaf, found in zip(leaves.tolist(), near, strict=True):
        along = dijkstra(graph, directed=False, indices=leaf, limit=4 * distance)
        # A point that was itself joined to another is gone.
        there = [one for one in found if one != leaf and not np.isfinite(along[one]) and one not in joined]
        if there and leaf not in joined.values():
            joined[leaf] = min(there, key=lambda one: float(np.linalg.norm(raw.positions[one] - raw.positions[leaf])))
    new = {raw.names[leaf]: raw.names[point] for leaf, point in joined.items()}
    kept = [row for row in range(size) if row not in joined]
    return replace(
        raw,
        names=[raw.names[row] for row in kept],
        positions=raw.positions[kept],
        node_lines=[raw.node_lines[row] for row in kept],
        ends=[(new.get(a, a), new.get(b, b)) for a, b in raw.ends],
        notes=[*raw.notes, f"{len(joined)} ends joined to a point within {tolerance:g} um to close loops"],
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
