"""The seven-point operator of a cell-centred finite-volume discretisation, written once for every level."""

from collections.abc import Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

Field = Float[Array, "z y x"]


class Uncut(eqx.Module):
    """A stencil as it was before cells were eliminated: of fields that are zero in those cells it makes the same, from one rate per axis.

    - `faces`: one rate per axis, of the faces of eliminated cells too; `loss` is without what goes through these. `free`: the other cells.
    """

    faces: tuple[Float[Array, "1 1 1"], ...]
    loss: Field
    free: Bool[Array, "z y x"]


class Stencil(eqx.Module):
    """The operator A u = loss u + div(flux), the flux across a face being  faces u_low - back u_high.

    Row i reads `loss_i u_i + sum_j (a_ij u_i - a_ji u_j)`, a_ij the rate at which cell i gives to its neighbour j: an M-matrix
    while rates and loss are not negative, and symmetric where both directions have the same rate (diffusion alone). A row without
    loss and rates (an eliminated cell) is zero.

    **Arguments**

    - `faces`: rates from the lower to the upper cell across the faces normal to z, y, x (conductances where symmetric). Along an axis of n
      cells there are n - 1 faces; n faces mean that the axis is periodic, the last one joining the last cell to the first. An
      array of shape (1, 1, 1) stands for the same rate across all n - 1 faces: a sweep then takes half the time.
    - `loss`: what a cell loses per unit of u beside the exchange with its neighbours.
    - `back`: rates from the upper to the lower cell, or None where they equal `faces` (no flow).
    - `uncut`: the same from one rate per axis, for fields that are zero in eliminated cells: three arrays less to read. Or None.
    """

    faces: tuple[Float[Array, "..."], ...]
    loss: Field
    back: tuple[Float[Array, "..."], ...] | None = None
    uncut: Uncut | None = None

    def apply(self, u: Field) -> Field:
        """A u."""
        if self.uncut is not None:
            return jnp.where(self.uncut.free, self.uncut.loss * u - flux_divergence(u, self.uncut.faces), 0)
        return self.loss * u - flux_divergence(u, self.faces, self.back)

    def neighbours(self, u: Field) -> Field:
        """N u, what each cell gets from its neighbours: A u = diagonal u - N u, to be read where round-off of u itself is no harm.

        Where the stencil has an `uncut`, eliminated cells hold what their neighbours would give them.
        """
        if self.uncut is not None:
            return neighbour_sum(u, self.uncut.faces)
        return neighbour_sum(u, self.faces, self.back)

    def diagonal(self) -> Field:
        """The diagonal of A."""
        if self.uncut is not None:
            return jnp.where(self.uncut.free, self.uncut.loss + face_sum(self.uncut.faces, self.loss.shape), 0)
        return self.loss + face_sum(self.faces, self.loss.shape, self.back)

    def with_loss(self, local: Field) -> "Stencil":
        """A with `local` (zero in eliminated cells) added to its diagonal."""
        uncut = None if self.uncut is None else replace(self.uncut, loss=self.uncut.loss + local)
        return replace(self, loss=self.loss + local, uncut=uncut)

    def row_sizes(self) -> Field:
        """A bound of the sum of |A| over each row: |loss| plus all rates out of and into a cell."""
        shape = self.loss.shape
        if self.uncut is not None:
            return jnp.abs(self.loss) + 2 * (self.diagonal() - self.loss)
        if self.back is None:
            return jnp.abs(self.loss) + 2 * face_sum(self.faces, shape)
        return jnp.abs(self.loss) + face_sum(self.faces, shape, self.back) + face_sum(self.back, shape, self.faces)

    def greatest_exchange(self) -> Float[Array, ""]:
        """The greatest rate at which a cell gives to all its neighbours; with an `uncut`, to eliminated ones too."""
        faces, shape = self.faces if self.uncut is None else self.uncut.faces, self.loss.shape
        if all(is_uniform(f) for f in (*faces, *(self.back or ()))):
            shape = tuple(min(n, 3) for n in shape)  # no cell of a larger box has more neighbours than its middle one
        return jnp.max(face_sum(faces, shape, self.back))

    def transposed(self) -> "Stencil":
        """A^T, in the same form: the rates change places, and what a cell gives more than it gets becomes loss."""
        if self.back is None:
            return self
        net_out = face_sum(self.faces, self.loss.shape, self.back) - face_sum(self.back, self.loss.shape, self.faces)
        return Stencil(self.back, self.loss + net_out, self.faces)


def is_periodic(faces: Float[Array, "..."], axis: int, cells: int) -> bool:
    """Whether the faces along an axis of `cells` cells close it to a ring."""
    return cells > 1 and faces.shape[axis] == cells


def is_uniform(faces: Float[Array, "..."]) -> bool:
    """Whether one rate stands for all faces of an axis."""
    return faces.size == 1


