"""A synthetic tumour: zones around a centre, each with its cells."""

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .cells import Cells
from .composition import ZoneDensities, complete_composition
from .labels import NECROTIC_CORE, STROMA, TUMOUR
from .random_field import smooth_field
from .tissue import Tissue

# Size of the clusters in which infiltrating cells come, um (assumption: a few cell diameters).
PATCH_LENGTH = 40.0
# Size of the bulges of the outline, as a share of the radius (assumption: some lobes, not a rough surface).
BULGE_LENGTH = 0.6


def spheroid(
    grid: Grid,
    *,
    radius: float,
    necrotic_fraction: float = 0.4,
    rim_width: float = 60.0,
    margin_width: float = 60.0,
    transition: float = 12.0,
    irregularity: float = 0.08,
    patchiness: float = 0.5,
    centre: Sequence[float] | None = None,
    seed: int = 1,
    composition: Mapping[str, ZoneDensities] | None = None,
    points: bool = False,
    necrosis: np.ndarray | None = None,
) -> Tissue:
    """A tumour spheroid in stroma: necrotic core, viable core, rim, invasive margin, stroma.

    With r the distance from the centre and R(x) = radius [1 + irregularity g(x)] the outline (g smooth, random, variance 1), the
    zones end at r = necrotic_fraction R, R - rim_width, R, R + margin_width; a type's density is sum over zones of n_zone w_zone,
    the weights w smooth steps (tanh) of half width `transition` that sum to 1. Types other than the tumour come in clusters:
    times exp(patchiness g - patchiness^2/2), mean 1, each type its own g. A grid one voxel deep shows the cut through the sphere.

    **Arguments** (the defaults are assumptions that a real tumour's numbers should replace)

    - `radius`: um.
    - `necrotic_fraction`: radius of the necrotic core as a share of `radius`, 0 for none. 0.4 leaves a viable shell of 130 um at
      220 um; oxygen-limited spheroids keep 130 to 170 um (Grimes 2014, doi:10.1098/rsif.2013.1124).
    - `rim_width`, `margin_width`, `transition`: um.
    - `irregularity`, `patchiness`: standard deviations, 0 for a smooth ball; the outline at most 0.3, clusters at most 1.5.
    - `centre`: (z, y, x) um, the middle of the box unless given.
    - `seed`: the same seed gives the same tumour, at any resolution.
    - `composition`: densities per type in place of those of `ASSUMED_COMPOSITION`, see there for what supports them.
    - `points`: also draw the cells as points, Poisson distributed with these densities.
    - `necrosis`: where tumour is necrotic, bool [z, y, x], in place of `necrotic_fraction`.

    **Raises** `InputError` for lengths and shares out of range, or a tumour outside the box or thinner than four voxels.
    """
    _check_numbers(
        radius=(radius, 0.0, math.inf),
        necrotic_fraction=(necrotic_fraction, 0.0, 0.95),
        rim_width=(rim_width, 0.0, math.inf),
        margin_width=(margin_width, 0.0, math.inf),
        transition=(transition, 1e-3, math.inf),
        irregularity=(irregularity, 0.0, 0.3),
        patchiness=(patchiness, 0.0, 1.5),
    )
    middle = _centre(grid, centre, radius)
    zones = complete_composition(composition)
    distance = np.sqrt(sum((one - at) ** 2 for one, at in zip(grid.coordinates(), middle, strict=True)))
    outline = radius * (1.0 + irregularity * _clipped(smooth_field(grid, BULGE_LENGTH * radius, np.random.default_rng(seed))))
    weights = _zone_weights(distance, outline, 0.0 if necrosis is not None else necrotic_fraction, rim_width, margin_width, transition)
    if necrosis is not None:
        weights[:3] = necrosis * (weights[1] + weights[2]), weights[1] * ~necrosis, weights[2] * ~necrosis
    densities = {}
    for name, by_zone in sorted(zones.items()):
        density = sum(n * weight for n, weight in zip(by_zone, weights, strict=True) if n > 0)
        densities[name] = density * (_clusters(grid, patchiness, seed, name) if name != "tumour" else 1.0)
    labels = np.where(distance < outline, TUMOUR, STROMA).astype(np.int8)
    labels[(distance < necrotic_fraction * outline) if necrosis is None else (necrosis & (labels == TUMOUR))] = NECROTIC_CORE
    meta = {"made": "spheroid", "radius": radius, "necrotic_fraction": necrotic_fraction, "rim_width": rim_width, "margin_width": margin_width}
    meta |= {"transition": transition, "irregularity": irregularity, "patchiness": patchiness, "centre": middle, "seed": seed}
    meta |= {"assumed_densities": {name: by_zone._asdict() for name, by_zone in sorted(zones.items())}}
    return Tissue(labels, densities, _draw(densities, grid, seed) if points else None, meta)


