"""Invasion percolation, which has the scaling of tumour vessels (Baish 1996; Gazit 1995, doi:10.1103/PhysRevLett.75.2428)."""

import heapq

import numpy as np

from .bed import Clusters


def invade(edges: np.ndarray, length: np.ndarray, strength: np.ndarray, there: np.ndarray, start: np.ndarray, target: float) -> np.ndarray:
    """Which edges are taken by clusters that grow from the edges that are `there` and the `start` nodes, the weakest within reach first.

    They stop once the length of all that is taken is `target` and the clusters have become one, or where nothing more is in reach. Edges
    between two nodes of a cluster are taken as well, so that there are loops.

    **Arguments**

    - `edges`: (m, 2) nodes; `length`: (m,) um; `strength`: (m,) of any scale; `there`: (m,) bool, taken from the outset.
    - `target`: um, that of the edges that are there included.
    """
    node, edge = edges.ravel(), np.repeat(np.arange(len(edges)), 2)
    order = np.argsort(node, kind="stable")
    size = 1 + int(max(node.max(initial=-1), start.max(initial=-1)))
    first = np.searchsorted(node[order], np.arange(size + 1)).tolist()
    at, pairs, weak, long = edge[order].tolist(), edges.tolist(), strength.tolist(), length.tolist()
    taken, reached, seen = there.copy(), [False] * size, there.tolist()
    clusters, total = Clusters(size), float(length[there].sum())
    heap: list[tuple[float, int]] = []

    def reach(one: int) -> int:
        """The node becomes part of the clusters; how many clusters that adds."""
        if reached[one]:
            return 0
        reached[one] = True
        for candidate in at[first[one] : first[one + 1]]:
            if not seen[candidate]:
                seen[candidate] = True
                heapq.heappush(heap, (weak[candidate], candidate))
        return 1

    number = sum(reach(one) for one in [*start.tolist(), *edges[there].ravel().tolist()])
    number -= sum(clusters.join(*pairs[one]) for one in np.flatnonzero(there).tolist())
    while heap and (total < target or number > 1):
        _, candidate = heapq.heappop(heap)
        taken[candidate] = True
        total += long[candidate]
        number += sum(reach(one) for one in pairs[candidate]) - clusters.join(*pairs[candidate])
    return taken
