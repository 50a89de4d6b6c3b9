"""Interstitial flow, given on the faces of the voxels."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter, concrete
from ..errors import InputError
from ..grid import AXES
from .walls import NoFlux, Outflow, Periodic, Walls

# Beyond this ratio of flow to diffusion nothing diffuses against the flow that a float could hold: 80/(e^80 - 1) is 1e-33.
CARRIED_OFF = 80.0
# x/(e^x - 1) = 1 - x/2 + x^2/12 - x^4/720 + x^6/30240 - ... : exact to 1e-14 below SMALL, where the closed form has no derivative in floats.
SMALL = 0.1
# Of the fastest flow along an axis, what is taken as zero on a wall that nothing may cross.
ROUND_OFF = 1e-5


class Flow(eqx.Module):
    """Velocity u of the interstitial fluid normal to the voxels' faces, um/s, as volume of fluid per area of tissue (Darcy velocity).

    It carries every species alike but those that are immobile: -div(u c) joins the balance. Positive is towards increasing index.

    **Arguments**

    - `z`, `y`, `x`: velocities through the faces normal to each axis: a number (the same everywhere, walls of the box included), or an array
      on all faces from the lower to the upper wall, [nz + 1, ny, nx] for z, [nz, ny + 1, nx] for y, [nz, ny, nx + 1] for x.

    Nothing demands that the divergence of u vanish: fluid that leaks from vessels or drains into lymphatics makes it differ from zero.
    The flow itself then neither brings nor takes solute; what such fluid carries is the business of a term of its own (a `Linear` production
    of div(u) c_plasma, a loss of -div(u)).
    """

    z: Float[Array, "..."]
    y: Float[Array, "..."]
    x: Float[Array, "..."]

    def __init__(self, z: ArrayLike = 0.0, y: ArrayLike = 0.0, x: ArrayLike = 0.0):
        self.z, self.y, self.x = (as_parameter(value, f"flow along {axis}", "um/s", signed=True) for axis, value in zip(AXES, (z, y, x), strict=True))

    def check(self, shape: tuple[int, int, int], walls: Sequence[Walls], names: Sequence[str]) -> None:
        """Raise `InputError` where a velocity does not fit the grid or a wall."""
        for axis, name in enumerate(AXES):
            velocity = getattr(self, name)
            faces = tuple(cells + (a == axis) for a, cells in enumerate(shape))
            if velocity.shape not in ((), faces):
                raise InputError(f"flow along {name} has shape {list(velocity.shape)}, expected a number or {list(faces)}, all faces with both walls (um/s)")
        for axis, name in enumerate(AXES):
            for one, species in zip(walls, names, strict=True):
                self._check_axis(axis, shape, getattr(one, name), species)

    def _check_axis(self, axis: int, shape: tuple[int, ...], pair: tuple, species: str) -> None:
        sides = [concrete(self.outward(axis, upper, shape)) for upper in (False, True)]
        lower, upper = sides
        fastest = concrete(jnp.max(jnp.abs(getattr(self, AXES[axis]))))
        if lower is None or upper is None or fastest is None:
            return
        slack = ROUND_OFF * fastest
        for name, wall, outward in zip(("lower", "upper"), pair, (lower, upper), strict=True):
            which = f"the {name} {AXES[axis]} wall of {species}"
            if isinstance(wall, NoFlux) and (abs(outward) > slack).any():
                raise InputError(
                    f"flow: {_largest(abs(outward))} crosses {which}, which is no-flux: nothing may. Give that wall Outflow, FixedValue "
                    "or Robin, or an array of velocities that is 0 on it"
                )
            if isinstance(wall, Outflow) and (outward < -slack).any():
                raise InputError(
                    f"flow: {_largest(-outward)} enters through {which}, which is Outflow: say what it carries with FixedValue(c), or with Robin(0, c) "
                    "for a wall that nothing diffuses through"
                )
        if isinstance(pair[0], Periodic) and (abs(lower + upper) > slack).any():
            raise InputError(f"flow along {AXES[axis]}: the walls of {species} are periodic, so the velocities on the first and last faces must be equal")

    def outward(self, axis: int, upper: bool, shape: tuple[int, ...]) -> Float[Array, "a b"]:
        """Velocity out of the box through one wall, um/s."""
        velocity = self.on_faces(shape)[axis]
        index = velocity.shape[axis] - 1 if upper else 0
        wall = jax.lax.index_in_dim(velocity, index, axis, keepdims=False)
        return wall if upper else -wall

    def between(self, axis: int, shape: tuple[int, ...], *, periodic: bool) -> Float[Array, "..."]:
        """Velocity through the faces between voxels along an axis, um/s; the last one wraps where periodic."""
        faces = shape[axis] if periodic else shape[axis] - 1
        return jax.lax.slice_in_dim(self.on_faces(shape)[axis], 1, 1 + faces, axis=axis)

    def on_faces(self, shape: tuple[int, ...]) -> tuple[Float[Array, "z1 y x"], Float[Array, "z y1 x"], Float[Array, "z y x1"]]:
        """Velocities through all faces normal to z, y and x, walls included, um/s."""
        z, y, x = (jnp.broadcast_to(getattr(self, name), tuple(n + (a == axis) for a, n in enumerate(shape))) for axis, name in enumerate(AXES))
        return z, y, x


def _largest(values: np.ndarray) -> str:
    index = np.unravel_index(int(np.argmax(values)), values.shape)
    return f"{values[index]:g} um/s at index {[int(i) for i in index]} of the wall"


def against_flow(conductance: Array, speed: Array) -> Array:
    """The rate at which solute diffuses against a flow through a face: g x/(e^x - 1), x = speed/g.

    With the flow it is this rate plus the speed. Together they give the exact flux between two values, for media that are constant on each
    side and a flux that does not change on the way (Scharfetter & Gummel 1969, doi:10.1109/T-ED.1969.16766): plain diffusion where the flow
    is weak, plain upwind where it is strong, positive in between. Conductance and speed in the same unit.
    """
    resolved = CARRIED_OFF * conductance > speed
    x = jnp.where(resolved, speed / jnp.where(resolved, conductance, 1), 0)
    small = x < SMALL
    series = 1 - x / 2 + x**2 * (1 / 12 - x**2 * (1 / 720 - x**2 / 30240))
    safe = jnp.where(small, 1, x)
    decayed = jnp.exp(-safe)  # x/(e^x - 1) so that nothing overflows; expm1 would cost three times as much
    return jnp.where(resolved, conductance * jnp.where(small, series, safe * decayed / (1 - decayed)), 0)