def _zone_weights(distance: np.ndarray, outline: np.ndarray, necrotic: float, rim: float, margin: float, transition: float) -> list[np.ndarray]:
    """Share of each zone in each voxel, from inside out, summing to 1."""

    def beyond(border: np.ndarray) -> np.ndarray:
        return 0.5 * (1.0 + np.tanh((distance - border) / transition))

    everywhere = np.ones_like(distance)
    core = necrotic * outline
    # A rim wider than the viable shell leaves no viable core: borders must not cross, or weights would turn negative.
    inner = np.maximum(outline - rim, core)
    steps = [everywhere, beyond(core) if necrotic > 0 else everywhere, beyond(inner), beyond(outline), beyond(outline + margin)]
    return [one - following for one, following in zip(steps, [*steps[1:], np.zeros_like(distance)], strict=True)]


def _clusters(grid: Grid, patchiness: float, seed: int, name: str) -> np.ndarray:
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return np.exp(patchiness * smooth_field(grid, PATCH_LENGTH, random) - 0.5 * patchiness**2)


def _clipped(bulges: np.ndarray) -> np.ndarray:
    return np.clip(bulges, -2.5, 2.5)


def _draw(densities: Mapping[str, np.ndarray], grid: Grid, seed: int) -> Cells:
    """Points for these densities: a Poisson number in each voxel, evenly within it."""
    positions, types = [np.empty((0, 3))], [np.empty(0, dtype=np.str_)]
    for name, density in densities.items():
        random = np.random.default_rng([seed, zlib.crc32(name.encode()), 1])
        numbers = random.poisson(density * grid.voxel_volume).ravel()
        corner = np.stack(np.unravel_index(np.repeat(np.arange(grid.size), numbers), grid.shape), axis=1)
        point = np.array(grid.origin) + (corner + random.uniform(size=corner.shape)) * np.array(grid.spacing)
        positions.append(point[:, ::-1])
        types.append(np.full(len(point), name))
    return Cells(np.concatenate(positions), np.concatenate(types), meta={"made": "spheroid", "seed": seed})


def _centre(grid: Grid, centre: Sequence[float] | None, radius: float) -> tuple[float, float, float]:
    low, high = np.array(grid.origin), np.array(grid.upper)
    middle = (low + high) / 2 if centre is None else np.asarray(centre, float)
    if middle.shape != (3,) or not np.isfinite(middle).all():
        raise InputError(f"spheroid centre must be three lengths (z, y, x) in um; got {centre!r}")
    if np.linalg.norm(np.maximum(0.0, np.maximum(low - middle, middle - high))) >= radius:
        raise InputError(f"the spheroid of radius {radius:g} um around (z, y, x) = {middle.tolist()} lies outside the box {low.tolist()} to {high.tolist()} um")
    coarsest = max((h for h, n in zip(grid.spacing, grid.shape, strict=True) if n > 1), default=0.0)
    if radius < 2 * coarsest:
        raise InputError(f"the spheroid of radius {radius:g} um is thinner than four voxels of {coarsest:g} um: take a finer spacing or a larger radius")
    return tuple(middle.tolist())


def _check_numbers(**ranges: tuple[float, float, float]) -> None:
    for name, (value, low, high) in ranges.items():
        if not (math.isfinite(value) and low <= value <= high) or (name == "radius" and value == 0):
            limits = f"between {low:g} and {high:g}" if math.isfinite(high) else "a length in um, positive and finite"
            raise InputError(f"spheroid {name} must be {limits}; got {value!r}")
