"""Means over classes of voxels: regions, bins of distance, shells. The same sums serve profiles, biopsies and probes."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError


class Classes(eqx.Module):
    """Voxels sorted into classes: class of each voxel [z, y, x], -1 for none, and how many classes there are."""

    index: Int[Array, "z y x"]
    count: int = eqx.field(static=True)

    def mean(self, field: Float[Array, "z y x"], weight: Float[Array, "..."] | None = None) -> Float[Array, " k"]:
        """Mean of the field over each class, weighted by `weight` (a number or a field)."""
        weights = jnp.ones_like(field) if weight is None else jnp.broadcast_to(weight.astype(field.dtype), field.shape)
        return self.total(weights * field) / self.total(weights)

    def total(self, field: Float[Array, "z y x"]) -> Float[Array, " k"]:
        """Sum of the field over each class."""
        flat = self.index.reshape(-1)
        return jnp.zeros(self.count + 1, field.dtype).at[jnp.where(flat < 0, self.count, flat)].add(field.reshape(-1))[:-1]


def regions(masks: np.ndarray | list, name: str) -> Classes:
    """Classes from masks [z, y, x] that do not overlap, one or several.

    **Raises** `InputError` where masks overlap or one is empty.
    """
    stacked = np.asarray(masks, bool)
    stacked = stacked[None] if stacked.ndim == 3 else stacked
    if stacked.ndim != 4 or not stacked.any(axis=(1, 2, 3)).all():
        raise InputError(f"{name}: a region is a mask [z, y, x] with at least one voxel")
    if (stacked.sum(axis=0) > 1).any():
        raise InputError(f"{name}: regions overlap in {int((stacked.sum(axis=0) > 1).sum())} voxels; make an observation of each")
    return Classes(jnp.asarray(np.where(stacked.any(axis=0), stacked.argmax(axis=0), -1), jnp.int32), len(stacked))


def bins(distance: np.ndarray, edges: np.ndarray, where: np.ndarray | None, name: str) -> Classes:
    """Classes from a distance [z, y, x] um between increasing `edges`; voxels outside them or outside `where` are in none.

    **Raises** `InputError` for edges that do not increase and for an empty bin.
    """
    given = np.asarray(edges, np.float64).reshape(-1)
    if given.size < 2 or (np.diff(given) <= 0).any():
        raise InputError(f"{name}: edges must be at least two increasing distances in um; got {edges!r}")
    index = np.searchsorted(given, np.asarray(distance, np.float64), side="right") - 1
    inside = (index >= 0) & (index < given.size - 1) & np.isfinite(distance)
    if where is not None:
        inside = inside & np.asarray(where, bool)
    counts = np.bincount(index[inside], minlength=given.size - 1)
    if (counts == 0).any():
        empty = int(np.argmax(counts == 0))
        raise InputError(f"{name}: no voxel lies between {given[empty]:g} and {given[empty + 1]:g} um; widen the bins to the voxel size")
    return Classes(jnp.asarray(np.where(inside, index, -1), jnp.int32), given.size - 1)
