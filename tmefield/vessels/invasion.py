"""Invasion percolation, which has the scaling of tumour vessels (Baish 1996; Gazit 1995, doi:10.1103/PhysRevLett.75.2428)."""

import heapq

import numpy as np


def invade(edges: np.ndarray, length: np.ndarray, strength: np.ndarray, start: np.ndarray, target: float, needed: np.ndarray) -> np.ndarray:
    """Which edges a cluster that grows from the `start` nodes takes, the weakest within reach first.

    It stops when their length is `target` and all that are `needed` are among them, or where nothing more is in reach. Edges between
    two nodes of the cluster are taken as well, so that there are loops.

    **Arguments**

    - `edges`: (m, 2) nodes; `length`: (m,) um; `strength`: (m,) of any scale; `needed`: (m,) bool.
    - `target`: um.
    """
    node, edge = edges.ravel(), np.repeat(np.arange(len(edges)), 2)
    order = np.argsort(node, kind="stable")
    size = 1 + int(max(node.max(initial=-1), start.max(initial=-1)))
    first = np.searchsorted(node[order], np.arange(size + 1)).tolist()
    at, pairs, weak, long, must = edge[order].tolist(), edges.tolist(), strength.tolist(), length.tolist(), needed.tolist()
    taken = np.zeros(len(edges), dtype=bool)
    reached, seen = [False] * size, [False] * len(edges)
    heap: list[tuple[float, int]] = []

    def reach(one: int) -> None:
        if not reached[one]:
            reached[one] = True
            for candidate in at[first[one] : first[one + 1]]:
                if not seen[candidate]:
                    seen[candidate] = True
                    heapq.heappush(heap, (weak[candidate], candidate))

    for one in start.tolist():
        reach(one)
    total, missing = 0.0, sum(must)
    while heap and (total < target or missing):
        _, candidate = heapq.heappop(heap)
        taken[candidate] = True
        total += long[candidate]
        missing -= must[candidate]
        for one in pairs[candidate]:
            reach(one)
    return taken
