"""Geometric multigrid: the preconditioner of every solve.

One V(4,4)-cycle whose Jacobi sweeps carry the weights of Chebyshev's polynomial. Where the medium jumps by more than `JUMP`, or a flow drifts by
more than `DRIFT`, corrections are constant on a coarse cell; at jumps cells that are cut off in twos and threes are solved by themselves (`islands`).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .apart import apart
from .islands import solve_islands
from .stencil import Field, Stencil, both_sides, face_sum, is_periodic, is_uniform
from .transfer import Coarsening, coarsen_operator, plan, prolong, repeat_pairs, sum_pairs

SWEEPS = 4
REACH = 0.42  # lower end of the band of the sweeps, over the smallest eigenvalue that the next level does not see
REACH_IN_A_FLOW = 0.6  # with 0.42 half steps at a cell Peclet number of 10 are 22, not 21
JUMP = 30.0  # greatest over smallest open conductance of the fine level
DRIFT = 0.3  # cell Peclet number 0.6
COARSEST_CELLS = 64


class Level(eqx.Module):
    """One level: its operator, the step to the next level and the weights of its sweeps.

    - `inverse_diagonal`: zero in eliminated cells.
    - `weights`: of the sweeps before the next level, and in reverse after it.
    - `share`: how far a cell follows its neighbours, its exchange with them over its diagonal. The error that sweeps leave has this shape and
      not the shape 1 (one Jacobi sweep on the constant): next to nothing where a cell's own loss is far above its exchange. Corrections and
      restricted residuals are weighted with it. `stored_share` is None in a uniform medium, where the share is sooner formed than read.
    """

    operator: Stencil
    inverse_diagonal: Field
    stored_share: Field | None
    step: Coarsening | None = eqx.field(static=True)
    weights: tuple[Float[Array, ""], ...]

    @property
    def share(self) -> Field:
        """How far a cell follows its neighbours."""
        if self.stored_share is None:
            return jnp.minimum(face_sum(self.operator.faces, self.inverse_diagonal.shape) * self.inverse_diagonal, 1)
        return self.stored_share


class Hierarchy(eqx.Module):
    """All levels from fine to coarse, the dense inverse of the coarsest operator, and whether the medium jumps or a flow drifts (None: it is uniform)."""

    levels: tuple[Level, ...]
    coarsest_inverse: Float[Array, "n n"]
    jumps: Bool[Array, ""] | None


def build_hierarchy(operator: Stencil, spacing: tuple[float, float, float]) -> Hierarchy:
    """The levels of `operator` on a box of voxels of the given spacing (z, y, x), which decides what is coarsened first.

    Corrections are interpolated linearly where the conductances are alike (within `JUMP`, and no wall inside the box). Elsewhere, and in a flow, they
    are constant on a coarse cell: across a jump of the conductance linear interpolation carries them to cells that do not follow.
    """
    operator = jax.lax.stop_gradient(operator)
    # Of a stencil with an `uncut` all open faces of an axis are alike, and a cell beside a closed one loses to an eliminated cell what the face conducts.
    uniform = operator.uncut is not None or (operator.back is None and all(is_uniform(f) for f in operator.faces))
    jumps = None if uniform else _jumps(operator)
    levels = []
    for step in (*plan(operator.loss.shape, spacing, coarsest=COARSEST_CELLS), None):
        inverse = _inverse(operator.diagonal())
        drift = None if operator.back is None else _drift(operator)
        formed = operator.uncut is None and operator.back is None and all(is_uniform(f) for f in operator.faces)
        share = None if formed else _share(operator, inverse)
        levels.append(Level(operator, inverse, share, step, () if step is None else _weights(step, drift, inverse.dtype)))
        if step is not None:
            operator = coarsen_operator(Stencil(operator.faces, _coarse_loss(operator.loss, levels[-1].share), operator.back), step)
    return Hierarchy(tuple(levels), _dense_inverse(operator), jumps)


def transposed(hierarchy: Hierarchy) -> Hierarchy:
    """The hierarchy whose cycle is the transpose of that of `hierarchy`: level by level, since what is coarsened of A^T differs where a flow leaves the box."""
    levels = tuple(Level(one.operator.transposed(), one.inverse_diagonal, one.stored_share, one.step, one.weights) for one in hierarchy.levels)
    return Hierarchy(levels, hierarchy.coarsest_inverse.T, hierarchy.jumps)


def v_cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""]) -> Field:
    """An approximation of A^-1 b by one V-cycle.

    `once` is a traced integer of value 1, see `apart`.
    """
    return _cycle(hierarchy, b, once, 0)


def _cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""], depth: int) -> Field:
    level = hierarchy.levels[depth]
    if level.step is None:
        return (hierarchy.coarsest_inverse @ b.ravel()).reshape(b.shape)
    u = level.inverse_diagonal * (level.weights[0] * b)  # in this order nothing is computed and kept for the next iteration
    for weight in level.weights[1:]:
        u = _sweep(level, u, b, weight, once)
    r = apart(once, lambda: _left_over(level, u, b), b)
    e = _cycle(hierarchy, sum_pairs(r, level.step.axes), once, depth + 1)
    u = u + level.share * _interpolate(hierarchy, level, e, b.shape, once)
    if depth == 0 and hierarchy.jumps is not None and level.operator.back is None:
        u = jax.lax.cond(hierarchy.jumps & (once > 0), lambda: u + level.share * solve_islands(level.operator, level.inverse_diagonal, r), lambda: u)
    for weight in reversed(level.weights):
        u = _sweep(level, u, b, weight, once)
    return u


def _interpolate(hierarchy: Hierarchy, level: Level, e: Field, shape: tuple[int, ...], once: Int[Array, ""]) -> Float[Array, "fine_z fine_y fine_x"]:
    """Linear where the medium does not jump, constant on a coarse cell elsewhere."""
    step = level.step
    assert step is not None

    def linear():
        periodic = tuple(is_periodic(f, axis, shape[axis]) for axis, f in enumerate(level.operator.faces))
        return prolong(e, step, shape, periodic)

    if hierarchy.jumps is None:
        return linear()
    if level.operator.back is not None:
        return repeat_pairs(e, step, shape)
    return jax.lax.cond(hierarchy.jumps & (once > 0), lambda: repeat_pairs(e, step, shape), linear)


def _sweep(level: Level, u: Field, b: Field, weight: Array, once: Int[Array, ""]) -> Field:
    return apart(once, lambda: _jacobi(level, u, b, weight), b)


def _jacobi(level: Level, u: Field, b: Field, weight: Array) -> Field:
    """U + weight D^-1 (b - A u) with the diagonal multiplied out: the loss is not read, a quarter of a cycle's time (u is 0 in eliminated cells)."""
    return (1 - weight) * u + weight * level.inverse_diagonal * (b + level.operator.neighbours(u))


