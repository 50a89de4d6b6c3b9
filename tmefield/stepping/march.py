"""From an initial field through time, with output where it is asked for."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..balance import fill_fixed
from ..checks import as_parameter
from ..errors import InputError
from ..model import Model, canonical
from .trajectory import StepInfo, Trajectory, warn_if_not_converged
from .trbdf2 import step


def evolve(model: Model, initial: ArrayLike, times: Sequence[float] | np.ndarray | Array, *, steps_per_interval: int = 20, rtol: float = 1e-6) -> Trajectory:
    """Solve phi dc/dt = div(phi D grad c) + P(c) - L(c) c from an initial field.

    TR-BDF2 on the multigrid of the steady solve, with equal steps between two asked times. The estimated error of every
    interval is in the result; more steps shrink it with their square. Differentiable like `solve_steady`, in reverse mode at the memory
    of one field per step.

    **Arguments**

    - `model`: what to solve; its rates do not depend on time.
    - `initial`: field at times[0] [species, z, y, x], or one number for all, nM.
    - `times`: increasing times of output, s; the first is that of `initial`.
    - `steps_per_interval`: time steps between two outputs.
    - `rtol`: residual of the implicit stages relative to what a step changes.

    **Returns** a `Trajectory` with the fields at `times`.

    **Raises** `InputError` for times that do not increase or a start that does not fit.
    """
    moments = np.asarray(times, dtype=float)
    if moments.ndim != 1 or moments.size < 2 or not np.isfinite(moments).all() or (np.diff(moments) <= 0).any():
        raise InputError(f"times must be at least two finite, increasing numbers in s; got {times!r}")
    if steps_per_interval < 1:
        raise InputError(f"steps_per_interval must be at least 1; got {steps_per_interval}")
    start = as_parameter(initial, "initial", "nM", shapes=((), model.shape)).astype(model.dtype)
    lengths = jnp.asarray(np.diff(moments) / steps_per_interval, model.dtype)
    field, exactness = jnp.broadcast_to(start, model.shape), jnp.asarray(rtol, model.dtype)
    trajectory = _march(canonical(model), field, lengths, jnp.asarray(moments, model.dtype), exactness, steps_per_interval)
    warn_if_not_converged(trajectory)
    return trajectory


@eqx.filter_jit
def _march(model: Model, initial: Array, lengths: Array, times: Array, rtol: Array, steps_per_interval: int) -> Trajectory:
    transport = model.transport()
    count = transport.count
    free = initial if transport.held is None else jnp.where(transport.held, 0, initial)

    @jax.checkpoint
    def advance(carry, dt):
        x, error, status, iterations = carry
        taken = step(model, x, dt, rtol)
        return (taken.x, error + taken.error, jnp.maximum(status, taken.status), iterations + taken.iterations), None

    def interval(carry, dt):
        x, status, iterations = carry
        start = (x, jnp.zeros(count, model.dtype), status, iterations)
        (x, error, status, iterations), _ = jax.lax.scan(advance, start, jnp.full(steps_per_interval, dt))
        return (x, status, iterations), (fill_fixed(transport, x), error)

    nothing = jnp.zeros(count, jnp.int32)
    (_, status, iterations), (fields, errors) = jax.lax.scan(interval, (free, nothing, nothing), lengths)
    fields = jnp.concatenate([fill_fixed(transport, free)[None], fields])
    errors = jnp.concatenate([jnp.zeros((1, count), model.dtype), errors])
    steps = steps_per_interval * lengths.shape[0]
    return Trajectory(model, times, fields, StepInfo(status, iterations, steps, errors, jnp.min(fields, axis=(2, 3, 4))))
