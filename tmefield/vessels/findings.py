"""What is odd in a network that holds together: counted and told, never mended."""

import numpy as np

from .graph import connected_parts
from .network import VesselNetwork

BALANCED = 1e-9
"""Sum of boundary flows, relative to their absolute sum, that is rounding."""


def same_place(nodes: np.ndarray, distance: float) -> np.ndarray:
    """For each node (n, 3) the first of those that lie within `distance` (um) of it, directly or through others: (n,) indices."""
    from scipy.spatial import KDTree

    pairs = KDTree(nodes).query_pairs(distance, output_type="ndarray")
    _, first, inverse = np.unique(connected_parts(len(nodes), pairs), return_index=True, return_inverse=True)
    return first[inverse]


def findings(network: VesselNetwork, merge_distance: float) -> list[str]:
    """Sentences on parallel segments, unused and unjoined nodes, islands, the stated box and the boundary values."""
    pairs = np.sort(network.edges, axis=1)
    parallel = len(pairs) - len(np.unique(pairs, axis=0))
    isolated = int((network.degree == 0).sum())
    coincident = int((same_place(network.nodes, merge_distance) != np.arange(len(network.nodes))).sum())
    notes = []
    if parallel:
        notes.append(f"{parallel} segments lie between the same nodes as another of other radius or length")
    if isolated:
        notes.append(f"{isolated} nodes belong to no segment")
    if coincident:
        notes.append(f"{coincident} nodes lie at the same place as another without being joined (repair = true joins them)")
    return notes + _islands(network) + _outside(network) + _boundary(network)


def _islands(network: VesselNetwork) -> list[str]:
    part = network.part_of_node[network.edges[:, 0]]
    sizes = np.bincount(part)
    sizes = sizes[sizes > 0]
    return [f"{len(sizes)} parts are not connected; the largest holds {sizes.max()} of {sizes.sum()} segments"] if len(sizes) > 1 else []


def _outside(network: VesselNetwork) -> list[str]:
    if network.box is None:
        return []
    lower, upper = network.box
    slack = 1e-6 * float(np.max(upper - lower))
    outside = np.asarray(((network.nodes < lower - slack) | (network.nodes > upper + slack)).any(axis=1))
    segments = int(outside[network.edges].any(axis=1).sum())
    return [f"{int(outside.sum())} nodes and {segments} segments lie or end outside the box that the file states"] if outside.any() else []


def _boundary(network: VesselNetwork) -> list[str]:
    """Ends without a value, parts without a pressure, and flows that do not add up."""
    if not network.boundary:
        return []
    node = np.array([one.node for one in network.boundary])
    value = np.array([one.value for one in network.boundary])
    is_flow = np.array([one.kind == "flow" for one in network.boundary])
    notes = []
    bare = int((network.degree == 1).sum() - (network.degree[np.unique(node)] == 1).sum())
    if bare:
        notes.append(f"{bare} ends have no boundary value")
    part = network.part_of_node
    parts = np.unique(part[network.edges])
    without = np.setdiff1d(parts, part[node[~is_flow]])
    if len(without):
        notes.append(f"{len(without)} of {len(parts)} connected parts have no boundary pressure, so pressures there are known but for a constant")
    for one in without:
        flows = value[part[node] == one]
        if abs(flows.sum()) > BALANCED * np.abs(flows).sum():
            notes.append(
                f"boundary flows of a part without pressure do not balance: {flows[flows > 0].sum():.6g} um3/s in, {-flows[flows < 0].sum():.6g} out; "
                "a flow solve evens out less than 1 % of them"
            )
    return notes
