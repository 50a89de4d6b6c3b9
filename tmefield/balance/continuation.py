"""Steady states where several may exist: the field is followed through pseudo-time from the given start.

Regulated production can have a low and a high steady state; which one a tissue is in depends on where it comes from. Implicit Euler steps in time, as long as
the balance lets them be, end on the branch that the transient from the same start would reach (pseudo-transient continuation; Kelley & Keyes 1998,
doi:10.1137/S0036142996304796), and turn into Newton's method as they grow.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..linalg.reductions import total
from ..transport.assemble import Transport
from .convergence import Settings, at_round_off, settings_for, settled
from .equations import Balance, Measure, fill_fixed, measure, unknowns
from .info import BalanceInfo, describe
from .lagged import march_lagged
from .linear import species_weights
from .newton import find_root, linearised_solve
from .stability import growth_rate, local_rates

LINEAR = 1e-3  # residual reduction asked of the linear solves
AIM, LIMIT = 0.25, 0.5  # of what a step leaves undone, relative to the residual that it started from: aimed at, and tolerated
FASTER, FASTER_TOGETHER = 1e3, 4.0  # by how much the next step may be longer
AWAY = 0.3  # relative distance from an unstable end at which it no longer matters
CAREFUL = 0.5  # length of a step, in e-folding times of what grows
ENDGAME = 1e-2  # relative residual below which steps may be of any length
ATTEMPTS = 3
LONGEST = 1e15  # s: a step of Newton's


class _March(NamedTuple):
    x: Float[Array, "s z y x"]
    measure: Measure
    dt: Float[Array, ""]
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    ended: Bool[Array, " s"]
    breakdown: Bool[Array, " s"]
    growth: Float[Array, ""]  # fastest growth found around an unstable end of an earlier attempt, 1/s
    watershed: Float[Array, "s z y x"]  # that end
    unstable: Bool[Array, ""]
    attempts: Int[Array, ""]

    @property
    def continued(self) -> Bool[Array, ""]:
        return jnp.ones((), bool)


def find_steady(balance: Balance, x: Float[Array, "s z y x"] | None, rtol, max_steps, max_iterations) -> tuple[Array, BalanceInfo]:
    """The steady state reached from the start `x` (None: zero; fixed voxels are not read): `find_root` where there is but one, else pseudo-time.

    Not differentiable, see `implicit`. An end that a small disturbance would leave (a watershed between two branches) is not accepted: the march is
    repeated with steps that resolve the growth away from it, and the status says `UNSTABLE` where that does not help.
    """
    if balance.model.unique:
        return find_root(balance, x, rtol, max_steps, max_iterations)
    transport = balance.model.transport()
    x = jnp.zeros(balance.model.shape, balance.model.dtype) if x is None else unknowns(transport, x)
    first = _start(balance, transport, x)
    settings = settings_for(first.measure.size, rtol, max_steps, max_iterations, from_start=False)

    def again(state: _March):
        return (state.attempts == 0) | (state.unstable & (state.attempts < ATTEMPTS))

    def attempt(state: _March):
        dt = jnp.minimum(first.dt, CAREFUL / state.growth)
        fresh = first._replace(dt=dt, iterations=state.iterations, growth=state.growth, watershed=state.watershed, attempts=state.attempts + 1)
        if balance.apart:  # away from a watershed only steps that resolve the growth will do
            fresh = jax.lax.cond(fresh.growth == 0, lambda s: _approach(balance, transport, settings, s), lambda s: s, fresh)
        end = jax.lax.while_loop(
            lambda s: jnp.any(~settled(s.measure, settings)) & ~jnp.all(s.ended) & ~jnp.any(s.breakdown) & (s.steps < settings.max_steps),
            lambda s: _step(balance, transport, settings, s),
            fresh,
        )
        rate = growth_rate(balance, transport, end.x)
        unstable = rate > 0
        growth, watershed = jnp.where(unstable, jnp.maximum(2 * end.growth, rate), end.growth), jnp.where(unstable, end.x, end.watershed)
        return end._replace(growth=growth, watershed=watershed, unstable=unstable)

    end = jax.lax.while_loop(again, attempt, first)
    return end.x, describe(balance, transport, end.x, end.measure, settings, end)


def _start(balance: Balance, transport: Transport, x: Array) -> _March:
    count, zero, no = transport.count, jnp.zeros((), x.dtype), jnp.zeros((), bool)
    if balance.apart:
        rate = balance.loss_slope(fill_fixed(transport, x))
    else:
        own, others = local_rates(balance, transport, x)
        rate = jnp.abs(own) + others
    fastest = jnp.max(rate / balance.model.stacked_storage)
    dt = 1 / jnp.where(fastest > 0, fastest, 1)
    state = _March(
        x,
        measure(balance, transport, x),
        dt,
        jnp.zeros(count, jnp.int32),
        jnp.zeros((), jnp.int32),
        jnp.zeros(count, bool),
        jnp.zeros(count, bool),
        zero,
        jnp.zeros_like(x),
        no,
        jnp.zeros((), jnp.int32),
    )
    return state


def _approach(balance: Balance, transport: Transport, settings: Settings, state: _March) -> _March:
    """The march with productions lagging, as far as it leads: near the end from where Newton's steps go on; back at the start where it does not get there."""
    came = march_lagged(balance, transport, settings, state.x, 10 * state.dt, state.iterations, state.steps)
    arrived = came.near | jnp.all(settled(came.measure, settings))
    there = state._replace(x=came.x, measure=came.measure, dt=jnp.full_like(state.dt, LONGEST))
    chosen = jax.tree.map(lambda a, b: jnp.where(arrived, a, b), there, state)
    return chosen._replace(iterations=came.iterations, steps=jnp.where(arrived, came.steps, 0))


