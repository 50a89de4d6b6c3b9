"""Networks of the program tumorcode in HDF5: lengths in um, flow in um3/s, pressure in kPa (the file states no units)."""

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import FileError
from .raw import RawBoundary, RawNetwork

SIGNATURE = b"\x89HDF\r\n\x1a\n"
KILOPASCAL = 1e3  # Pa
_PRESSURE, _FLOW = 1, 2
_EDGES = ("node_a_index", "node_b_index", "radius")


def read_tumorcode(path: Path) -> RawNetwork:
    """A network from the group `vessels` of an HDF5 file, with flow, haematocrit and boundary values where they are given.

    Boundary flows are negative into the network in the file and positive here. They stand at the nodes of `roots`.

    **Raises** `FileError` for a file that cannot be opened, groups or arrays that are missing or do not fit each other, and
    networks on a lattice without positions.
    """
    import netCDF4

    try:
        file = netCDF4.Dataset(str(path), "r")
    except (OSError, RuntimeError) as error:
        raise FileError(
            f"{path}: HDF5 that cannot be opened ({error}); is it cut short? Else write its nodes and edges to CSV tables, which are read as well"
        ) from None
    with file:
        file.set_auto_mask(False)
        group = file.groups.get("vessels")
        if group is None or not {"nodes", "edges"} <= set(group.groups):
            there = ", ".join(list(file.groups) + list(file.variables)) or "nothing"
            raise FileError(f"{path}: there is no group 'vessels' with 'nodes' and 'edges' in this HDF5 file (it holds {there})")
        try:
            return _network(path, group.groups["nodes"].variables, group.groups["edges"].variables)
        except RuntimeError as error:
            raise FileError(f"{path}: an array of this HDF5 file cannot be read ({error}); is it damaged?") from None


def _network(path: Path, nodes: Any, edges: Any) -> RawNetwork:
    if "world_pos" not in nodes:
        lattice = (
            " (only places on a lattice, which need its transformation: write world_pos with the program that made the file)" if "lattice_pos" in nodes else ""
        )
        raise FileError(f"{path}: vessels/nodes holds no world_pos{lattice}")
    for name in _EDGES:
        if name not in edges:
            raise FileError(f"{path}: vessels/edges holds no {name} (it holds {', '.join(edges)})")
    positions = np.asarray(nodes["world_pos"][:], dtype=np.float64)
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise FileError(f"{path}: vessels/nodes/world_pos must have three columns; it has the shape {positions.shape}")
    columns = {name: np.asarray(edges[name][:]) for name in (*_EDGES, "flow", "hematocrit") if name in edges}
    sizes = {name: values.shape for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        raise FileError(f"{path}: the arrays of vessels/edges differ in shape: {', '.join(f'{name} {shape}' for name, shape in sizes.items())}")
    ends = np.column_stack([columns["node_a_index"], columns["node_b_index"]])
    return RawNetwork(
        path=path,
        format="tumorcode HDF5",
        names=[str(index) for index in range(len(positions))],
        positions=positions,
        node_lines=list(range(len(positions))),
        ends=[(str(a), str(b)) for a, b in ends.tolist()],
        radius=columns["radius"].astype(np.float64),
        edge_lines=list(range(len(ends))),
        flow=columns["flow"].astype(np.float64) if "flow" in columns else None,
        hd=columns["hematocrit"].astype(np.float64) if "hematocrit" in columns else None,
        boundary=_boundary(path, nodes),
        node_word="node",
        edge_word="edge",
    )


def _boundary(path: Path, nodes: Any) -> list[RawBoundary]:
    names = ("roots", "bc_type", "bc_value")
    if "bc_type" not in nodes:
        return []
    missing = [name for name in names if name not in nodes]
    if missing:
        raise FileError(f"{path}: vessels/nodes holds bc_type but no {missing[0]}")
    roots, kinds, values = (np.asarray(nodes[name][:]) for name in names)
    if not len(roots) == len(kinds) == len(values):
        raise FileError(f"{path}: vessels/nodes has {len(roots)} roots, {len(kinds)} bc_type and {len(values)} bc_value; they must be as many")
    boundary = []
    for root, kind, value in zip(roots.tolist(), kinds.tolist(), values.tolist(), strict=True):
        if kind not in (_PRESSURE, _FLOW):
            raise FileError(f"{path}: root {root} has bc_type {kind}, neither pressure (1) nor flow (2)")
        boundary.append(RawBoundary(str(root), *(("pressure", value * KILOPASCAL) if kind == _PRESSURE else ("flow", -value)), None, root))
    return boundary
