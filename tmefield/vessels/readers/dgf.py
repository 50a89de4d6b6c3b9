"""DGF, the Dune grid format, as used for embedded vessel networks."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from .raw import RawBoundary, RawNetwork
from .text import at, leading_numbers, require_finite, require_whole

_VERTEX, _SEGMENTS = ("vertex",), ("simplex", "cube")


@dataclass
class _Block:
    """Rows of a block with their line numbers, the number of parameters a row, and what the file says of them."""

    parameters: int = 0
    comment: str = ""
    first_index: int = 0
    rows: list[tuple[int, list[float]]] = field(default_factory=list)


def is_dgf(lines: list[str]) -> bool:
    """Whether the first word is DGF."""
    return lines[0].split()[:1] in (["DGF"], ["dgf"])


def read_dgf(path: Path, lines: list[str], vertex_parameters: tuple[str, ...] | None, segment_parameters: tuple[str, ...] | None) -> RawNetwork:
    """A network from the blocks VERTEX and SIMPLEX (or CUBE) of a DGF file.

    The names of the parameters are those given, else those the file writes beside their number (`parameters 1 # radius`).

    **Raises** `FileError` naming the line for missing or open blocks, wrong numbers of columns and numbers that are not finite;
    `InputError` where the names do not fit the number of parameters or none of the segments' is the radius.
    """
    if not is_dgf(lines):
        raise at(path, 1, f"a DGF file starts with the word DGF; found '{lines[0].strip()[:60]}'")
    blocks = _blocks(path, lines)
    vertices, segments = (_find(path, blocks, names) for names in (_VERTEX, _SEGMENTS))
    vertex_names = _parameter_names(path, vertices, vertex_parameters, "vertex_parameters", needed=False)
    segment_names = _parameter_names(path, segments, segment_parameters, "segment_parameters", needed=True)
    names = [str(vertices.first_index + row) for row in range(len(vertices.rows))]
    table = np.array([row for _, row in vertices.rows])
    ends = [(str(require_whole(path, line, row[0], "a vertex index")), str(require_whole(path, line, row[1], "a vertex index"))) for line, row in segments.rows]
    return RawNetwork(
        path=path,
        format="DGF",
        names=names,
        positions=table[:, :3],
        node_lines=[line for line, _ in vertices.rows],
        ends=ends,
        radius=_radius(path, segments, segment_names),
        edge_lines=[line for line, _ in segments.rows],
        boundary=_end_pressures(vertices, vertex_names, names, ends),
    )


def _blocks(path: Path, lines: list[str]) -> dict[str, _Block]:
    """Blocks by keyword; only those of vertices and segments are read."""
    blocks: dict[str, _Block] = {}
    current, opened = None, 0
    for number, line in enumerate(lines[1:], start=2):
        text = line.split("%")[0].strip()
        if not text:
            continue
        if text.startswith("#"):
            current = None
        elif current is None:
            current, opened = text.split()[0].casefold(), number
            blocks[current] = _Block()
        elif current in _VERTEX + _SEGMENTS:
            _row(path, number, text, current, blocks[current])
    if current in _VERTEX + _SEGMENTS:
        raise at(path, len(lines), f"the block {current.upper()} (line {opened}) is not closed with '#'; is the file cut short?")
    return blocks


def _row(path: Path, number: int, text: str, keyword: str, block: _Block) -> None:
    words = text.split()
    if words[0].casefold() in ("firstindex", "parameters"):
        value = require_whole(path, number, (leading_numbers(" ".join(words[1:])) or [float("nan")])[0], words[0])
        if words[0].casefold() == "firstindex":
            block.first_index = value
        else:
            block.parameters, block.comment = value, text.partition("#")[2]
        return
    columns = (3 if keyword in _VERTEX else 2) + block.parameters
    numbers = leading_numbers(text.split("#")[0])
    if len(numbers) != columns or len(text.split("#")[0].split()) != columns:
        raise at(path, number, f"expected {columns} numbers in block {keyword.upper()}; found '{text[:60]}'")
    require_finite(path, number, numbers, f"block {keyword.upper()}")
    block.rows.append((number, numbers))


def _find(path: Path, blocks: dict[str, _Block], keywords: tuple[str, ...]) -> _Block:
    found = [blocks[keyword] for keyword in keywords if keyword in blocks]
    wanted = " or ".join(keyword.upper() for keyword in keywords)
    if not found:
        raise FileError(f"{path}: there is no block {wanted}; is the file cut short?")
    if not found[0].rows:
        raise FileError(f"{path}: the block {wanted} is empty")
    return found[0]


def _parameter_names(path: Path, block: _Block, given: tuple[str, ...] | None, argument: str, *, needed: bool) -> list[str]:
    if given is not None:
        if len(given) != block.parameters:
            raise InputError(f"{path}: {argument} names {len(given)} parameters, but the file has {block.parameters}")
        return [name.casefold() for name in given]
    names = block.comment.replace(",", " ").casefold().split()
    if len(names) == block.parameters and (not needed or {"radius", "diameter"} & set(names)):
        return names
    if needed:
        raise InputError(f"{path}: the file does not say which of its {block.parameters} numbers is the radius; give {argument}, e.g. ['radius']")
    return [""] * block.parameters


def _radius(path: Path, block: _Block, names: list[str]) -> np.ndarray:
    for name, factor in (("radius", 1.0), ("diameter", 0.5)):
        if name in names:
            return np.array([row[2 + names.index(name)] for _, row in block.rows]) * factor
    raise InputError(f"{path}: none of the segment_parameters is called radius or diameter; got {', '.join(names) or 'none'}")


def _end_pressures(block: _Block, parameters: list[str], names: list[str], ends: list[tuple[str, str]]) -> list[RawBoundary]:
    """Pressures of the vertices (Pa) as boundary values at the free ends."""
    column = next((index for index, name in enumerate(parameters) if name in ("pressure", "pressures")), None)
    if column is None:
        return []
    uses: dict[str, int] = {}
    for pair in ends:
        for name in pair:
            uses[name] = uses.get(name, 0) + 1
    return [RawBoundary(name, "pressure", row[3 + column], None, line) for name, (line, row) in zip(names, block.rows, strict=True) if uses.get(name) == 1]
