"""Geometric multigrid: the preconditioner of every solve.

One V(2,2)-cycle whose Jacobi sweeps carry the weights of Chebyshev's polynomial: no dearer than damped Jacobi, and each pair of sweeps
damps the rough errors to a third instead of a half.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .apart import apart
from .stencil import Field, Stencil, is_periodic, is_uniform
from .transfer import Coarsening, coarsen_operator, plan, prolong, repeat_pairs, sum_pairs

SWEEPS = 2
COARSEST_CELLS = 64


class Level(eqx.Module):
    """One level: its operator, the step to the next level and the weights of the sweeps before it.

    - `inverse_diagonal`: zero in eliminated cells.
    - `share`: how far a cell follows its neighbours, its exchange with them over its diagonal. The error that sweeps leave has this shape and
      not the shape 1 (one Jacobi sweep on the constant): next to nothing where a cell's own loss is far above its exchange. Corrections and
      restricted residuals are weighted with it.
    """

    operator: Stencil
    inverse_diagonal: Field
    share: Field
    step: Coarsening | None = eqx.field(static=True)
    weights: tuple[float, ...] = eqx.field(static=True)


class Hierarchy(eqx.Module):
    """All levels from fine to coarse, the dense inverse of the coarsest operator, and whether corrections are interpolated linearly."""

    levels: tuple[Level, ...]
    coarsest_inverse: Float[Array, "n n"]
    linear: bool = eqx.field(static=True)


def build_hierarchy(operator: Stencil, spacing: tuple[float, float, float]) -> Hierarchy:
    """The levels of `operator` on a box of voxels of the given spacing (z, y, x), which decides what is coarsened first.

    Corrections are interpolated linearly where the medium is uniform. Where it is not they are constant on a coarse cell: across a jump of
    the conductance linear interpolation carries them to cells that do not follow.
    """
    operator = jax.lax.stop_gradient(operator)
    linear = operator.back is None and all(is_uniform(f) for f in operator.faces)
    levels = []
    for step in (*plan(operator.loss.shape, spacing, coarsest=COARSEST_CELLS), None):
        inverse = _inverse(operator.diagonal())
        share = jnp.where(inverse > 0, jnp.minimum(1 - operator.loss * inverse, 1), 0)
        levels.append(Level(operator, inverse, share, step, () if step is None else _weights(step)))
        if step is not None:
            operator = coarsen_operator(Stencil(operator.faces, operator.loss * share, operator.back), step)
    return Hierarchy(tuple(levels), _dense_inverse(operator), linear)


def v_cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""]) -> Field:
    """An approximation of A^-1 b by one V(2,2)-cycle.

    `once` is a traced integer of value 1, see `apart`.
    """
    return _cycle(hierarchy, b, once, 0)


def _cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""], depth: int) -> Field:
    level = hierarchy.levels[depth]
    if level.step is None:
        return (hierarchy.coarsest_inverse @ b.ravel()).reshape(b.shape)
    u = _smooth(level, level.weights[0] * level.inverse_diagonal * b, b, level.weights[1:], once)
    r = apart(once, lambda: level.share * (b - level.operator.apply(u)), b)
    e = _cycle(hierarchy, sum_pairs(r, level.step.axes), once, depth + 1)
    if hierarchy.linear:
        periodic = tuple(is_periodic(f, axis, b.shape[axis]) for axis, f in enumerate(level.operator.faces))
        e = prolong(e, level.step, b.shape, periodic)
    else:
        e = repeat_pairs(e, level.step, b.shape)
    return _smooth(level, u + level.share * e, b, level.weights[::-1], once)


def _smooth(level: Level, u: Field, b: Field, weights: tuple[float, ...], once: Int[Array, ""]) -> Field:
    for weight in weights:
        u = apart(once, lambda u=u, weight=weight: u + weight * level.inverse_diagonal * (b - level.operator.apply(u)), b)
    return u


def _weights(step: Coarsening) -> tuple[float, ...]:
    """Inverse roots of Chebyshev's polynomial over the eigenvalues of D^-1 A that the next level does not see.

    The smallest belongs to the shortest wave along the weakest axis that is halved, its share in the diagonal; the largest is 2.
    """
    strengths = [0.0 if len(c) == 1 else float(np.median(np.diff(c))) ** -2 for c in step.centres]
    low, high = min(strengths[axis] for axis in step.axes) / sum(strengths), 2.0
    roots = [(high + low) / 2 + (high - low) / 2 * math.cos(math.pi * (2 * k + 1) / (2 * SWEEPS)) for k in range(SWEEPS)]
    return tuple(1 / root for root in roots)


def _inverse(diagonal: Array) -> Array:
    return jnp.where(diagonal > 0, 1 / jnp.where(diagonal > 0, diagonal, 1), 0)


def _dense_inverse(operator: Stencil) -> Float[Array, "n n"]:
    """The inverse of the coarsest operator, zero in eliminated cells; a vanishing loss is bounded below by round-off."""
    shape, cells = operator.loss.shape, operator.loss.size
    columns = jax.vmap(lambda column: operator.apply(column.reshape(shape)).ravel())(jnp.eye(cells, dtype=operator.loss.dtype))
    diagonal = operator.diagonal().ravel()
    alive = diagonal > 0
    floor = 10 * jnp.finfo(columns.dtype).eps * jnp.max(diagonal)
    # columns holds A^T row by row: apply works on columns.
    inverse = jnp.linalg.inv(columns.T + jnp.diag(jnp.where(alive, floor, 1)))
    if operator.back is None:
        inverse = 0.5 * (inverse + inverse.T)
    return inverse * (alive[:, None] & alive[None, :]).astype(columns.dtype)
