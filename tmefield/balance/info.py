"""How a solution came about, for people: status, residual, and where it is worst."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..linalg.reductions import total
from ..status import Status
from ..transport.assemble import Transport, species_map
from .convergence import Settings, at_round_off, closes, is_negligible, nothing_left, settled, tolerance
from .equations import Balance, Measure, fill_fixed, ratio


class BalanceInfo(NamedTuple):
    """How the solution came about, one value per species (`steps` and `continued` for all together).

    - `status`: see `Status`.
    - `iterations`: Krylov iterations over all steps (half steps where the operator is not symmetric).
    - `steps`: Picard, Newton and pseudo-time steps.
    - `continued`: whether the field was followed through pseudo-time from the start, as where several steady states may exist.
    - `residual`: ||F|| / ||sources||, recomputed from the field, never the recursive one.
    - `backward_error`: ||F|| / (|| |A| |c| || + ||sources||), the measure of what round-off allows.
    - `lowest_loss`: smallest loss coefficient of any free voxel over phi R, 1/s; no field relaxes slower than its inverse.
    - `definiteness`: mean loss (walls and held voxels included) over a bound of ||A||, twice the greatest exchange plus the mean |loss|;
      below the round-off of the number type nothing pins the mean level.
    - `worst_voxel`, `worst_residual`: the voxel (z, y, x) with the largest |F|, and F there, nM/s.
    """

    status: Int[Array, " s"]
    iterations: Int[Array, " s"]
    steps: Int[Array, ""]
    continued: Bool[Array, ""]
    residual: Float[Array, " s"]
    backward_error: Float[Array, " s"]
    lowest_loss: Float[Array, " s"]
    definiteness: Float[Array, " s"]
    worst_voxel: Int[Array, "s 3"]
    worst_residual: Float[Array, " s"]


def describe(balance: Balance, transport: Transport, x: Float[Array, "s z y x"], measure: Measure, settings: Settings, state) -> BalanceInfo:
    """The information on the end `state` of a search (its `ended`, `breakdown`, `iterations` and `steps`)."""
    field = fill_fixed(transport, x)
    status = _status(x, measure, settings, state.ended, state.breakdown)
    failed = status != int(Status.CONVERGED)
    if settings.start is None and not balance.together:  # one species may run away and another hold it: their totals prove nothing
        without = jax.lax.cond(jnp.any(failed), lambda: production_exceeds_loss(balance, transport, field), lambda: jnp.zeros_like(failed))
        status = jnp.where(failed & without, int(Status.NO_STEADY_STATE), status)
    if settings.start is None:
        undecided = (status == int(Status.CONVERGED)) | (status == int(Status.ITERATION_LIMIT))
        status = jnp.where(undecided & getattr(state, "unstable", False), int(Status.UNSTABLE), status)
    where, worst = _worst(measure.left)
    continued = jnp.asarray(getattr(state, "continued", False))
    quality = ratio(measure.size, measure.sources), measure.backward_error, *_losses(balance, transport, field)
    return BalanceInfo(status.astype(jnp.int32), state.iterations, state.steps, continued, *quality, where, worst)


def _status(x: Array, measure: Measure, settings: Settings, ended: Array, breakdown: Array) -> Array:
    # What ended at round-off has to close its budget too: a field that runs away has a small backward error.
    closed = closes(measure, 10 * tolerance(measure, settings), 64 * jnp.finfo(measure.size.dtype).eps)
    done = settled(measure, settings) | (ended & at_round_off(measure) & closed)
    status = jnp.where(ended, int(Status.STALLED), int(Status.ITERATION_LIMIT))
    status = jnp.where(breakdown, int(Status.BREAKDOWN), status)
    status = jnp.where(done, int(Status.CONVERGED), status)
    if settings.start is None:
        lowest, highest = jnp.min(x, axis=(1, 2, 3)), jnp.max(x, axis=(1, 2, 3))
        negative = lowest < -jnp.maximum(10 * settings.rtol, 1e-5) * jnp.maximum(highest, -lowest)
        zero = nothing_left(measure, settings) | is_negligible(measure, settings)  # it may stand on either side
        status = jnp.where(done & negative & ~zero, int(Status.NEGATIVE), status)
    return jnp.where(jnp.isfinite(measure.size), status, int(Status.NON_FINITE))


def production_exceeds_loss(balance: Balance, transport: Transport, field: Array) -> Array:
    """Whether more is made than can be lost however high the concentration: saturated uptake, closed walls, no decay."""
    high = jnp.full_like(field, 1e15)
    production, loss = balance.rates(high)

    def one(arguments):
        batched, made, lost = arguments
        channel = transport.channel(batched)
        free = jnp.ones_like(made) if channel.free is None else channel.free.astype(made.dtype)
        source = total(free * made) + total(channel.production)
        return source > (1 + 1e-6) * total((free * lost + channel.stencil.loss) * 1e15)

    return species_map(one, (transport.batched(), production, loss))


def _losses(balance: Balance, transport: Transport, field: Array) -> tuple[Float[Array, " s"], Float[Array, " s"]]:
    """The lowest loss coefficient over phi R, and the mean loss relative to the norm of the operator."""
    slope = balance.slope(field)
    relative = slope / balance.model.stacked_storage
    lowest = jnp.min(relative if transport.held is None else jnp.where(transport.held, jnp.inf, relative), axis=(1, 2, 3))

    def one(arguments):
        batched, local = arguments
        stencil = transport.channel(batched).stencil
        through_faces = total(stencil.loss)
        return (through_faces + total(local)) / (2 * local.size * stencil.greatest_exchange() + through_faces + total(jnp.abs(local)))

    return lowest, species_map(one, (transport.batched(), slope))


def _worst(left: Array) -> tuple[Int[Array, "s 3"], Float[Array, " s"]]:
    """The voxel of the largest |F|, and F there, where -F is left.

    By plane, row and voxel: one pass at full speed, where an argmax over the box takes fifteen times as long.
    """

    def one(f: Array) -> tuple[Array, Array]:
        rows = jnp.maximum(jnp.max(f, axis=2), -jnp.min(f, axis=2))  # an |f| would be written out
        z = jnp.argmax(jnp.max(rows, axis=1))
        y = jnp.argmax(rows[z])
        x = jnp.argmax(jnp.abs(f[z, y]))
        return jnp.stack([z, y, x]).astype(jnp.int32), -f[z, y, x]

    return jax.vmap(one)(left)
