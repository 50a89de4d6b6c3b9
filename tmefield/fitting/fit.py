"""The fit: from a start, or many, to estimates with what the data say about them."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..errors import InputError, NumericsError
from ..status import Status
from .checkpoint import FitCheckpoint
from .observations import AbstractObservation
from .optimisers import LBFGS, AbstractOptimiser, LevenbergMarquardt
from .parameters import FreeParameter
from .problem import ModelSource, Problem, make_problem
from .reach import advance
from .result import Fit, Progress, conclude

FEW = 30
"""Parameters up to which Levenberg-Marquardt is the default."""

OnProgress = Callable[[Progress], None]


def fit(
    source: ModelSource,
    parameters: Sequence[FreeParameter],
    observations: Sequence[AbstractObservation],
    *,
    optimiser: AbstractOptimiser | None = None,
    starts: int = 1,
    seed: int = 0,
    initial: ArrayLike | Mapping[str, ArrayLike] = 0.0,
    rtol: float = 1e-6,
    time_rtol: float = 1e-4,
    max_steps: int = 200,
    max_seconds: float | None = None,
    rescale: bool = False,
    checkpoint: str | Path | None = None,
    on_progress: OnProgress | None = None,
) -> Fit:
    """Estimate free parameters from observations: the z that minimises r.r/2, minus the logarithm of likelihood and prior.

    **Arguments**

    - `source`: a `Model`, whose numbers the parameters name (`leaf_names`); a dict of them by image; or a function from the values by name to either.
    - `parameters`: `FreeParameter`s. `observations`: `PointSamples`, `DistanceProfile`, `Assay` and their like, each with its noise.
    - `optimiser`: `LevenbergMarquardt()` for up to 30 parameters, `LBFGS()` for more, unless given.
    - `starts`: how many starts; the first is that of the parameters, the others are drawn from priors and bounds with `seed`, and go together (`jax.vmap`).
    - `initial`: field at time 0 for observations with times: a number or [species, z, y, x], nM; by image where they differ.
    - `rtol`, `time_rtol`: tolerance of the steady solves and of the time steps.
    - `max_steps`, `max_seconds`: when to stop though it has not converged.
    - `rescale`: the size of the noise is not known: intervals are widened by the square root of chi^2 per degree of freedom.
    - `checkpoint`: a file that is written after each step; where it exists already, of the same fit, the fit goes on from it.
    - `on_progress`: called after each step.

    **Returns** a `Fit`.

    **Raises** `InputError` where parameters, data and models do not fit together, or data and priors are fewer than parameters; `NumericsError` where not
    even the start can be solved; `FileError` for a checkpoint of another fit.
    """
    problem = make_problem(source, parameters, observations, initial=initial, rtol=rtol, time_rtol=time_rtol)
    return fit_problem(
        problem,
        optimiser=optimiser,
        starts=starts,
        seed=seed,
        max_steps=max_steps,
        max_seconds=max_seconds,
        rescale=rescale,
        checkpoint=checkpoint,
        on_progress=on_progress,
    )


def fit_problem(
    problem: Problem,
    *,
    optimiser: AbstractOptimiser | None = None,
    starts: int = 1,
    seed: int = 0,
    max_steps: int = 200,
    max_seconds: float | None = None,
    rescale: bool = False,
    checkpoint: str | Path | None = None,
    on_progress: OnProgress | None = None,
) -> Fit:
    """`fit` of a problem that stands (`make_problem`): with other data or other starts in it, the compiled program serves again.

    **Raises** as `fit` does.
    """
    _check_count(problem)
    if starts < 1:
        raise InputError(f"starts must be at least 1; got {starts!r}")
    chosen = optimiser or (LevenbergMarquardt() if problem.parameters.count <= FEW else LBFGS())
    progress = minimise(problem, chosen, starts, seed, max_steps, max_seconds, checkpoint, on_progress)
    return conclude(problem, progress, rescale=rescale)


def _check_count(problem: Problem) -> None:
    known = problem.data_count + int(jax.eval_shape(problem.parameters.prior_residuals, problem.parameters.start()).size)
    if known < problem.parameters.count:
        raise InputError(
            f"{problem.data_count} data and {known - problem.data_count} priors cannot determine {problem.parameters.count} free parameters "
            f"({', '.join(problem.parameters.names)}): fix some at known values, give priors, or add data"
        )


def minimise(
    problem: Problem,
    optimiser: AbstractOptimiser,
    starts: int,
    seed: int,
    max_steps: int,
    max_seconds: float | None,
    checkpoint: str | Path | None,
    on_progress: OnProgress | None,
) -> Progress:
    """Step after step until every start has converged or a limit is reached; the best of the starts is what counts.

    **Raises** `NumericsError` where no start can be solved.
    """
    began, many = time.monotonic(), starts > 1
    kept = None if checkpoint is None else FitCheckpoint(Path(checkpoint), _identity(problem, optimiser, starts, seed))
    packed, history = (None, []) if kept is None else kept.read()
    if packed is None:
        z = _starts(problem, starts, seed)
        state = eqx.filter_vmap(lambda one: optimiser.init(problem, one))(z) if many else optimiser.init(problem, z[0])
    else:
        state = eqx.filter_vmap(lambda one: optimiser.unpack(problem, one))(packed) if many else optimiser.unpack(problem, packed)
    forward = _advance_all if many else advance
    progress = Progress(0, (), np.inf, np.inf, (), 0.0, None, False, "it did not take a step")
    for number in range(len(history) + 1, max_steps + 1):
        state = forward(optimiser, problem, state)
        point = jax.tree.map(lambda one: np.atleast_1d(np.asarray(one)), optimiser.point(state))
        best = int(np.nanargmin(np.where(np.isfinite(point.loss), point.loss, np.inf)))
        history.append(float(point.loss[best]))
        _check_start(problem, history[-1])
        gradient = np.atleast_2d(point.gradient)[best]
        seconds = time.monotonic() - began
        done = bool(point.done.all())
        progress = Progress(
            step=number,
            history=tuple(history),
            loss=history[-1],
            gradient=float(np.max(np.abs(gradient))),
            losses=tuple(float(one) for one in point.loss),
            seconds=seconds,
            z=np.atleast_2d(point.z)[best],
            converged=bool(point.done[best]),
            reason="converged" if bool(point.done[best]) else f"stopped after {number} steps",
        )
        if kept is not None:
            kept.write(optimiser.pack(state) if not many else jax.vmap(optimiser.pack)(state), history)
        if on_progress is not None:
            on_progress(progress)
        if done or (max_seconds is not None and seconds > max_seconds):
            break
    return progress


def _starts(problem: Problem, starts: int, seed: int) -> Array:
    first = problem.parameters.start()[None]
    return first if starts == 1 else jnp.concatenate([first, problem.parameters.sample(jax.random.key(seed), starts - 1)])


def _check_start(problem: Problem, loss: float) -> None:
    if not np.isfinite(loss):
        _, status = problem.predict(problem.parameters.values(problem.parameters.start()))
        raise NumericsError(
            f"the model cannot be solved at the start of the fit: {Status(int(status)).explanation}; take other starts, or bounds that keep it solvable"
        )


@eqx.filter_jit
def _advance_all(optimiser: AbstractOptimiser, problem: Problem, state: Any) -> Any:
    """A step of every start that has not converged; those that have stand still."""

    def one(state):
        new = optimiser.step(problem, state)
        still = optimiser.point(state).done
        return jax.tree.map(lambda a, b: jnp.where(still, a, b) if eqx.is_array(a) else a, state, new)

    return eqx.filter_vmap(one)(state)


def _identity(problem: Problem, optimiser: AbstractOptimiser, starts: int, seed: int) -> dict[str, Any]:
    """What two runs of one fit have in common."""
    data = [(one.name, float(np.sum(np.asarray(one.data))), int(one.data.size)) for one in problem.observations]
    free = [(one.name, float(np.sum(one.start)), one.transform, one.limits) for one in problem.parameters.all]
    settings = {"optimiser": repr(optimiser), "starts": starts, "seed": seed, "rtol": problem.rtol}
    return settings | {"data": data, "parameters": free, "numbers": _digest((problem.build, problem.observations, problem.initial))}


def _digest(tree: Any) -> str:
    """SHA-256 of every array: a fit may go on only with the model and the data that it began with."""
    digest = hashlib.sha256()
    for leaf in filter(eqx.is_array, jax.tree.leaves(tree)):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()
