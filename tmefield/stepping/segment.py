"""From one stop to the next: accepted and rejected steps over a stretch of time without jumps."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from ..status import Status
from ..terms.term import Moment
from .controller import Settings, error_norm, first_step, next_step, shorter_step, slow, smallest_step, tolerance, turns_negative
from .rkc import longest_step
from .scheme import AbstractScheme, Attempt
from .span import Span
from .tape import Tape, record


class Progress(eqx.Module):
    """All that a run remembers between two stops, beside the time: with it a run goes on as if it had never stopped.

    - `x`: the free unknowns, nM, zero in fixed voxels.
    - `dt`: the step to try next, s; zero before the first.
    - `last_norm`: error norm of the last accepted step; `grew_back`: whether that step had been rejected before.
    - `steps`, `rejected`, `stages`, `iterations` (per species): what was done so far.
    - `status`: per species; `halted`: whether the run gave up.
    - `error`: sum of the estimated local errors since the run began, per species, nM.
    """

    x: Float[Array, "s z y x"]
    dt: Float[Array, ""]
    last_norm: Float[Array, ""]
    grew_back: Bool[Array, ""]
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    stages: Int[Array, ""]
    iterations: Int[Array, " s"]
    status: Int[Array, " s"]
    halted: Bool[Array, ""]
    error: Float[Array, " s"]


def at_rest(x: Float[Array, "s z y x"]) -> Progress:
    """The progress of a run that has not begun."""
    zero, count = jnp.zeros((), jnp.int32), x.shape[0]
    no = jnp.zeros((), bool)
    nothing = jnp.zeros(count, jnp.int32)
    time = jnp.zeros((), x.dtype)
    return Progress(x, time, jnp.ones_like(time), no, zero, zero, zero, nothing, nothing, no, jnp.zeros(count, x.dtype))


class _Loop(NamedTuple):
    progress: Progress
    elapsed: Float[Array, ""]
    taken: Int[Array, ""]
    memory: PyTree
    tape: Tape | None


class _Stretch(NamedTuple):
    """Start and length of the stretch, s; the step and the number of steps where they are fixed."""

    start: Float[Array, ""]
    length: Float[Array, ""]
    within: Float[Array, ""]
    dt: Float[Array, ""]
    count: Int[Array, ""]


def run_segment(scheme: AbstractScheme, problem, progress: Progress, start, length, tape: Tape | None = None) -> tuple[Progress, Tape | None]:
    """Advance over [start, start + length], which it hits exactly; with a tape, accepted steps are recorded."""
    settings = scheme.settings
    within = start + length / 2
    moment = Moment(start, within)
    memory = scheme.begin(problem, progress.x, moment)
    dt, count = length, jnp.ones((), jnp.int32)
    if settings.fixed_steps is None:
        chosen = jax.lax.cond(
            progress.dt > 0, lambda: progress.dt, lambda: first_step(lambda x, at: scheme.derivative(problem, x, at), progress.x, settings, moment, length)
        )
        progress = eqx.tree_at(lambda p: p.dt, progress, chosen)
    else:
        fewest = jnp.ceil(length / longest_step(scheme.radius(problem, progress.x, moment)))
        count = jnp.maximum(settings.fixed_steps, fewest.astype(jnp.int32))
        dt = length / count.astype(length.dtype)
    stretch = _Stretch(start, length, within, dt, count)

    def unfinished(loop: _Loop):
        p = loop.progress
        return (loop.elapsed < length) & ~p.halted & (p.steps + p.rejected < settings.max_steps)

    loop = _Loop(progress, jnp.zeros_like(length), jnp.zeros((), jnp.int32), memory, tape)
    end = jax.lax.while_loop(unfinished, lambda loop: _step(scheme, problem, stretch, loop), loop)
    return _with_limit(end.progress, end.elapsed < length), end.tape


def _with_limit(progress: Progress, short: Bool[Array, ""]) -> Progress:
    limited = short & ~progress.halted
    status = jnp.where(limited, int(Status.STEP_LIMIT), progress.status).astype(jnp.int32)
    return eqx.tree_at(lambda p: (p.status, p.halted), progress, (status, progress.halted | limited))


def _step(scheme: AbstractScheme, problem, stretch: _Stretch, loop: _Loop) -> _Loop:
    settings, progress = scheme.settings, loop.progress
    now = stretch.start + loop.elapsed
    radius = scheme.radius(problem, progress.x, Moment(now, stretch.within))
    remaining = stretch.length - loop.elapsed
    if settings.fixed_steps is None:
        proposed = jnp.minimum(progress.dt, longest_step(radius))
        # The last step ends on the stop, and the one before it leaves it no sliver.
        last = proposed >= remaining
        dt = jnp.where(last, remaining, jnp.minimum(proposed, remaining / 2))
    else:
        last, dt = loop.taken + 1 >= stretch.count, stretch.dt
    attempt = scheme.attempt(problem, progress.x, loop.memory, Span(now, dt, stretch.within, scheme.size(dt, radius)))
    allowed = tolerance(settings, progress.x, attempt.x)
    norm = error_norm(settings, attempt.error, allowed)
    failed = ~jnp.isfinite(norm) | jnp.any(attempt.status != int(Status.CONVERGED))
    negative = turns_negative(progress.x, attempt.x, allowed)
    if settings.fixed_steps is None:
        accepted = ~failed & (norm <= 1) & ~negative
    else:
        # It stands whatever its error, but not in silence: with a flow the explicit method may be unstable at any number of stages.
        accepted = jnp.ones((), bool)
        attempt = attempt._replace(status=_judged(settings, attempt, allowed))
    tape = None if loop.tape is None else record(loop.tape, progress.x, attempt.span, scheme.width(attempt.span), scheme.slots, accepted)
    return _Loop(
        _moved(scheme, progress, attempt, accepted, norm, failed, negative, dt <= smallest_step(stretch.start, stretch.length)),
        jnp.where(accepted, jnp.where(last, stretch.length, loop.elapsed + dt), loop.elapsed),
        loop.taken + accepted.astype(jnp.int32),
        jax.tree.map(lambda new, old: jnp.where(accepted, new, old), attempt.memory, loop.memory),
        tape,
    )


def _judged(settings: Settings, attempt: Attempt, allowed: Float[Array, " s"]) -> Int[Array, " s"]:
    """The status of a fixed step, `UNRESOLVED` where its error reaches the field itself (or what counts as one: atol/rtol)."""
    lost = settings.rtol * slow(settings, attempt.error) > allowed
    return jnp.where(lost & (attempt.status == int(Status.CONVERGED)), int(Status.UNRESOLVED), attempt.status).astype(jnp.int32)


def _moved(scheme: AbstractScheme, progress: Progress, attempt: Attempt, accepted, norm, failed, negative, smallest) -> Progress:
    settings, dt, one_more = scheme.settings, attempt.span.dt, accepted.astype(jnp.int32)
    grown = next_step(dt, norm, progress.last_norm, grew_back=progress.grew_back)
    # A step cut short by a stop says nothing against the longer one that was planned.
    grown = jnp.where(dt < progress.dt, jnp.maximum(grown, progress.dt), grown)
    shrunk = shorter_step(dt, norm, failed=failed, negative=negative)
    gives_up = ~accepted & smallest
    lost = jnp.where(attempt.status != int(Status.CONVERGED), attempt.status, int(Status.SMALLEST_STEP))
    lost = jnp.where(jnp.isfinite(attempt.error), lost, int(Status.NON_FINITE))
    met = jnp.where(accepted, jnp.maximum(progress.status, attempt.status), jnp.where(gives_up, lost, progress.status))
    return Progress(
        jnp.where(accepted, attempt.x, progress.x),
        jnp.where(accepted, grown, shrunk) if settings.fixed_steps is None else progress.dt,
        jnp.where(accepted, norm, progress.last_norm),
        ~accepted,
        progress.steps + one_more,
        progress.rejected + 1 - one_more,
        progress.stages + attempt.stages,
        progress.iterations + attempt.iterations,
        met.astype(jnp.int32),
        progress.halted | gives_up,
        progress.error + jnp.where(accepted, slow(settings, attempt.error), 0),
    )
