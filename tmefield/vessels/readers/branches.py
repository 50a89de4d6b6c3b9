"""Branch tables of ImageJ/Fiji AnalyzeSkeleton: one row a branch with the coordinates of its two ends, no radius."""

from pathlib import Path

import numpy as np

from ...errors import FileError
from .raw import RawNetwork
from .table import Table, header_names, path_over_chord

_ENDS = [[f"{end} {axis}" for axis in "xyz"] for end in ("v1", "v2")]
_LENGTH, _CHORD = ("branch length",), ("euclidean distance",)


def is_branches(lines: list[str]) -> bool:
    """Whether the first line that is no comment names the coordinates of the two ends of a branch."""
    return {name for end in _ENDS for name in end} <= header_names(lines)


def read_branches(path: Path, lines: list[str]) -> RawNetwork:
    """A network of straight branches between the ends that a branch table lists; ends with the same coordinates are one node.

    The radius has to be given (`default_radius`), and the size of a pixel. Branch length over Euclidean distance is kept as the
    tortuosity, by which the wall area of a branch exceeds that of its chord.

    **Raises** `FileError` naming the line for fields that are missing or wrong.
    """
    table = Table(path, lines)
    ends = np.stack([np.column_stack([table.numbers((name,)) for name in names]) for names in _ENDS], axis=1)
    if not ends.size:
        raise FileError(f"{path}: there are no branches in the table")
    positions, first, place = np.unique(ends.reshape(-1, 3), axis=0, return_index=True, return_inverse=True)
    return RawNetwork(
        path=path,
        format="AnalyzeSkeleton branch table",
        names=[str(index) for index in range(len(positions))],
        positions=positions,
        node_lines=[table.lines[index // 2] for index in first],
        ends=[(str(a), str(b)) for a, b in place.reshape(-1, 2).tolist()],
        radius=np.full(len(ends), np.nan),
        edge_lines=table.lines,
        branch_id=np.arange(len(ends)),
        tortuosity=path_over_chord(table, _LENGTH, _CHORD),
    )
