"""Arterioles that bring blood into a capillary bed and venules that drain it."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError

TIPS = 3
"""Where each arteriole and venule ends in capillaries."""
ARTERIOLE_TIP, VENULE_TIP = 10.0, 15.0
"""Diameters of the last branches, um: with four tips arterioles begin at 16 um and venules end at 24 um (assumptions, within 10 to 25
and 15 to 35 um)."""


@dataclass(frozen=True)
class Feeders:
    """Arterioles and venules along edges of a bed.

    - `inlets`, `outlets`: the nodes on a face where they begin and end.
    - `diameter`: (m,) um of the edges that they run along, NaN elsewhere.
    """

    inlets: np.ndarray
    outlets: np.ndarray
    diameter: np.ndarray


def feeders(random: np.random.Generator, nodes: np.ndarray, edges: np.ndarray, on_face: np.ndarray, pairs: int, closed: np.ndarray) -> Feeders:
    """`pairs` arterioles and as many venules: trees of least-cost paths (length times a random number) from a face to the far region.

    Their roots are ends on faces, each as far as can be from those before, arterioles and venules by turns. A tree has up to
    four tips, random nodes of the half of the bed that is farther from its root; no two trees share a node. Diameters follow
    Murray's law from the tips upward: the cube of a parent's is the sum of the cubes of its daughters'
    (Murray 1926, doi:10.1073/pnas.12.3.207). Nodes that are `closed`, (n,) bool, as those of a tumour, are on no tree.

    **Raises** `InputError` where there are fewer ends on the faces than trees, or a tree finds no way in.
    """
    degree = np.bincount(edges.ravel(), minlength=len(nodes))
    ends = np.flatnonzero((degree == 1) & on_face & ~closed)
    if len(ends) < 2 * pairs:
        raise InputError(
            f"{pairs} arterioles and as many venules need {2 * pairs} vessels that end on faces of the box (not in the tumour); there are {len(ends)}"
        )
    roots = _far_apart(random, nodes, ends, 2 * pairs)
    cost = np.linalg.norm(nodes[edges[:, 1]] - nodes[edges[:, 0]], axis=1) * random.uniform(0.5, 1.5, len(edges))
    diameter = np.full(len(edges), np.nan)
    free = -1
    owner = np.where(closed, free - 1, free)
    for number, root in enumerate(roots.tolist()):
        # The first node after a root is kept for its own tree, or an earlier one could shut it in.
        owner[np.append(edges[(edges == root).any(axis=1)].ravel(), root)] = number
    for number, root in enumerate(roots.tolist()):
        open_edges = ((owner[edges] == free) | (owner[edges] == number)).all(axis=1)
        below = _tips_below(random, nodes, edges, np.where(open_edges, cost, np.inf), root)
        if not below.any():
            raise InputError(f"the bed has no room for {pairs} arterioles and as many venules: take fewer (feeding), or a larger box or smaller spacing")
        diameter[below > 0] = (VENULE_TIP if number % 2 else ARTERIOLE_TIP) * np.cbrt(below[below > 0])
        owner[edges[below > 0]] = number
    return Feeders(roots[::2], roots[1::2], diameter)


def _far_apart(random: np.random.Generator, nodes: np.ndarray, ends: np.ndarray, number: int) -> np.ndarray:
    """Ends of which each is the farthest from all before it; the first is random."""
    chosen = [int(random.integers(len(ends)))]
    away = np.full(len(ends), np.inf)
    while len(chosen) < number:
        away = np.minimum(away, np.linalg.norm(nodes[ends] - nodes[ends[chosen[-1]]], axis=1))
        chosen.append(int(np.argmax(away)))
    return ends[chosen]


def _tips_below(random: np.random.Generator, nodes: np.ndarray, edges: np.ndarray, cost: np.ndarray, root: int) -> np.ndarray:
    """For each edge the number of tips that the paths from the root reach through it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    usable = np.flatnonzero(np.isfinite(cost))
    graph = coo_array((cost[usable], edges[usable].T), shape=(len(nodes), len(nodes))).tocsr()
    reach, before = dijkstra(graph, directed=False, indices=root, return_predecessors=True)
    reached = np.flatnonzero(np.isfinite(reach) & (np.arange(len(nodes)) != root))
    below = np.zeros(len(edges), dtype=np.int64)
    if not len(reached):
        return below
    away = np.linalg.norm(nodes[reached] - nodes[root], axis=1)
    far = reached[away >= np.median(away)]
    tips = random.choice(far, min(TIPS, len(far)), replace=False)
    edge_of = {tuple(pair): index for index, pair in zip(usable.tolist(), np.sort(edges[usable], axis=1).tolist(), strict=True)}
    for tip in tips.tolist():
        node = tip
        while node != root:
            parent = int(before[node])
            below[edge_of[min(node, parent), max(node, parent)]] += 1
            node = parent
    return below
