"""The order in which blood passes through a network: every segment after all those that feed it."""

import warnings
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .network import VesselNetwork

AT_REST = 1e-6
"""A segment with less than this share of the largest flow carries nothing."""
UNBALANCED = 0.01
"""Share of the blood through the network that may come from or vanish at nodes inside it: flows rounded in a file do."""


@dataclass(frozen=True)
class Streams:
    """Blood on its way through the segments of a network.

    **Arguments**

    - `upstream`, `downstream`: (m,) node at which blood enters and leaves each segment.
    - `flow`: (m,) um3/s, not negative; zero where blood stands still.
    - `hd`: (m,) discharge haematocrit, zero where the network has none.
    - `levels`: (k, w) segments, level by level: blood reaches those of a level from segments of earlier ones; m fills up a row.
    - `inflow`: (n,) um3/s, blood that enters the network at each node.
    """

    upstream: np.ndarray
    downstream: np.ndarray
    flow: np.ndarray
    hd: np.ndarray
    levels: np.ndarray
    inflow: np.ndarray

    @property
    def throughput(self) -> np.ndarray:
        """What passes each node, um3/s: all that arrives or, at an inlet, all that leaves."""
        return np.bincount(self.downstream, self.flow, len(self.inflow)) + self.inflow


def streams(network: VesselNetwork) -> Streams:
    """The streams of a network with flows (um3/s, signed from the first to the second node of each segment).

    Segments with less than 1e-6 of the largest flow are at rest. Blood enters at nodes that give away more than they get. Flows that do not balance
    at nodes inside the network (of several segments, without a boundary value), by more than 1 % of what passes the network together, give a warning.

    **Raises** `InputError` for a network without flows, and for flows that go round in a circle: no pressure drives such.
    """
    if network.flow is None:
        raise InputError("this vessel network has no blood flow; solve for it with network.perfuse(...).network, or read a file that holds flows")
    flow = np.asarray(network.flow, dtype=np.float64)
    size = np.abs(flow)
    if not np.isfinite(flow).all() or not size.any():
        raise InputError("the blood flow of this vessel network is zero everywhere or not finite; solve for it with network.perfuse(...).network")
    size = np.where(size > AT_REST * size.max(), size, 0.0)
    forward = flow >= 0
    first, second = network.edges[:, 0], network.edges[:, 1]
    upstream, downstream = np.where(forward, first, second), np.where(forward, second, first)
    nodes = len(network.nodes)
    gain = np.bincount(downstream, size, nodes) - np.bincount(upstream, size, nodes)
    _warn_if_unbalanced(network, gain, size)
    hd = np.zeros_like(size) if network.hd is None else np.asarray(network.hd, dtype=np.float64)
    return Streams(upstream, downstream, size, hd, _levels(network, upstream, downstream, size > 0), np.maximum(-gain, 0.0))


def _warn_if_unbalanced(network: VesselNetwork, gain: np.ndarray, size: np.ndarray) -> None:
    inner = network.degree > 1
    inner[[one.node for one in network.boundary]] = False
    missing, through = np.where(inner, np.abs(gain), 0.0), max(float(np.maximum(gain, 0).sum()), float(size.max()))
    if missing.sum() > UNBALANCED * through:
        node = int(np.argmax(missing))
        name = network.node_names[node] if network.node_names else str(node)
        warnings.warn(
            f"the blood flow of this vessel network does not balance at {int((missing > AT_REST * size.max()).sum())} nodes inside it, most at node {name} "
            f"({missing[node]:.3g} of {through:.3g} um3/s through the network): blood comes in or vanishes there; solve for it with network.perfuse(...)",
            stacklevel=4,
        )


def _levels(network: VesselNetwork, upstream: np.ndarray, downstream: np.ndarray, flows: np.ndarray) -> np.ndarray:
    """Segments by the longest way from an inlet to each (Kahn's order, a whole level at a time)."""
    nodes, waiting = len(network.nodes), np.flatnonzero(flows)
    missing = np.bincount(downstream[waiting], minlength=nodes)
    order = np.argsort(upstream[waiting], kind="stable")
    leaving = waiting[order]
    begin = np.searchsorted(upstream[leaving], np.arange(nodes + 1))
    ready = np.flatnonzero((missing == 0) & (np.diff(begin) > 0))
    rows = []
    while ready.size:
        count = begin[ready + 1] - begin[ready]
        level = leaving[np.repeat(begin[ready], count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)]
        rows.append(level)
        missing -= np.bincount(downstream[level], minlength=nodes)
        reached = np.unique(downstream[level])
        ready = reached[(missing[reached] == 0) & (np.diff(begin)[reached] > 0)]
    done = sum(len(row) for row in rows)
    if done < len(waiting):
        left = np.setdiff1d(waiting, np.concatenate(rows) if rows else waiting[:0])
        name = network.segment_names[left[0]] if network.segment_names else str(left[0])
        raise InputError(
            f"blood goes round in a circle through {len(left)} segments or behind them, the first is segment {name}: no pressure drives such a flow; "
            "solve for the flow with network.perfuse(...)"
        )
    levels = np.full((len(rows), max(map(len, rows))), len(flows), dtype=np.int64)
    for index, row in enumerate(rows):
        levels[index, : len(row)] = row
    return levels
