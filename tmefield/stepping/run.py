"""A run over all its stops in one program, with its derivative."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..model import Model
from .adjoint import tangents_of_run
from .controller import Settings
from .scheme import AbstractScheme, Chebyshev, Implicit
from .segment import Progress, at_rest, run_segment
from .tape import Tape, blank

RKC, TR_BDF2 = 0, 1
METHODS = {"rkc": RKC, "tr-bdf2": TR_BDF2}


class Stops(eqx.Module):
    """The stretches of a run: start and length of each, s, and which of `count` outputs it leads to."""

    starts: Float[Array, " n"]
    lengths: Float[Array, " n"]
    outputs: Int[Array, " n"]
    count: int = eqx.field(static=True)


class Outcome(NamedTuple):
    """Free unknowns, summed error and number of steps at each output (the start is the first), and the progress at the end.

    Outputs that were not reached are NaN.
    """

    x: Float[Array, "t s z y x"]
    error: Float[Array, "t s"]
    ends: Int[Array, " t"]
    progress: Progress


def stops_between(times: np.ndarray, jumps: tuple[float, ...], dtype) -> Stops:
    """All stops from times[0] to times[-1]; lengths are taken in double precision."""
    inner = [time for time in jumps if times[0] < time < times[-1]]
    stops = np.unique(np.concatenate([times, inner]))
    outputs = np.searchsorted(times, stops[1:])
    return Stops(jnp.asarray(stops[:-1], dtype), jnp.asarray(np.diff(stops), dtype), jnp.asarray(outputs, jnp.int32), len(times))


def scheme_of(method: int, settings: Settings) -> AbstractScheme:
    """The method of this number."""
    return Chebyshev(settings) if method == RKC else Implicit(settings)


def _march(method: int, model: Model, x: Float[Array, "s z y x"], settings: Settings, stops: Stops, tape: Tape | None) -> tuple[Outcome, Tape | None]:
    scheme = scheme_of(method, settings)
    problem = scheme.prepare(model)

    def stretch(i, carry):
        outcome, tape = carry
        progress, tape = run_segment(scheme, problem, outcome.progress, stops.starts[i], stops.lengths[i], tape)
        at = stops.outputs[i]
        reached = jnp.where(progress.halted, jnp.nan, progress.x)
        # Stops between two outputs write where the next output follows.
        return Outcome(outcome.x.at[at].set(reached), outcome.error.at[at].set(progress.error), outcome.ends.at[at].set(progress.steps), progress), tape

    nothing = jnp.zeros((stops.count, x.shape[0]), x.dtype)
    start = Outcome(jnp.zeros((stops.count, *x.shape), x.dtype).at[0].set(x), nothing, jnp.zeros(stops.count, jnp.int32), at_rest(x))
    return jax.lax.fori_loop(0, stops.starts.shape[0], stretch, (start, tape))


@eqx.filter_custom_jvp
def run(method: int, model: Model, x: Float[Array, "s z y x"], settings: Settings, stops: Stops, max_steps: int) -> Outcome:
    """March from `x` over all stops; `max_steps` is the room for the record when a derivative is asked for.

    The derivative is that of the steps taken, with their lengths and stage counts held constant. Where none is asked for, nothing is recorded.
    """
    return _march(method, model, x, settings, stops, None)[0]


@run.def_jvp
def _run_jvp(primals, tangents):
    method, model, x, settings, stops, max_steps = primals
    _, model_dot, x_dot, _, _, _ = tangents
    outcome, tape = _march(method, model, x, settings, stops, blank(x, max_steps))
    scheme = scheme_of(method, settings)
    assert tape is not None
    fields_dot = tangents_of_run(scheme, model, tape, outcome.ends, x, model_dot, x_dot)
    none = jax.tree.map(lambda _: None, outcome)
    return outcome, eqx.tree_at(lambda o: o.x, none, fields_dot, is_leaf=lambda leaf: leaf is None)
