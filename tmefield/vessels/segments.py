"""Segments of a network against the box of a grid: what lies inside, points along them, circles around them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .network import VesselNetwork

TOLERANCE = 1e-6
"""Share of the longest edge of the box by which a node may lie outside it: coordinates rounded to single precision do."""
CIRCLE_POINTS = 20
CHUNK = 100_000
"""Points handled at a time, so that memory stays bounded for any network."""


@dataclass(frozen=True)
class Pieces:
    """Parts of segments inside the box: ends (k, 3) x, y, z and radius (k,) in um, and the segment each is part of."""

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    segment: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """Length of each piece, um."""
        return np.linalg.norm(self.end - self.start, axis=1)

    @property
    def direction(self) -> np.ndarray:
        """Unit vector along each piece."""
        return (self.end - self.start) / self.length[:, None]

    def __getitem__(self, chosen) -> "Pieces":
        return Pieces(self.start[chosen], self.end[chosen], self.radius[chosen], self.segment[chosen])


def box_of(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner of the grid in the order x, y, z, um."""
    return np.array(grid.origin[::-1]), np.array(grid.upper[::-1])


def cut_to_box(network: VesselNetwork, grid: Grid, *, clip: bool) -> Pieces:
    """The segments cut at the faces of the box; ends outside by no more than rounding are moved onto the face.

    **Raises** `InputError` where a segment lies outside altogether and `clip` is not set, or where none is left.
    """
    lower, upper = box_of(grid)
    slack = TOLERANCE * float(np.max(upper - lower))
    near = (network.nodes >= lower - slack) & (network.nodes <= upper + slack)
    nodes = np.where(near, np.clip(network.nodes, lower, upper), network.nodes)
    start, end = nodes[network.edges[:, 0]], nodes[network.edges[:, 1]]
    step = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead, behind = (lower - start) / step, (upper - start) / step
    still = step == 0
    between = (start >= lower) & (start <= upper)
    enter = np.where(still, np.where(between, -np.inf, np.inf), np.minimum(ahead, behind)).max(axis=1).clip(0)
    leave = np.where(still, np.where(between, np.inf, -np.inf), np.maximum(ahead, behind)).min(axis=1).clip(None, 1)
    inside = leave - enter > 1e-12
    if not inside.all() and (not clip or not inside.any()):
        raise _outside(network, ~inside, lower, upper)
    start, end = start + enter[:, None].clip(max=1) * step, start + leave[:, None].clip(min=0) * step
    return Pieces(np.clip(start, lower, upper), np.clip(end, lower, upper), network.radius, np.arange(len(network.radius)))[inside]


def _outside(network: VesselNetwork, outside: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> InputError:
    first = int(np.argmax(outside))
    name = network.segment_names[first] if network.segment_names else str(first)
    place = ", ".join(f"{one:.6g}" for one in network.nodes[network.edges[first]].mean(axis=0))
    box = " x ".join(f"{a:.6g}..{b:.6g}" for a, b in zip(lower, upper, strict=True))
    number = f"{int(outside.sum())} of {len(outside)} vessel segments lie" if not outside.all() else "all vessel segments lie"
    remedy = "enlarge the grid, move its origin" + ("" if outside.all() else ", or set clip = true to leave them out") + "; is the unit of the network right?"
    return InputError(f"{number} outside the grid's box ({box} um in x, y, z), the first is segment {name} around ({place}): {remedy}")


def chunks(counts: np.ndarray) -> Iterator[slice]:
    """Slices of pieces with about CHUNK points each, at least one piece."""
    total = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = total[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, before + CHUNK, side="right")))
        yield slice(begin, end)
        begin = end


def expand(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For pieces with so many points each: the piece of every point and its number within the piece."""
    piece = np.repeat(np.arange(len(counts)), counts)
    return piece, np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)


def points_along(pieces: Pieces, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Midpoints of equal parts of at most `step` um: their piece (p,), position (p, 3) and length (p,), um."""
    counts = part_counts(pieces, step)
    piece, number = expand(counts)
    share = (number + 0.5) / counts[piece]
    return piece, pieces.start[piece] + share[:, None] * (pieces.end - pieces.start)[piece], (pieces.length / counts)[piece]


def part_counts(pieces: Pieces, step: float) -> np.ndarray:
    """Number of equal parts of at most `step` um that each piece is cut into."""
    return np.maximum(1, np.ceil(pieces.length / step - 1e-9)).astype(np.int64)


def across(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors at right angles to each direction and to each other, (k, 3) each."""
    helper = np.eye(3)[np.argmin(np.abs(direction), axis=1)]
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first, axis=1)[:, None]
    return first, np.cross(direction, first)


def share_inside(points: np.ndarray, direction: np.ndarray, radius: np.ndarray, grid: Grid) -> np.ndarray:
    """Share of the circle of the vessel's wall around each point that lies inside the box."""
    lower, upper = box_of(grid)
    slack = TOLERANCE * float(np.max(upper - lower))
    share = np.ones(len(points))
    reach = radius[:, None] * np.sqrt(np.clip(1 - direction**2, 0, 1)) - slack
    rows = np.flatnonzero(((points - reach < lower) | (points + reach > upper)).any(axis=1))
    if rows.size:
        first, second = across(direction[rows])
        angle = 2 * np.pi * (np.arange(CIRCLE_POINTS) + 0.5) / CIRCLE_POINTS
        circle = np.cos(angle)[:, None] * first[:, None, :] + np.sin(angle)[:, None] * second[:, None, :]
        wall = points[rows, None, :] + radius[rows, None, None] * circle
        share[rows] = ((wall >= lower - slack) & (wall <= upper + slack)).all(axis=2).mean(axis=1)
    return share
