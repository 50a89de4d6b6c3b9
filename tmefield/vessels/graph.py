"""Which nodes of a network, or of any graph of pairs, hang together."""

import numpy as np


def connected_parts(size: int, pairs: np.ndarray) -> np.ndarray:
    """The number, from 0, of the connected part that each of `size` nodes belongs to; (m, 2) `pairs` are the edges. One without is a part of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size)), directed=False)
    return label.astype(np.int64)
