"""The root of a balance by Picard steps to get near and Newton steps to finish, multigrid-preconditioned Krylov methods inside."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..linalg.apart import hidden_one
from ..transport.assemble import Transport, species_map
from .convergence import Settings, at_round_off, improves, inner_tolerance, settings_for, settled
from .equations import Balance, LocalJacobian, Measure, fill_fixed, measure, on_free, unknowns, with_correction
from .info import BalanceInfo, describe, production_exceeds_loss
from .linear import Correction, solve_general, solve_linear, species_weights, to_single
from .refinement import refine

LOOSE = 1e-2  # residual reduction asked of a linear solve while the rates still change
SHORTEST = 1 / 64  # of a Newton step, before the search along it gives up


class State(NamedTuple):
    """Where a search stands; per species where it says `s`."""

    x: Float[Array, "s z y x"]
    measure: Measure
    newton: Array
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    ended: Array
    breakdown: Array


def find_root(
    balance: Balance,
    x: Float[Array, "s z y x"] | None,
    rtol,
    max_steps,
    max_iterations,
    *,
    from_start: bool = False,
    negligible: Float[Array, " s"] | None = None,
) -> tuple[Float[Array, "s z y x"], BalanceInfo]:
    """Solve F(x) = 0 from the start `x` (None: zero; fixed voxels are not read); not differentiable, see `implicit`.

    The residual is brought below rtol times the sources. With `from_start` it is measured against the residual of the start
    (and a thousandth of the sources) instead: in a time step the sources hold the whole field, and what counts is its change. `negligible` is a
    concentration (nM per species) whose loss, at the lowest loss coefficient, need not be resolved; the start is then close to the root. Where the
    balance is `mixed`, linear systems are solved in float32 and each step corrects what the last one left.

    Species that are linear, alone and at rest are refined (`refine`). Elsewhere a Picard step holds the rates at the present field: what it solves has
    a positive solution. Newton steps follow and are kept where they lower the residual; otherwise the next step of that species is Picard's again. From
    zero, the first Picard field lies below the solution of saturable uptake, and Newton climbs to it without overshooting.
    """
    if balance.symmetric and not balance.model.saturable:
        return refine(balance, x, rtol, max_steps, max_iterations, from_start=from_start, negligible=negligible)
    transport = balance.model.transport()
    x = jnp.zeros(balance.model.shape, balance.model.dtype) if x is None else unknowns(transport, x)
    start = fresh_state(balance, transport, x, newton=from_start or negligible is not None or not balance.model.saturable)
    if negligible is not None:
        negligible = jnp.min(balance.rates(fill_fixed(transport, x)).loss, axis=(1, 2, 3)) * negligible
    settings = settings_for(start.measure.size, rtol, max_steps, max_iterations, from_start=from_start, negligible=negligible)
    if balance.model.saturable and not from_start and not balance.together:  # of coupled species the totals at high concentrations prove nothing
        start = start._replace(ended=production_exceeds_loss(balance, transport, fill_fixed(transport, x)))

    def unfinished(state: State):
        return jnp.any(~settled(state.measure, settings) & ~state.ended & ~state.breakdown) & (state.steps < settings.max_steps)

    end = jax.lax.while_loop(unfinished, lambda state: _step(balance, transport, settings, state), start)
    return end.x, describe(balance, transport, end.x, end.measure, settings, end)


def fresh_state(balance: Balance, transport: Transport, x: Array, *, newton: bool) -> State:
    """The state before the first step."""
    count = transport.count
    no, none = jnp.zeros(count, bool), jnp.zeros(count, jnp.int32)
    return State(x, measure(balance, transport, x), jnp.full(count, newton), none, jnp.zeros((), jnp.int32), no, no)


def _step(balance: Balance, transport: Transport, settings: Settings, state: State) -> State:
    bends = balance.model.saturable or balance.model.flowing  # the limited flux of a flow is no linear function either
    rests = settled(state.measure, settings)
    wanted = inner_tolerance(state.measure, settings, loose=LOOSE)
    wanted = jnp.where(rests, 2, jnp.maximum(wanted, 1e-5)) if balance.mixed else wanted
    found = linearised_solve(balance, transport, settings, state.x, state.measure.left, state.newton, wanted)
    moved, new = _search(balance, transport, state, found.field)
    better = improves(new, state.measure)
    keep = better | (~state.newton & jnp.isfinite(new.size) & jnp.asarray(bends))
    stuck = ~better
    if balance.together:  # one step for all: it is worth it where some species gains and none that is unsettled loses
        harmless = jnp.all(better | rests | (new.size <= 2 * state.measure.size))
        if settings.start is not None:  # in a time step, what follows another species starts without a residual, and gets one from that one's change
            harmless = harmless | (combined(new, state.measure) < combined(state.measure, state.measure))
        worth = jnp.any(better & ~rests) & harmless
        keep, stuck = jnp.broadcast_to(worth, keep.shape) | keep & ~state.newton, jnp.broadcast_to(~worth, keep.shape)
    x, chosen = choose(keep, (moved, new), (state.x, state.measure))
    finest = at_round_off(state.measure)
    if balance.together:  # a species that nothing is made of yet has no residual: the others will make some of it
        finest = jnp.broadcast_to(jnp.all(finest | rests), finest.shape)
    exhausted = stuck & (finest | jnp.asarray(not bends))
    newton = jnp.broadcast_to(jnp.all(keep), keep.shape) if balance.together else keep
    return State(x, chosen, newton, state.iterations + found.iterations, state.steps + 1, state.ended | exhausted, state.breakdown | found.breakdown)


def choose(keep: Array, new, old):
    """The new values of the species to keep, the old ones of the others."""
    return jax.tree.map(lambda a, b: jnp.where(keep.reshape(-1, *(1,) * (a.ndim - 1)), a, b), new, old)


def combined(one: Measure, base: Measure) -> Array:
    """The residual of all species together, each relative to its sources in `base`."""
    return jnp.sum(jnp.square(one.size * species_weights(base.sources)))


def _search(balance: Balance, transport: Transport, state: State, correction: Array) -> tuple[Array, Measure]:
    """The field after the whole correction or, where species are coupled or flow, after the largest half, quarter, ... that lowers the residual."""
    if balance.symmetric:
        moved = state.x + correction
        return moved, measure(balance, transport, moved)

    def too_long(trial):
        share, _, at = trial
        worse = ~(combined(at, state.measure) < combined(state.measure, state.measure))
        return (share > 1) | (worse & (share > SHORTEST) & jnp.all(state.newton))

    def halve(trial):
        share = 0.5 * trial[0]
        x = state.x + share * correction
        return share, x, measure(balance, transport, x)

    # From twice the whole, so that the loop holds the one measure there is: it is dear to compile.
    _, moved, new = jax.lax.while_loop(too_long, halve, (jnp.full((), 2, correction.dtype), state.x, state.measure))
    return moved, new


def linearised_solve(balance: Balance, transport: Transport, settings: Settings, x: Array, right: Array, newton: Array, wanted: Array) -> Correction:
    """The correction of a Newton step (Picard's where `newton` is False) from the field `x`."""
    field = fill_fixed(transport, x)
    diagonal = loss = balance.rates(field).loss
    jacobian = balance.local_jacobian(field) if balance.together and balance.model.local else None
    if balance.model.saturable:
        slope = balance.slope(field) if jacobian is None else jacobian.own
        diagonal = jnp.where(newton[:, None, None, None], slope, diagonal)
    limits = settings.max_iterations, settings.once
    if balance.symmetric:
        solve = in_single if balance.mixed else solve_linear
        return solve(transport, diagonal, right, wanted, *limits)
    apply = linearised(balance, transport, field, newton, jacobian, loss)
    weights = species_weights(jnp.sqrt(jnp.sum(jnp.square(right), axis=(1, 2, 3)))) if balance.together else None
    return solve_general(apply, transport, positive(diagonal), right, wanted, *limits, weights=weights, mixed=balance.mixed)


def solve_tangent(balance: Balance, x: Array, right: Array, *, reduction: float, max_iterations: int) -> Array:
    """J^-1 right at the field x, the residual reduced so far; for estimates, without a derivative of its own."""
    transport = balance.model.transport()
    limit, nothing = jnp.asarray(max_iterations, jnp.int32), jnp.zeros(transport.count, x.dtype)
    settings = Settings(jnp.asarray(reduction, x.dtype), None, nothing, nothing, limit, limit, hidden_one())
    newton, wanted = jnp.ones(transport.count, bool), jnp.full(transport.count, reduction, x.dtype)
    return linearised_solve(balance, transport, settings, x, right, newton, wanted).field


def positive(diagonal: Array) -> Array:
    """The diagonal of a preconditioner: production that grows with its own concentration (a negative slope) is left out."""
    return jnp.maximum(diagonal, 0)


def linearised(
    balance: Balance, transport: Transport, field: Array, newton: Array, jacobian: LocalJacobian | None = None, loss: Float[Array, "s z y x"] | None = None
):
    """V -> J v at the field: transport, the local Jacobian (Picard: the loss coefficient) and the correction of the advective flux.

    With `jacobian`, entry by entry: the linear program of many terms reads far more. `loss`: that of the rates at the field, where it is known.
    """
    if jacobian is None:
        exact = jax.linearize(lambda c: with_correction(transport, c, balance.net_loss(c)), field)[1]
    elif transport.flow is None:
        exact = jacobian.apply
    else:
        _, corrected = jax.linearize(lambda c: with_correction(transport, c, jnp.zeros_like(c)), field)

        def exact(v):
            return jacobian.apply(v) + corrected(v)

    loss, flag = balance.rates(field).loss if loss is None else loss, newton[:, None, None, None]

    def apply(v):
        def one(arguments):
            batched, u, extra = arguments
            channel = transport.channel(batched)
            return channel.stencil.apply(on_free(channel.free, u)) + on_free(channel.free, extra)

        return species_map(one, (transport.batched(), v, jnp.where(flag, exact(v), loss * v)))

    return apply


def in_single(transport: Transport, diagonal: Array, right: Array, wanted: Array, max_iterations: Array, once: Array) -> Correction:
    """`solve_linear` in float32, the right-hand side scaled to the middle of its range."""
    scale = jnp.max(jnp.abs(right), axis=(1, 2, 3), keepdims=True)
    scale = jnp.where(scale > 0, scale, 1)
    narrow = to_single((transport, diagonal, right / scale, wanted))
    found = solve_linear(narrow[0], narrow[1], narrow[2], narrow[3], max_iterations, once)
    return Correction(found.field.astype(right.dtype) * scale, found.iterations, found.breakdown)
