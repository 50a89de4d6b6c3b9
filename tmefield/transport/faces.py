"""Face conductances of the diffusive flux."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def harmonic_mean(a: Array, b: Array) -> Array:
    """2 a b / (a + b), zero where either side is closed: exact for a diffusivity that jumps at the face."""
    total = a + b
    closed = total <= 0
    return jnp.where(closed, 0, 2 * a * b / jnp.where(closed, 1, total))


def neighbours(field: Array, axis: int, *, periodic: bool) -> tuple[Array, Array]:
    """The values on the lower and on the upper side of each face along an axis (the last face wraps where periodic)."""
    cells = field.shape[axis]
    if periodic and cells > 1:
        first = jax.lax.slice_in_dim(field, 0, 1, axis=axis)
        rest = jax.lax.slice_in_dim(field, 1, cells, axis=axis)
        return field, jnp.concatenate([rest, first], axis=axis)
    return jax.lax.slice_in_dim(field, 0, cells - 1, axis=axis), jax.lax.slice_in_dim(field, 1, cells, axis=axis)


def face_conductances(conductivity: Float[Array, "z y x"], spacing: tuple[float, float, float], periodic: tuple[bool, ...]) -> tuple[Array, ...]:
    """Conductances phi D / h^2 of the faces normal to z, y and x, 1/s: the rate at which a voxel exchanges with its neighbour."""
    return tuple(harmonic_mean(*neighbours(conductivity, axis, periodic=periodic[axis])) / spacing[axis] ** 2 for axis in range(3))


def uniform_conductances(
    conductivity: Float[Array, ""], shape: tuple[int, int, int], spacing: tuple[float, float, float], periodic: tuple[bool, ...]
) -> tuple[Array, ...]:
    """As `face_conductances` for one conductivity everywhere: one value, of shape (1, 1, 1), for all faces of an axis without wrap."""
    faces = [jnp.broadcast_to(conductivity / h**2, shape if ring else (1, 1, 1)) for h, ring in zip(spacing, periodic, strict=True)]
    return tuple(faces)
