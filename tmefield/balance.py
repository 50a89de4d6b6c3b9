"""The discrete balance of all species and its solution: Picard to get near, Newton to finish, multigrid CG inside.

    F(x) = (T + L(c)) x - P(c) - b = 0 in the free voxels,

T the transport operator, b what walls and fixed voxels feed in, c the field with the fixed voxels filled in. Each species has
its own tolerance, its own step and its own status.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .linalg.krylov import conjugate_gradient
from .linalg.multigrid import build_hierarchy, v_cycle
from .linalg.reductions import norm, total
from .linalg.stencil import Stencil
from .model import Model
from .status import Status
from .terms.term import Moment, Rates
from .transport.assemble import Transport, species_map

LOOSE = 1e-2  # residual reduction asked of a linear solve while the rates still change


class Balance(eqx.Module):
    """A model at a moment, and for an implicit time step what storage adds: loss `storage` (1/s) and production `drive` (nM/s)."""

    model: Model
    storage: Float[Array, "..."] | None = None
    drive: Float[Array, "s z y x"] | None = None
    moment: Moment | None = None

    def rates(self, concentration: Float[Array, "s z y x"]) -> Rates:
        """Production and loss of the terms and of storage."""
        production, loss = self.model.rates(concentration, self.moment)
        if self.storage is None or self.drive is None:
            return Rates(production, loss)
        return Rates(production + self.drive, loss + self.storage)

    def net_loss(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """L c - P."""
        production, loss = self.rates(concentration)
        return loss * concentration - production

    def slope(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """d(L c - P)/dc, voxel by voxel: rates of a species depend on its own local concentration alone."""
        if not self.model.saturable:
            return self.rates(concentration).loss
        return jax.jvp(self.net_loss, (concentration,), (jnp.ones_like(concentration),))[1]


class BalanceInfo(NamedTuple):
    """How the solution came about, one value per species (`steps` for all together).

    - `status`: see `Status`.
    - `iterations`: conjugate-gradient iterations over all steps.
    - `steps`: Picard and Newton steps.
    - `residual`: ||F|| / ||sources||, recomputed from the field, never the recursive one.
    - `backward_error`: ||F|| / (||A|| ||c|| + ||sources||), the measure of what round-off allows.
    - `lowest_loss`: smallest loss coefficient of any free voxel over phi, 1/s; no field relaxes slower than its inverse.
    """

    status: Int[Array, " s"]
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    residual: Float[Array, " s"]
    backward_error: Float[Array, " s"]
    lowest_loss: Float[Array, " s"]


class _Measure(NamedTuple):
    """The residual field and, per species: its norm and sum, the norm of the sources, and ||A|| ||x||.

    `supply` is what the terms make plus what comes in net through walls and fixed voxels; `exchange` counts the latter gross.
    """

    field: Float[Array, "s z y x"]
    size: Float[Array, " s"]
    drift: Float[Array, " s"]
    sources: Float[Array, " s"]
    supply: Float[Array, " s"]
    exchange: Float[Array, " s"]
    throughput: Float[Array, " s"]

    @property
    def merit(self) -> Float[Array, " s"]:
        """Relative residual in the mean square plus relative defect of the mass budget."""
        return _ratio(self.size, self.sources) + _ratio(self.drift, self.supply)

    @property
    def backward_error(self) -> Float[Array, " s"]:
        """||F|| / (||A|| ||x|| + ||sources||)."""
        return _ratio(self.size, self.throughput + self.sources)


def _ratio(part: Array, whole: Array) -> Array:
    return part / jnp.where(whole > 0, whole, 1)


def fill_fixed(transport: Transport, x: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """The field with the fixed voxels at their values."""
    return x if transport.held is None or transport.value is None else jnp.where(transport.held, transport.value, x)


def residual(balance: Balance, x: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """F(x), nM/s, zero in fixed voxels."""
    return _measure(balance, balance.model.transport(), x).field


def _measure(balance: Balance, transport: Transport, x: Float[Array, "s z y x"]) -> _Measure:
    production, loss = balance.rates(fill_fixed(transport, x))

    def one(arguments):
        batched, u, made, lost = arguments
        channel = transport.channel(batched)
        own = _on_free(channel.free, made)
        source = channel.production + own
        operator = Stencil(channel.stencil.faces, channel.stencil.loss + _on_free(channel.free, lost))
        f = operator.apply(u) - source
        inflow, outflow = total(channel.production), total(channel.stencil.loss * u)
        supply, exchange = total(jnp.abs(own)) + jnp.abs(inflow - outflow), inflow + jnp.abs(outflow)
        return f, norm(f), jnp.abs(total(f)), norm(source), supply, exchange, operator.row_norm() * norm(u)

    return _Measure(*species_map(one, (transport.batched(), x, production, loss)))


def _on_free(free: Array | None, field: Array) -> Array:
    return field if free is None else jnp.where(free, field, 0)


class _Settings(NamedTuple):
    rtol: Float[Array, ""]
    start: Float[Array, " s"] | None
    max_steps: Int[Array, ""]
    max_iterations: Int[Array, ""]
    once: Int[Array, ""]


class _State(NamedTuple):
    x: Float[Array, "s z y x"]
    measure: _Measure
    newton: Array
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    ended: Array
    breakdown: Array


def find_root(
    balance: Balance, x: Float[Array, "s z y x"], rtol, max_steps, max_iterations, *, from_start: bool = False
) -> tuple[Float[Array, "s z y x"], BalanceInfo]:
    """Solve F(x) = 0 from the start `x`; not differentiable, see `implicit`.

    The residual is brought below rtol times the sources. With `from_start` it is measured against the residual of the start
    (and a thousandth of the sources) instead: in a time step the sources hold the whole field, and what counts is its change.

    A Picard step holds the rates at the present field: what it solves has a positive solution. Newton steps follow and are kept
    where they lower the residual; otherwise the next step of that species is Picard's again. From zero, the first Picard
    field lies below the solution of saturable uptake, and Newton climbs to it without overshooting.
    """
    dtype = x.dtype
    transport = balance.model.transport()
    count = transport.count
    first = _measure(balance, transport, x)
    steps, iterations = jnp.asarray(max_steps, jnp.int32), jnp.asarray(max_iterations, jnp.int32)
    settings = _Settings(jnp.asarray(rtol, dtype), first.size if from_start else None, steps, iterations, jnp.minimum(1, steps))
    start = _State(
        x,
        first,
        jnp.full(count, not balance.model.saturable),
        jnp.zeros(count, jnp.int32),
        jnp.zeros((), jnp.int32),
        jnp.zeros(count, bool),
        jnp.zeros(count, bool),
    )

    def unfinished(state: _State):
        return jnp.any(~_settled(state.measure, settings) & ~state.ended & ~state.breakdown) & (state.steps < settings.max_steps)

    end = jax.lax.while_loop(unfinished, lambda state: _step(balance, transport, settings, state), start)
    return end.x, _info(end, settings, _lowest_loss(balance, transport, end.x))


def _lowest_loss(balance: Balance, transport: Transport, x: Float[Array, "s z y x"]) -> Float[Array, " s"]:
    slope = balance.slope(fill_fixed(transport, x)) / jnp.broadcast_to(balance.model.volume_fraction, x.shape)
    return jnp.min(slope if transport.held is None else jnp.where(transport.held, jnp.inf, slope), axis=(1, 2, 3))


def _settled(measure: _Measure, settings: _Settings) -> Array:
    """Residual and budget defect below rtol, or below what round-off leaves of them.

    Round-off in the field makes a residual of eps ||A|| ||x||, random from voxel to voxel. In the sum over the voxels the fluxes cancel,
    round-off and all: it stays small when a residual is noise, and is large when the mean of the field is still wrong.
    """
    eps = jnp.finfo(measure.size.dtype).eps
    noise = 2 * eps * (measure.throughput + measure.sources)
    wanted = _tolerance(measure, settings)
    return (measure.size <= jnp.maximum(wanted * measure.sources, noise)) & _closes(measure, wanted, 16 * eps)


def _closes(measure: _Measure, wanted: Array, floor) -> Array:
    """Whether the budget closes to `wanted`, or to the round-off `floor` of what is made and exchanged."""
    return measure.drift <= jnp.maximum(jnp.maximum(wanted, floor) * measure.supply, floor * measure.exchange)


def _tolerance(measure: _Measure, settings: _Settings) -> Array:
    """The residual asked for, relative to the sources."""
    if settings.start is None:
        return jnp.broadcast_to(settings.rtol, measure.size.shape)
    return settings.rtol * jnp.minimum(1, _ratio(settings.start, measure.sources) + 1e-3)


def _step(balance: Balance, transport: Transport, settings: _Settings, state: _State) -> _State:
    field = fill_fixed(transport, state.x)
    diagonal = balance.rates(field).loss
    if balance.model.saturable:
        diagonal = jnp.where(state.newton[:, None, None, None], balance.slope(field), diagonal)
    tolerance = _inner_tolerance(state.measure, settings, loose=balance.model.saturable)
    correction, used, failed = solve_linear(transport, diagonal, -state.measure.field, tolerance, settings.max_iterations, settings.once)
    moved = state.x + correction
    measure = _measure(balance, transport, moved)
    better = _better(measure, state.measure)
    keep = better | (~state.newton & jnp.isfinite(measure.size) & jnp.asarray(balance.model.saturable))
    chosen = jax.tree.map(lambda new, old: jnp.where(keep.reshape(-1, *(1,) * (new.ndim - 1)), new, old), (moved, measure), (state.x, state.measure))
    exhausted = ~better & (_at_round_off(state.measure) | jnp.asarray(not balance.model.saturable))
    x, measure = chosen
    return _State(x, measure, keep, state.iterations + used, state.steps + 1, state.ended | exhausted, state.breakdown | failed)


def _better(new: _Measure, old: _Measure) -> Array:
    """Whether a step was worth it: a smaller residual, or a budget that closes better at no larger residual than noise makes it."""
    return (new.size < 0.9 * old.size) | ((new.drift < 0.5 * old.drift) & (new.size < 2 * old.size))


def _at_round_off(measure: _Measure) -> Array:
    return measure.backward_error <= 32 * jnp.finfo(measure.size.dtype).eps


def _inner_tolerance(measure: _Measure, settings: _Settings, *, loose: bool) -> Array:
    """What a linear solve has to reach: half of what is missing; nothing (2) where a species has settled."""
    missing = 0.5 * _tolerance(measure, settings) / jnp.where(measure.merit > 0, measure.merit, 1)
    wanted = jnp.clip(missing, LOOSE if loose else 0, 0.1)
    return jnp.where(_settled(measure, settings), 2, wanted)


def solve_linear(transport: Transport, diagonal, right, tolerance, max_iterations, once) -> tuple[Float[Array, "s z y x"], Int[Array, " s"], Array]:
    """(T + diagonal) x = right for each species by multigrid-preconditioned conjugate gradients.

    Returns the fields, the iterations used and whether the method broke down.
    """

    def one(arguments):
        batched, local, b, rtol = arguments
        channel = transport.channel(batched)
        operator = Stencil(channel.stencil.faces, channel.stencil.loss + _on_free(channel.free, local))
        hierarchy = build_hierarchy(operator, transport.grid.spacing)
        result = conjugate_gradient(operator.apply, lambda r: v_cycle(hierarchy, r, once), _on_free(channel.free, b), rtol=rtol, max_iterations=max_iterations)
        return result.x, result.iterations, result.breakdown

    return species_map(one, (transport.batched(), diagonal, right, tolerance))


def _info(state: _State, settings: _Settings, lowest_loss: Array) -> BalanceInfo:
    measure = state.measure
    # What ended at round-off has to close its budget too: a field that runs away has a small backward error.
    closes = _closes(measure, 10 * _tolerance(measure, settings), 64 * jnp.finfo(measure.size.dtype).eps)
    done = _settled(measure, settings) | (state.ended & _at_round_off(measure) & closes)
    status = jnp.where(state.ended, int(Status.STALLED), int(Status.ITERATION_LIMIT))
    status = jnp.where(state.breakdown, int(Status.BREAKDOWN), status)
    status = jnp.where(done, int(Status.CONVERGED), status)
    if settings.start is None:
        lowest, highest = jnp.min(state.x, axis=(1, 2, 3)), jnp.max(jnp.abs(state.x), axis=(1, 2, 3))
        negative = lowest < -jnp.maximum(10 * settings.rtol, 1e-5) * highest
        status = jnp.where(done & negative, int(Status.NEGATIVE), status)
    status = jnp.where(jnp.isfinite(measure.size), status, int(Status.NON_FINITE)).astype(jnp.int32)
    return BalanceInfo(status, state.iterations, state.steps, _ratio(measure.size, measure.sources), measure.backward_error, lowest_loss)


@eqx.filter_custom_jvp
def implicit(x: Float[Array, "s z y x"], balance: Balance, rtol) -> Float[Array, "s z y x"]:
    """The root `x` of F, given the derivative of the implicit function: dx = -J^-1 (dF/dparameters) dparameters.

    The value is `x` itself, so that nothing is paid where no derivative is asked for. Forward, reverse and higher modes follow
    from `jax.lax.custom_linear_solve` with the symmetric Jacobian J = T + d(L c - P)/dc.
    """
    return x


@implicit.def_jvp
def _implicit_jvp(primals, tangents):
    x, balance, rtol = primals
    _, balance_dot, _ = tangents
    x = implicit(x, balance, rtol)
    _, change = eqx.filter_jvp(lambda b: residual(b, x), (balance,), (balance_dot,))
    return x, -solve_jacobian(balance, x, change, rtol)


def solve_jacobian(balance: Balance, x: Float[Array, "s z y x"], right: Float[Array, "s z y x"], rtol) -> Float[Array, "s z y x"]:
    """J^-1 right at the field x, differentiable in everything; NaN for a species whose solve did not converge, never a wrong number."""
    transport = balance.model.transport()
    slope = balance.slope(fill_fixed(transport, x))

    def apply(v):
        def one(arguments):
            batched, local, u = arguments
            channel = transport.channel(batched)
            return channel.stencil.apply(u) + (u * local if channel.free is None else jnp.where(channel.free, u * local, u))

        return species_map(one, (transport.batched(), slope, v))

    frozen_transport, frozen_slope = jax.lax.stop_gradient((transport, slope))
    tolerance = jnp.full(transport.count, rtol, x.dtype)
    limit = jnp.asarray(500, jnp.int32)
    # A trip count of 1 that XLA cannot see: loops that must stay loops.
    once = jnp.minimum(1, jnp.isfinite(tolerance[0]).astype(jnp.int32))

    def solve(_, b):
        solution, used, failed = solve_linear(frozen_transport, frozen_slope, b, tolerance, limit, once)
        solution = jnp.where((failed | (used >= limit))[:, None, None, None], jnp.nan, solution)
        return solution if frozen_transport.held is None else jnp.where(frozen_transport.held, b, solution)

    return jax.lax.custom_linear_solve(apply, right, solve, symmetric=True)
