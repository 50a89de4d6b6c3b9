"""What a reader hands to `clean`: a network in the units and names of its file, with the lines where things stand."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class RawBoundary:
    """A boundary value: name of the node, "pressure" (Pa) or "flow" (um3/s), haematocrit, line in the file."""

    node: str
    kind: str
    value: float
    hd: float | None
    line: int


@dataclass(frozen=True)
class RawNetwork:
    """A network as it stands in a file. Lengths in the unit of the file, NaN where a radius is missing.

    `names` (n) and `ends` (m pairs) are the names of the nodes as the file writes them; `node_lines` and `edge_lines` say in
    which line each stands, in the files `path` and `node_path` (the same unless a table has two files); a file without lines
    counts something else, which `node_word` and `edge_word` name. `tortuosity` is the length along a vessel over that of its
    segment. With `join` nodes at one place are one, because the format itself does not say which lines meet.
    """

    path: Path
    format: str
    names: list[str]
    positions: np.ndarray
    node_lines: list[int]
    ends: list[tuple[str, str]]
    radius: np.ndarray
    edge_lines: list[int]
    segment_names: list[str] | None = None
    flow: np.ndarray | None = None
    hd: np.ndarray | None = None
    branch_id: np.ndarray | None = None
    tortuosity: np.ndarray | None = None
    boundary: list[RawBoundary] = field(default_factory=list)
    box: tuple[np.ndarray, np.ndarray] | None = None
    notes: list[str] = field(default_factory=list)
    node_path: Path | None = None
    node_word: str = "line"
    edge_word: str = "line"
    join: bool = False
