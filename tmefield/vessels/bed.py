"""A synthetic capillary bed: the edges of a random Voronoi tessellation, as in Smith 2019 (doi:10.3389/fphys.2019.00233)."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ..errors import InputError
from .distance import branches
from .graph import connected_parts
from .network import VesselNetwork

JITTER = 0.5
PADDING = 1.5
SHORTEST = 0.12
"""Edges shorter than this share of the spacing are contracted."""
SPREAD = 0.2
"""Standard deviation of the logarithm of the diameter."""
NARROWEST = 4.0  # um
LEAST_KEPT = 0.7
"""Share of the length that the largest part of a bed should have; it has 0.9 and more in boxes four spacings thick, 0.3 to 0.7 in one as thick as one."""
MOST_CELLS = 2_000_000

LocalSpacing = Callable[[np.ndarray], np.ndarray]


def capillary_bed(lower: Sequence[float] | np.ndarray, upper: Sequence[float] | np.ndarray, *, spacing: float, diameter: float, seed: int) -> VesselNetwork:
    """Capillaries that fill the box lower..upper (x, y, z), um, end on its faces only and meet three at a node.

    Centres of cells on a lattice of the given spacing, each moved by up to half of it, are tessellated; the edges of the cells
    are the vessels. Their length per volume is about 3/spacing^2. The same seed gives the same network.

    **Arguments**

    - `spacing`: of the lattice, um; 75 um gives the density of the cortex.
    - `diameter`: median, um; each branch has its own, lognormal with sigma 0.2, at least 4 um.
    - `seed`: of the random numbers.

    **Raises** `InputError` for lengths that are not positive, a box without extent, or one too small or too large for the spacing.
    """
    low, high = checked_box((lower, upper))
    check_lengths(spacing=spacing, diameter=diameter)
    random = np.random.default_rng(seed)
    nodes, edges, on_face = tessellated_bed(random, low, high, spacing)
    edges = edges[in_no_dead_end(edges, on_face)]
    if not len(edges):
        raise InputError(f"a bed with spacing {spacing:g} um has no capillary in a box of {_extent(low, high)}: use a smaller spacing")
    used, place = np.unique(edges, return_inverse=True)
    bare = VesselNetwork(nodes[used], place.reshape(edges.shape), np.ones(len(edges)))
    branch = branches(bare)
    width = np.maximum(NARROWEST, diameter * np.exp(SPREAD * random.standard_normal(int(branch.max()) + 1)))
    meta = {"format": f"synthetic capillary bed, spacing {spacing:g} um, seed {seed}"}
    return VesselNetwork(bare.nodes, bare.edges, width[branch] / 2, branch_id=branch, box=(low, high), meta=meta)


def checked_box(box: tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner (x, y, z) of a box for vessels, um, as arrays.

    **Raises** `InputError` unless they are two corners of three finite coordinates with an extent above zero.
    """
    if len(box) != 2:
        raise InputError(f"the box for vessels needs two corners, ((x, y, z), (x, y, z)) in um; got {box!r}")
    low, high = (np.asarray(one, dtype=np.float64) for one in box)
    if low.shape != (3,) or high.shape != (3,) or not (np.isfinite(high - low).all() and (high > low).all()):
        raise InputError(f"the box of the capillary bed needs three lengths above zero (x, y, z); got {low.tolist()} to {high.tolist()}")
    return low, high


def check_lengths(**lengths: float) -> None:
    """**Raises** `InputError` for a length (um) that is not positive and finite, by its name."""
    for name, value in lengths.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"the {name} of the capillary bed must be positive, in um; got {value!r}")


