"""What is prescribed at the nodes of a network: checked, balanced part by part."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .network import Boundary, VesselNetwork

MOST_IMBALANCE = 0.01
"""Share of the through flow by which prescribed flows of a part may fail to add up to zero."""


@dataclass(frozen=True)
class Conditions:
    """What the flow is solved with, per node.

    - `pressure`: Pa where it is held, NaN elsewhere.
    - `inflow`: um3/s into the network, balanced.
    - `hd`: discharge haematocrit of blood that enters there.
    - `part`: the connected part of each node; `driven`: whether each part has any condition; `pinned`: parts known by flows only, of
      which one node is held, so that pressures are up to a constant.
    - `notes`: what was done to the values given.
    """

    pressure: np.ndarray
    inflow: np.ndarray
    hd: np.ndarray
    part: np.ndarray
    driven: np.ndarray
    pinned: np.ndarray
    notes: tuple[str, ...]


def conditions(network: VesselNetwork, boundary: Iterable[Boundary], inlet_hd: float) -> Conditions:
    """The conditions of each node from the boundary values; inflow without a haematocrit of its own brings `inlet_hd`.

    **Raises** `InputError` for a node that is unknown or named twice, values that are not finite, a haematocrit outside 0..1, and
    a part with flows only that fail to add up to zero by more than 1 % of the through flow; less is taken from all its flows in
    proportion to their size, and noted.
    """
    size = len(network.nodes)
    pressure, inflow, hd = np.full(size, np.nan), np.zeros(size), np.full(size, inlet_hd)
    given = np.zeros(size, dtype=bool)
    for one in boundary:
        _check(network, one, given)
        given[one.node] = True
        if one.kind == "pressure":
            pressure[one.node] = one.value
        else:
            inflow[one.node] = one.value
        if one.hd is not None:
            hd[one.node] = one.hd
    part, number = parts(network)
    held = np.bincount(part, np.isfinite(pressure), minlength=number) > 0
    driven = held | (np.bincount(part, np.abs(inflow), minlength=number) > 0)
    notes: list[str] = []
    for one in np.flatnonzero(driven & ~held):
        inside = part == one
        inflow[inside] = _balanced(network, np.flatnonzero(inside), inflow[inside], int(one), notes)
        pressure[np.flatnonzero(inside)[np.argmin(inflow[inside])]] = 0.0
    return Conditions(pressure, inflow, hd, part, driven, driven & ~held, tuple(notes))


def parts(network: VesselNetwork) -> tuple[np.ndarray, int]:
    """The connected part of each node, and how many there are; a node without a segment is a part of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(network.nodes)
    number, label = connected_components(coo_array((np.ones(len(network.edges)), network.edges.T), shape=(size, size)), directed=False)
    return label.astype(np.int64), int(number)


def node_name(network: VesselNetwork, node: int) -> str:
    """The node as the file calls it."""
    return network.node_names[node] if network.node_names is not None else str(node)


def _check(network: VesselNetwork, one: Boundary, given: np.ndarray) -> None:
    if not 0 <= one.node < len(network.nodes):
        raise InputError(f"a boundary value is given for node {one.node}; the network has nodes 0 to {len(network.nodes) - 1}")
    name = node_name(network, one.node)
    if given[one.node]:
        raise InputError(f"node {name} has two boundary values; give each node one pressure or one flow")
    if one.kind not in ("pressure", "flow"):
        raise InputError(f"the boundary value of node {name} is of kind {one.kind!r}; it must be 'pressure' (Pa) or 'flow' (um3/s)")
    if not np.isfinite(one.value):
        raise InputError(f"the {one.kind} at node {name} must be finite; got {one.value!r}")
    if one.hd is not None and not 0 <= one.hd < 1:
        raise InputError(f"the haematocrit at node {name} must lie in 0..1; got {one.hd!r}")


def _balanced(network: VesselNetwork, nodes: np.ndarray, inflow: np.ndarray, part: int, notes: list[str]) -> np.ndarray:
    """The flows of one part, their sum taken off in proportion to their size."""
    size = np.abs(inflow)
    rest, through = float(inflow.sum()), float(size.sum()) / 2
    where = f"part {part} (with node {node_name(network, int(nodes[np.argmax(size)]))}, {len(nodes)} nodes)"
    if abs(rest) > MOST_IMBALANCE * through:
        raise InputError(
            f"the prescribed flows of {where} add up to {rest:.6g} um3/s, {abs(rest) / through:.2%} of the {through:.6g} um3/s that "
            f"flow through; where no pressure is given they must add up to zero within {MOST_IMBALANCE:.0%}: correct a flow or give a pressure"
        )
    if abs(rest) > 1e-12 * through:
        notes.append(f"flows of {where} balanced: {rest:.4g} um3/s ({abs(rest) / through:.2g} of the through flow) spread over them")
    return inflow - rest * size / size.sum()
