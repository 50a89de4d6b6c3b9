"""Measures of a vessel network, computed the same way for real and generated ones, beside what is published."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .coupling import PERFUSED
from .distance import branches
from .network import VesselNetwork
from .segments import Pieces, cut_to_box, points_along

STEP = 2.0
"""Largest distance of the points along the centrelines, um."""
SAMPLES = 40_000
NEIGHBOURS = 24
"""Nearest points of the centrelines tried for each sample: a wide vessel's wall may be nearer than that of one whose axis is nearer."""
SHORTEST_CHORD = 1.0  # um; below it path over chord is rounding
BOX_SIZES = (10.0, 20.0, 40.0, 80.0)  # um

COLON = "human colon: Cartana 2012 (abstract; doi:10.1371/journal.pone.0052815)"
CASTS = "human large intestine: Microvascular patterns of the human large intestine, corrosion casts, 1998 (abstract)"
PUBLISHED: dict[str, tuple[str, str, str]] = {
    "volume_fraction": ("1-3", "to 4.29", "tumour: vessels of at least 20 um in a liver xenograft (PMC5264465)"),
    "profile_density": ("188.7 +- 24.9", "242.4 +- 16.1", COLON),
    "diameter_mean": ("8.5 +- 0.9", "13.5 +- 0.7", COLON),
    "branch_length": ("51.3 +- 28.5", "", CASTS),
}
"""Published values of normal and tumour tissue, and where they stand."""


@dataclass(frozen=True)
class NetworkMetrics:
    """Measures of a network of segments with diameter D and length L along the vessel (sums over all) in a box of volume V.

    - `volume_fraction`: 100 sum(pi D^2 L/4)/V, %, overlap at nodes counted twice; `surface_density`: sum(pi D L)/V, 1/cm;
      `length_density`: sum(L)/V, mm/mm3; `profile_density`: vessels cut per area of a section, length_density/2 for vessels that
      run in all directions alike, 1/mm2.
    - `diameter_mean`, `diameter_cv`: weighted by length, um; `diameter_median`: of the segments, um.
    - `distance_mean`, `distance_median`, `distance_p95`, `distance_max`: from tissue to the nearest wall, um. Too large near the
      faces where the vessels end there: compare boxes of one size.
    - `branch_length`: mean, um, of the chains between nodes that do not join just two segments; `tortuosity`: path over chord, mean
      of those with a chord above 1 um (a lower bound in digitised data, which are straightened).
    - `degree`: how many nodes join 0, 1, 2, ... segments; `loops`: segments - nodes + parts; `components`: connected parts; `ends`.
    - `length_to_diameter`: branch_length/diameter_mean.
    - `fractal_dimension`: slope of the number of squares of 10, 20, 40 and 80 um that hold centreline, projected on x, y. Told, but no
      measure to pass or fail by: it depends on the depth and size of the box.
    - `perfused_fraction`: share of the length with |flow| above 1e-6 of the largest; None without flow.
    - `box`: lower and upper corner (x, y, z) that was measured, um.
    """

    volume_fraction: float
    surface_density: float
    length_density: float
    profile_density: float
    diameter_mean: float
    diameter_median: float
    diameter_cv: float
    distance_mean: float
    distance_median: float
    distance_p95: float
    distance_max: float
    branch_length: float
    tortuosity: float
    length_to_diameter: float
    fractal_dimension: float
    degree: tuple[int, ...]
    loops: int
    components: int
    ends: int
    perfused_fraction: float | None
    box: tuple[np.ndarray, np.ndarray]

    @property
    def three_share(self) -> float:
        """Share of the nodes with three segments among those with at least three."""
        branching = sum(self.degree[3:])
        return self.degree[3] / branching if branching else float("nan")

    def table(self) -> str:
        """The measures in one table, beside published values of normal and tumour tissue with their sources."""
        low, high = self.box
        lines = ["box " + " x ".join(f"{one:g}" for one in high - low) + " um", f"{'':<26}{'value':>9}  {'unit':<7} {'normal':<16}{'tumour':<16}source"]
        for name, title, unit in _ROWS:
            value = getattr(self, name)
            if value is not None:
                normal, tumour, source = PUBLISHED.get(name, ("", "", ""))
                lines.append(f"{title:<26}{value:>9.4g}  {unit:<7} {normal:<16}{tumour:<16}{source}".rstrip())
        histogram = ", ".join(f"{number} with {degree}" for degree, number in enumerate(self.degree) if number)
        return "\n".join([*lines, f"nodes by number of segments: {histogram}"])


_ROWS = (
    ("volume_fraction", "volume fraction", "%"),
    ("surface_density", "wall per volume", "1/cm"),
    ("length_density", "length per volume", "mm/mm3"),
    ("profile_density", "profiles per section", "1/mm2"),
    ("diameter_mean", "diameter, mean by length", "um"),
    ("diameter_median", "diameter, median", "um"),
    ("diameter_cv", "diameter, sd/mean", ""),
    ("distance_mean", "distance to wall, mean", "um"),
    ("distance_median", "distance to wall, median", "um"),
    ("distance_p95", "distance to wall, 95 %", "um"),
    ("distance_max", "distance to wall, largest", "um"),
    ("branch_length", "branch length, mean", "um"),
    ("tortuosity", "tortuosity", ""),
    ("length_to_diameter", "length over diameter", ""),
    ("fractal_dimension", "fractal dimension (x, y)", ""),
    ("loops", "loops", ""),
    ("components", "connected parts", ""),
    ("ends", "ends", ""),
    ("perfused_fraction", "perfused share of length", ""),
)


