"""The network of a mask of vessels: its skeleton with the distance to the background as radius."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import InputError
from .network import VesselNetwork

Chain = list[int]
"""Voxels of the skeleton in a row, from one junction or end to the next."""


def network_from_mask(mask: np.ndarray, voxel_size: float | tuple[float, ...], *, shortest_spur: float = 1.5) -> VesselNetwork:
    """A network from a mask of vessels by thinning (scikit-image: Zhang & Suen 1984, doi:10.1145/357994.358023, in 2D; Lee, Kashyap &
    Chu 1994, doi:10.1006/cgip.1994.1042, in 3D).

    Junctions are the centres of touching voxels with three or more neighbours. Between them a branch is smoothed over a radius and
    straightened to within one voxel, and each segment has the mean radius of its voxels: the distance to the nearest voxel of the
    background less an eighth of a voxel (which keeps the mean of a vessel within half a voxel, for flat and round walls). Vessels that
    leave the mask keep their course up to its face; ends inside it lie within a radius of the vessel's. Voxel i reaches from i
    to i + 1 voxel sizes; a 2D mask lies at z = 0.

    **Arguments**

    - `mask`: bool [z, y, x] or [y, x], True in vessels. Masks of other types hold two values, the greater one in vessels.
    - `voxel_size`: um, one number or one for each axis of the mask. The thinning itself counts voxels, so where they are far from
      cubic the centreline of a thick vessel is off its middle.
    - `shortest_spur`: ends of branches shorter than this many radii of the junction that they leave are roughness of the wall, not
      vessels; they are left out and counted in `meta`. 0 keeps them all.

    **Raises** `InputError` for a mask that is neither 2D nor 3D, has more than two values or nothing to follow, for sizes that are not
    positive, and where scikit-image is missing.
    """
    inside, size = _checked(mask, voxel_size)
    if not shortest_spur >= 0:
        raise InputError(f"shortest_spur must not be negative, in radii; got {shortest_spur!r}")
    thinned, spurs = _thinned(inside, size), 0
    skeleton = thinned.skeleton
    while True:
        voxels = np.argwhere(skeleton)
        graph = _Graph(voxels, thinned.first + voxels * thinned.step, thinned.radius[skeleton], float(thinned.step.min()))
        dropped = graph.spurs(shortest_spur)
        if not dropped:
            break
        spurs += len(dropped)
        skeleton[tuple(voxels[[one for chain in dropped for one in chain]].T)] = False
        skeleton = _skeletonize(skeleton)  # a junction that lost its branch is thinner now
    if not graph.chains:
        raise InputError(f"no vessel can be followed in the mask: its skeleton has {len(voxels)} voxels and no branch")
    nodes, edges, width, branch = graph.segments(float(size.max()))
    upper = np.array(inside.shape) * size
    # Axes of the mask run z, y, x; positions are x, y, z.
    nodes = np.column_stack([nodes[:, ::-1], np.zeros((len(nodes), 3 - nodes.shape[1]))])
    box = (np.zeros(3), np.append(upper[::-1], 0.0)[:3])
    repairs = {"spurs left out": spurs, "spots without a branch left out": graph.spots}
    notes = [f"{what}: {number}" for what, number in repairs.items() if number]
    if thinned.lost:
        notes.append(f"{thinned.lost:.2%} of the vessel voxels lie far (two radii) from the centrelines found")
    meta = {"format": f"skeleton of a mask, {inside.mean():.1%} vessel", "repairs": repairs, "notes": notes}
    return VesselNetwork(nodes, edges, width, branch_id=branch, box=box, meta=meta)


def _checked(mask: np.ndarray, voxel_size: float | tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    mask = np.asarray(mask)
    if mask.ndim not in (2, 3):
        raise InputError(f"a mask of vessels is 2D [y, x] or 3D [z, y, x]; got shape {mask.shape}")
    size = np.asarray(voxel_size, dtype=np.float64)
    if size.shape not in ((), (mask.ndim,)) or not (np.isfinite(size) & (size > 0)).all():
        raise InputError(f"voxel_size must be one positive number or {mask.ndim}, in um; got {voxel_size!r}")
    if mask.dtype != bool:
        values = np.unique(mask)
        if len(values) > 2:
            raise InputError(f"a mask holds two values; this one holds {len(values)} ({values[0]} to {values[-1]}): compare it with a threshold first")
        mask = mask == values[-1] if len(values) == 2 else mask != 0
    if mask.all() or not mask.any():
        raise InputError(f"the mask is {'all' if mask.any() else 'no'} vessel")
    return mask, np.broadcast_to(size, (mask.ndim,)).copy()


@dataclass(frozen=True)
class _Thinned:
    """A skeleton on a grid of `step` (um) whose first voxel is centred at `first`, with the distance of each voxel to the wall (um).

    `lost` is the share of the mask that lies farther from it than two radii there.
    """

    skeleton: np.ndarray
    radius: np.ndarray
    first: np.ndarray
    step: np.ndarray
    lost: float


def _thinned(inside: np.ndarray, size: np.ndarray) -> _Thinned:
    """The skeleton of the voxels; where parts of vessels were lost, that of half-voxels, on which every width is odd.

    3D thinning in scikit-image eats vessels of even width from their ends (its issue 3757).
    """
    coarse = _on_grid(inside, size, size / 2, size)
    if inside.ndim == 2 or not coarse.lost:
        return coarse
    doubled = inside
    for axis in range(inside.ndim):
        doubled = np.repeat(doubled, 2, axis=axis)
    doubled = np.pad(doubled, (0, 1))
    for axis in range(inside.ndim):
        doubled = doubled | np.roll(doubled, 1, axis=axis)
    return _on_grid(doubled, size / 2, np.zeros(inside.ndim), size)


def _on_grid(inside: np.ndarray, step: np.ndarray, first: np.ndarray, size: np.ndarray) -> _Thinned:
    from scipy.ndimage import distance_transform_edt, maximum_filter

    # The nearest voxel outside is centred half a voxel beyond a flat wall, but about on a round one; and skeletons wander by a voxel.
    distance = np.asarray(maximum_filter(distance_transform_edt(inside, sampling=step), size=3))
    radius = np.maximum(distance - size.min() / 8, size.min() / 2)
    # Thinning shortens what ends at a face by about a radius, so the mask is mirrored there for more than that.
    reach = int(np.ceil(radius.max() / step.min())) + 3
    skeleton = _skeletonize(np.pad(inside, reach, mode="symmetric"))[(slice(reach, -reach),) * inside.ndim].copy()
    if not skeleton.any():
        return _Thinned(skeleton, radius, first, step, 1.0)
    found: Any = distance_transform_edt(~skeleton, sampling=step, return_indices=True)
    away, nearest = found
    far = inside & (away > 2 * radius[tuple(nearest)] + 2 * size.max())
    return _Thinned(skeleton, radius, first, step, float(far.sum() / inside.sum()))


def _skeletonize(inside: np.ndarray) -> np.ndarray:
    try:
        from skimage.morphology import skeletonize
    except ImportError:
        raise InputError('a network from a mask needs scikit-image: pip install "tmefield[images]"') from None
    return np.asarray(skeletonize(inside), dtype=bool)


class _Graph:
    """Chains of voxels between junctions and ends.

    `junction` is the number of the junction that each voxel is part of, else -1; `spots` counts voxels without neighbours.
    """

    def __init__(self, voxels: np.ndarray, centres: np.ndarray, radius: np.ndarray, step: float):
        from scipy.spatial import KDTree

        size = len(voxels)
        pairs = KDTree(voxels).query_pairs(1.8, output_type="ndarray") if size else np.zeros((0, 2), dtype=np.int64)
        degree = np.bincount(pairs.ravel(), minlength=size)
        self.centres, self.radius, self.step, self.spots = centres, radius, step, int((degree == 0).sum())
        self.junction = _junctions(pairs, degree > 2)
        self.neighbours: list[list[int]] = [[] for _ in range(size)]
        for a, b in pairs[(self.junction[pairs] < 0).any(axis=1)].tolist():
            self.neighbours[a].append(b)
            self.neighbours[b].append(a)
        self.chains = self._chains()

    def _chains(self) -> list[Chain]:
        """All ways from junctions and ends, then the rings that have neither; voxels that touch a junction twice belong to it."""
        chains: list[Chain] = []
        done: set[int] = set()
        ways = [(start, step) for start, near in enumerate(self.neighbours) if self.junction[start] >= 0 or len(near) == 1 for step in near]
        ways += [(start, near[0]) for start, near in enumerate(self.neighbours) if self.junction[start] < 0 and len(near) == 2]
        for start, step in ways:
            if start in done or step in done:
                continue
            chain = self._follow(start, step)
            done.update(one for one in chain if self.junction[one] < 0)
            if len(chain) > 3 or self._node(chain[0]) != self._node(chain[-1]):
                chains.append(chain)
        return chains

    def _follow(self, start: int, step: int) -> Chain:
        chain = [start, step]
        while chain[-1] != start and self.junction[chain[-1]] < 0 and len(self.neighbours[chain[-1]]) == 2:
            a, b = self.neighbours[chain[-1]]
            chain.append(b if a == chain[-2] else a)
        return chain

    def _node(self, voxel: int) -> int:
        """What a chain ends at: a junction (counted from -1 down) or the voxel itself."""
        return -1 - int(self.junction[voxel]) if self.junction[voxel] >= 0 else voxel

    def _points(self, chain: Chain) -> np.ndarray:
        """Positions along a chain, each the mean of those up to a radius before and after; at a junction its centre."""
        points = self.centres[chain]
        for place in (0, -1):
            number = self.junction[chain[place]]
            if number >= 0:
                points[place] = self.centres[self.junction == number].mean(axis=0)
        place = np.arange(len(chain))
        reach = np.minimum(int(np.ceil(self.radius[chain].mean() / self.step)), np.minimum(place, place[::-1]))
        total = np.vstack([np.zeros(points.shape[1]), np.cumsum(points, axis=0)])
        return (total[place + reach + 1] - total[place - reach]) / (2 * reach + 1)[:, None]

    def spurs(self, shortest: float) -> list[Chain]:
        """Voxels of the ends shorter than so many radii of their junction; each junction keeps two branches, the longest ones."""
        at: dict[int, list[tuple[float, Chain]]] = {}
        count: dict[int, int] = {}
        for chain in self.chains:
            for end, other in ((chain[0], chain[-1]), (chain[-1], chain[0])):
                number = int(self.junction[end])
                count[number] = count.get(number, 0) + 1
                if number >= 0 and self.junction[other] < 0:
                    points = self._points(chain)
                    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
                    if length < shortest * self.radius[self.junction == number].max():
                        at.setdefault(number, []).append((length, [one for one in chain if self.junction[one] < 0]))
        return [chain for number, found in at.items() for _, chain in sorted(found)[: max(0, count[number] - 2)]]

    def segments(self, tolerance: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Nodes (n, d), edges (m, 2), radius (m,) and branch (m,), with the chains straightened to within the tolerance (um)."""
        nodes: list[np.ndarray] = []
        index: dict[int, int] = {}
        edges, width, branch = [], [], []
        for number, chain in enumerate(self.chains):
            points = self._points(chain)
            last = len(chain) - 1
            closed = self._node(chain[0]) == self._node(chain[-1])
            stops = sorted({0, last, *((last // 3, 2 * last // 3) if closed else ())})
            kept = [0]
            for first, final in pairwise(stops):
                kept += _straightened(points, first, final, tolerance)
            names = [self._node(chain[0]), *(chain[place] for place in kept[1:-1]), self._node(chain[-1])]
            for name, place in zip(names, kept, strict=True):
                if name not in index:
                    index[name] = len(nodes)
                    nodes.append(points[place])
            for (a, b), (first, final) in zip(pairwise(names), pairwise(kept), strict=True):
                part = chain[first : final + 1]
                own = [one for one in part if self.junction[one] < 0] or part
                edges.append((index[a], index[b]))
                width.append(self.radius[own].mean())
                branch.append(number)
        return np.array(nodes), np.array(edges), np.array(width), np.array(branch)


def _junctions(pairs: np.ndarray, crowded: np.ndarray) -> np.ndarray:
    """Number of the junction of each voxel: touching voxels with three or more neighbours are one; -1 for others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(crowded)
    if not size:
        return np.zeros(0, dtype=np.int64)
    within = pairs[crowded[pairs].all(axis=1)]
    _, part = connected_components(coo_array((np.ones(len(within)), (within[:, 0], within[:, 1])), shape=(size, size)), directed=False)
    return np.where(crowded, part, -1)


def _straightened(points: np.ndarray, first: int, last: int, tolerance: float) -> list[int]:
    """Indices after `first`, to `last`, of the fewest points whose polyline passes within the tolerance of all (Douglas & Peucker 1973)."""
    chord = points[last] - points[first]
    between = points[first + 1 : last] - points[first]
    if len(between):
        along = np.clip(between @ chord / max(float(chord @ chord), np.finfo(float).tiny), 0, 1)
        away = np.linalg.norm(between - along[:, None] * chord, axis=1)
        middle = first + 1 + int(np.argmax(away))
        if away.max() > tolerance:
            return _straightened(points, first, middle, tolerance) + _straightened(points, middle, last, tolerance)
    return [last]
