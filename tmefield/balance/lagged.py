"""Steps in pseudo-time with what is made held: each species is then a problem of its own, with a symmetric matrix.

    (phi/dt + T + S) d = -F(c),   S = d(L c)/dc where c rises, L where it falls

Regulation enters through the productions alone, which lag a step behind. Where it is a matter of more makes more (or of two that hold each other down), such a
step keeps the order of fields whatever its length: a field that rises towards a steady state, or falls towards one, does not pass it, so that no step crosses
a watershed (Smith 1995, Monotone dynamical systems, doi:10.1090/surv/041; for uptake that is concave in c). Elsewhere the length of a step is held to what
changes the productions by half of themselves, or at most doubles them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..linalg.reductions import total
from ..terms.term import Rates
from ..transport.assemble import Transport
from .convergence import Settings, settled
from .equations import Balance, Measure, fill_fixed, measure
from .linear import solve_linear
from .newton import in_single

AIM, LIMIT = 0.5, 1.0  # change of the productions in a step, relative to themselves: aimed at, and tolerated
FASTER = 1e3  # by how much the next step may be longer
LOOSE, FIRM = 0.1, 1e-2  # residual reduction asked of the linear solves, on the way and at its end
ENDGAME = 1e-2  # relative residual below which the field is near its end
WORTH = 0.8  # a step near the end that leaves more of the residual is worth less than one of Newton's


class Lagging(NamedTuple):
    """Where the march stands."""

    x: Float[Array, "s z y x"]
    rates: Rates
    measure: Measure
    dt: Float[Array, ""]
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    near: Bool[Array, ""]
    slow: Bool[Array, ""]


def march_lagged(balance: Balance, transport: Transport, settings: Settings, x: Array, dt: Array, iterations: Array, steps: Array) -> Lagging:
    """Steps from `x`, the first of length `dt` (s), until all species have settled, until near the end steps help too little, or as many as allowed."""
    rates = balance.rates(fill_fixed(transport, x))
    no = jnp.zeros((), bool)
    first = Lagging(x, rates, measure(balance, transport, x, rates), dt, iterations, steps, no, no)

    def going(state: Lagging):
        return jnp.any(~settled(state.measure, settings)) & ~state.slow & (state.steps < settings.max_steps)

    return jax.lax.while_loop(going, lambda state: _step(balance, transport, settings, state), first)


def _step(balance: Balance, transport: Transport, settings: Settings, state: Lagging) -> Lagging:
    # The tangent of a concave uptake leads no higher than the uptake itself, from below; from above it would lead too low, and the loss coefficient does not.
    # Near the end order is not at stake, and the tangent converges faster.
    tangent = state.near | (state.measure.left > 0)
    slope = jnp.where(tangent, balance.loss_slope(fill_fixed(transport, state.x)), state.rates.loss) + balance.model.stacked_storage / state.dt
    solve = in_single if balance.mixed else solve_linear
    wanted = jnp.full(transport.count, LOOSE, state.x.dtype)
    wanted = jnp.where(state.near, FIRM, wanted)
    found = solve(transport, slope, state.measure.left, wanted, settings.max_iterations, settings.once)
    moved = state.x + found.field
    rates = balance.rates(fill_fixed(transport, moved))
    new = measure(balance, transport, moved, rates)
    change = jnp.max(_relative(rates.production - state.rates.production, state.rates.production))
    highest = jnp.max(jnp.abs(moved), axis=(1, 2, 3), keepdims=True)
    accepted = (change <= LIMIT) & jnp.all(moved >= -1e-3 * highest) & jnp.all(jnp.isfinite(new.size))
    factor = AIM / jnp.maximum(jnp.where(jnp.isfinite(change), change, 1e3), AIM / FASTER)
    dt = jnp.minimum(state.dt * jnp.where(accepted, jnp.maximum(factor, 0.5), jnp.clip(factor, 0.1, 0.5)), 1e15)
    near = jnp.where(accepted, jnp.all(new.merit < ENDGAME), state.near)
    worth = jnp.any((new.merit < WORTH * state.measure.merit) & ~settled(state.measure, settings))
    slow = state.near & ~(accepted & worth)
    x, rates, chosen = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), (moved, rates, new), (state.x, state.rates, state.measure))
    return Lagging(x, rates, chosen, dt, state.iterations + found.iterations, state.steps + 1, near, slow)


def _relative(change: Array, before: Array) -> Float[Array, " s"]:
    """The change over what it started from; from nothing, no change can be called too much."""
    size, old = (jnp.sqrt(total(one * one)) for one in (change, before))
    return jnp.where(old > 0, size / jnp.where(old > 0, old, 1), 0)
