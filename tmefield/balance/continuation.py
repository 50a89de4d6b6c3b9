"""Steady states where several may exist: the field is followed through pseudo-time from the given start.

Regulated production can have a low and a high steady state; which one a tissue is in depends on where it comes from. Implicit Euler steps in time, as long as
the balance lets them be, end on the branch that the transient from the same start would reach (pseudo-transient continuation; Kelley & Keyes 1998,
doi:10.1137/S0036142996304796), and turn into Newton's method as they grow.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..linalg.apart import hidden_one
from ..linalg.reductions import total
from ..transport.assemble import Transport
from .convergence import Settings, at_round_off, settled
from .equations import Balance, Measure, fill_fixed, measure
from .info import BalanceInfo, describe
from .linear import species_weights
from .newton import find_root, linearised_solve, settings_for, solve_tangent

LINEAR = 1e-3  # residual reduction asked of the linear solves
AIM, LIMIT = 0.25, 0.5  # of what a step leaves undone, relative to the residual that it started from: aimed at, and tolerated
FASTER, FASTER_TOGETHER = 1e3, 4.0  # by how much the next step may be longer
AWAY = 0.3  # relative distance from an unstable end at which it no longer matters
CAREFUL = 0.5  # length of a step, in e-folding times of what grows
ENDGAME = 1e-2  # relative residual below which steps may be of any length
ATTEMPTS = 3
STAGES, FINER = 4, 30.0  # of the search for a growing mode


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


def find_steady(balance: Balance, x: Float[Array, "s z y x"], rtol, max_steps, max_iterations) -> tuple[Array, BalanceInfo]:
    """The steady state reached from the start `x`: `find_root` where there is but one, pseudo-time where there may be several.

    Not differentiable, see `implicit`. An end that a small disturbance would leave (a watershed between two branches) is not accepted: the march is
    repeated with steps that resolve the growth away from it, and the status says `UNSTABLE` where that does not help.
    """
    if balance.model.unique:
        return find_root(balance, x, rtol, max_steps, max_iterations)
    transport = balance.model.transport()
    first = _start(balance, transport, x)
    settings = settings_for(first.measure, rtol, max_steps, max_iterations, from_start=False)

    def again(state: _March):
        return (state.attempts == 0) | (state.unstable & (state.attempts < ATTEMPTS))

    def attempt(state: _March):
        dt = jnp.minimum(first.dt, CAREFUL / state.growth)
        fresh = first._replace(dt=dt, iterations=state.iterations, growth=state.growth, watershed=state.watershed, attempts=state.attempts + 1)
        end = jax.lax.while_loop(
            lambda s: jnp.any(~settled(s.measure, settings)) & ~jnp.all(s.ended) & ~jnp.any(s.breakdown) & (s.steps < settings.max_steps),
            lambda s: _step(balance, transport, settings, s),
            fresh,
        )
        rate = _growth_rate(balance, transport, end.x)
        unstable = rate > 0
        growth, watershed = jnp.where(unstable, jnp.maximum(2 * end.growth, rate), end.growth), jnp.where(unstable, end.x, end.watershed)
        return end._replace(growth=growth, watershed=watershed, unstable=unstable)

    end = jax.lax.while_loop(again, attempt, first)
    return end.x, describe(balance, transport, end.x, end.measure, settings, end)


def _start(balance: Balance, transport: Transport, x: Array) -> _March:
    count, zero, no = transport.count, jnp.zeros((), x.dtype), jnp.zeros((), bool)
    own, others = _local_rates(balance, transport, x)
    fastest = jnp.max((jnp.abs(own) + others) / balance.model.stacked_storage)
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


def _step(balance: Balance, transport: Transport, settings: Settings, state: _March) -> _March:
    storage = balance.model.stacked_storage / state.dt
    stepping = Balance(balance.model, storage, storage * fill_fixed(transport, state.x), balance.moment)
    newton, wanted = jnp.ones(transport.count, bool), jnp.full(transport.count, LINEAR, state.x.dtype)
    found = linearised_solve(stepping, transport, settings, state.x, -state.measure.field, newton, wanted)
    moved = state.x + found.field
    new = measure(balance, transport, moved)
    left = _size(new.field + storage * found.field, state.measure) / jnp.maximum(_size(state.measure.field, state.measure), jnp.finfo(moved.dtype).tiny)
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
        x=x, measure=chosen, dt=jnp.minimum(dt, 1e15), iterations=iterations, steps=state.steps + 1, ended=state.ended | ended, breakdown=failed
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


def _growth_rate(balance: Balance, transport: Transport, x: Array) -> Float[Array, ""]:
    """How fast the fastest disturbance of a steady field grows, 1/s; zero where all die away.

    Inverse iteration on J + shift phi finds the mode whose decay is nearest to -shift. No mode grows faster than the bound of Gershgorin; from there the shift
    goes down by `FINER` at a time, since a growth far below the shift is not told from a slow decay. Among species that act on each other modes
    near zero are looked at as well.
    """
    bound = 1.1 * _growth_bound(balance, transport, x)
    shifts = [bound / FINER**stage for stage in range(STAGES)] + ([jnp.zeros((), x.dtype)] if balance.together else [])
    start = _start_vector(transport, x)

    def stage(vector, shift):
        return _slowest_decay(balance, x, shift, vector)

    _, decays = jax.lax.scan(stage, start, jnp.stack(shifts))
    return jnp.maximum(-jnp.min(decays), 0)


def _growth_bound(balance: Balance, transport: Transport, x: Array) -> Float[Array, ""]:
    """Gershgorin's bound of the growth that the local Jacobian allows, 1/s."""
    own, others = _local_rates(balance, transport, x)
    return jnp.maximum(jnp.max((others - own) / balance.model.stacked_storage), 0)


