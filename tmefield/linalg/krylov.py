"""Preconditioned conjugate gradients with a residual that is recomputed, never taken on trust."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .apart import apart, hidden_one
from .reductions import inner, norm
from .stencil import Field


class KrylovResult(NamedTuple):
    """`x`, `iterations`, the recursive residual norm relative to b, and whether a direction had p.Ap <= 0."""

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
    start: Field | None = None,
    size: Float[Array, ""] | None = None,
) -> KrylovResult:
    """Solve A (x - start) = b, b being what the start (None: zero) leaves, until the recursive residual is below rtol ||b||.

    `size` is ||b|| where it is known.

    The beta of Polak and Ribiere (flexible conjugate gradients; Notay 2000, doi:10.1137/S1064827599362314) allows a
    preconditioner that is not exactly symmetric; its extra dot product needs no extra array, since the change of the
    residual is -alpha A p.
    """
    scale = norm(b) if size is None else size
    target = rtol * scale
    once = hidden_one()

    def unfinished(state):
        _, _, _, _, _, _, size, count, breakdown = state
        return (size > target) & (count < max_iterations) & ~breakdown

    def step(state):
        # The preconditioner stands at the head of the loop: compiled once, and not applied to the last residual.
        x, r, p, q, alpha, rz, _, count, _ = state
        z = precondition(r)
        beta = -alpha * inner(z, q) / jnp.where(rz == 0, 1, rz)
        rz = inner(r, z)
        p = z + beta * p
        q = apart(once, lambda: apply(p), b)
        curvature = inner(p, q)
        breakdown = ~(curvature > 0)
        alpha = jnp.where(breakdown, 0, rz / jnp.where(breakdown, 1, curvature))
        x, r = x + alpha * p, r - alpha * q
        return x, r, p, q, alpha, rz, norm(r), count + 1, breakdown

    x, zero = jnp.zeros_like(b) if start is None else start, jnp.zeros_like(scale)
    # The first step multiplies p and q by zero: b stands there, since zeros would have to be written first.
    end = jax.lax.while_loop(unfinished, step, (x, b, b, b, zero, zero, scale, jnp.zeros_like(max_iterations), jnp.zeros((), bool)))
    x, size, count, breakdown = end[0], end[6], end[7], end[8]
    return KrylovResult(x, count, size / jnp.where(scale > 0, scale, 1), breakdown)
