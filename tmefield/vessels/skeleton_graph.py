"""The voxels of a skeleton as branches between junctions and ends, and as straight segments."""

from itertools import pairwise

import numpy as np

from .graph import connected_parts

Chain = list[int]
"""Voxels of the skeleton in a row, from one junction or end to the next."""


class Faces:
    """The faces of the box of a mask, where thinning takes what is cut for an end and shortens it by up to a radius."""

    def __init__(self, inside: np.ndarray, size: np.ndarray):
        self.inside, self.size, self.upper = inside, size, np.array(inside.shape) * size
        # Thinning counts voxels: along the longest side of a voxel it shortens by as many of them as a radius has of the shortest.
        self.stretch = float(size.max() / size.min())

    def depth(self, point: np.ndarray) -> float:
        """Distance to the nearest face, um."""
        return float(np.minimum(point, self.upper - point).min())

    def beyond(self, point: np.ndarray, way: np.ndarray, reach: float) -> np.ndarray | None:
        """Where the way from a point meets a face within reach (um), if the mask is vessel there."""
        length = float(np.linalg.norm(way))
        if length == 0:
            return None
        way = way / length
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(way > 0, (self.upper - point) / way, np.where(way < 0, -point / way, np.inf))
        step = float(steps.min())
        hit = np.clip(point + step * way, 0, self.upper)
        voxel = np.minimum((hit / self.size).astype(int), np.array(self.inside.shape) - 1)
        return hit if 0 < step <= reach and self.inside[tuple(voxel)] else None


class SkeletonGraph:
    """Chains of voxels between junctions and ends.

    `junction` is the number of the junction that each voxel is part of, else -1; `spots` counts voxels without neighbours.
    """

    def __init__(self, voxels: np.ndarray, centres: np.ndarray, radius: np.ndarray, step: float, faces: Faces):
        from scipy.spatial import KDTree

        size = len(voxels)
        pairs = KDTree(voxels).query_pairs(1.8, output_type="ndarray") if size else np.zeros((0, 2), dtype=np.int64)
        degree = np.bincount(pairs.ravel(), minlength=size)
        self.centres, self.radius, self.step, self.faces, self.spots = centres, radius, step, faces, int((degree == 0).sum())
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
        most = int(np.ceil(self.radius[chain].mean() / self.step))
        if self._node(chain[0]) == self._node(chain[-1]):
            most = min(most, len(chain) // 6)  # a small loop would shrink to a point
        reach = np.minimum(most, np.minimum(place, place[::-1]))
        total = np.vstack([np.zeros(points.shape[1]), np.cumsum(points, axis=0)])
        return (total[place + reach + 1] - total[place - reach]) / (2 * reach + 1)[:, None]

    def spurs(self, shortest: float) -> list[Chain]:
        """Voxels of the ends shorter than so many radii of their junction; each junction keeps two branches, the longest ones.

        Where all ends of a junction but one branch go to corners of a face that cuts the vessel, the branch alone goes on to the face.
        """
        at: dict[int, list[tuple[float, Chain]]] = {}
        count: dict[int, int] = {}
        for chain in self.chains:
            for end, other in ((chain[0], chain[-1]), (chain[-1], chain[0])):
                number = int(self.junction[end])
                count[number] = count.get(number, 0) + 1
                if number >= 0 and self.junction[other] < 0:
                    points = self._points(chain)
                    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
                    # From the junction to a corner of the cut it is at least sqrt 2 radii.
                    share = 1.5 if self._meets_face(chain) else 1.0
                    if length < share * shortest * self.radius[self.junction == number].max():
                        at.setdefault(number, []).append((length, [one for one in chain if self.junction[one] < 0]))
        dropped = []
        for number, found in at.items():
            cut = len(found) == count[number] - 1 and all(self._meets_face(chain) for _, chain in found)
            dropped += [chain for _, chain in sorted(found)[: len(found) if cut else max(0, count[number] - 2)]]
        return dropped

    def _meets_face(self, spur: Chain) -> bool:
        return any(self.faces.depth(self.centres[one]) < self.radius[one] + 2 * self.step for one in (spur[0], spur[-1]))

    def _course(self, chain: Chain) -> np.ndarray:
        """Positions along a chain, whose free ends go straight on to the face that cuts the vessel."""
        points = self._points(chain)
        for end, order in ((chain[0], -1), (chain[-1], 1)):
            if self.junction[end] < 0 and len(self.neighbours[end]) == 1:
                points = self._to_face(points[::order], float(self.radius[end]))[::order]
        return points

    def _to_face(self, points: np.ndarray, radius: float) -> np.ndarray:
        """The way of a vessel between two and four radii from its end, carried on to a face; nearer to it thinning bends to a corner."""
        away = np.linalg.norm(points - points[-1], axis=1)
        last, first = (int(np.flatnonzero(away >= least)[-1]) if away.max() >= least else 0 for least in (2 * radius, 4 * radius))
        if last == first:
            last = len(points) - 1
        slack = 2 * (radius + self.step) * self.faces.stretch
        hit = self.faces.beyond(points[last], points[last] - points[first], 2 * float(away[last]) + slack)
        if hit is None or self.faces.depth(points[-1]) > slack:
            return points
        share = np.linspace(0, 1, len(points) - last)[:, None] if last < len(points) - 1 else np.ones((1, 1))
        return np.vstack([points[:last], points[last] + share * (hit - points[last])])

    def segments(self, tolerance: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Nodes (n, d), edges (m, 2), radius (m,) and branch (m,), with the chains straightened to within the tolerance (um)."""
        nodes: list[np.ndarray] = []
        index: dict[int, int] = {}
        edges, width, branch = [], [], []
        for number, chain in enumerate(self.chains):
            points = self._course(chain)
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
    size = len(crowded)
    if not size:
        return np.zeros(0, dtype=np.int64)
    within = pairs[crowded[pairs].all(axis=1)]
    return np.where(crowded, connected_parts(size, within), -1)


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
