"""From what a file says to a network that holds together: every finding is counted, nothing is mended unasked."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import FileError, InputError
from .findings import findings, same_place
from .network import Boundary, VesselNetwork
from .readers.raw import RawNetwork
from .readers.text import at

MERGE_DISTANCE = 5e-4  # um; nodes this close are one and the same (equal when rounded to a nanometre)
FARTHEST = 1e9  # um; a kilometre is no length of a vessel network
MEND = "mend the file, or read it with repair = true to"


def clean(
    raw: RawNetwork, *, um_per_unit: float = 1.0, repair: bool = False, default_radius: float | None = None, merge_distance: float | None = None
) -> VesselNetwork:
    """The network of a file in um, checked.

    Without `repair` the first segment that has no length, an unknown node, a radius that is missing or not positive, or that
    is listed twice is refused with its line. With it such segments are dropped, nodes at one place become one,
    radii are taken from the neighbours along the branch (else from `default_radius`, um), and each mend is counted in `meta`.
    `default_radius` also serves segments whose radius the file leaves out. Parallel segments that differ in radius or tortuosity
    are kept. Nodes within `merge_distance` (um, 5e-4 by default) of each other, directly or through others, are at one place; they
    are joined, and counted, with `repair`, where a merge distance is given, and where the format says nothing else of which lines meet.

    **Raises** `FileError` naming file and line; `InputError` for a default radius that is not positive.
    """
    if default_radius is not None and not (np.isfinite(default_radius) and default_radius > 0):
        raise InputError(f"default_radius must be positive, in um; got {default_radius!r}")
    work = _Work(raw, um_per_unit, repair, merge_distance or MERGE_DISTANCE)
    work.resolve_names()
    if repair or raw.join or merge_distance is not None:
        work.merge_nodes()
    work.drop_without_length()
    work.drop_duplicates()
    if not len(work.edges):
        raise FileError(f"{raw.path}: no segment is left in the network")
    work.fill_radii(default_radius)
    return work.network()


@dataclass
class _Work:
    """A network being checked; `kept` are the rows of the file that are still segments."""

    raw: RawNetwork
    um_per_unit: float
    repair: bool
    merge_distance: float
    repairs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        self.nodes = np.asarray(self.raw.positions, dtype=np.float64).reshape(-1, 3) * self.um_per_unit
        self.radius = np.asarray(self.raw.radius, dtype=np.float64) * self.um_per_unit
        self.kept = np.arange(len(self.raw.ends))
        self.edges = np.zeros((0, 2), dtype=np.int64)
        self._check_numbers()

    def _check_numbers(self) -> None:
        bad = np.flatnonzero(~(np.abs(self.nodes) < FARTHEST).all(axis=1))
        if bad.size:
            raise self._at_node(int(bad[0]), f"node {self.raw.names[bad[0]]} is not at a finite position below {FARTHEST:g} um; is the unit right?")
        for name, low, high, wanted in (("flow", -np.inf, np.inf, "finite"), ("hd", 0, 1, "between 0 and 1"), ("tortuosity", 1, np.inf, "1 or above")):
            values = getattr(self.raw, name)
            if values is not None:
                good = np.isfinite(values) & (values >= low) & (values <= high)
                if not good.all():
                    row = int(np.argmin(good))
                    raise self._at_edge(row, f"the {name} of a segment is {values[row]:g}; it must be {wanted}")

    @property
    def _node_path(self) -> Path:
        return self.raw.node_path or self.raw.path

    def _at_node(self, row: int, message: str) -> FileError:
        return at(self._node_path, self.raw.node_lines[row], message, self.raw.node_word)

    def _at_edge(self, row: int, message: str) -> FileError:
        return at(self.raw.path, self.raw.edge_lines[row], message, self.raw.edge_word)

    def _keep(self, good: np.ndarray, what: str) -> None:
        """Go on with the good segments; count the others, or refuse the first of them."""
        if good.all():
            return
        if not self.repair:
            bad = int(self.kept[np.argmin(good)])
            raise self._at_edge(bad, f"segment {self._segment_name(bad)} {what}; {MEND} drop such segments")
        self.repairs[f"segments dropped: each {what.split(' (')[0]}"] = int((~good).sum())
        self.kept, self.edges = self.kept[good], self.edges[good]

    def _segment_name(self, row: int) -> str:
        ends = " - ".join(self.raw.ends[row])
        return f"{self.raw.segment_names[row]} (nodes {ends})" if self.raw.segment_names else f"from node {self.raw.ends[row][0]} to {self.raw.ends[row][1]}"

    def resolve_names(self) -> None:
        """Indices of the nodes that the segments name."""
        index: dict[str, int] = {}
        for row, name in enumerate(self.raw.names):
            if name in index:
                first = self.raw.node_lines[index[name]]
                raise self._at_node(row, f"node {name} is listed twice (first in line {first}); give each node its own name")
            index[name] = row
        self.edges = np.array([[index.get(name, -1) for name in pair] for pair in self.raw.ends], dtype=np.int64).reshape(-1, 2)
        unknown = np.asarray((self.edges < 0).any(axis=1))
        missing = next((name for name in self.raw.ends[int(np.argmax(unknown))] if name not in index), "") if unknown.any() else ""
        self._keep(~unknown, f"names a node that is not in the file ('{missing}')")
        self.index = index

    def merge_nodes(self) -> None:
        """One node for all within the merge distance: the first of them."""
        stands_for = same_place(self.nodes, self.merge_distance)
        merged = int((stands_for != np.arange(len(self.nodes))).sum())
        if not merged:
            return
        self.edges = stands_for[self.edges]
        self.index = {name: int(stands_for[row]) for name, row in self.index.items()}
        self.repairs[f"nodes merged with another within {self.merge_distance:g} um"] = merged

    def drop_without_length(self) -> None:
        """Segments between two nodes at one place."""
        ends = self.nodes[self.edges]
        self._keep(np.asarray(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) > 0), "has no length (both ends at the same place)")

    def drop_duplicates(self) -> None:
        """Segments between the same nodes with the same radius and tortuosity; others side by side are vessels of their own."""
        low, high = self.edges.min(axis=1), self.edges.max(axis=1)
        winding = np.ones(len(low)) if self.raw.tortuosity is None else self.raw.tortuosity[self.kept]
        keys = np.column_stack([low, high, np.nan_to_num(self.radius[self.kept], nan=-1.0), winding])
        _, first = np.unique(keys, axis=0, return_index=True)
        good = np.zeros(len(keys), dtype=bool)
        good[first] = True
        self._keep(good, "is listed a second time (same nodes, same radius)")

    def fill_radii(self, default: float | None) -> None:
        """Radii that are missing or not positive."""
        radius = self.radius[self.kept]
        missing = np.isnan(radius)
        if missing.any() and default is not None:
            radius = np.where(missing, default, radius)
            self.repairs[f"radii missing, set to {default:g} um"] = int(missing.sum())
        bad = ~((radius > 0) & (radius < FARTHEST))
        if bad.any() and not self.repair:
            row = int(self.kept[np.argmax(bad)])
            found = "no radius" if np.isnan(self.raw.radius[row]) else f"radius {self.raw.radius[row]:g}"
            remedy = f"give default_radius (um), or {MEND} take it from the neighbours"
            raise self._at_edge(row, f"segment {self._segment_name(row)} has {found}; {remedy}")
        if bad.any():
            self.repairs["radii not positive, taken from the neighbours or the default"] = int(bad.sum())
            radius = self._from_neighbours(radius, bad, default)
        self.filled = radius

    def _from_neighbours(self, radius: np.ndarray, bad: np.ndarray, default: float | None) -> np.ndarray:
        """Mean radius of the segments that share a node, spreading until nothing changes."""
        radius, bad = radius.copy(), bad.copy()
        while bad.any():
            total, number = np.zeros(len(self.nodes)), np.zeros(len(self.nodes))
            for side in (0, 1):
                np.add.at(total, self.edges[~bad, side], radius[~bad])
                np.add.at(number, self.edges[~bad, side], 1)
            around, count = total[self.edges].sum(axis=1), number[self.edges].sum(axis=1)
            found = bad & (count > 0)
            if not found.any():
                break
            radius[found] = around[found] / count[found]
            bad &= ~found
        if bad.any() and default is None:
            row = int(self.kept[np.argmax(bad)])
            raise self._at_edge(row, "no segment connected to this one has a radius; give default_radius (um)")
        return np.where(bad, default or 0.0, radius)

    def network(self) -> VesselNetwork:
        """The checked network; nodes that no segment uses stay, unless they were merged away."""
        used = np.unique(np.concatenate([self.edges.ravel(), np.fromiter(self.index.values(), np.int64)]))
        place = np.full(len(self.nodes), -1)
        place[used] = np.arange(len(used))
        names = self.raw.segment_names
        parts = {
            name: None if (values := getattr(self.raw, name)) is None else np.asarray(values)[self.kept] for name in ("flow", "hd", "branch_id", "tortuosity")
        }
        network = VesselNetwork(
            self.nodes[used],
            place[self.edges],
            self.filled,
            node_names=tuple(self.raw.names[row] for row in used),
            segment_names=None if names is None else tuple(names[row] for row in self.kept),
            boundary=self._boundary(place),
            box=None if self.raw.box is None else (self.raw.box[0] * self.um_per_unit, self.raw.box[1] * self.um_per_unit),
            meta={"file": self.raw.path.name, "format": self.raw.format, "um_per_unit": self.um_per_unit, "repairs": dict(self.repairs)},
            **parts,
        )
        network.meta["notes"] = [*self.raw.notes, *(f"{what}: {number}" for what, number in self.repairs.items()), *findings(network, self.merge_distance)]
        return network

    def _boundary(self, place: np.ndarray) -> tuple[Boundary, ...]:
        found: dict[int, Boundary] = {}
        for one in self.raw.boundary:
            node = int(place[self._boundary_node(one.node, one.line)])
            if node in found:
                raise at(self._node_path, one.line, f"node {one.node} has two boundary values; leave one of them", self.raw.node_word)
            if one.hd is not None and not 0 <= one.hd <= 1:
                raise at(self._node_path, one.line, f"the hd of a boundary node is {one.hd:g}; it must be between 0 and 1", self.raw.node_word)
            found[node] = Boundary(node, one.kind, one.value, one.hd)
        return tuple(found.values())

    def _boundary_node(self, name: str, line: int) -> int:
        if name not in self.index:
            raise at(self._node_path, line, f"a boundary value is given for node {name}, which is not in the file", self.raw.node_word)
        return self.index[name]
