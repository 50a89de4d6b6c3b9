"""A signed graph to be drawn, and orders of its nodes in which few lines cross."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations


@dataclass(frozen=True)
class Arc:
    """From `source` to `target`: raises or lowers it; `free` where how much has no source; by a lack of the source; only together with others."""

    source: str
    target: str
    raises: bool
    free: bool = False
    by_lack: bool = False
    together: bool = False


@dataclass(frozen=True)
class SignedGraph:
    """What species do to each other's secretion (`between`) and to cells (`on_cells`); `makers`: cells that secrete each species; `notes` go below."""

    between: tuple[Arc, ...]
    on_cells: tuple[Arc, ...]
    makers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def round_order(nodes: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The nodes in an order around a circle in which few chords cross: exchanges of two as long as one helps."""
    order = list(nodes)
    cost = _cost(order, pairs)
    improved = True
    while improved:
        improved = False
        for i, j in combinations(range(len(order)), 2):
            order[i], order[j] = order[j], order[i]
            changed = _cost(order, pairs)
            if changed < cost:
                cost, improved = changed, True
            else:
                order[i], order[j] = order[j], order[i]
    return order


def _cost(order: list[str], pairs: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Crossings of chords, then their total length in steps along the circle."""
    place = {name: index for index, name in enumerate(order)}
    chords = [tuple(sorted((place[a], place[b]))) for a, b in pairs if a != b]
    crossings = sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(chords, 2))
    return crossings, sum(min(b - a, len(order) - b + a) for a, b in chords)


def facing_orders(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The two sides of a graph in columns that face each other: each node at the mean height of its partners, again and again."""
    left, right = ([*dict.fromkeys(pair[side] for pair in pairs)] for side in (0, 1))
    for _ in range(20):
        right = _by_partners(right, left, [(b, a) for a, b in pairs])
        left = _by_partners(left, right, list(pairs))
    return left, right


def _by_partners(own: list[str], other: list[str], pairs: list[tuple[str, str]]) -> list[str]:
    height = {name: index / max(len(other) - 1, 1) for index, name in enumerate(other)}
    partners = {name: [height[b] for a, b in pairs if a == name] for name in own}
    return sorted(own, key=lambda name: sum(partners[name]) / len(partners[name]))
