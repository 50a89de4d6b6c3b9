"""What crosses the walls of the box: half a voxel of tissue in series with the wall, and the flow through both."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..grid import AXES, Grid
from .flow import Flow, against_flow
from .walls import AbstractWall, FixedValue, NoFlux, Periodic, Robin, Walls


class WallExchange(NamedTuple):
    """One wall of the box for all species: the flux out is (conductance + max(v, 0)) c - (conductance + max(-v, 0)) outside, c in the voxel.

    - `conductance`: by diffusion, against the flow where there is one, [s, face], um/s.
    - `outside`: nM, [s, face].
    - `velocity`: v, of the flow out of the box, [s, face], um/s; None without a flow.
    - `share`: of the step from c to `outside`, what lies within the half voxel of tissue, [s, face]; None without a flow.
    """

    conductance: Float[Array, "..."]
    outside: Float[Array, "..."]
    velocity: Float[Array, "..."] | None = None
    share: Float[Array, "..."] | None = None

    @property
    def leaving(self) -> Float[Array, "..."]:
        """The rate at which the voxel's concentration leaves, um/s."""
        return self.conductance if self.velocity is None else self.conductance + jnp.maximum(self.velocity, 0)

    @property
    def entering(self) -> Float[Array, "..."]:
        """The rate at which the outside concentration comes in, um/s."""
        return self.conductance if self.velocity is None else self.conductance + jnp.maximum(-self.velocity, 0)

    def outflow(self, near: Float[Array, "..."]) -> Float[Array, "..."]:
        """The flux out, from the concentrations of the voxels at the wall, nM um/s."""
        diffused = self.conductance * (near - self.outside)
        if self.velocity is None:
            return diffused
        return diffused + jnp.maximum(self.velocity, 0) * near - jnp.maximum(-self.velocity, 0) * self.outside


def wall_exchange(grid: Grid, conductivities: list[Array], walls: tuple[Walls, ...], flow: Flow | None, axis: int, *, upper: bool) -> WallExchange | None:
    """One wall for all species; None where nothing crosses it."""
    conditions: list[AbstractWall] = [getattr(w, AXES[axis])[int(upper)] for w in walls]
    crossed = (FixedValue, Robin) if flow is None else AbstractWall
    if not any(isinstance(condition, crossed) and not isinstance(condition, (NoFlux, Periodic)) for condition in conditions):
        return None
    face = grid.shape[:axis] + grid.shape[axis + 1 :]
    parts = []
    for conductivity, condition in zip(conductivities, conditions, strict=True):
        near = conductivity if conductivity.ndim == 0 else conductivity[slab(axis, upper)]
        half = jnp.broadcast_to(2 * near / grid.spacing[axis], face)
        outside = jnp.zeros((), half.dtype) if condition.outside is None else condition.outside
        outside = jnp.broadcast_to(outside, face)
        if flow is None:
            parts.append(WallExchange(_in_series(condition, half), outside))
        else:
            velocity = flow.outward(axis, upper, grid.shape)
            open_to_flow = not isinstance(condition, (NoFlux, Periodic))
            parts.append(_with_flow(condition, half, outside, velocity if open_to_flow else jnp.zeros_like(velocity)))
    return jax.tree.map(lambda *one: jnp.stack(one), *parts)


def _in_series(condition: AbstractWall, half: Array) -> Array:
    """Diffusive exchange: g = 2 phi D/h where the value is fixed, k g/(k + g) for Robin, 0 without flux."""
    if isinstance(condition, FixedValue):
        return half
    if not isinstance(condition, Robin):
        return jnp.zeros_like(half)
    both = condition.transfer + half
    return jnp.where(both > 0, condition.transfer * half / jnp.where(both > 0, both, 1), 0)


def _with_flow(condition: AbstractWall, half: Array, outside: Array, velocity: Array) -> WallExchange:
    """The exact flux through the half voxel equal to the flux at the wall: s against the flow in place of g, k s/(k + s + |v|) for Robin."""
    speed = jnp.abs(velocity)
    resisted = against_flow(half, speed)
    if isinstance(condition, FixedValue):
        return WallExchange(resisted, outside, velocity, jnp.ones_like(half))
    if not isinstance(condition, Robin):
        return WallExchange(jnp.zeros_like(half), outside, velocity, jnp.zeros_like(half))
    whole = condition.transfer + resisted + speed
    part = jnp.where(whole > 0, whole, 1)
    share = (condition.transfer + jnp.maximum(-velocity, 0)) / part
    return WallExchange(condition.transfer * resisted / part, outside, velocity, share)


def slab(axis: int, upper: bool) -> tuple:
    """The index of the voxels at one wall."""
    index: list = [slice(None)] * 3
    index[axis] = -1 if upper else 0
    return tuple(index)