def _local_rates(balance: Balance, transport: Transport, x: Array) -> tuple[Array, Array]:
    """The diagonal of the local Jacobian, and the sum of the sizes of the other entries of each row, 1/s."""
    field = fill_fixed(transport, x)
    own = balance.slope(field)
    others = jnp.zeros_like(own)
    if balance.together:
        _, push = jax.linearize(balance.net_loss, field)
        others = sum((jnp.abs(push(jnp.zeros_like(field).at[j].set(1))).at[j].set(0) for j in range(field.shape[0])), others)
    return own, others


def _start_vector(transport: Transport, x: Array) -> Float[Array, "s z y x"]:
    """A start without symmetry: nothing may be orthogonal to it."""
    level, noise = (jax.random.normal(jax.random.key(seed), shape, x.dtype) for seed, shape in ((0, (x.shape[0], 1, 1, 1)), (1, x.shape)))
    return level + 0.3 * noise if transport.held is None else jnp.where(transport.held, 0, level + 0.3 * noise)


def _slowest_decay(balance: Balance, x: Array, shift: Array, start: Array, iterations: int = 6) -> tuple[Float[Array, "s z y x"], Float[Array, ""]]:
    """The mode nearest to -shift and its decay rate (negative: growth), 1/s, by its Rayleigh quotient; what cannot be told from zero counts as zero."""
    stored = balance.model.stacked_storage
    shifted = eqx.tree_at(lambda b: (b.storage, b.drive), balance, (shift * stored, jnp.zeros_like(x)), is_leaf=lambda leaf: leaf is None)

    def iterate(_, state):
        v = state[0] / jnp.sqrt(jnp.sum(total(state[0] * state[0])))
        w = solve_tangent(shifted, x, stored * v, reduction=LINEAR, max_iterations=200)
        return w, jnp.sum(total(v * stored * v)) / jnp.sum(total(v * stored * w)) - shift

    mode, decay = jax.lax.fori_loop(0, iterations * hidden_one(), iterate, (start, jnp.zeros((), x.dtype)))
    return mode, jnp.where(jnp.abs(decay) > 1e-3 * shift, decay, 0)
