"""A random cell population in a box, for vessel networks that come without cells."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..errors import InputError, ResourceError
from .cells import Cells

MOST_CELLS = 50_000_000
# Candidates tried per wanted cell before a placement near vessels is given up.
MOST_TRIES = 2000
_BATCH = 4096

Distance = Callable[[np.ndarray], np.ndarray]


def scatter_cells(
    lower_xyz: Sequence[float],
    upper_xyz: Sequence[float],
    densities: Mapping[str, float],
    *,
    seed: int,
    near: Mapping[str, float] | None = None,
    distance: Distance | None = None,
) -> Cells:
    """Cells at random in the box lower..upper (x, y, z), um: a Poisson process of the given density for each type.

    The number of cells of a type is Poisson with mean n V. Positions are uniform, or, for a type in `near`, fall off with the
    distance d to the vessels as exp(-d/L), with none inside a vessel (d < 0): the mean density stays n. Each type has its own
    random numbers, so that another type, or another density of it, leaves this one where it was.

    **Arguments**

    - `densities`: cells/um3 per type, each the mean over the box.
    - `seed`: the same seed gives the same cells.
    - `near`: decay length L (um) of the density with distance to the vessels, for the types that keep to them.
    - `distance`: gives the distance (um) to the nearest vessel wall of points (n, 3) x, y, z; needed with `near`.

    **Raises** `InputError` for a box or density that makes no sense, `near` without `distance` or for a type that is not
    there, or a length so short that hardly a place is near enough; `ResourceError` for more cells than memory holds.
    """
    lower, upper = np.asarray(lower_xyz, float), np.asarray(upper_xyz, float)
    near = dict(near or {})
    _check(lower, upper, densities, near, distance)
    volume = float(np.prod(upper - lower))
    points, types = [np.empty((0, 3))], [np.empty(0, dtype=np.str_)]
    for name in sorted(densities):
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        number = int(random.poisson(densities[name] * volume))
        if name in near and distance is not None:
            placed = _near_vessels(random, number, lower, upper, near[name], distance, name)
        else:
            placed = random.uniform(lower, upper, size=(number, 3))
        points.append(placed)
        types.append(np.full(number, name))
    return Cells(np.concatenate(points), np.concatenate(types), meta={"made": "scattered at random", "seed": seed})


def _near_vessels(random: np.random.Generator, number: int, lower: np.ndarray, upper: np.ndarray, length: float, distance: Distance, name: str) -> np.ndarray:
    """`number` points with density falling as exp(-d/length), by rejection."""
    accepted, missing, tried = [np.empty((0, 3))], number, 0
    while missing > 0:
        candidates = random.uniform(lower, upper, size=(_BATCH, 3))
        away = np.asarray(distance(candidates), float)
        chance = np.where(away >= 0, np.exp(-np.maximum(away, 0.0) / length), 0.0)
        kept = candidates[random.uniform(size=_BATCH) < chance][:missing]
        accepted.append(kept)
        missing -= len(kept)
        tried += _BATCH
        if missing > 0 and tried > MOST_TRIES * max(number, 100):
            raise InputError(f"near: hardly any place lies within {length:g} um of a vessel, so '{name}' cells cannot be placed; give a longer length")
    return np.concatenate(accepted)


def _check(lower: np.ndarray, upper: np.ndarray, densities: Mapping[str, float], near: dict[str, float], distance: Distance | None) -> None:
    if lower.shape != (3,) or upper.shape != (3,) or not np.isfinite([lower, upper]).all() or (upper <= lower).any():
        raise InputError(f"the box of scattered cells needs lower < upper in x, y and z (um); got {lower.tolist()} to {upper.tolist()}")
    for name, density in densities.items():
        if not (math.isfinite(density) and density >= 0):
            raise InputError(f"density of '{name}' must be at least 0 and finite, in cells/um3; got {density!r}")
    for name, length in near.items():
        if name not in densities:
            raise InputError(f"near: there is no density for '{name}'; densities are given for {', '.join(sorted(densities)) or 'no type'}")
        if not (math.isfinite(length) and length > 0):
            raise InputError(f"near: the length for '{name}' must be positive and finite, in um; got {length!r}")
    if near and distance is None:
        raise InputError("near: cells can be placed near vessels only with `distance`, the distance of points to the nearest vessel")
    expected = sum(densities.values()) * float(np.prod(upper - lower))
    if expected > MOST_CELLS:
        raise ResourceError(f"{expected:.3g} cells would be scattered, more than {MOST_CELLS:.0e}: lower the densities (are they per um3?) or the box")
