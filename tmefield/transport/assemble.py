"""From a model's media, walls and fixed voxels to the linear transport operator of each species."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..grid import AXES, Grid
from ..linalg.stencil import Stencil, face_sum
from .faces import face_conductances, neighbours, uniform_conductances
from .fixed import FixedConcentration
from .walls import FixedValue, Periodic, Robin, Walls


class WallExchange(NamedTuple):
    """One wall of the box for all species: `conductance` [s, face] in um/s and `outside` [s, face] in nM."""

    conductance: Float[Array, "s a b"]
    outside: Float[Array, "s a b"]


class Channel(NamedTuple):
    """Transport of one species: its operator between free voxels, and what its boundaries add.

    The balance reads  stencil(c) = production + P - L c  in the free voxels, with the boundary loss inside the stencil.
    """

    stencil: Stencil
    production: Float[Array, "z y x"]
    free: Bool[Array, "z y x"] | None


class Transport(eqx.Module):
    """The transport of all species.

    - `conductivity`: phi D, um2/s, [s] where uniform, else [s, z, y, x].
    - `walls`: for each axis and side the exchange, or None where no species has any.
    - `periodic`: per axis, whether each species wraps around.
    - `held`: mask [s, z, y, x] of fixed voxels or None, with their `value`.
    """

    grid: Grid = eqx.field(static=True)
    conductivity: Float[Array, "s ..."]
    walls: tuple[WallExchange | None, ...]
    periodic: tuple[tuple[bool, ...], ...] = eqx.field(static=True)
    held: Bool[Array, "s z y x"] | None
    value: Float[Array, "s z y x"] | None
    sealed: bool = eqx.field(static=True)

    @property
    def count(self) -> int:
        """Number of species."""
        return self.conductivity.shape[0]

    def batched(self) -> tuple:
        """What differs between species, each with a leading species axis, for `jax.vmap` and `jax.lax.map`."""
        wraps = jnp.asarray(self.periodic, self.conductivity.dtype).T
        return self.conductivity, self.walls, wraps, self.held, self.value

    def channel(self, batched: tuple) -> Channel:
        """The transport operator of one species, from its slice of `batched()`."""
        conductivity, walls, wraps, held, value = batched
        shape = self.grid.shape
        ring = tuple(any(axis) and cells > 1 for axis, cells in zip(self.periodic, shape, strict=True))
        if conductivity.ndim == 0:
            faces = uniform_conductances(conductivity, shape, self.grid.spacing, ring)
        else:
            faces = face_conductances(conductivity, self.grid.spacing, ring)
        faces = tuple(_scale_wrap(f, axis, wraps[axis]) if ring[axis] else f for axis, f in enumerate(faces))
        loss, production = jnp.zeros(shape, conductivity.dtype), jnp.zeros(shape, conductivity.dtype)
        for index, wall in enumerate(walls):
            if wall is not None:
                axis, upper = divmod(index, 2)
                slab = _slab(axis, bool(upper))
                rate = wall.conductance / self.grid.spacing[axis]
                loss, production = loss.at[slab].add(rate), production.at[slab].add(rate * wall.outside)
        if held is None:
            return Channel(Stencil(faces, loss), production, None)
        return _eliminate(faces, loss, production, held, value, sealed=self.sealed)


def _scale_wrap(faces: Array, axis: int, factor: Array) -> Array:
    last = [slice(None)] * 3
    last[axis] = slice(-1, None)
    return faces.at[tuple(last)].multiply(factor)


def _slab(axis: int, upper: bool) -> tuple:
    index: list = [slice(None)] * 3
    index[axis] = -1 if upper else 0
    return tuple(index)


def _eliminate(faces, loss, production, held, value, *, sealed: bool) -> Channel:
    """Take the held voxels out: their rows vanish, faces to them become loss and production of the free side."""
    free = ~held
    weight, shape = free.astype(loss.dtype), loss.shape
    between, drive = [], []
    kept = []
    for axis, face in enumerate(faces):
        ring = face.shape[axis] == shape[axis] and shape[axis] > 1
        low, high = neighbours(weight, axis, periodic=ring)
        kept.append(face * low * high)
        between.append(face * (low + high - 2 * low * high))
        value_low, value_high = neighbours(value * (1 - weight), axis, periodic=ring)
        drive.append(face * (low * value_high + high * value_low))
    if not sealed:
        loss = loss + face_sum(between, shape)
        production = production + face_sum(drive, shape)
    return Channel(Stencil(tuple(kept), loss * weight), production * weight, free)


def assemble(grid: Grid, conductivities: list[Array], walls: tuple[Walls, ...], fixed: FixedConcentration | None) -> Transport:
    """The transport of all species from phi D per species (a number or a field each), walls and fixed voxels."""
    fields = any(c.ndim == 3 for c in conductivities)
    conductivity = jnp.stack([jnp.broadcast_to(c, grid.shape) if fields else c for c in conductivities])
    periodic = tuple(tuple(isinstance(getattr(w, axis)[0], Periodic) for w in walls) for axis in AXES)
    exchanges = tuple(_wall_exchange(grid, conductivities, walls, axis, side) for axis in range(3) for side in range(2))
    held, value = (None, None) if fixed is None else fixed.stacked(grid.shape, len(walls))
    return Transport(grid, conductivity, exchanges, periodic, held, value, fixed is not None and fixed.sealed)


def _wall_exchange(grid: Grid, conductivities: list[Array], walls: tuple[Walls, ...], axis: int, side: int) -> WallExchange | None:
    """Conductance of half a voxel of tissue in series with the wall: g = 2 phi D/h fixed, k g/(k + g) Robin, 0 no flux."""
    conditions = [getattr(w, AXES[axis])[side] for w in walls]
    if not any(isinstance(condition, (FixedValue, Robin)) for condition in conditions):
        return None
    face = grid.shape[:axis] + grid.shape[axis + 1 :]
    conductances, outsides = [], []
    for conductivity, condition in zip(conductivities, conditions, strict=True):
        near = conductivity if conductivity.ndim == 0 else conductivity[_slab(axis, bool(side))]
        half = 2 * near / grid.spacing[axis]
        if isinstance(condition, Robin):
            both = condition.transfer + half
            half = jnp.where(both > 0, condition.transfer * half / jnp.where(both > 0, both, 1), 0)
        elif not isinstance(condition, FixedValue):
            half = jnp.zeros_like(half)
        outside = jnp.zeros((), half.dtype) if condition.outside is None else condition.outside
        conductances.append(jnp.broadcast_to(half, face))
        outsides.append(jnp.broadcast_to(outside, face))
    return WallExchange(jnp.stack(conductances), jnp.stack(outsides))


def species_map(function, arguments):
    """Apply `function` to each species in turn: one working set in the cache, and each with its own iteration count."""
    return jax.lax.map(function, arguments)
