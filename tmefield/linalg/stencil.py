"""The seven-point operator of a cell-centred finite-volume discretisation, written once for every level."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Field = Float[Array, "z y x"]


class Stencil(eqx.Module):
    """The operator A u = loss u - div(faces grad u) on a box of cells.

    Row i reads `loss_i u_i + sum_j faces_ij (u_i - u_j)`, j the neighbours of i: symmetric, and an M-matrix while
    faces and loss are not negative. A row without loss and faces (an eliminated cell) is zero.

    **Arguments**

    - `faces`: conductances across the faces normal to z, y, x. Along an axis of n cells there are n - 1 faces; n faces
      mean that the axis is periodic, the last one joining the last cell to the first.
    - `loss`: what a cell loses per unit of u beside the exchange with its neighbours.
    """

    faces: tuple[Float[Array, "..."], ...]
    loss: Field

    def apply(self, u: Field) -> Field:
        """A u."""
        return self.loss * u - flux_divergence(u, self.faces)

    def diagonal(self) -> Field:
        """The diagonal of A."""
        return self.loss + face_sum(self.faces, self.loss.shape)

    def row_norm(self) -> Float[Array, ""]:
        """The largest row sum of |A|, its norm in the maximum norm."""
        return jnp.max(jnp.abs(self.loss) + 2 * face_sum(self.faces, self.loss.shape))


def is_periodic(faces: Float[Array, "..."], axis: int, cells: int) -> bool:
    """Whether the faces along an axis of `cells` cells close it to a ring."""
    return cells > 1 and faces.shape[axis] == cells


def _pad_one(array: Array, axis: int, *, before: bool) -> Array:
    widths = [(0, 0)] * array.ndim
    widths[axis] = (1, 0) if before else (0, 1)
    return jnp.pad(array, widths)


def _shift_forward(array: Array, axis: int) -> Array:
    last = jax.lax.slice_in_dim(array, array.shape[axis] - 1, array.shape[axis], axis=axis)
    rest = jax.lax.slice_in_dim(array, 0, array.shape[axis] - 1, axis=axis)
    return jnp.concatenate([last, rest], axis=axis)


def flux_divergence(u: Field, faces: Sequence[Array]) -> Field:
    """The sum over the six faces of conductance times (neighbour - own value).

    Flux form with one difference per axis: XLA compiles it to a single fused loop, and what leaves one cell enters
    the next to the last bit.
    """
    total = jnp.zeros_like(u)
    for axis in range(3):
        cells = u.shape[axis]
        if cells == 1:
            continue
        if is_periodic(faces[axis], axis, cells):
            first = jax.lax.slice_in_dim(u, 0, 1, axis=axis)
            flux = jnp.diff(u, axis=axis, append=first) * faces[axis]
            total = total + flux - _shift_forward(flux, axis)
        else:
            flux = jnp.diff(u, axis=axis) * faces[axis]
            total = total + _pad_one(flux, axis, before=False) - _pad_one(flux, axis, before=True)
    return total


def face_sum(faces: Sequence[Array], shape: tuple[int, ...]) -> Field:
    """For each cell the sum of the conductances of its faces."""
    total = jnp.zeros(shape, faces[0].dtype)
    for axis in range(3):
        if shape[axis] == 1:
            continue
        if is_periodic(faces[axis], axis, shape[axis]):
            total = total + faces[axis] + _shift_forward(faces[axis], axis)
        else:
            total = total + _pad_one(faces[axis], axis, before=False) + _pad_one(faces[axis], axis, before=True)
    return total