def tessellated_bed(
    random: np.random.Generator, low: np.ndarray, high: np.ndarray, spacing: float, local_spacing: LocalSpacing | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, edges, and which nodes lie on a face, of one connected bed with at most three edges at a node; dead ends stand.

    Where `local_spacing` (um at points (n, 3); at least `spacing`) is wider, cells of the lattice are left out at random, so that
    the share (spacing/local)^3 of them remains.
    """
    if np.prod((high - low) / spacing + 2 * PADDING) > MOST_CELLS:
        raise InputError(f"a spacing of {spacing:g} um is too small for a box of {_extent(low, high)}; is its unit right?")
    nodes, edges = _tessellation(random, low, high, spacing, local_spacing)
    nodes, edges = _contract(nodes, edges, SHORTEST * spacing)
    nodes, edges, on_face = _cut(nodes, edges, low, high)
    edges = edges[_three_at_a_node(random, len(nodes), edges)]
    kept = in_largest_part(len(nodes), edges)
    _warn_if_broken(nodes, edges, kept, low, high)
    return nodes, edges[kept], on_face


def _warn_if_broken(nodes: np.ndarray, edges: np.ndarray, kept: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    length = np.linalg.norm(nodes[edges[:, 1]] - nodes[edges[:, 0]], axis=1)
    share = float(length[kept].sum() / max(length.sum(), np.finfo(float).tiny))
    if len(edges) and share < LEAST_KEPT:
        warnings.warn(
            f"the capillary bed falls into parts in a box of {_extent(low, high)}, of which the largest is kept with {share:.0%} of the length: the rest of "
            "the box has no vessels; use a box that is thicker against the spacing",
            stacklevel=4,
        )


def _extent(low: np.ndarray, high: np.ndarray) -> str:
    return " x ".join(f"{one:g}" for one in high - low) + " um"


def _tessellation(
    random: np.random.Generator, low: np.ndarray, high: np.ndarray, spacing: float, local_spacing: LocalSpacing | None
) -> tuple[np.ndarray, np.ndarray]:
    """Corners and edges of the Voronoi cells, both in an order that does not depend on the tessellation's own."""
    from scipy.spatial import Voronoi

    axes = [np.arange(a - PADDING * spacing, b + PADDING * spacing, spacing) + spacing / 2 for a, b in zip(low, high, strict=True)]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    seeds = lattice + random.uniform(-JITTER, JITTER, lattice.shape) * spacing
    if local_spacing is not None:
        seeds = seeds[random.random(len(seeds)) < (spacing / local_spacing(seeds)) ** 3]
    cells = Voronoi(seeds)
    pairs = np.array([pair for ridge in cells.ridge_vertices for pair in zip(ridge, ridge[1:] + ridge[:1], strict=True)])
    pairs = np.unique(np.sort(pairs[(pairs >= 0).all(axis=1)], axis=1), axis=0)
    order = np.lexsort(cells.vertices.T)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return cells.vertices[order], np.unique(np.sort(rank[pairs], axis=1), axis=0)


def _contract(nodes: np.ndarray, edges: np.ndarray, shortest: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes joined by short edges become one, in their middle."""
    short = np.linalg.norm(nodes[edges[:, 1]] - nodes[edges[:, 0]], axis=1) < shortest
    group = connected_parts(len(nodes), edges[short])
    size = np.bincount(group)
    middle = np.column_stack([np.bincount(group, nodes[:, axis]) / size for axis in range(3)])
    joined = np.sort(group[edges], axis=1)
    return middle, np.unique(joined[joined[:, 0] != joined[:, 1]], axis=0)


def _cut(nodes: np.ndarray, edges: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges inside the box; where one crosses a face, it gets a node of its own there. Also says which nodes are such ends."""
    start, step = nodes[edges[:, 0]], nodes[edges[:, 1]] - nodes[edges[:, 0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        faces = np.stack([(low - start) / step, (high - start) / step])
    enter, leave = faces.min(axis=0).max(axis=1).clip(0), faces.max(axis=0).min(axis=1).clip(max=1)
    inside = leave - enter > 1e-9
    edges, start, step, enter, leave = edges[inside].copy(), start[inside], step[inside], enter[inside], leave[inside]
    new, number = [nodes], len(nodes)
    for side, share in ((0, enter), (1, leave)):
        crosses = np.flatnonzero(share > 0 if side == 0 else share < 1)
        new.append(np.clip(start[crosses] + share[crosses, None] * step[crosses], low, high))
        edges[crosses, side] = number + np.arange(len(crosses))
        number += len(crosses)
    return np.vstack(new), edges, np.arange(number) >= len(nodes)


class Clusters:
    """Nodes 0..size - 1 in clusters, each at first in one of its own."""

    def __init__(self, size: int):
        self._parent = list(range(size))

    def join(self, a: int, b: int) -> bool:
        """Make one of the clusters of two nodes; False where they are one already."""
        a, b = self._root(a), self._root(b)
        self._parent[a] = b
        return a != b

    def _root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node


def _three_at_a_node(random: np.random.Generator, size: int, edges: np.ndarray) -> np.ndarray:
    """Which edges to keep so that no node has more than three: in random order first those that join two parts, then the others."""
    degree, parts = [0] * size, Clusters(size)
    kept = np.zeros(len(edges), dtype=bool)
    order = np.argsort(random.random(len(edges)), kind="stable")
    for joining in (True, False):
        for index in order.tolist():
            a, b = edges[index].tolist()
            if kept[index] or degree[a] >= 3 or degree[b] >= 3 or (joining and not parts.join(a, b)):
                continue
            kept[index] = True
            degree[a] += 1
            degree[b] += 1
    return kept


def in_largest_part(size: int, edges: np.ndarray) -> np.ndarray:
    """Which edges belong to the connected part with most of them."""
    part = connected_parts(size, edges)[edges[:, 0]]
    return part == np.bincount(part, minlength=1).argmax()


def in_no_dead_end(edges: np.ndarray, on_face: np.ndarray) -> np.ndarray:
    """Which edges remain when those that end inside the box are taken away until none does; `on_face` says which nodes may be ends."""
    kept = np.ones(len(edges), dtype=bool)
    while kept.any():
        ends = (np.bincount(edges[kept].ravel(), minlength=len(on_face)) == 1) & ~on_face
        dead = kept & ends[edges].any(axis=1)
        if not dead.any():
            break
        kept &= ~dead
    return kept