def _left_over(level: Level, u: Field, b: Field) -> Field:
    """The weighted residual, by the diagonal: round-off of u is no harm to a correction, and a difference across each face takes half as long again."""
    diagonal = _inverse(level.inverse_diagonal)
    return level.share * (b - diagonal * u + level.operator.neighbours(u))


def _share(operator: Stencil, inverse: Field) -> Field:
    """The exchange with the neighbours over the diagonal, of the two directions the larger: the last cell before an outflow gives nothing to a
    neighbour, and follows the one upstream.
    """
    if operator.back is None:
        return jnp.where(inverse > 0, jnp.clip(1 - operator.loss * inverse, 0, 1), 0)
    there, back = operator.faces, operator.back
    exchange = jnp.maximum(face_sum(there, operator.loss.shape, back), face_sum(back, operator.loss.shape, there))
    return jnp.minimum(exchange * inverse, 1)


def _coarse_loss(loss: Field, share: Field) -> Field:
    """What of the loss of its cells the next level has: all where it is far below the exchange, never more than the exchange.

    With x the loss over the exchange, loss * share is exchange (x - x^2 + ...) and too little beside held voxels, where x is 0.2 to 1. This is
    exchange (x - x^2 / 2 + ...), as exchange (1 - exp(-x)) is: of case C at 64^3 a fourth of the error is left after four iterations.
    """
    return loss * share * (1 + share * (1 - share) / 2)


def _drift(operator: Stencil) -> Float[Array, ""]:
    """How far from symmetric: the largest difference of the two rates across a face over their sum, 0 for diffusion, 1 for flow alone."""
    back = operator.faces if operator.back is None else operator.back
    ratios = [jnp.max(jnp.abs(f - b) / jnp.where(f + b > 0, f + b, 1), initial=0) for f, b in zip(operator.faces, back, strict=True)]
    return jnp.max(jnp.stack(ratios))


