"""From what a file says to a network that holds together: every finding is counted, nothing is mended unasked."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import FileError, InputError
from .network import Boundary, VesselNetwork
from .readers.raw import RawNetwork
from .readers.text import at

MERGE_DISTANCE = 1e-3  # um; nodes this close are one and the same
FARTHEST = 1e9  # um; a kilometre is no length of a vessel network
MEND = "mend the file, or read it with repair = true to"


def clean(raw: RawNetwork, *, um_per_unit: float = 1.0, repair: bool = False, default_radius: float | None = None) -> VesselNetwork:
    """The network of a file in um, checked.

    Without `repair` the first segment that has no length, an unknown node, a radius that is missing or not positive, or that
    is listed twice is refused with its line. With it such segments are dropped, nodes within 1e-3 um of each other become one,
    radii are taken from the neighbours along the branch (else from `default_radius`, um), and each mend is counted in `meta`.
    `default_radius` also serves segments whose radius the file leaves out. Parallel segments that differ in radius are kept.

    **Raises** `FileError` naming file and line; `InputError` for a default radius that is not positive.
    """
    if default_radius is not None and not (np.isfinite(default_radius) and default_radius > 0):
        raise InputError(f"default_radius must be positive, in um; got {default_radius!r}")
    work = _Work(raw, um_per_unit, repair)
    work.resolve_names()
    if repair:
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
            raise at(
                self._node_path,
                self.raw.node_lines[bad[0]],
                f"node {self.raw.names[bad[0]]} is not at a finite position below {FARTHEST:g} um; is the unit right?",
            )
        for name in ("flow", "hd"):
            values = getattr(self.raw, name)
            if values is not None and not np.isfinite(values).all():
                raise at(self.raw.path, self.raw.edge_lines[int(np.argmin(np.isfinite(values)))], f"the {name} of a segment is not finite")

    @property
    def _node_path(self) -> Path:
        return self.raw.node_path or self.raw.path

    def _keep(self, good: np.ndarray, what: str) -> None:
        """Go on with the good segments; count the others, or refuse the first of them."""
        if good.all():
            return
        if not self.repair:
            bad = int(self.kept[np.argmin(good)])
            raise at(self.raw.path, self.raw.edge_lines[bad], f"segment {self._segment_name(bad)} {what}; {MEND} drop such segments")
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
                raise at(self._node_path, self.raw.node_lines[row], f"node {name} is listed twice (first in line {first}); give each node its own name")
            index[name] = row
        self.edges = np.array([[index.get(name, -1) for name in pair] for pair in self.raw.ends], dtype=np.int64).reshape(-1, 2)
        unknown = np.asarray((self.edges < 0).any(axis=1))
        missing = next((name for name in self.raw.ends[int(np.argmax(unknown))] if name not in index), "") if unknown.any() else ""
        self._keep(~unknown, f"names a node that is not in the file ('{missing}')")
        self.index = index

    def merge_nodes(self) -> None:
        """One node for all within the merge distance: the first of them."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
        from scipy.spatial import KDTree

        pairs = KDTree(self.nodes).query_pairs(MERGE_DISTANCE, output_type="ndarray")
        if not len(pairs):
            return
        size = len(self.nodes)
        _, group = connected_components(coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size)), directed=False)
        _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
        stands_for = first[inverse]
        self.edges = stands_for[self.edges]
        self.index = {name: int(stands_for[row]) for name, row in self.index.items()}
        self.repairs["nodes merged with another at the same place"] = int((stands_for != np.arange(size)).sum())

    def drop_without_length(self) -> None:
        """Segments between two nodes at one place."""
        ends = self.nodes[self.edges]
        self._keep(np.asarray(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) > 0), "has no length (both ends at the same place)")

    def drop_duplicates(self) -> None:
        """Segments between the same nodes with the same radius; others side by side are vessels of their own."""
        low, high = self.edges.min(axis=1), self.edges.max(axis=1)
        keys = np.column_stack([low, high, np.nan_to_num(self.radius[self.kept], nan=-1.0)])
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
            raise at(self.raw.path, self.raw.edge_lines[row], f"segment {self._segment_name(row)} has {found}; {remedy}")
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
            raise at(self.raw.path, self.raw.edge_lines[row], "no segment connected to this one has a radius; give default_radius (um)")
        return np.where(bad, default or 0.0, radius)

    def network(self) -> VesselNetwork:
        """The checked network; nodes that no segment uses stay, unless they were merged away."""
        used = np.unique(np.concatenate([self.edges.ravel(), np.fromiter(self.index.values(), np.int64)]))
        place = np.full(len(self.nodes), -1)
        place[used] = np.arange(len(used))
        boundary = [Boundary(int(place[self._boundary_node(one.node, one.line)]), one.kind, one.value, one.hd) for one in self.raw.boundary]
        names = self.raw.segment_names
        parts = {name: None if (values := getattr(self.raw, name)) is None else np.asarray(values)[self.kept] for name in ("flow", "hd", "branch_id")}
        network = VesselNetwork(
            self.nodes[used],
            place[self.edges],
            self.filled,
            node_names=tuple(self.raw.names[row] for row in used),
            segment_names=None if names is None else tuple(names[row] for row in self.kept),
            boundary=tuple(boundary),
            box=None if self.raw.box is None else (self.raw.box[0] * self.um_per_unit, self.raw.box[1] * self.um_per_unit),
            meta={"file": self.raw.path.name, "format": self.raw.format, "um_per_unit": self.um_per_unit, "repairs": dict(self.repairs)},
            **parts,
        )
        network.meta["notes"] = self._notes(network)
        return network

    def _boundary_node(self, name: str, line: int) -> int:
        if name not in self.index:
            raise at(self._node_path, line, f"a boundary value is given for node {name}, which is not in the file")
        return self.index[name]

    def _notes(self, network: VesselNetwork) -> list[str]:
        notes = list(self.raw.notes) + [f"{what}: {number}" for what, number in self.repairs.items()]
        pairs = np.sort(network.edges, axis=1)
        parallel = len(pairs) - len(np.unique(pairs, axis=0))
        isolated = int((network.degree == 0).sum())
        coincident = len(network.nodes) - len(np.unique(np.round(network.nodes / MERGE_DISTANCE), axis=0))
        if parallel:
            notes.append(f"{parallel} segments lie between the same nodes as another of other radius")
        if isolated:
            notes.append(f"{isolated} nodes belong to no segment")
        if coincident:
            notes.append(f"{coincident} nodes lie at the same place as another without being joined (repair = true joins them)")
        if network.box is not None and not _inside(network):
            notes.append("some nodes lie outside the box that the file states")
        return notes


def _inside(network: VesselNetwork) -> bool:
    assert network.box is not None
    lower, upper = network.box
    slack = 1e-6 * float(np.max(upper - lower))
    return bool(((network.nodes >= lower - slack) & (network.nodes <= upper + slack)).all())