def _step(balance: Balance, transport: Transport, settings: Settings, state: _March) -> _March:
    storage = balance.model.stacked_storage / state.dt
    stepping = Balance(balance.model, storage, storage * fill_fixed(transport, state.x), balance.moment)
    newton, wanted = jnp.ones(transport.count, bool), jnp.full(transport.count, LINEAR, state.x.dtype)
    found = linearised_solve(stepping, transport, settings, state.x, state.measure.left, newton, wanted)
    moved = state.x + found.field
    new = measure(balance, transport, moved)
    left = _size(new.left - storage * found.field, state.measure) / jnp.maximum(_size(state.measure.left, state.measure), jnp.finfo(moved.dtype).tiny)
    highest = jnp.max(jnp.abs(moved), axis=(1, 2, 3), keepdims=True)
    positive = jnp.all(moved >= -1e-3 * highest)
    accepted = (left <= LIMIT) & positive & jnp.isfinite(left)
    x, chosen = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), (moved, new), (state.x, state.measure))
    factor = jnp.where(jnp.isfinite(left), AIM / jnp.maximum(left, 1e-12), 0.1)
    # Growth between species shows only in how the march goes: there it may not outrun what it has seen.
    factor = jnp.where(accepted, jnp.clip(factor, 0.5, FASTER_TOGETHER if balance.together else FASTER), jnp.clip(factor, 0.1, 0.5))
    away = jnp.sum(total(jnp.square(x - state.watershed))) > AWAY**2 * jnp.sum(total(jnp.square(state.watershed)))
    free = jnp.all(chosen.merit < ENDGAME) & ((state.growth == 0) | away)
    cap = CAREFUL / jnp.maximum(_fastest_growth(balance, transport, x), state.growth)
    dt = jnp.minimum(state.dt * factor, jnp.where(free, jnp.inf, cap))
    ended = ~accepted & (at_round_off(state.measure) | (dt < jnp.finfo(dt.dtype).eps * state.dt))
    iterations, failed = state.iterations + found.iterations, found.breakdown & (state.dt * 0 == 0) & ~jnp.isfinite(left)
    return state._replace(
        x=x, measure=chosen, dt=jnp.minimum(dt, LONGEST), iterations=iterations, steps=state.steps + 1, ended=state.ended | ended, breakdown=failed
    )


def _size(field: Array, start: Measure) -> Array:
    """The norm over all species, each relative to its sources."""
    weights = species_weights(start.sources)
    return jnp.sqrt(jnp.sum(weights**2 * total(field * field)))


def _fastest_growth(balance: Balance, transport: Transport, x: Array) -> Float[Array, ""]:
    """The fastest local growth -(M c)_i / (phi c_i), M the local Jacobian of the loss: autocatalysis beyond loss, 1/s.

    Constant production does not enter, and production in proportion to another species cancels against it where both are at rest.
    """
    field = fill_fixed(transport, x)
    change = jax.jvp(balance.net_loss, (field,), (field,))[1]
    there = field > 1e-6 * jnp.max(field, axis=(1, 2, 3), keepdims=True)
    if transport.held is not None:
        there = there & ~transport.held
    return jnp.maximum(jnp.max(jnp.where(there, -change / (balance.model.stacked_storage * jnp.where(there, field, 1)), 0)), 0)
