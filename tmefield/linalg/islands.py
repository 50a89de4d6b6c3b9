"""A few cells that all others are cut off from: slow modes that neither sweeps nor cells of eight see, solved by themselves."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .stencil import Field, Stencil, is_uniform

ALONE = 0.1  # of what a cell exchanges, how much may go elsewhere


def solve_islands(operator: Stencil, inverse_diagonal: Field, r: Field) -> Field:
    """The correction sum(r) / sum(A) over the cells of each island, for all of its cells; zero elsewhere.

    An island is a cell with those neighbours that exchange with it alone (with others less than a tenth of it), where it exchanges
    with them alone: two cells, three, stars of up to seven. A medium with voxels cut off at random has some in every hundred thousand, more at its walls, and
    each costs conjugate gradients an iteration otherwise. For symmetric operators; an island across the seam of a periodic axis is left out.
    """
    diagonal = jnp.where(inverse_diagonal > 0, 1 / jnp.where(inverse_diagonal > 0, inverse_diagonal, 1), 0)
    zero = jnp.zeros_like(r)
    given, own, beside, is_end = zero, diagonal, r, zero
    for axis, faces in _axes(operator, r):
        g, (low, high), (low_ends, high_ends) = _sides(faces, diagonal, axis)
        r_low, r_high = _pair(r, axis)
        given = given + _to_low(g * high_ends, axis) + _to_high(g * low_ends, axis)
        own = own + _to_low(high * high_ends, axis) + _to_high(low * low_ends, axis)
        beside = beside + _to_low(r_high * high_ends, axis) + _to_high(r_low * low_ends, axis)
        is_end = is_end + _to_low(low_ends, axis) + _to_high(high_ends, axis)
    leaves = own - 2 * given
    centre = (diagonal - given < ALONE * given) & (leaves > 16 * jnp.finfo(r.dtype).eps * given)
    # Of two cells each is the other's end, and both are centres.
    e = jnp.where(centre, beside / jnp.where(centre, leaves, 1), 0) * jnp.where(is_end > 0, 0.5, 1)
    total = e
    for axis, faces in _axes(operator, r):
        _, _, (low_ends, high_ends) = _sides(faces, diagonal, axis)
        e_low, e_high = _pair(e, axis)
        total = total + _to_low(low_ends * e_high, axis) + _to_high(high_ends * e_low, axis)
    return total


def _axes(operator: Stencil, r: Field):
    for axis, faces in enumerate(operator.faces):
        if r.shape[axis] > 1:
            yield axis, faces if is_uniform(faces) else jax.lax.slice_in_dim(faces, 0, r.shape[axis] - 1, axis=axis)


def _sides(g: Array, diagonal: Field, axis: int):
    """The conductance of each face, the diagonals on both sides, and for each side 1 where its cell exchanges through this face alone."""
    low, high = _pair(diagonal, axis)
    return g, (low, high), tuple((one - g < ALONE * g).astype(diagonal.dtype) for one in (low, high))


def _pair(field: Field, axis: int) -> tuple[Array, Array]:
    cells = field.shape[axis]
    return jax.lax.slice_in_dim(field, 0, cells - 1, axis=axis), jax.lax.slice_in_dim(field, 1, cells, axis=axis)


def _to_low(faces: Array, axis: int) -> Field:
    return jnp.pad(faces, [(0, 1) if other == axis else (0, 0) for other in range(3)])


def _to_high(faces: Array, axis: int) -> Field:
    return jnp.pad(faces, [(1, 0) if other == axis else (0, 0) for other in range(3)])
