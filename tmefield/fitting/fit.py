"""The fit: from a start, or many, to estimates with what the data say about them."""

import hashlib
import re
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
from .result import STUCK, Fit, Progress, conclude

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
    for name, value in (("starts", starts), ("max_steps", max_steps)):
        if value < 1:
            raise InputError(f"{name} must be at least 1; got {value!r}")
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
    progress, done = (None, False) if packed is None else _standing(optimiser, state, history, began)
    for number in range(len(history) + 1, max_steps + 1):
        if done or (progress is not None and max_seconds is not None and progress.seconds > max_seconds):
            break
        state = forward(optimiser, problem, state)
        progress, done = _standing(optimiser, state, history, began, number)
        _check_start(problem, progress.loss)
        history.append(progress.loss)
        if kept is not None:
            kept.write(optimiser.pack(state) if not many else jax.vmap(optimiser.pack)(state), history)
        if on_progress is not None:
            on_progress(progress)
    assert progress is not None  # one step at least, or a checkpoint
    return progress


def _standing(optimiser: AbstractOptimiser, state: Any, history: list[float], began: float, number: int | None = None) -> tuple[Progress, bool]:
    """Where the best start stands after step `number`, or as a checkpoint left it; and whether every start is done."""
    point = jax.tree.map(lambda one: np.atleast_1d(np.asarray(one)), optimiser.point(state))
    best = int(np.argmin(np.where(np.isfinite(point.loss), point.loss, np.inf)))
    loss, steps, converged = float(point.loss[best]), number or len(history), bool(point.converged[best])
    ended = STUCK if point.done[best] else f"stopped after {steps} steps"
    progress = Progress(
        step=steps,
        history=tuple(history) if number is None else (*history, loss),
        loss=loss,
        gradient=float(np.max(np.abs(np.atleast_2d(point.gradient)[best]))),
        losses=tuple(float(one) for one in point.loss),
        seconds=time.monotonic() - began,
        z=np.atleast_2d(point.z)[best],
        converged=converged,
        reason="converged" if converged else ended,
    )
    return progress, bool(point.done.all())


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
    free = [(one.name, _digest(one.start), one.transform, one.limits, repr(one.prior), one.smoothness) for one in problem.parameters.all]
    settings = {"optimiser": repr(optimiser), "starts": starts, "seed": seed, "tolerances": [problem.rtol, problem.time_rtol, problem.max_steps]}
    return settings | {"data": data, "parameters": free, "images": problem.images, "numbers": _digest((problem.build, problem.observations, problem.initial))}


def _digest(tree: Any) -> str:
    """SHA-256 of every array, and of all else that the tree holds (grid, kinds of noise and terms, times, fixed numbers of a measurement)."""
    leaves, rest = jax.tree.flatten(tree)
    digest = hashlib.sha256(re.sub(r"0x[0-9a-f]+", "", str(rest)).encode())  # less the places of objects in memory
    for leaf in leaves:
        digest.update(np.ascontiguousarray(leaf).tobytes() if eqx.is_array_like(leaf) else b"")
    return digest.hexdigest()
