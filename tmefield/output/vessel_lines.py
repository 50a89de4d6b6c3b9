"""Vessels as the writers and pictures of networks take them: segments between points, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .fieldset import CONCENTRATION_UNITS, TISSUES, ArrayLike, FieldSet, Variable, variable_name

if TYPE_CHECKING:
    from ..vessels.network import VesselNetwork

_AROUND = 8
"""Points on the circle of the wall."""
_CHUNK = 200_000
"""Points handled at a time, so that memory stays bounded for any network."""


@dataclass(frozen=True, eq=False)
class VesselLines:
    """Straight vessel segments between shared points, with arrays on either.

    **Arguments**

    - `points`: [n, 3] x, y, z, um.
    - `ends`: [m, 2] the two points of each segment.
    - `radius`: [m] um.
    - `on_segments`: further arrays [m] by name: `flow`, `hd`, `pressure`, `branch_id`, a species at the wall, or one's own.
    - `on_points`: arrays [n] by name.
    - `box`: lower and upper corner (x, y, z), um; the box of the points where not given.
    - `title`: what the network is.

    **Raises** `InputError` for an array that does not have one number a segment or a point.
    """

    points: ArrayLike
    ends: ArrayLike
    radius: ArrayLike
    on_segments: Mapping[str, Variable] = field(default_factory=dict)
    on_points: Mapping[str, Variable] = field(default_factory=dict)
    box: tuple[np.ndarray, np.ndarray] | None = None
    title: str = "Vessel network"

    def __post_init__(self):
        for where, arrays, size in (("segment", self.on_segments, len(self.radius)), ("point", self.on_points, len(self.points))):
            for name, entry in arrays.items():
                if entry.values.shape != (size,):
                    raise InputError(f"vessel array {name!r} must hold one number a {where} ({size}); got the shape {entry.values.shape}")

    @classmethod
    def of_network(cls, network: "VesselNetwork", *, pressure: ArrayLike = None) -> "VesselLines":
        """The segments of a network with its flow, haematocrit and branches; `pressure` is that at its nodes, [n] Pa.

        A segment has the mean of the pressures at its ends.
        """
        known = {
            "flow": (network.flow, "blood flow, positive from the first to the second point", "um3 s-1"),
            "hd": (network.hd, "discharge haematocrit", "1"),
            "branch_id": (network.branch_id, "branch", "1"),
        }
        arrays = {name: Variable(np.asarray(values), words, units) for name, (values, words, units) in known.items() if values is not None}
        points = {}
        if pressure is not None:
            points["pressure"] = Variable(pressure, "blood pressure", "Pa")
            if points["pressure"].values.shape == (len(network.nodes),):
                arrays["pressure"] = Variable(points["pressure"].values[network.edges].mean(axis=1), "blood pressure, mean of the two ends", "Pa")
        low, high = network.nodes.min(axis=0), network.nodes.max(axis=0)
        # A file's box need not hold all its nodes.
        box = (low, high) if network.box is None else (np.minimum(low, network.box[0]), np.maximum(high, network.box[1]))
        return cls(network.nodes, network.edges, network.radius, arrays, points, box, str(network.meta.get("file", "Vessel network")))

    @classmethod
    def of_result(cls, fields: FieldSet) -> "VesselLines":
        """The vessels that a result holds, cut at the faces of its box; ends at one place are one point.

        **Raises** `InputError` for a result without vessels.
        """
        if fields.vessel_segments is None or not len(fields.vessel_segments):
            raise InputError("the result holds no vessels; give the network that belongs to it")
        points, place = np.unique(fields.vessel_segments.reshape(-1, 3), axis=0, return_inverse=True)
        lines = cls(points, place.reshape(-1, 2), fields.vessel_radii, dict(fields.vessel_arrays), title=fields.attributes.get("title", "Vessel network"))
        return replace(lines, box=_box(fields))

    def with_species(self, fields: FieldSet, *, time: int = -1) -> "VesselLines":
        """These lines with the concentration of every species at the wall of each segment, nM, under the names that the NetCDF file has.

        The field is taken between the voxels' centres (trilinear), from voxels in tissue only, at eight points around the wall every
        voxel's length along the segment, and averaged; NaN where no wall lies in tissue inside the box.

        **Raises** `InputError` for a time index that does not exist.
        """
        values = _at_walls(self, fields, fields.time_index(time))
        species = {
            variable_name(name): Variable(one, f"{shown} concentration at the vessel wall", CONCENTRATION_UNITS)
            for name, shown, one in zip(fields.species, fields.names, values, strict=True)
        }
        return replace(self, on_segments={**self.on_segments, **species}, box=_box(fields))

    @property
    def point_radius(self) -> np.ndarray:
        """[n] um, mean of the segments that meet at each point; 0 at a point without any."""
        count = np.bincount(self.ends.ravel(), minlength=len(self.points))
        return np.bincount(self.ends.ravel(), np.repeat(self.radius, 2), len(self.points)) / np.maximum(count, 1)


def _box(fields: FieldSet) -> tuple[np.ndarray, np.ndarray]:
    return np.array(fields.grid.origin[::-1]), np.array(fields.grid.upper[::-1])


def _at_walls(lines: VesselLines, fields: FieldSet, time: int) -> np.ndarray:
    """[species, m] nM."""
    grid = fields.grid
    tissue = np.ones(grid.shape, np.float32) if fields.labels is None else (fields.labels != TISSUES.index("vessel_lumen")).astype(np.float32)
    maps = [tissue, *(np.where(tissue > 0, one, 0.0) for one in fields.concentration[time])]
    start, run = lines.points[lines.ends[:, 0]], lines.points[lines.ends[:, 1]] - lines.points[lines.ends[:, 0]]
    counts = _AROUND * np.maximum(np.ceil(np.linalg.norm(run, axis=1) / min(grid.spacing)), 1).astype(np.int64)
    sums = np.zeros((len(maps), len(counts)))
    group = np.cumsum(counts) // _CHUNK
    for number in np.unique(group):
        chosen = np.flatnonzero(group == number)
        segment, points = _wall_points(start[chosen], run[chosen], lines.radius[chosen], counts[chosen])
        inside = np.all((points >= _box(fields)[0]) & (points <= _box(fields)[1]), axis=1)
        for row, values in enumerate(maps):
            sums[row] += np.bincount(chosen[segment[inside]], _between(values, grid, points[inside]), len(counts))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[0] > 1e-9, sums[1:] / sums[0], np.nan)


def _wall_points(start: np.ndarray, run: np.ndarray, radius: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points on the walls, `_AROUND` times as many as the parts of each segment, and their segments."""
    segment = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (number // _AROUND + 0.5) / (counts // _AROUND)[segment]
    angle = 2 * np.pi * (number % _AROUND + 0.5) / _AROUND
    helper = np.eye(3)[np.argmin(np.abs(run), axis=1)]
    first = np.cross(run, helper)
    first /= np.linalg.norm(first, axis=1)[:, None]
    second = np.cross(run / np.linalg.norm(run, axis=1)[:, None], first)
    around = np.cos(angle)[:, None] * first[segment] + np.sin(angle)[:, None] * second[segment]
    return segment, start[segment] + share[:, None] * run[segment] + radius[segment, None] * around


def _between(values: np.ndarray, grid, points: np.ndarray) -> np.ndarray:
    """Values between the centres of voxels; within half a voxel of a face those of the outermost voxels."""
    from scipy.ndimage import map_coordinates

    place = [(points[:, 2 - axis] - grid.origin[axis]) / grid.spacing[axis] - 0.5 for axis in range(3)]
    return map_coordinates(values, place, order=1, mode="nearest", output=np.float64)
