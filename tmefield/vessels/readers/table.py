"""Networks as two tables: segments `id,a,b,radius[,flow,hd,branch,tortuosity]` and nodes `id,x,y,z[,bc_kind,bc_value,hd]`.

Columns by name in any order, comma, semicolon or tab between them; a line `# unit: um` states the unit of all lengths. Flow is
in um3/s and pressure in Pa. The column names of Voreen's VesselGraph are understood as well.
"""

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from ..network import VesselNetwork
from .raw import RawBoundary, RawNetwork
from .text import at, read_lines

_DELIMITERS = (",", ";", "\t")
_NODE_COLUMNS = {"id": ("id", "node"), "x": ("x", "pos_x"), "y": ("y", "pos_y"), "z": ("z", "pos_z")}
_EDGE_COLUMNS = {"a": ("a", "node1id"), "b": ("b", "node2id")}
_RADIUS = ("radius", "avgradiusavg")
_BOUNDARY_KINDS = ("pressure", "flow")


class Table:
    """Rows of a text table with a header: names of columns in lower case, fields, line numbers, and `# key: value` lines."""

    def __init__(self, path: Path, lines: list[str]):
        self.path = path
        self.stated = _stated(lines)
        body = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
        if not body:
            raise FileError(f"{path}: the table is empty; expected a header line with the names of the columns")
        delimiter = max(_DELIMITERS, key=body[0][1].count)
        fields = [[field.strip() for field in row] for row in csv.reader((line for _, line in body), delimiter=delimiter)]
        if len(fields) != len(body):
            raise FileError(f"{path}: a quotation mark is left open in the table")
        self.header = [name.casefold() for name in fields[0]]
        self.rows, self.lines = fields[1:], [number for number, _ in body[1:]]
        if not self.rows:
            raise FileError(f"{path}: the table has a header but no rows")
        for number, row in zip(self.lines, self.rows, strict=True):
            if len(row) < len(self.header) or any(row[len(self.header) :]):
                raise at(path, number, f"{len(row)} fields where the header has {len(self.header)}; is the file cut short?")

    def find(self, names: Sequence[str]) -> int | None:
        """Place of the first of these columns that is there."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def texts(self, names: Sequence[str]) -> list[str]:
        """The fields of a column that has to be there."""
        place = self.find(names)
        if place is None:
            raise FileError(f"{self.path}: there is no column '{names[0]}'; the columns are {', '.join(self.header)}")
        for number, row in zip(self.lines, self.rows, strict=True):
            if not row[place]:
                raise at(self.path, number, f"column '{names[0]}' is empty")
        return [row[place] for row in self.rows]

    def optional(self, names: Sequence[str], *, blank: bool = False) -> np.ndarray | None:
        """As `numbers`, None where there is no such column."""
        return None if self.find(names) is None else self.numbers(names, blank=blank)

    def numbers(self, names: Sequence[str], *, blank: bool = False) -> np.ndarray:
        """A column of finite numbers; NaN for empty fields with `blank`."""
        place = self.find(names)
        fields = [row[place] for row in self.rows] if blank and place is not None else self.texts(names)
        return np.array([self._number(text, line, names[0]) for text, line in zip(fields, self.lines, strict=True)])

    def _number(self, text: str, line: int, name: str) -> float:
        if not text:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            raise at(self.path, line, f"column '{name}' holds '{text}', which is not a number") from None
        if not math.isfinite(value):
            raise at(self.path, line, f"column '{name}' holds {text}; every number must be finite")
        return value


def header_names(lines: list[str]) -> set[str]:
    """Names of columns, in lower case, in the first line that is no comment, whatever stands between them."""
    header = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return {name.strip().strip('"').casefold() for delimiter in _DELIMITERS for name in header.split(delimiter)}


def is_table(lines: list[str]) -> bool:
    """Whether the first line that is no comment names the two nodes of a segment, or the place of a node."""
    names = header_names(lines)
    return any(all(names & set(one) for one in columns.values()) for columns in (_EDGE_COLUMNS, _NODE_COLUMNS))


def stated_unit(path: Path, lines: list[str]) -> str | None:
    """The unit in a line `# unit: um`."""
    return _stated(lines).get("unit")


def read_table(path: Path, lines: list[str], nodes: Path | None) -> RawNetwork:
    """A network from the table of segments in `path` and the table of nodes in `nodes` (`nodes.csv` beside it by default).

    **Raises** `FileError` naming file and line for tables that are missing, empty or hold wrong fields; `InputError` where the
    two tables state different units.
    """
    edges = Table(path, lines)
    if edges.find(_EDGE_COLUMNS["a"]) is None and edges.find(_NODE_COLUMNS["x"]) is not None:
        raise InputError(f"{path}: this is a table of nodes; give the table of segments as the file, and this one as nodes")
    points = _nodes_table(path, nodes)
    if edges.stated.get("unit") != points.stated.get("unit") and "unit" in points.stated:
        raise InputError(f"{points.path} states the unit {points.stated['unit']}, {path} states {edges.stated.get('unit', 'none')}; they must be the same")
    radius = edges.optional(_RADIUS, blank=True)
    branch = edges.optional(("branch",))
    return RawNetwork(
        path=path,
        format="table of segments and nodes",
        names=points.texts(_NODE_COLUMNS["id"]),
        positions=np.column_stack([points.numbers(_NODE_COLUMNS[axis]) for axis in "xyz"]),
        node_lines=points.lines,
        node_path=points.path,
        ends=list(zip(*(edges.texts(_EDGE_COLUMNS[side]) for side in "ab"), strict=True)),
        radius=np.full(len(edges.rows), np.nan) if radius is None else radius,
        edge_lines=edges.lines,
        segment_names=edges.texts(("id",)) if edges.find(("id",)) is not None else None,
        flow=edges.optional(("flow",)),
        hd=edges.optional(("hd",)),
        branch_id=None if branch is None else branch.astype(np.int64),
        tortuosity=edges.optional(("tortuosity",)) if edges.find(("tortuosity",)) is not None else path_over_chord(edges, ("length",), ("distance",)),
        boundary=_boundary(points),
        box=_box(path, edges.stated.get("box")),
    )


def path_over_chord(table: Table, length: Sequence[str], chord: Sequence[str]) -> np.ndarray | None:
    """Tortuosity from the columns of the length along a vessel and of the distance of its ends; None where one is missing.

    1 where the distance is 0 (no segment) and, by rounding in the file, where the length is the smaller of the two.
    """
    if table.find(length) is None or table.find(chord) is None:
        return None
    along, straight = table.numbers(length), table.numbers(chord)
    return np.maximum(np.divide(along, straight, out=np.ones_like(along), where=straight > 0), 1.0)


def _nodes_table(path: Path, nodes: Path | None) -> Table:
    if nodes is None:
        nodes = path.with_name("nodes.csv")
        if not nodes.exists():
            raise InputError(f"{path}: the table of its nodes is missing; give nodes (there is no {nodes.name} beside it)")
    return Table(nodes, read_lines(nodes))


def _stated(lines: list[str]) -> dict[str, str]:
    """What comment lines `# key: value` say."""
    pairs = [line.lstrip()[1:].partition(":") for line in lines if line.lstrip().startswith("#")]
    return {key.strip().casefold(): value.strip().strip(",;") for key, colon, value in pairs if colon}


def _box(path: Path, text: str | None) -> tuple[np.ndarray, np.ndarray] | None:
    if text is None:
        return None
    try:
        numbers = np.array([float(word) for word in text.split()])
    except ValueError:
        numbers = np.zeros(0)
    if numbers.shape != (6,) or not np.isfinite(numbers).all():
        raise FileError(f"{path}: '# box:' must be followed by six numbers (lower x y z, upper x y z); found '{text}'")
    return numbers[:3], numbers[3:]


def _boundary(points: Table) -> list[RawBoundary]:
    place = points.find(("bc_kind",))
    if place is None:
        return []
    values = points.numbers(("bc_value",), blank=True)
    haematocrit = points.optional(("hd",), blank=True)
    found = []
    for row, (name, line) in enumerate(zip(points.texts(_NODE_COLUMNS["id"]), points.lines, strict=True)):
        kind = points.rows[row][place].casefold()
        if not kind:
            continue
        if kind not in _BOUNDARY_KINDS or math.isnan(values[row]):
            raise at(points.path, line, "bc_kind must be 'pressure' (Pa) or 'flow' (um3/s), with a number in bc_value; or leave both empty")
        hd = None if haematocrit is None or math.isnan(haematocrit[row]) else float(haematocrit[row])
        found.append(RawBoundary(name, kind, float(values[row]), hd, line))
    return found


def write_table(network: VesselNetwork, edges: Path, nodes: Path) -> None:
    """Write the two tables in um, each number with all its digits; a file is replaced only once it is complete.

    **Raises** `FileError` where a table cannot be written.
    """
    names = network.node_names or tuple(str(index) for index in range(len(network.nodes)))
    head = ["# unit: um"]
    if network.box is not None:
        head.append("# box: " + " ".join(repr(float(one)) for corner in network.box for one in corner))
    columns: dict[str, Sequence[str]] = {"id": network.segment_names or tuple(str(index) for index in range(len(network.edges)))}
    columns |= {side: [names[index] for index in network.edges[:, place]] for place, side in enumerate("ab")}
    columns["radius"] = [repr(float(one)) for one in network.radius]
    for name, values in (("flow", network.flow), ("hd", network.hd), ("tortuosity", network.tortuosity)):
        if values is not None:
            columns[name] = [repr(float(one)) for one in values]
    if network.branch_id is not None:
        columns["branch"] = [str(int(one)) for one in network.branch_id]
    _write(edges, head, columns)
    _write(nodes, head[:1], _node_columns(network, names))


def _node_columns(network: VesselNetwork, names: Sequence[str]) -> dict[str, Sequence[str]]:
    columns: dict[str, Sequence[str]] = {"id": names}
    columns |= {axis: [repr(float(one)) for one in network.nodes[:, place]] for place, axis in enumerate("xyz")}
    if network.boundary:
        at_node = {one.node: one for one in network.boundary}
        rows = [at_node.get(index) for index in range(len(names))]
        columns["bc_kind"] = ["" if one is None else one.kind for one in rows]
        columns["bc_value"] = ["" if one is None else repr(float(one.value)) for one in rows]
        columns["hd"] = ["" if one is None or one.hd is None else repr(float(one.hd)) for one in rows]
    return columns


def _write(path: Path, head: list[str], columns: dict[str, Sequence[str]]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(line + "\n" for line in head)
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(columns)
            rows.writerows(zip(*columns.values(), strict=True))
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FileError(f"{path}: cannot be written ({error.strerror})") from None
