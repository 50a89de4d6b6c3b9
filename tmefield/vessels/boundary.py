"""What is prescribed at the nodes of a network: checked and balanced part by part, or set at the faces of a box."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..units import MMHG
from .network import Boundary, VesselNetwork
from .rheology import FULLEST

INLET_HD = 0.45
"""Discharge haematocrit of entering blood that states none."""
ARTERIOLAR = 50 * MMHG
"""Pa; chosen within 40 to 60 mmHg."""
VENULAR = 15 * MMHG
"""Pa; chosen within 10 to 20 mmHg."""
FACES = {f"{axis}_{side}": (number, upper) for number, axis in enumerate("xyz") for upper, side in enumerate(("lower", "upper"))}
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

    @property
    def held(self) -> np.ndarray:
        """Nodes whose pressure was given."""
        return np.isfinite(self.pressure) & ~self.pinned[self.part]

    @property
    def open(self) -> np.ndarray:
        """Nodes through which blood may enter or leave the network."""
        return self.held | (self.inflow != 0)


def conditions(network: VesselNetwork, boundary: Iterable[Boundary], inlet_hd: float) -> Conditions:
    """The conditions of each node from the boundary values; inflow without a haematocrit of its own brings `inlet_hd`.

    **Raises** `InputError` for a node that is unknown or named twice, values that are not finite, a haematocrit outside 0..0.95, pressures that
    are all the same where no flow is given, and a part with flows only that fail to add up to zero by more than 1 % of the through flow; less is
    taken from all its flows in proportion to their size, and noted.
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
    part = network.part_of_node
    number = int(part.max()) + 1
    held = np.bincount(part, np.isfinite(pressure), minlength=number) > 0
    driven = held | (np.bincount(part, np.abs(inflow), minlength=number) > 0)
    notes: list[str] = []
    known = pressure[np.isfinite(pressure)]
    if known.size and not inflow.any() and np.ptp(known) == 0:
        raise InputError(f"nothing drives the blood: every pressure given is {known[0]:g} Pa; give a different one where blood leaves, or a flow")
    if known.size and np.abs(known).max() < MMHG:
        notes.append(f"all pressures given are below 1 mmHg: they are in Pa, 1 mmHg = {MMHG} Pa")
    for one in np.flatnonzero(driven & ~held):
        inside = part == one
        inflow[inside] = _balanced(network, np.flatnonzero(inside), inflow[inside], int(one), notes)
        pressure[np.flatnonzero(inside)[np.argmin(inflow[inside])]] = 0.0
    return Conditions(pressure, inflow, hd, part, driven, driven & ~held, tuple(notes))


def pressures_on_faces(
    network: VesselNetwork,
    box: tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray],
    *,
    inlet: str | Sequence[int] = "x_lower",
    outlet: str | Sequence[int] = "x_upper",
    arteriolar: float = ARTERIOLAR,
    venular: float = VENULAR,
    others: str = "interpolated",
) -> VesselNetwork:
    """The network with pressures at its ends (nodes with one segment) that lie on the faces of a box; what it had before is dropped.

    **Arguments**

    - `box`: lower and upper corner (x, y, z), um.
    - `inlet`, `outlet`: a face (x_lower, x_upper, y_lower, ...) all of whose ends are arteriolar or venular, or those nodes.
    - `arteriolar`, `venular`: Pa; 50 and 15 mmHg are assumptions within the usual 40 to 60 and 10 to 20 mmHg.
    - `others`: the ends on faces that are neither: "interpolated" between the two pressures, linearly in the distances to the inlet and
      outlet (face or nearest node), or "closed", without flow.

    Blood enters with a haematocrit of 0.45. **Raises** `InputError` for unknown faces or nodes and for a face without ends.
    """
    low, high = np.asarray(box[0], dtype=np.float64), np.asarray(box[1], dtype=np.float64)
    if others not in ("interpolated", "closed"):
        raise InputError(f"others must be 'interpolated' or 'closed'; got {others!r}")
    near = 1e-6 * float((high - low).max())
    ends = np.flatnonzero(network.degree == 1)
    gaps = np.stack([network.nodes[ends] - low, high - network.nodes[ends]], axis=-1)
    entrances, far_from_inlet = _chosen(network, "inlet", inlet, ends, gaps, near)
    exits, far_from_outlet = _chosen(network, "outlet", outlet, ends, gaps, near)
    if np.intersect1d(entrances, exits).size:
        raise InputError("an end is both inlet and outlet; choose two faces, or nodes that differ")
    pressure = np.full(len(network.nodes), np.nan)
    if others == "interpolated":
        on_face = (gaps <= near).any(axis=(1, 2))
        share = (far_from_outlet / (far_from_inlet + far_from_outlet))[on_face]
        pressure[ends[on_face]] = venular + (arteriolar - venular) * share
    pressure[entrances], pressure[exits] = arteriolar, venular
    given = tuple(Boundary(int(node), "pressure", float(pressure[node]), INLET_HD) for node in np.flatnonzero(np.isfinite(pressure)))
    other = len(given) - len(entrances) - len(exits)
    values = f"{len(entrances)} ends at {arteriolar / MMHG:.4g} mmHg, {len(exits)} at {venular / MMHG:.4g}"
    note = f"pressures set at the faces: {values}, {other} interpolated between, other ends closed"
    return replace(network, boundary=given, meta={**network.meta, "notes": [*network.meta.get("notes", ()), note]})


