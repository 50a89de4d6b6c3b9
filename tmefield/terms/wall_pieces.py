"""Pieces of vessel wall against voxels, and what fluid that crosses a wall carries along."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..checks import as_parameter
from ..grid import Grid

# Below this the closed form of `mean_decay` has no derivatives in floats; its series is exact there to 1e-16.
SMALL = 0.1


class WallPieces(NamedTuple):
    """Pieces of wall: the voxel of each [walls], or with `weight` the voxels around each [walls, k] and their shares.

    `voxel` is None where a wall area per volume of tissue is given (`area` in 1/um, else um2); `segment` is that of the network.
    """

    voxel: Int[Array, "..."] | None
    weight: Float[Array, "walls k"] | None
    segment: Int[Array, " walls"] | None
    area: Float[Array, "..."]
    path: Float[Array, "..."]


def is_embedded(vessels: Any) -> bool:
    """Whether vessels are an embedded network (or its contacts) and not a wall area per volume of tissue."""
    return all(hasattr(vessels, name) for name in ("voxel", "area", "path"))


def wall_pieces(vessels: Any, who: str) -> WallPieces:
    """The walls of an embedding or of its contacts, or of a given wall area per volume of tissue, 1/um."""
    if not is_embedded(vessels):
        area = as_parameter(vessels, f"vessel surface density for {who}", "1/um")
        return WallPieces(None, None, None, area, jnp.zeros_like(area))
    area = as_parameter(vessels.area, "wall area", "um2")
    voxel, segment = (jnp.asarray(np.asarray(one, dtype=np.int32)) for one in (vessels.voxel, vessels.segment))
    weight = jnp.asarray(vessels.weight, dtype=area.dtype) if hasattr(vessels, "weight") else None
    return WallPieces(voxel, weight, segment, area, jnp.asarray(vessels.path, dtype=area.dtype))


def embedded_in(vessels: Any) -> tuple[Grid, int] | None:
    """The grid of an embedding and the number of segments of its network; None for what does not say, as a given wall area."""
    grid, report = getattr(vessels, "grid", None), getattr(vessels, "report", {})
    return None if grid is None or "segments" not in report else (grid, report["segments"] + report["segments_outside"])


def lumen_of(vessels: Any) -> Bool[Array, "z y x"] | None:
    """The voxels inside wide vessels of an embedding, None where there are none."""
    lumen = getattr(vessels, "lumen", None)
    return jnp.asarray(lumen) if np.any(lumen) else None


def at_walls(field: Array, voxel: Array | None, weight: Array | None = None) -> Array:
    """The value of a number or a field at each piece of wall, by the shares of the voxels around it where it has such."""
    if voxel is None or field.ndim == 0:
        return field
    found = field.reshape(-1)[voxel]
    return found if weight is None else jnp.sum(weight * found, axis=1)


def on_voxels(pieces: Array, voxel: Array | None, shape: tuple[int, ...], weight: Array | None = None) -> Array:
    """The sum of the pieces of wall in each voxel: the transpose of `at_walls`."""
    if voxel is None:
        return pieces
    given = pieces if weight is None else weight * pieces[:, None]
    return jnp.zeros(shape, pieces.dtype).reshape(-1).at[voxel].add(given).reshape(shape)


def mean_decay(x: Array) -> Array:
    """(1 - e^-x)/x for x >= 0: the mean of e^-s for s from 0 to x."""
    small = x < SMALL
    series = jnp.zeros_like(x)
    for n in range(9, 1, -1):
        series = (1 - series) * x / n
    return jnp.where(small, 1 - series, -jnp.expm1(-x) / jnp.where(small, 1, x))


def across_wall(filtration: Array, reflection: Array, permeability: Array) -> tuple[Array, Array]:
    """The rate against a filtration J_v, P |Pe|/(e^|Pe| - 1), and the fluid that takes solute along, J_v (1 - s_f), um/s."""
    outward = filtration * (1 - reflection)
    peclet = jnp.abs(outward) / jnp.where(permeability > 0, permeability, 1)
    return jnp.where(permeability > 0, permeability * jnp.exp(-peclet) / mean_decay(peclet), 0), outward


def along_path(filtration: Array, path: Array, conductivity: Array) -> tuple[Array, Array, Array]:
    """With y = J_v path/(phi D): (1, e^-y), or (e^y, 1) where y is negative (in the same proportion, never above 1), and (1 - e^-|y|)/|y|.

    Zero for y where nothing diffuses, and nothing is exchanged.
    """
    size = jnp.where(conductivity > 0, jnp.abs(filtration * path) / jnp.where(conductivity > 0, conductivity, 1), 0)
    decayed, forward = jnp.exp(-size), filtration * path >= 0
    return jnp.where(forward, 1, decayed), jnp.where(forward, decayed, 1), mean_decay(size)
