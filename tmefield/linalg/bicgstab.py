"""Stabilised bi-conjugate gradients for operators that are not symmetric."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Fields = Float[Array, "s z y x"]


class BicgstabResult(NamedTuple):
    """Solution `x`, applications of the preconditioner, and whether the recursion broke down, per group."""

    x: Fields
    iterations: Int[Array, " g"]
    breakdown: Bool[Array, " g"]


def bicgstab(
    apply: Callable[[Fields], Fields],
    precondition: Callable[[Fields], Fields],
    b: Fields,
    *,
    inner: Callable[[Fields, Fields], Float[Array, " g"]],
    rtol: Float[Array, " g"],
    max_iterations: Int[Array, ""],
) -> BicgstabResult:
    """Solve A x = b from x = 0 until the recursive residual is below rtol ||b|| (van der Vorst 1992, doi:10.1137/0913035).

    `inner` gives one scalar per group of species: as many groups as species where they do not depend on each other (each then has its own
    recursion and rests when it is done), one group where they do. Preconditioned from the right, so that the residual is the true one. A recursion
    whose coefficients vanish starts again from its residual. Two half steps, of one application of A and of the preconditioner each, make one
    step; they stand in the loop once, which halves what has to be compiled.
    """

    def spread(scalar):
        return scalar[:, None, None, None]

    def nonzero(scalar):
        return jnp.where(scalar == 0, 1, scalar)

    scale = jnp.sqrt(inner(b, b))
    target = rtol * scale

    def active(state):
        return (state["size"] > target) & ~state["failed"]

    def unfinished(state):
        return jnp.any(active(state)) & (state["count"] < max_iterations)

    def first_half(state, z, w):
        """X along the preconditioned direction."""
        cross = inner(state["shadow"], w)
        alpha = jnp.where(active(state) & (cross != 0), state["rho"] / nonzero(cross), 0)
        r = state["r"] - spread(alpha) * w
        return {**state, "x": state["x"] + spread(alpha) * z, "r": r, "v": w, "alpha": alpha}

    def second_half(state, z, w):
        """X along the preconditioned residual, then the next direction."""
        square = inner(w, w)
        omega = jnp.where(active(state) & (square > 0), inner(w, state["r"]) / nonzero(square), 0)
        r = state["r"] - spread(omega) * w
        rho = inner(state["shadow"], r)
        size = jnp.sqrt(inner(r, r))
        small = jnp.abs(rho) < 1e-4 * jnp.sqrt(inner(state["shadow"], state["shadow"])) * size
        restart = small | (omega == 0)
        beta = jnp.where(restart, 0, rho / nonzero(state["rho"]) * state["alpha"] / nonzero(omega))
        shadow = jnp.where(spread(restart), r, state["shadow"])
        p = r + spread(beta) * (state["p"] - spread(omega) * state["v"])
        return {**state, "x": state["x"] + spread(omega) * z, "r": r, "p": p, "shadow": shadow, "rho": jnp.where(restart, size * size, rho)}

    def step(state):
        q = jnp.where(state["first"], state["p"], state["r"])
        z = precondition(q)
        w = apply(z)
        working = active(state)
        new = jax.lax.cond(state["first"], first_half, second_half, state, z, w)
        size = jnp.sqrt(inner(new["r"], new["r"]))
        # A half step that goes nowhere, from a fresh start, never will.
        stuck = working & (new["alpha"] == 0)
        return {
            **new,
            "first": ~state["first"],
            "size": size,
            "count": state["count"] + 1,
            "used": state["used"] + working.astype(jnp.int32),
            "failed": state["failed"] | stuck | ~jnp.isfinite(size),
        }

    nothing, zero = jnp.zeros_like(b), jnp.zeros_like(scale)
    start = {"x": nothing, "r": b, "p": b, "v": nothing, "shadow": b, "rho": scale * scale, "alpha": zero, "size": scale}
    counts = {"first": jnp.ones((), bool), "count": jnp.zeros((), jnp.int32), "used": jnp.zeros(scale.shape, jnp.int32), "failed": jnp.zeros(scale.shape, bool)}
    end = jax.lax.while_loop(unfinished, step, {**start, **counts})
    return BicgstabResult(end["x"], end["used"], end["failed"])
