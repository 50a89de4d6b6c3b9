"""From a model's media, flow, walls and fixed voxels to the linear transport operator of each species."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..grid import AXES, Grid
from ..linalg.stencil import Stencil, Uncut, is_periodic, is_uniform, neighbour_sum
from .boundary import WallExchange, slab, wall_exchange
from .faces import face_conductances, neighbours, uniform_conductances
from .fixed import FixedConcentration
from .flow import Flow, against_flow
from .limiter import antidiffusion, divergence
from .walls import Periodic, Walls


class Channel(NamedTuple):
    """Transport of one species: its operator between free voxels, and what its boundaries add.

    The balance reads  stencil(c) = production + P - L c  in the free voxels, with the boundary loss inside the stencil. `closed`: whether nothing
    crosses a wall or the faces of a fixed voxel, so that production and boundary loss are zero.
    """

    stencil: Stencil
    production: Float[Array, "z y x"]
    free: Bool[Array, "z y x"] | None
    closed: bool


class Transport(eqx.Module):
    """The transport of all species.

    - `conductivity`: phi D, um2/s, [s] where uniform, else [s, z, y, x].
    - `flow`: the velocities on the faces, or None.
    - `walls`: for each axis and side the exchange, or None where no species has any.
    - `periodic`: per axis, whether each species wraps around.
    - `held`: mask [s, z, y, x] of fixed voxels or None, with their `value`.
    - `carried`: whether a flow takes each species along; not the immobile ones.
    - `resisted`: with a flow, the rates at which each species diffuses against it through the faces normal to z, y, x, [s, faces], 1/s;
      computed once, since exponentials cost far more than the rest of a residual.
    """

    grid: Grid = eqx.field(static=True)
    conductivity: Float[Array, "s ..."]
    flow: Flow | None
    walls: tuple[WallExchange | None, ...]
    periodic: tuple[tuple[bool, ...], ...] = eqx.field(static=True)
    held: Bool[Array, "s z y x"] | None
    value: Float[Array, "s z y x"] | None
    sealed: bool = eqx.field(static=True)
    carried: tuple[bool, ...] = eqx.field(static=True)
    resisted: tuple[Float[Array, "..."], ...] | None = None

    @property
    def count(self) -> int:
        """Number of species."""
        return self.conductivity.shape[0]

    @property
    def ring(self) -> tuple[bool, ...]:
        """Per axis, whether any species wraps around."""
        return tuple(any(axis) and cells > 1 for axis, cells in zip(self.periodic, self.grid.shape, strict=True))

    def batched(self) -> tuple:
        """What differs between species, each with a leading species axis, for `jax.vmap` and `jax.lax.map`."""
        wraps = jnp.asarray(self.periodic, self.conductivity.dtype).T
        return self.conductivity, self.walls, wraps, self.held, self.value, jnp.asarray(self.carried, self.conductivity.dtype), self.resisted

    def without_walls(self) -> "Transport":
        """The same transport with its open walls closed: what is left beside the voxels is the exchange with fixed ones."""
        return eqx.tree_at(lambda t: t.walls, self, (None,) * 6, is_leaf=lambda leaf: leaf is None)

    def channel(self, batched: tuple) -> Channel:
        """The transport operator of one species, from its slice of `batched()`.

        A flow makes the rates across a face differ between the directions: exponentially fitted, upwind where the flow is strong.
        """
        conductivity, walls, wraps, held, value, carried, resisted = batched
        shape = self.grid.shape
        drifts = self.drifts(wraps, carried)
        if resisted is None or drifts is None:
            faces, back = self.conductances(conductivity, wraps), None
        else:
            faces, back = (tuple(rate + jnp.maximum(sign * drift, 0) for rate, drift in zip(resisted, drifts, strict=True)) for sign in (1, -1))
        loss, production = jnp.zeros(shape, conductivity.dtype), jnp.zeros(shape, conductivity.dtype)
        for index, wall in enumerate(walls):
            if wall is not None:
                axis, upper = divmod(index, 2)
                at, h = slab(axis, bool(upper)), self.grid.spacing[axis]
                loss, production = loss.at[at].add(wall.leaving / h), production.at[at].add(wall.entering / h * wall.outside)
        if held is None:
            return Channel(Stencil(faces, loss, back), production, None, all(wall is None for wall in walls))
        return _eliminate(Stencil(faces, loss, back), production, held, value, sealed=self.sealed)

    def correction(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """What the flow's divergence at second order has more than the operator of `channel`, nM/s: add it to the residual.

        The artificial diffusion of the operator is taken off as a limited flux between free voxels (see `limited_step`): zero in the
        sum over the voxels, zero for a uniform field, and zero at walls and beside fixed voxels, where the operator is exact already.
        """
        if self.flow is None:
            return jnp.zeros_like(concentration)
        return species_map(lambda arguments: self._correct(*arguments), (self.batched(), concentration))

    def _correct(self, batched: tuple, c: Array) -> Array:
        conductivity, walls, wraps, held, value, carried, resisted = batched
        faces, drifts = self.conductances(conductivity, wraps), self.drifts(wraps, carried)
        if resisted is None or drifts is None:
            return jnp.zeros_like(c)
        if held is not None:
            c = jnp.where(held, value, c)
        fluxes = []
        for axis, (face, slow, drift) in enumerate(zip(faces, resisted, drifts, strict=True)):
            if c.shape[axis] == 1:
                fluxes.append(face)
                continue
            rate, open_faces = jnp.abs(drift) / 2 + slow - face, None
            if held is not None:
                low, high = neighbours((~held).astype(c.dtype), axis, periodic=self.ring[axis])
                rate = rate * low * high
                open_faces = 1 - jnp.abs(high - low) if self.sealed else None
            lower, upper = (_wall_step(walls[2 * axis + side], c, axis, upper=bool(side)) for side in (0, 1))
            wrap = wraps[axis] if self.ring[axis] else None
            fluxes.append(antidiffusion(c, axis, rate, drift, (lower, upper), wrap, open_faces))
        return divergence(tuple(fluxes), c.shape)

    def cell_peclet(self) -> Float[Array, " s"]:
        """The largest |u| h/(phi D) on the faces of free voxels and on open walls, per species: infinite where nothing but the flow crosses."""
        if self.flow is None:
            return jnp.zeros(self.count, self.conductivity.dtype)
        return species_map(self._largest_peclet, self.batched())

    def _largest_peclet(self, batched: tuple) -> Array:
        conductivity, walls, wraps, held, _, carried, _ = batched
        faces, drifts = self.conductances(conductivity, wraps), self.drifts(wraps, carried) or ()
        largest = jnp.zeros((), conductivity.dtype)
        for axis, (face, drift) in enumerate(zip(faces, drifts, strict=True)):
            if self.grid.shape[axis] > 1:
                if held is not None:
                    low, high = neighbours((~held).astype(face.dtype), axis, periodic=self.ring[axis])
                    drift = drift * (low * high if self.sealed else jnp.maximum(low, high))
                largest = jnp.maximum(largest, jnp.max(_ratio(jnp.abs(drift), face)))
        for index, wall in enumerate(walls):
            if wall is not None and wall.velocity is not None:
                axis, upper = divmod(index, 2)
                at, speed = slab(axis, bool(upper)), jnp.abs(wall.velocity)
                near = jnp.broadcast_to(conductivity, self.grid.shape)[at]
                speed = speed if held is None else jnp.where(held[at], 0, speed)
                largest = jnp.maximum(largest, jnp.max(_ratio(speed * self.grid.spacing[axis], near)))
        return largest

    def conductances(self, conductivity: Array, wraps: Array) -> tuple[Array, ...]:
        """Conductances phi D/h^2 of the faces between voxels, 1/s; one value for all of an axis where nothing distinguishes them."""
        ring, shape, spacing = self.ring, self.grid.shape, self.grid.spacing
        if conductivity.ndim == 0 and self.flow is None:
            faces = uniform_conductances(conductivity, shape, spacing, ring)
        else:
            faces = face_conductances(jnp.broadcast_to(conductivity, shape), spacing, ring)
        return tuple(_scale_wrap(f, axis, wraps[axis]) if ring[axis] else f for axis, f in enumerate(faces))

    def drifts(self, wraps: Array, carried: Array) -> tuple[Array, ...] | None:
        """Velocities u/h through the faces between voxels of a species, 1/s; zero where the flow does not take it along (`carried` is 0)."""
        if self.flow is None:
            return None
        ring, shape = self.ring, self.grid.shape
        drifts = (carried * self.flow.between(axis, shape, periodic=ring[axis]) / self.grid.spacing[axis] for axis in range(3))
        return tuple(_scale_wrap(f, axis, wraps[axis]) if ring[axis] else f for axis, f in enumerate(drifts))


def _ratio(speed: Array, diffusion: Array) -> Array:
    """Speed over diffusion: 0 where there is no flow, infinite where there is nothing else."""
    closed = diffusion <= 0
    return jnp.where(speed > 0, jnp.where(closed, jnp.inf, speed / jnp.where(closed, 1, diffusion)), 0)


def _scale_wrap(faces: Array, axis: int, factor: Array) -> Array:
    last = [slice(None)] * 3
    last[axis] = slice(-1, None)
    return faces.at[tuple(last)].multiply(factor)


def _wall_step(wall: WallExchange | None, c: Array, axis: int, *, upper: bool) -> Array:
    """The step of c at a wall, towards increasing index and in the length of a voxel: twice that of the half voxel; 0 at a mirror."""
    near = c[slab(axis, upper)]
    if wall is None or wall.share is None:
        return jnp.expand_dims(jnp.zeros_like(near), axis)
    step = 2 * wall.share * (wall.outside - near)
    return jnp.expand_dims(step if upper else -step, axis)


def _eliminate(whole: Stencil, production: Array, held: Array, value: Array, *, sealed: bool) -> Channel:
    """Take the held voxels out: their rows vanish, faces to them become loss and production of the free side."""
    faces, loss, back = whole.faces, whole.loss, whole.back
    free = ~held
    returned = faces if back is None else back
    if not sealed:
        loss = loss + neighbour_sum(held.astype(loss.dtype), returned, faces)
        production = production + neighbour_sum(jnp.where(held, value, 0), faces, returned)

    def between_free(rates: Array, axis: int) -> Array:
        low, high = neighbours(free, axis, periodic=is_periodic(rates, axis, loss.shape[axis]))
        return jnp.where(low & high, rates, 0)

    inside = tuple(between_free(rates, axis) for axis, rates in enumerate(faces))
    backward = None if back is None else tuple(between_free(rates, axis) for axis, rates in enumerate(back))
    alike = back is None and not sealed and all(is_uniform(rates) for rates in faces)
    uncut = Uncut(faces, jnp.where(free, whole.loss, 0), free) if alike else None
    return Channel(Stencil(inside, jnp.where(free, loss, 0), backward, uncut), jnp.where(free, production, 0), free, closed=False)


def assemble(
    grid: Grid, conductivities: list[Array], walls: tuple[Walls, ...], fixed: FixedConcentration | None, flow: Flow | None, carried: tuple[bool, ...]
) -> Transport:
    """The transport of all species from phi D per species (a number or a field each), walls, fixed voxels and the flow with those it takes along."""
    fields = any(c.ndim == 3 for c in conductivities)
    conductivity = jnp.stack([jnp.broadcast_to(c, grid.shape) if fields else c for c in conductivities])
    periodic = tuple(tuple(isinstance(getattr(w, axis)[0], Periodic) for w in walls) for axis in AXES)
    exchanges = tuple(wall_exchange(grid, conductivities, walls, flow, axis, upper=upper) for axis in range(3) for upper in (False, True))
    held, value = (None, None) if fixed is None else fixed.stacked(grid.shape, len(walls))
    transport = Transport(grid, conductivity, flow, exchanges, periodic, held, value, fixed is not None and fixed.sealed, carried)
    return transport if flow is None else _resist(transport)


def _resist(transport: Transport) -> Transport:
    """The transport with its rates against the flow."""

    def one(arguments: tuple) -> tuple[Array, ...]:
        conductivity, wraps, carried = arguments
        rates = zip(transport.conductances(conductivity, wraps), transport.drifts(wraps, carried) or (), strict=True)
        return tuple(against_flow(face, jnp.abs(drift)) for face, drift in rates)

    conductivity, _, wraps, _, _, carried, _ = transport.batched()
    resisted = species_map(one, (conductivity, wraps, carried))
    return eqx.tree_at(lambda t: t.resisted, transport, resisted, is_leaf=lambda leaf: leaf is None)


def species_map(function, arguments):
    """Apply `function` to each species in turn: one working set in the cache, and each with its own iteration count."""
    if jax.tree.leaves(arguments)[0].shape[0] == 1:  # without a loop, XLA finds what its body has in common with the rest of the program
        return jax.tree.map(lambda one: one[None], function(jax.tree.map(lambda many: many[0], arguments)))
    return jax.lax.map(function, arguments)