def all_faces(faces: Float[Array, "..."], axis: int, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """One value per face of a box of cells that is not periodic along the axis, where one stood for all of them."""
    if not is_uniform(faces):
        return faces
    return jnp.broadcast_to(faces, [n - 1 if other == axis else n for other, n in enumerate(shape)])


def both_sides(field: Shaped[Array, "z y x"], axis: int) -> tuple[Array, Array]:
    """For each face inside the box, normal to the axis, the values of its lower and of its upper cell."""
    cells = field.shape[axis]
    return jax.lax.slice_in_dim(field, 0, cells - 1, axis=axis), jax.lax.slice_in_dim(field, 1, cells, axis=axis)


def to_lower(faces: Array, axis: int) -> Array:
    """What stands on the faces inside the box, given to their lower cells; zero in the last."""
    return jnp.pad(faces, [(0, 1) if other == axis else (0, 0) for other in range(3)])


def to_upper(faces: Array, axis: int) -> Array:
    """What stands on the faces inside the box, given to their upper cells; zero in the first."""
    return jnp.pad(faces, [(1, 0) if other == axis else (0, 0) for other in range(3)])


def _shift_forward(array: Array, axis: int) -> Array:
    last = jax.lax.slice_in_dim(array, array.shape[axis] - 1, array.shape[axis], axis=axis)
    rest = jax.lax.slice_in_dim(array, 0, array.shape[axis] - 1, axis=axis)
    return jnp.concatenate([last, rest], axis=axis)


def flux_divergence(u: Field, faces: Sequence[Array], back: Sequence[Array] | None = None) -> Field:
    """The sum over the six faces of what comes in less what goes out: conductance times (neighbour - own value) where symmetric.

    Flux form with one difference per axis: XLA compiles it to a single fused loop, and what leaves one cell enters
    the next to the last bit. Across uniform faces the differences are added up before their common rate: the same to round-off.
    """
    total = jnp.zeros_like(u)
    for axis in range(3):
        cells = u.shape[axis]
        if cells == 1:
            continue
        if back is None and is_uniform(faces[axis]):
            total = total + faces[axis] * _second_difference(u, axis)
            continue
        ring = is_periodic(faces[axis], axis, cells)
        inflow = _inflow(u, faces[axis], None if back is None else back[axis], axis, ring=ring)
        if ring:
            total = total + inflow - _shift_forward(inflow, axis)
        else:
            total = total + to_lower(inflow, axis) - to_upper(inflow, axis)
    return total


def _second_difference(u: Field, axis: int) -> Field:
    """The differences to both neighbours along an axis, added up; none across a wall.

    A mask on each difference and not padding with zeros: on the CPU that takes half the time, for a difference that is padded is not vectorised.
    """
    lower, upper = both_sides(u, axis)
    has_upper, has_lower = _has_neighbours(u.shape, axis, u.dtype)
    return has_upper * (to_lower(upper, axis) - u) + has_lower * (to_upper(lower, axis) - u)


def _has_neighbours(shape: tuple[int, ...], axis: int, dtype) -> tuple[Array, Array]:
    """1 where a cell has an upper, and where it has a lower neighbour along the axis, else 0."""
    has_lower = (np.arange(shape[axis]) > 0).reshape([-1 if other == axis else 1 for other in range(3)])
    return jnp.asarray(np.flip(has_lower, axis), dtype), jnp.asarray(has_lower, dtype)


def neighbour_sum(u: Field, faces: Sequence[Array], back: Sequence[Array] | None = None) -> Field:
    """For each cell the sum over its faces of the neighbour's value times the rate at which that gives."""
    back = faces if back is None else back
    total = jnp.zeros_like(u)
    for axis in range(3):
        cells = u.shape[axis]
        if cells == 1:
            continue
        if is_periodic(faces[axis], axis, cells):
            above = jnp.concatenate([jax.lax.slice_in_dim(u, start, stop, axis=axis) for start, stop in ((1, cells), (0, 1))], axis=axis)
            total = total + back[axis] * above + _shift_forward(faces[axis] * u, axis)
        else:
            lower, upper = both_sides(u, axis)
            total = total + to_lower(back[axis] * upper, axis) + to_upper(faces[axis] * lower, axis)
    return total


def _inflow(u: Field, forward: Array, backward: Array | None, axis: int, *, ring: bool) -> Array:
    """What crosses each face downwards, from the upper to the lower cell."""
    step = jnp.diff(u, axis=axis, append=jax.lax.slice_in_dim(u, 0, 1, axis=axis)) if ring else jnp.diff(u, axis=axis)
    if backward is None:
        return step * forward
    lower = u if ring else jax.lax.slice_in_dim(u, 0, u.shape[axis] - 1, axis=axis)
    # back u_high - forward u_low, as a difference and a drift: it vanishes exactly for a uniform field without net flow.
    return step * backward + lower * (backward - forward)


def face_sum(faces: Sequence[Array], shape: tuple[int, ...], back: Sequence[Array] | None = None) -> Field:
    """For each cell the sum of the rates at which it gives through its faces."""
    back = faces if back is None else back
    total = jnp.zeros(shape, faces[0].dtype)
    for axis in range(3):
        if shape[axis] == 1:
            continue
        lower, upper = faces[axis], back[axis]
        if is_periodic(lower, axis, shape[axis]):
            total = total + lower + _shift_forward(upper, axis)
        elif is_uniform(lower) and is_uniform(upper):
            has_upper, has_lower = _has_neighbours(shape, axis, lower.dtype)
            total = total + (lower * (has_upper + has_lower) if back is faces else lower * has_upper + upper * has_lower)
        else:
            lower, upper = (all_faces(rates, axis, shape) for rates in (lower, upper))
            total = total + to_lower(lower, axis) + to_upper(upper, axis)
    return total
