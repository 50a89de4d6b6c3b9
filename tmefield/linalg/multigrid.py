"""Geometric multigrid: the preconditioner of every solve.

One V-cycle with damped Jacobi sweeps. Each sweep and each residual is the body of a loop of its own: XLA on the CPU would
otherwise fuse neighbouring sweeps and compute every inner value many times over (a factor of ten).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .stencil import Field, Stencil, is_periodic
from .transfer import Coarsening, coarsen_operator, plan, prolong, sum_pairs

DAMPING = 0.8
SWEEPS = 2
COARSEST_CELLS = 64


class Level(eqx.Module):
    """One level: its operator, the inverse of its diagonal (zero in eliminated cells) and the step to the next level."""

    operator: Stencil
    inverse_diagonal: Field
    step: Coarsening | None = eqx.field(static=True)


class Hierarchy(eqx.Module):
    """All levels from fine to coarse, and the dense inverse of the coarsest operator."""

    levels: tuple[Level, ...]
    coarsest_inverse: Float[Array, "n n"]


def build_hierarchy(operator: Stencil, spacing: tuple[float, float, float]) -> Hierarchy:
    """The levels of `operator` on a box of voxels of the given spacing (z, y, x), which decides what is coarsened first."""
    operator = jax.lax.stop_gradient(operator)
    levels = []
    for step in (*plan(operator.loss.shape, spacing, coarsest=COARSEST_CELLS), None):
        levels.append(Level(operator, _inverse(operator.diagonal()), step))
        if step is not None:
            operator = coarsen_operator(operator, step)
    return Hierarchy(tuple(levels), _dense_inverse(operator))


def v_cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""]) -> Field:
    """An approximation of A^-1 b by one V(2,2)-cycle.

    `once` is a traced integer of value 1: the trip count of loops that must stay loops, which XLA cannot see.
    """
    return _cycle(hierarchy, b, once, 0)


def _cycle(hierarchy: Hierarchy, b: Field, once: Int[Array, ""], depth: int) -> Field:
    level = hierarchy.levels[depth]
    if level.step is None:
        return (hierarchy.coarsest_inverse @ b.ravel()).reshape(b.shape)
    u = _smooth(level, DAMPING * level.inverse_diagonal * b, b, SWEEPS - 1, once)
    r = jax.lax.fori_loop(0, once, lambda _, r: b - level.operator.apply(u), b)
    e = _cycle(hierarchy, sum_pairs(r, level.step.axes), once, depth + 1)
    periodic = tuple(is_periodic(f, axis, b.shape[axis]) for axis, f in enumerate(level.operator.faces))
    u = u + jnp.where(level.inverse_diagonal > 0, prolong(e, level.step, b.shape, periodic), 0)
    return _smooth(level, u, b, SWEEPS, once)


def _smooth(level: Level, u: Field, b: Field, sweeps: int, once: Int[Array, ""]) -> Field:
    def sweep(_, v):
        return v + DAMPING * level.inverse_diagonal * (b - level.operator.apply(v))

    return jax.lax.fori_loop(0, sweeps * once, sweep, u)


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