def _jumps(operator: Stencil) -> Bool[Array, ""]:
    """Whether conductances along an axis differ by more than `JUMP`, or a wall stands inside the box; with a flow, whether its drift is more than `DRIFT`.

    A closed face beside a cell that loses little to anything else is a wall: corrections may not pass it. Beside a held voxel the cell's loss
    is what it gives to that.
    """
    faces, found = operator.faces, jnp.zeros((), bool)
    if operator.back is not None:
        faces = tuple((f + b) / 2 for f, b in zip(faces, operator.back, strict=True))
        found = _drift(operator) > DRIFT
    alive = operator.diagonal() > 0
    for axis, f in enumerate(faces):
        cells = operator.loss.shape[axis]
        if cells == 1 or is_uniform(f):
            continue
        inner = jax.lax.slice_in_dim(f, 0, cells - 1, axis=axis)  # the seam of a ring may be closed for one species
        highest, lowest = jnp.max(inner), jnp.min(jnp.where(inner > 0, inner, jnp.inf))
        below, above = both_sides(alive & (operator.loss < highest / JUMP), axis)
        found = found | (highest > JUMP * lowest) | jnp.any((inner == 0) & (below | above))
    return found


def _weights(step: Coarsening, drift: Array | None, dtype) -> tuple[Float[Array, ""], ...]:
    """Inverse roots of Chebyshev's polynomial over the eigenvalues of D^-1 A that the next level does not see, and some that it does.

    The smallest of the former belongs to the shortest wave along the weakest axis that is halved, its share in the diagonal; the largest is 2. With a flow
    they lie in an ellipse whose imaginary semi-axis is the drift: the roots draw together between its foci (Manteuffel 1977,
    doi:10.1007/BF01389971), down to damped Jacobi sweeps.
    """
    strengths = [0.0 if len(c) == 1 else float(np.median(np.diff(c))) ** -2 for c in step.centres]
    reach = REACH if drift is None else REACH_IN_A_FLOW
    low, high = reach * min(strengths[axis] for axis in step.axes) / sum(strengths), 2.0
    focus = (high - low) / 2
    if drift is not None:
        focus = jnp.sqrt(jnp.maximum(focus**2 - drift**2, 0))
    roots = ((high + low) / 2 + focus * math.cos(math.pi * (2 * k + 1) / (2 * SWEEPS)) for k in range(SWEEPS))
    return tuple(jnp.asarray(1 / root, dtype) for root in roots)


def _inverse(diagonal: Array) -> Array:
    return jnp.where(diagonal > 0, 1 / jnp.where(diagonal > 0, diagonal, 1), 0)


def _dense_inverse(operator: Stencil) -> Float[Array, "n n"]:
    """The inverse of the coarsest operator, zero in eliminated cells; a vanishing loss is bounded below by round-off."""
    shape, cells = operator.loss.shape, operator.loss.size
    diagonal = operator.diagonal().ravel()
    alive = diagonal > 0
    columns = jax.vmap(lambda column: operator.apply(jnp.where(alive, column, 0).reshape(shape)).ravel())(jnp.eye(cells, dtype=operator.loss.dtype))
    floor = 10 * jnp.finfo(columns.dtype).eps * jnp.max(diagonal)
    # columns holds A^T row by row: apply works on columns.
    inverse = _inverted(columns.T + jnp.diag(jnp.where(alive, floor, 1)))
    if operator.back is None:
        inverse = 0.5 * (inverse + inverse.T)
    return inverse * (alive[:, None] & alive[None, :]).astype(columns.dtype)


def _inverted(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The inverse of an M-matrix by Gauss-Jordan elimination, which needs no pivots there.

    Not by LAPACK: its triangular solves wait for threads that the rest of the program keeps busy, for as long as a sweep over 128^3 cells takes.
    """
    place = jnp.arange(matrix.shape[0])

    def eliminate(k, m):
        is_row, is_column = place[:, None] == k, place[None, :] == k
        column = m[:, k, None]
        rest = jnp.where(is_column, is_row.astype(m.dtype), m)
        row = rest[None, k] / m[k, k]
        return jnp.where(is_row, row, rest - column * row)

    return jax.lax.fori_loop(0, matrix.shape[0], eliminate, matrix)
