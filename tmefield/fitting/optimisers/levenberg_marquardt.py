"""Levenberg and Marquardt's method for a sum of squares: few parameters, few steps."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import optimistix as optx
from jaxtyping import Array, Bool, Float

from ..problem import Problem
from .optimiser import AbstractOptimiser, Point, pack_leaves, unpack_leaves

STUCK = 1e-12
"""Least trust region: a step that short would not show in z."""

NEARLY = 0.1
"""Standard deviations that a step of length one in z may still take away where an end without a further step counts as a minimum; more of them, and the
model may not be solvable further on. A parameter that runs to its bound, or to where it no longer matters, takes nothing away."""

_TRUST = optx.ClassicalTrustRegion(high_cutoff=0.75)


class _State(eqx.Module):
    """`z` with its residuals and Jacobian; the vector to try next, how far steps are trusted, and whether any was taken, all is done, and a minimum met."""

    z: Float[Array, "*k n"]
    residual: Float[Array, "*k m"]
    jacobian: Float[Array, "*k m n"]
    trial: Float[Array, "*k n"]
    trust: Float[Array, "*k"]
    first: Bool[Array, "*k"]
    done: Bool[Array, "*k"]
    met: Bool[Array, "*k"]


class LevenbergMarquardt(AbstractOptimiser):
    """Steps (J^T J + I/trust) dz = -J^T r, `trust` by the classical trust region of optimistix.

    J comes from forward mode, one linear solve per parameter, only where a step was accepted, and is kept as a matrix: a refused step costs one solve of
    the model, and another fit of the same shapes no new compilation. For up to some thirty parameters.

    **Arguments**

    - `tolerance`: it ends where the minimum of the linearised problem is no more than this away, in standard deviations: where |J (J^T J)^-1 J^T r| is
      below it. What the data do not determine does not count, so that a fit does not run along it. It ends as well where a step changes z by less than a tenth
      of this (1 + z) and every residual by less than a tenth of this (1 + r): in single precision round-off may keep the gradient from falling further. It has
      not converged where it ends so and a step of length one would still take more than a tenth of a standard deviation away.
    """

    tolerance: float = eqx.field(static=True, default=1e-3)

    def init(self, problem: Problem, z: Float[Array, " n"]) -> Any:
        """See `AbstractOptimiser`."""
        residual = jnp.zeros(jax.eval_shape(lambda one: problem.residuals(one)[0], z).shape, z.dtype)
        flag = jnp.ones((), bool)
        return _State(z, residual, jnp.zeros((residual.size, z.size), z.dtype), z, jnp.ones((), z.dtype), flag, ~flag, ~flag)

    def step(self, problem: Problem, state: Any) -> Any:
        """See `AbstractOptimiser`."""
        found, push, _ = jax.linearize(problem.residuals, state.trial, has_aux=True)
        here = optx.FunctionInfo.ResidualJac(state.residual, lx.MatrixLinearOperator(state.jacobian))
        there = optx.FunctionInfo.ResidualJac(found, lx.MatrixLinearOperator(state.jacobian))
        searched = _TRUST.init(state.z, here)
        searched = eqx.tree_at(lambda one: one.step_size, searched, state.trust)
        trust, accept, _, _ = _TRUST.step(state.first, state.z, state.trial, here, there, searched)
        basis = jnp.eye(state.z.size, dtype=state.z.dtype)
        jacobian = jax.lax.cond(accept, lambda: jax.vmap(push, out_axes=1)(basis), lambda: state.jacobian)
        z, residual = jnp.where(accept, state.trial, state.z), jnp.where(accept, found, state.residual)
        still = _close(state.trial, state.z, self.tolerance / 10) & _close(found, state.residual, self.tolerance / 10)
        near = _distance(jacobian, residual) < self.tolerance
        left = jnp.linalg.norm(jacobian @ _damped(jacobian, residual, jnp.ones_like(trust)))
        done = near | (accept & ~state.first & still) | (trust < STUCK)
        met = near | (done & (left < NEARLY))
        return _State(z, residual, jacobian, z - _damped(jacobian, residual, trust), trust, jnp.zeros_like(state.first), done, met)

    def point(self, state: Any) -> Point:
        """See `AbstractOptimiser`."""
        gradient = jnp.einsum("...mn,...m->...n", state.jacobian, state.residual)
        return Point(state.z, 0.5 * jnp.sum(state.residual**2, axis=-1), gradient, state.done, state.met)

    def pack(self, state: Any) -> dict[str, Array]:
        """See `AbstractOptimiser`."""
        return pack_leaves(state)

    def unpack(self, problem: Problem, packed: dict[str, Array]) -> Any:
        """See `AbstractOptimiser`."""
        return unpack_leaves(self, problem, packed)


def _close(a: Array, b: Array, tolerance: float) -> Array:
    return jnp.all(jnp.abs(a - b) <= tolerance * (1 + jnp.abs(b)))


def _distance(jacobian: Array, residual: Array) -> Array:
    """Length of the part of r that some change of z could take away: the distance from the minimum, in standard deviations."""
    left, size, _ = jnp.linalg.svd(jacobian, full_matrices=False)
    seen = size > jnp.sqrt(jnp.finfo(size.dtype).eps) * jnp.max(size)
    return jnp.sqrt(jnp.sum(jnp.where(seen, left.T @ residual, 0) ** 2))


def _damped(jacobian: Array, residual: Array, trust: Array) -> Array:
    """The solution of [J; I/sqrt(trust)] dz = [r; 0] in the sense of least squares."""
    n = jacobian.shape[1]
    damping = jnp.eye(n, dtype=jacobian.dtype) / jnp.sqrt(jnp.maximum(trust, STUCK))
    target = jnp.concatenate([residual, jnp.zeros(n, residual.dtype)])
    return lx.linear_solve(lx.MatrixLinearOperator(jnp.concatenate([jacobian, damping])), target, lx.QR(), throw=False).value
