"""Preconditioned conjugate gradients with a residual that is recomputed, never taken on trust."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .reductions import inner, norm
from .stencil import Field


class KrylovResult(NamedTuple):
    """Solution `x`, `iterations`, the recursive residual norm relative to b, and whether a direction had p.Ap <= 0."""

    x: Field
    iterations: Int[Array, ""]
    residual: Float[Array, ""]
    breakdown: Bool[Array, ""]


def conjugate_gradient(
    apply: Callable[[Field], Field],
    precondition: Callable[[Field], Field],
    b: Field,
    *,
    rtol: Float[Array, ""],
    max_iterations: Int[Array, ""],
) -> KrylovResult:
    """Solve A x = b from x = 0 until the recursive residual is below rtol ||b||.

    The beta of Polak and Ribiere (flexible conjugate gradients; Notay 2000, doi:10.1137/S1064827599362314) allows a
    preconditioner that is not exactly symmetric; its extra dot product needs no extra array, since the change of the
    residual is -alpha A p.
    """
    scale = norm(b)
    target = rtol * scale

    def unfinished(state):
        _, _, _, _, size, count, breakdown = state
        return (size > target) & (count < max_iterations) & ~breakdown

    def step(state):
        x, r, p, rz, _, count, _ = state
        q = apply(p)
        curvature = inner(p, q)
        breakdown = ~(curvature > 0)
        alpha = jnp.where(breakdown, 0, rz / jnp.where(breakdown, 1, curvature))
        x, r = x + alpha * p, r - alpha * q
        z = precondition(r)
        rz_new = inner(r, z)
        beta = -alpha * inner(z, q) / jnp.where(rz == 0, 1, rz)
        return x, r, z + beta * p, rz_new, norm(r), count + 1, breakdown

    z = precondition(b)
    start = (jnp.zeros_like(b), b, z, inner(b, z), scale, jnp.zeros_like(max_iterations), jnp.zeros((), bool))
    x, _, _, _, size, count, breakdown = jax.lax.while_loop(unfinished, step, start)
    return KrylovResult(x, count, size / jnp.where(scale > 0, scale, 1), breakdown)
