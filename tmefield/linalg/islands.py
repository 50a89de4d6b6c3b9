"""A few cells that all others are cut off from: slow modes that neither sweeps nor cells of eight see, solved by themselves."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .stencil import Field, Stencil, both_sides, is_uniform, to_lower, to_upper

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
    for axis, g in _inner_faces(operator, r):
        low_ends, high_ends = _ends(g, diagonal, axis)
        low, high = both_sides(diagonal, axis)
        r_low, r_high = both_sides(r, axis)
        given = given + to_lower(g * high_ends, axis) + to_upper(g * low_ends, axis)
        own = own + to_lower(high * high_ends, axis) + to_upper(low * low_ends, axis)
        beside = beside + to_lower(r_high * high_ends, axis) + to_upper(r_low * low_ends, axis)
        is_end = is_end + to_lower(low_ends, axis) + to_upper(high_ends, axis)
    leaves = own - 2 * given
    centre = (diagonal - given < ALONE * given) & (leaves > 16 * jnp.finfo(r.dtype).eps * given)
    # Of two cells each is the other's end, and both are centres.
    e = jnp.where(centre, beside / jnp.where(centre, leaves, 1), 0) * jnp.where(is_end > 0, 0.5, 1)
    total = e
    for axis, g in _inner_faces(operator, r):
        low_ends, high_ends = _ends(g, diagonal, axis)
        e_low, e_high = both_sides(e, axis)
        total = total + to_lower(low_ends * e_high, axis) + to_upper(high_ends * e_low, axis)
    return total


def _inner_faces(operator: Stencil, r: Field) -> Iterator[tuple[int, Array]]:
    """Each axis of more than one cell, with the conductances of its faces inside the box."""
    for axis, faces in enumerate(operator.faces):
        if r.shape[axis] > 1:
            yield axis, faces if is_uniform(faces) else jax.lax.slice_in_dim(faces, 0, r.shape[axis] - 1, axis=axis)


def _ends(g: Array, diagonal: Field, axis: int) -> tuple[Array, ...]:
    """For the lower and the upper cell of each face 1 where it exchanges through this face alone."""
    return tuple((one - g < ALONE * g).astype(diagonal.dtype) for one in both_sides(diagonal, axis))