def measure(network: VesselNetwork, box: tuple[Any, Any] | None = None, seed: int = 0) -> NetworkMetrics:
    """The measures of a network in a box; see `NetworkMetrics`.

    Densities and diameters are of what lies inside the box, distances from points in it to all vessels, branches, nodes and loops
    those of the whole network.

    **Arguments**

    - `box`: lower and upper corner (x, y, z), um; the one that the network states, else the smallest that holds its nodes.
    - `seed`: of the 40 000 points from which distances are measured.

    **Raises** `InputError` for a box without extent, as that of a flat network is, or without vessels.
    """
    low, high = _box(network, box)
    inside = _inside(network, low, high)
    winding = 1.0 if network.tortuosity is None else network.tortuosity[inside.segment]
    volume, length, diameter = float(np.prod(high - low)), inside.length * winding, 2 * inside.radius
    mean = float(np.average(diameter, weights=length))
    distance = _distances(network, low, high, seed)
    branch_length, tortuosity = _branch_measures(network)
    degree = network.degree
    return NetworkMetrics(
        volume_fraction=100 * float(np.pi / 4 * (diameter**2 * length).sum()) / volume,
        surface_density=1e4 * float(np.pi * (diameter * length).sum()) / volume,
        length_density=1e6 * float(length.sum()) / volume,
        profile_density=0.5e6 * float(length.sum()) / volume,
        diameter_mean=mean,
        diameter_median=float(np.median(diameter)),
        diameter_cv=float(np.sqrt(np.average((diameter - mean) ** 2, weights=length))) / mean,
        distance_mean=float(distance.mean()),
        distance_median=float(np.median(distance)),
        distance_p95=float(np.percentile(distance, 95)),
        distance_max=float(distance.max()),
        branch_length=branch_length,
        tortuosity=tortuosity,
        length_to_diameter=branch_length / mean,
        fractal_dimension=_fractal_dimension(inside, low),
        degree=tuple(np.bincount(degree).tolist()),
        loops=len(network.edges) - int((degree > 0).sum()) + network.components,
        components=network.components,
        ends=network.n_ends,
        perfused_fraction=_perfused_fraction(network),
        box=(low, high),
    )


def _box(network: VesselNetwork, box: tuple[Any, Any] | None) -> tuple[np.ndarray, np.ndarray]:
    given = box or network.box or (network.nodes.min(axis=0), network.nodes.max(axis=0))
    low, high = (np.asarray(one, dtype=np.float64) for one in given)
    if low.shape != (3,) or high.shape != (3,) or not (np.isfinite(high - low).all() and (high > low).all()):
        raise InputError(
            f"metrics need a box with three extents above zero (x, y, z), um; got {low.tolist()} to {high.tolist()}: give box = (lower, upper); "
            "for a flat network its upper and lower z say how thick the tissue is"
        )
    return low, high


def _inside(network: VesselNetwork, low: np.ndarray, high: np.ndarray) -> Pieces:
    try:
        return cut_to_box(network, Grid((1, 1, 1), (high - low)[::-1].tolist(), low[::-1].tolist()), clip=True)
    except InputError:
        raise InputError(f"no vessel lies in the box {low.tolist()} to {high.tolist()} um (x, y, z) whose metrics are asked for") from None


def _distances(network: VesselNetwork, low: np.ndarray, high: np.ndarray, seed: int) -> np.ndarray:
    """Distance to the nearest wall (um) of the random points that lie outside vessels."""
    from scipy.spatial import KDTree

    start, end = network.nodes[network.edges[:, 0]], network.nodes[network.edges[:, 1]]
    piece, point, _ = points_along(Pieces(start, end, network.radius, np.arange(len(start))), STEP)
    samples = np.random.default_rng(seed).uniform(low, high, (SAMPLES, 3))
    number = min(NEIGHBOURS, len(point))
    away, nearest = KDTree(point).query(samples, k=number, workers=-1)
    wall = (away - network.radius[piece[nearest]]).reshape(SAMPLES, number).min(axis=1)
    if not (wall > 0).any():
        raise InputError("no tissue is left between the vessels: is the unit of the radii right?")
    return wall[wall > 0]


def _branch_measures(network: VesselNetwork) -> tuple[float, float]:
    """Mean length of a branch, um, and mean of path over chord (NaN where no branch has two ends apart)."""
    branch = branches(network)
    length = np.bincount(branch, network.path_lengths)
    node, of = network.edges.ravel(), np.repeat(branch, 2)
    at_end = network.degree[node] != 2
    node, of = node[at_end], of[at_end]
    # Every branch but a ring has two ends, which may be the same node.
    order = np.argsort(of, kind="stable")
    first, second = node[order].reshape(-1, 2).T
    path, chord = length[of[order][::2]], np.linalg.norm(network.nodes[first] - network.nodes[second], axis=1)
    long = chord > SHORTEST_CHORD
    return float(length.mean()), float((path[long] / chord[long]).mean()) if long.any() else float("nan")


def _fractal_dimension(inside: Pieces, low: np.ndarray) -> float:
    _, point, _ = points_along(inside, STEP)
    counts = [len(np.unique(np.floor((point[:, :2] - low[:2]) / size), axis=0)) for size in BOX_SIZES]
    return -float(np.polyfit(np.log(BOX_SIZES), np.log(counts), 1)[0])


def _perfused_fraction(network: VesselNetwork) -> float | None:
    if network.flow is None:
        return None
    size = np.abs(network.flow)
    return float(network.path_lengths[size > PERFUSED * size.max()].sum() / network.total_length)
