"""A vessel network: nodes joined by straight segments, each with a radius."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .graph import connected_parts

if TYPE_CHECKING:
    from .embed import Embedding
    from .metrics import NetworkMetrics
    from .perfusion import Perfusion
    from .streams import Streams

LUMEN_RADIUS = 1.5


@dataclass(frozen=True)
class Boundary:
    """What is prescribed at one node of the network.

    **Arguments**

    - `node`: index of the node.
    - `kind`: "pressure" (value in Pa) or "flow" (value in um3/s, positive into the network).
    - `hd`: discharge haematocrit of inflowing blood, where the file states it.
    """

    node: int
    kind: str
    value: float
    hd: float | None = None


@dataclass(frozen=True)
class VesselNetwork:
    """Straight vessel segments between nodes.

    **Arguments**

    - `nodes`: (n, 3), columns x, y, z, um.
    - `edges`: (m, 2) indices of the two nodes of each segment.
    - `radius`: (m,) um.
    - `flow`: (m,) um3/s, positive from the first to the second node; negative is a segment written against its flow.
    - `hd`: (m,) discharge haematocrit.
    - `branch_id`: (m,) the branch that a segment is part of.
    - `tortuosity`: (m,) length along the vessel over that of its straight segment, where the file states it; it counts in the total
      length, wall area and volume.
    - `node_names`, `segment_names`: as in the file.
    - `boundary`: what is prescribed at the ends.
    - `box`: lower and upper corner (x, y, z) that the file states, um; nodes may lie outside it.
    - `meta`: file, format, um per unit of the file, what was found and mended.

    **Raises** `InputError` for arrays that do not fit each other, numbers that are not finite, radii that are not positive,
    unknown nodes and segments without length.
    """

    nodes: np.ndarray
    edges: np.ndarray
    radius: np.ndarray
    flow: np.ndarray | None = None
    hd: np.ndarray | None = None
    branch_id: np.ndarray | None = None
    tortuosity: np.ndarray | None = None
    node_names: tuple[str, ...] | None = None
    segment_names: tuple[str, ...] | None = None
    boundary: tuple[Boundary, ...] = ()
    box: tuple[np.ndarray, np.ndarray] | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        nodes = np.asarray(self.nodes, dtype=np.float64)
        edges = np.asarray(self.edges)
        radius = np.asarray(self.radius, dtype=np.float64)
        if nodes.ndim != 2 or nodes.shape[1:] != (3,) or edges.ndim != 2 or edges.shape[1:] != (2,) or radius.shape != edges.shape[:1]:
            raise InputError(f"VesselNetwork needs nodes (n, 3), edges (m, 2) and radius (m,); got shapes {nodes.shape}, {edges.shape} and {radius.shape}")
        if not len(edges):
            raise InputError("VesselNetwork has no segments")
        if not np.issubdtype(edges.dtype, np.integer):
            raise InputError(f"VesselNetwork edges must be indices of nodes, whole numbers; got dtype {edges.dtype}")
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "edges", edges.astype(np.int64))
        object.__setattr__(self, "radius", radius)
        self._check()

    def _check(self) -> None:
        _refuse(np.asarray(~np.isfinite(self.nodes)).any(axis=1), "node {} is not at a finite position")
        _refuse(((self.edges < 0) | (self.edges >= len(self.nodes))).any(axis=1), f"segment {{}} names a node outside 0..{len(self.nodes) - 1}")
        _refuse(~(np.isfinite(self.radius) & (self.radius > 0)), "segment {} has a radius that is not positive and finite (um)")
        _refuse(self.lengths == 0, "segment {} has no length")
        for name in ("flow", "hd", "branch_id", "tortuosity"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != self.radius.shape:
                raise InputError(f"VesselNetwork {name} must hold one number a segment ({len(self.radius)}); got shape {np.shape(values)}")

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        format: str | None = None,
        unit: str | None = None,
        scale: float | None = None,
        vertex_parameters: tuple[str, ...] | None = None,
        segment_parameters: tuple[str, ...] | None = None,
        nodes: str | Path | None = None,
        radius_field: str | None = None,
        is_diameter: bool = False,
        merge_distance: float | None = None,
        close_loops_tol: float | None = None,
        repair: bool = False,
        default_radius: float | None = None,
    ) -> "VesselNetwork":
        """Read a network: Secomb `network.dat`, DGF, SWC, a table of segments (CSV) with its table of nodes, a branch table of
        AnalyzeSkeleton, lines in VTK files (.vtp, .vtu, .vtk), an ASCII spatial graph of Amira, or tumorcode HDF5.

        **Arguments**

        - `format`: "secomb", "dgf", "swc", "table", "branches", "vtk", "amira" or "hdf5"; told from the content where it is not given.
        - `unit`: "um", "mm" or "m", or `scale`: um per unit of the file (voxel size). One of the two is required where the
          format has no unit of its own: all but Secomb, HDF5, and a table with a line `# unit: um`.
        - `vertex_parameters`, `segment_parameters`: names of the extra numbers in a DGF file; one of the segments' is "radius"
          (or "diameter"), a vertex "pressure" (Pa) becomes the boundary value at the free ends.
        - `nodes`: the table of nodes that belongs to a table of segments; `nodes.csv` beside it where it is not given.
        - `radius_field`: the array that holds the radius in a VTK or Amira file; `is_diameter` where it holds the diameter.
        - `merge_distance`: um; nodes so close to each other become one (5e-4 by default with `repair` and for VTK, whose lines need
          not share their points).
        - `close_loops_tol`: um; in an SWC file, which cannot hold loops, ends so close to another point are joined to it.
        - `repair`: drop or merge what is wrong (segments without length, twice listed or with unknown nodes, radii missing or
          not positive) and count it in `meta` instead of refusing the file.
        - `default_radius`: um, for segments without a radius of their own.

        **Raises** `FileError` naming the line for a file that is missing, empty, cut short or holds wrong numbers; `InputError`
        for a missing unit or an argument that does not fit the format.
        """
        from .readers.choice import read_network
        from .readers.options import Options

        options = Options(
            format=format,
            unit=unit,
            scale=scale,
            vertex_parameters=vertex_parameters,
            segment_parameters=segment_parameters,
            nodes=None if nodes is None else Path(nodes),
            radius_field=radius_field,
            is_diameter=is_diameter,
            merge_distance=merge_distance,
            close_loops_tol=close_loops_tol,
            repair=repair,
            default_radius=default_radius,
        )
        return read_network(Path(path), options)

    @classmethod
    def from_mask(cls, mask: np.ndarray, voxel_size: float | tuple[float, ...], *, shortest_spur: float = 1.5) -> "VesselNetwork":
        """The network of a mask of vessels, 2D or 3D; see `tmefield.vessels.skeleton.network_from_mask`."""
        from .skeleton import network_from_mask

        return network_from_mask(mask, voxel_size, shortest_spur=shortest_spur)

    @classmethod
    def crossing(cls, points_xy: np.ndarray, radius: float | np.ndarray, thickness: float, z0: float = 0.0) -> "VesselNetwork":
        """Vessels that cross a tissue section at right angles: one segment along z at each of the (n, 2) points x, y (um).

        The section reaches from z0 to z0 + thickness (um); `radius` (um) is one number or one a vessel.
        """
        points = np.asarray(points_xy, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise InputError(f"crossing vessels need points (n, 2), columns x and y in um; got shape {points.shape}")
        if not (np.isfinite(thickness) and thickness > 0):
            raise InputError(f"the thickness of the section must be positive, in um; got {thickness!r}")
        ends = [np.column_stack([points, np.full(len(points), z)]) for z in (z0, z0 + thickness)]
        index = np.arange(len(points))
        radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), index.shape).copy()
        return cls(np.vstack(ends), np.column_stack([index, index + len(points)]), radii, meta={"format": "vessels that cross a section"})

    @classmethod
    def generate(cls, box: tuple[Any, Any], *, seed: int, **options: Any) -> "VesselNetwork":
        """A network made up, of normal tissue or a tumour, through which blood flows; options as in `tmefield.vessels.generate.generate`."""
        from .generate import generate

        return generate(box, seed=seed, **options)

    def write(self, edges: str | Path, nodes: str | Path) -> None:
        """Write the network as two tables (CSV, um) that `read` gives back exactly."""
        from .readers.table import write_table

        write_table(self, Path(edges), Path(nodes))

    def embed(self, grid: Grid, *, lumen_radius: float = LUMEN_RADIUS, clip: bool = False) -> "Embedding":
        """The walls of the network on a grid; see `tmefield.vessels.embed.embed`."""
        from .embed import embed

        return embed(self, grid, lumen_radius=lumen_radius, clip=clip)

    def streams(self) -> "Streams":
        """The order in which blood passes the segments; see `tmefield.vessels.streams.streams`."""
        from .streams import streams

        return streams(self)

    def perfuse(self, **options: Any) -> "Perfusion":
        """Blood flow, pressure and haematocrit of every segment; options as in `tmefield.vessels.perfusion.perfuse`."""
        from .perfusion import perfuse

        return perfuse(self, **options)

    def metrics(self, box: tuple[Any, Any] | None = None, seed: int = 0) -> "NetworkMetrics":
        """Densities, diameters, distances and branches of the network, beside published values; see `tmefield.vessels.metrics.measure`."""
        from .metrics import measure

        return measure(self, box, seed)

    @property
    def lengths(self) -> np.ndarray:
        """Length of each segment, um."""
        return np.linalg.norm(self.nodes[self.edges[:, 1]] - self.nodes[self.edges[:, 0]], axis=1)

    @property
    def total_length(self) -> float:
        """Length of all vessels, um."""
        return float(self.path_lengths.sum())

    @property
    def path_lengths(self) -> np.ndarray:
        """Length along each vessel, um: that of its straight segment times its tortuosity."""
        return self.lengths if self.tortuosity is None else self.lengths * self.tortuosity

    @property
    def surface_area(self) -> float:
        """Wall area, sum of 2 pi R L, um2."""
        return float(2 * np.pi * (self.radius * self.path_lengths).sum())

    @property
    def volume(self) -> float:
        """Volume of the vessels, sum of pi R^2 L (overlap at nodes counted twice), um3."""
        return float(np.pi * (self.radius**2 * self.path_lengths).sum())

    @property
    def degree(self) -> np.ndarray:
        """Number of segments at each node."""
        return np.bincount(self.edges.ravel(), minlength=len(self.nodes))

    @property
    def n_ends(self) -> int:
        """Nodes with a single segment."""
        return int((self.degree == 1).sum())

    @property
    def part_of_node(self) -> np.ndarray:
        """Number of the connected part that each node belongs to; nodes without a segment are parts of their own."""
        return connected_parts(len(self.nodes), self.edges)

    @property
    def components(self) -> int:
        """Number of connected parts (nodes without a segment not counted)."""
        return len(np.unique(self.part_of_node[self.edges]))

    @property
    def loops(self) -> int:
        """Independent loops: segments less nodes plus connected parts."""
        return len(self.edges) - int((self.degree > 0).sum()) + self.components

    def report(self) -> str:
        """One screen: what the network is, where it lies, and what was found in the file."""
        low, high = self.nodes.min(axis=0), self.nodes.max(axis=0)
        diameter = 2 * self.radius
        degree = self.degree
        name = self.meta.get("file", "vessel network")
        lines = [f"{name} ({self.meta['format']})" if "format" in self.meta else str(name)]
        lines.append(f"  {len(self.edges)} segments, {len(self.nodes)} nodes, {self.components} connected part(s)")
        lines.append(f"  {self.n_ends} ends, {int((degree == 3).sum())} nodes with 3 segments, {int((degree > 3).sum())} with more, {self.loops} loops")
        lines.append("  nodes " + ", ".join(f"{axis} {a:.6g}..{b:.6g}" for axis, a, b in zip("xyz", low, high, strict=True)) + " um")
        if self.box is not None:
            lines.append("  box stated " + " x ".join(f"{b - a:.6g}" for a, b in zip(*self.box, strict=True)) + " um")
        lines.append(f"  diameter {diameter.min():.4g}..{diameter.max():.4g} um, median {np.median(diameter):.4g}")
        if self.tortuosity is not None:
            lines.append(f"  vessels wind: {self.total_length / self.lengths.sum():.4g} times as long as their straight segments")
        lines.append(f"  length {self.total_length:.5g} um, wall {self.surface_area:.5g} um2, volume {self.volume:.5g} um3")
        if self.boundary:
            kinds = [one.kind for one in self.boundary]
            lines.append(f"  boundary values: {kinds.count('pressure')} pressures, {kinds.count('flow')} flows")
        return "\n".join(lines + [f"  {note}" for note in self.meta.get("notes", ())])


def _refuse(bad: np.ndarray | np.bool, message: str) -> None:
    bad = np.atleast_1d(bad)
    if bad.any():
        more = int(bad.sum()) - 1
        raise InputError("VesselNetwork: " + message.format(int(np.argmax(bad))) + (f" (and {more} more)" if more else ""))
