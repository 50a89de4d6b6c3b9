"""Which way a box is seen, and where its edges and axes come to lie on the page."""

from dataclasses import dataclass
from itertools import product

import numpy as np

_AZIMUTH, _ELEVATION = np.radians(-58.0), np.radians(24.0)
# A network as flat as this is seen from above, as its plane is what there is to see.
_FLAT = 0.02


@dataclass(frozen=True)
class Edge:
    """An edge of the box along one axis, on the page in um: where it begins and ends, and the direction away from the box."""

    axis: int
    begin: np.ndarray
    end: np.ndarray
    outward: np.ndarray


@dataclass(frozen=True)
class BoxView:
    """A box lower..upper (x, y, z), um, seen along parallel rays; rows of `frame`: to the right, up, towards the eye."""

    lower: np.ndarray
    upper: np.ndarray
    frame: np.ndarray

    @property
    def is_flat(self) -> bool:
        """Whether the box is seen from above."""
        return bool(self.frame[2, 2] == 1.0)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Points [..., 3] x, y, z as right, up, towards the eye, um."""
        return points @ self.frame.T

    def corner(self, sides: tuple[int, ...]) -> np.ndarray:
        """The corner on the given sides (0 lower, 1 upper) of x, y, z, as `project` gives it."""
        return self.project(np.where(np.array(sides) == 1, self.upper, self.lower))

    def edge(self, axis: int, rest: tuple[int, ...]) -> np.ndarray:
        """Both ends [2, 3] of the edge along an axis that is on the given sides of the two others."""
        return np.array([self.corner((*rest[:axis], side, *rest[axis:])) for side in (0, 1)])

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top of the box on the page, um."""
        corners = np.array([self.corner(sides) for sides in product((0, 1), repeat=3)])
        (left, bottom), (right, top) = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
        return float(left), float(right), float(bottom), float(top)

    def lines(self) -> list[np.ndarray]:
        """The edges [2, 2] that do not pass in front of what is in the box."""
        nearest = max(self.corner(sides)[2] for sides in product((0, 1), repeat=3))
        kept = []
        for axis, rest in product(range(3), product((0, 1), repeat=2)):
            edge = self.edge(axis, rest)
            if axis < 2 if self.is_flat else edge[:, 2].max() < nearest:
                kept.append(edge[:, :2])
        return kept

    def axes(self) -> list[Edge]:
        """The edges that carry the axes: the lowest of x and y at the bottom of the box, the leftmost of z."""
        middle = self.project((self.lower + self.upper) / 2)[:2]
        edges = []
        for axis in range(2 if self.is_flat else 3):
            choices = [self.edge(axis, rest)[:, :2] for rest in product((0, 1), repeat=2)]
            # Of a plane the axis y stands on the left as z does of a box.
            upright = axis == 2 or (self.is_flat and axis == 1)
            begin, end = min(choices, key=lambda edge: float(edge[:, 0 if upright else 1].sum()))
            along = (end - begin) / np.linalg.norm(end - begin)
            outward = np.array([along[1], -along[0]])
            edges.append(Edge(axis, begin, end, outward if outward @ ((begin + end) / 2 - middle) > 0 else -outward))
        return edges


def view_of(lower: np.ndarray, upper: np.ndarray) -> BoxView:
    """The view of a box: from above where it is flat, else from the front right with z upwards."""
    size = upper - lower
    if size[2] <= _FLAT * max(size[0], size[1]):
        return BoxView(lower, upper, np.eye(3))
    a, e = _AZIMUTH, _ELEVATION
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    toward = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    return BoxView(lower, upper, np.stack([right, np.cross(toward, right), toward]))