def _chosen(network: VesselNetwork, what: str, where: str | Sequence[int], ends: np.ndarray, gaps: np.ndarray, near: float) -> tuple[np.ndarray, np.ndarray]:
    """The nodes of an inlet or outlet, and the distance of every end to it, um."""
    from scipy.spatial import KDTree

    if isinstance(where, str):
        if where not in FACES:
            raise InputError(f"{what} {where!r} is no face; choose one of {', '.join(FACES)}, or give nodes")
        distance = gaps[:, *FACES[where]]
        nodes = ends[np.abs(distance) <= near]
        if not len(nodes):
            raise InputError(f"no vessel ends on the face {where} of the box, which was to be the {what}; choose another face, or give nodes")
        return nodes, np.maximum(distance, 0)
    nodes = np.unique(np.asarray(where, dtype=np.int64))
    if not len(nodes) or nodes[0] < 0 or nodes[-1] >= len(network.nodes):
        raise InputError(f"{what} must name nodes 0 to {len(network.nodes) - 1}; got {list(where)}")
    return nodes, np.asarray(KDTree(network.nodes[nodes]).query(network.nodes[ends])[0])


def _node_name(network: VesselNetwork, node: int) -> str:
    """The node as the file calls it."""
    return network.node_names[node] if network.node_names is not None else str(node)


def _check(network: VesselNetwork, one: Boundary, given: np.ndarray) -> None:
    if not 0 <= one.node < len(network.nodes):
        raise InputError(f"a boundary value is given for node {one.node}; the network has nodes 0 to {len(network.nodes) - 1}")
    name = _node_name(network, one.node)
    if given[one.node]:
        raise InputError(f"node {name} has two boundary values; give each node one pressure or one flow")
    if one.kind not in ("pressure", "flow"):
        raise InputError(f"the boundary value of node {name} is of kind {one.kind!r}; it must be 'pressure' (Pa) or 'flow' (um3/s)")
    if not np.isfinite(one.value):
        raise InputError(f"the {one.kind} at node {name} must be finite; got {one.value!r}")
    if one.hd is not None and not 0 <= one.hd <= FULLEST:
        raise InputError(f"the haematocrit at node {name} must lie in 0..{FULLEST}; got {one.hd!r}")


def _balanced(network: VesselNetwork, nodes: np.ndarray, inflow: np.ndarray, part: int, notes: list[str]) -> np.ndarray:
    """The flows of one part, their sum taken off in proportion to their size."""
    size = np.abs(inflow)
    rest, through = float(inflow.sum()), float(size.sum()) / 2
    where = f"part {part} (with node {_node_name(network, int(nodes[np.argmax(size)]))}, {len(nodes)} nodes)"
    if abs(rest) > MOST_IMBALANCE * through:
        raise InputError(
            f"the prescribed flows of {where} add up to {rest:.6g} um3/s, {abs(rest) / through:.2%} of the {through:.6g} um3/s that "
            f"flow through; where no pressure is given they must add up to zero within {MOST_IMBALANCE:.0%}: correct a flow or give a pressure"
        )
    if abs(rest) > 1e-12 * through:
        notes.append(f"flows of {where} balanced: {rest:.4g} um3/s ({abs(rest) / through:.2g} of the through flow) spread over them")
    return inflow - rest * size / size.sum()
