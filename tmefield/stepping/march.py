"""From an initial field through time, with output where it is asked for."""

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..balance import fill_fixed, unknowns
from ..checks import as_parameter, increasing_times
from ..errors import InputError
from ..model import Model, canonical
from .controller import Settings
from .prepare import choose_method, consistent_start, settings_for
from .run import RKC, TR_BDF2, Outcome, Stops, run, scheme_of, stops_between
from .segment import Progress, at_rest, run_segment
from .trajectory import StepInfo, Trajectory, warn_if_not_converged


def evolve(
    model: Model,
    initial: ArrayLike,
    times: Sequence[float] | np.ndarray | Array,
    *,
    rtol: float = 1e-3,
    atol: ArrayLike | None = None,
    method: str = "auto",
    steady: Sequence[str] = (),
    max_steps: int = 10_000,
    fixed_steps: int | None = None,
) -> Trajectory:
    """Solve phi dc/dt = div(phi D grad c) + P(c, t) - L(c, t) c from an initial field.

    Steps are as long as the tolerance allows: the estimated local error of a step stays below atol + rtol * (largest |c|) of each species, in every
    voxel. They end exactly on the asked times and where rates jump (`model.jumps`). A step that takes a species further below zero than its tolerance is
    redone with a shorter one. Where the tolerance cannot be met, the run stops with a status, and what it did not reach is NaN.

    Differentiable like `solve_steady`, once, in forward and reverse mode. **In the derivative the steps are held constant**: it is the exact
    derivative of the fields with the accepted steps and stage counts as they were, which differs from that of the true solution by the discretisation error.

    **Arguments**

    - `model`: what to solve.
    - `initial`: field at times[0] [species, z, y, x], or one number for all, nM.
    - `times`: increasing times of output, s; the first is that of `initial`.
    - `rtol`: tolerance of a step relative to the largest value of a species.
    - `atol`: absolute tolerance, nM, one number or one per species; by default a thousandth of `rtol` times the value that initial field,
      production and loss let expect.
    - `method`: "rkc" (explicit: many cheap stages), "tr-bdf2" (implicit, on the multigrid), or "auto", which takes the one that should cost less.
    - `steady`: names of species that are at steady state with the others at all times (needs "tr-bdf2"); their initial values only start the search.
    - `max_steps`: limit of accepted and rejected steps together.
    - `fixed_steps`: as many equal steps from each stop to the next, whatever their error (at least: the explicit method takes more where
      diffusion and losses need it for stability). The status is UNRESOLVED where a step leaves an error as large as the field, as explicit
      ones through a flow may.

    **Returns** a `Trajectory` with the fields at `times`.

    **Raises** `InputError` for times that do not increase, a start that does not fit, or a method that cannot do what is asked.
    """
    moments = increasing_times(times)
    if max_steps < 1:
        raise InputError(f"max_steps must be at least 1; got {max_steps!r}")
    model = canonical(model)
    start = as_parameter(initial, "initial", "nM", shapes=((), model.shape)).astype(model.dtype)
    field = jnp.broadcast_to(start, model.shape)
    settings = settings_for(model, field, moments, rtol=rtol, atol=atol, steady=steady, max_steps=max_steps, fixed_steps=fixed_steps)
    chosen = choose_method(model, field, moments, settings, method)
    stops = stops_between(moments, model.jumps, model.dtype)
    trajectory = _evolve(model, field, settings, stops, jnp.asarray(moments, model.dtype), chosen, max_steps)
    warn_if_not_converged(trajectory)
    return trajectory


@eqx.filter_jit
def _evolve(model: Model, initial: Array, settings: Settings, stops: Stops, times: Array, method, max_steps: int) -> Trajectory:
    transport = model.transport()
    settings, stops = jax.lax.stop_gradient((settings, stops))
    free = _start(model, initial, settings, times[0])
    if isinstance(method, int):
        outcome = run(method, model, free, settings, stops, max_steps)
        number = jnp.asarray(method, jnp.int32)
    else:
        number = method
        outcome = jax.lax.cond(
            method == RKC, lambda m, x: run(RKC, m, x, settings, stops, max_steps), lambda m, x: run(TR_BDF2, m, x, settings, stops, max_steps), model, free
        )
    fields = jax.vmap(lambda x: fill_fixed(transport, x))(outcome.x)
    return Trajectory(model, times, fields, _info(outcome, fields, number))


def _info(outcome: Outcome, fields: Float[Array, "t s z y x"], method: Array) -> StepInfo:
    done = outcome.progress
    error = jnp.diff(outcome.error, axis=0, prepend=jnp.zeros_like(outcome.error[:1]))
    return StepInfo(done.status, method, done.steps, done.rejected, done.stages, done.iterations, error, jnp.min(fields, axis=(2, 3, 4)))


class MarchState(eqx.Module):
    """All that a run needs to go on: the time reached (s, a plain number in double precision) and its `Progress`.

    Its leaves are arrays, apart from the time: saved and read back bit by bit, the run goes on as if it had never stopped.
    """

    time: float = eqx.field(static=True)
    progress: Progress


def begin(model: Model, initial: Float[Array, "s z y x"], time: float, settings: Settings) -> MarchState:
    """The state before the first step."""
    return MarchState(float(time), at_rest(_start(canonical(model), initial, settings, jnp.asarray(time, model.dtype))))


def advance_interval(model: Model, state: MarchState, t_next: float, settings: Settings, method: int) -> MarchState:
    """March on to `t_next` (s), stopping at every jump of the rates in between; one compiled program for all intervals of a run.

    Interval by interval is bitwise the same as from a state saved in between, on the same device. Fields: `field_of(model, state)`.

    **Raises** `InputError` for a time that does not lie ahead.
    """
    if not t_next > state.time:
        raise InputError(f"t_next must lie after the time reached, {state.time:g} s; got {t_next:g}")
    model, progress = canonical(model), state.progress
    stops = [state.time, *(jump for jump in model.jumps if state.time < jump < t_next), float(t_next)]
    for here, there in pairwise(stops):
        progress = _advance(model, progress, settings, jnp.asarray(here, model.dtype), jnp.asarray(there - here, model.dtype), method)
    return MarchState(float(t_next), progress)


@eqx.filter_jit
def _advance(model: Model, progress: Progress, settings: Settings, start: Array, length: Array, method: int) -> Progress:
    scheme = scheme_of(method, settings)
    return run_segment(scheme, scheme.prepare(model), progress, start, length)[0]


@eqx.filter_jit
def field_of(model: Model, state: MarchState) -> Float[Array, "s z y x"]:
    """The concentrations of a state, nM: the free unknowns with the fixed voxels filled in."""
    return fill_fixed(model.transport(), state.progress.x)


@eqx.filter_jit
def _start(model: Model, initial: Array, settings: Settings, time: Array) -> Array:
    return consistent_start(model, unknowns(model.transport(), initial), settings, time)
