"""A run through time, one output interval after the other, each of them kept on disk before the next begins."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer

from ..errors import InputError, NumericsError
from .guard import INTERRUPTED

if TYPE_CHECKING:
    from ..config.prepare import Inputs
    from ..config.timing import Schedule
    from ..output.checkpoint import Checkpoint

CHECKPOINT, LOCK = "checkpoint", ".lock"
MAX_STEPS = 1_000_000


def checkpoint_of(folder: Path) -> "Checkpoint":
    """The place in a result folder where a run keeps what it needs to go on."""
    from ..output.checkpoint import Checkpoint

    return Checkpoint(folder / CHECKPOINT)


def march(inputs: "Inputs", plan: "Schedule", model, progress, about: dict | None):
    """The trajectory of a run, started afresh where `about` is given and gone on with from its last checkpoint otherwise.

    The checkpoint stays until the results are written.

    **Raises** `NumericsError` where a step fails; the intervals before it stay on disk. `FileError` where another process is at work in the folder. An
    interruption ends the program with exit code 130 and says how to go on.
    """
    from ..output.lock import alone

    with alone(Path(inputs.loaded.config.output.folder) / LOCK):
        return _march(inputs, plan, model, progress, about)


def _march(inputs: "Inputs", plan: "Schedule", model, progress, about: dict | None):
    import jax.numpy as jnp

    from ..stepping.march import advance_interval, begin, field_of
    from ..stepping.prepare import choose_method, settings_for

    folder = Path(inputs.loaded.config.output.folder)
    checkpoint = checkpoint_of(folder)
    start = jnp.broadcast_to(jnp.asarray(plan.initial, model.dtype)[:, None, None, None], model.shape)
    settings = settings_for(model, start, plan.times, rtol=plan.rtol, atol=None, steady=plan.steady, max_steps=MAX_STEPS, fixed_steps=None)
    method = int(choose_method(model, start, plan.times, settings, plan.method))
    state = begin(model, start, float(plan.times[0]), settings)
    if about is not None:
        checkpoint.begin(about)
    mark = {"model": fingerprint(model)}
    kept = checkpoint.latest()
    if kept is None:
        done = 0
        checkpoint.write(0, _record(field_of(model, state), state), pack(state) | mark)
    else:
        if not np.array_equal(kept[1].pop("model", np.zeros(0, np.uint8)), mark["model"]):
            raise InputError(
                "the checkpoint does not fit this configuration with the files that it names: one of them has changed since the run began; "
                "put it back, or start the run again with 'tmefield run --force'"
            )
        done, state = kept[0], unpack(state, kept[1])
        for number in range(done + 1):  # a damaged one is said now and not at the end
            checkpoint.record(number)
        progress.note(f"  going on from {_words(plan.times[done])} (output {done} of {plan.times.size - 1})")
    try:
        for number in range(done + 1, plan.times.size):
            with progress.stage(f"to {_words(plan.times[number])} (output {number} of {plan.times.size - 1})"):
                state = advance_interval(model, state, float(plan.times[number]), settings, method)
                field = field_of(model, state)
                _check(state, field, inputs, plan.times[number])
                checkpoint.write(number, _record(field, state), pack(state) | mark)
            done = number
    except KeyboardInterrupt:
        how = "the same sweep" if "job" in checkpoint.about() else f"tmefield resume {folder}"
        progress.note(f"tmefield: interrupted after {_words(plan.times[done])}; go on with: {how}")
        raise typer.Exit(INTERRUPTED) from None
    return _trajectory(model, plan, checkpoint, state, method)


def fingerprint(model) -> np.ndarray:
    """The SHA-256 of every number in a model, as bytes: a run may go on only with the cells, vessels and rates that it began with."""
    import hashlib

    import jax

    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(model):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def pack(state) -> dict[str, np.ndarray]:
    """The leaves of a state, and its time, as arrays with names."""
    import jax

    leaves = {f"leaf{index:03d}": np.asarray(leaf) for index, leaf in enumerate(jax.tree.leaves(state.progress))}
    return {"time": np.asarray(state.time, np.float64), **leaves}


def unpack(like, arrays: dict[str, np.ndarray]):
    """The state whose leaves `pack` gave; `like` is a state of the same run.

    **Raises** `InputError` where they do not fit.
    """
    import jax
    import jax.numpy as jnp

    leaves, structure = jax.tree.flatten(like.progress)
    found = [arrays.get(f"leaf{index:03d}") for index in range(len(leaves))]
    fits = len(arrays) == len(leaves) + 1 and "time" in arrays
    if not fits or any(b is None or (b.shape, b.dtype) != (a.shape, a.dtype) for a, b in zip(leaves, found, strict=True)):
        raise InputError("the checkpoint does not fit this configuration: it was written by another version or precision; start the run again")
    return type(like)(float(arrays["time"]), jax.tree.unflatten(structure, [jnp.asarray(one) for one in found]))


def _record(field, state) -> dict[str, np.ndarray]:
    return {"concentration": np.asarray(field), "error": np.asarray(state.progress.error)}


def _check(state, field, inputs: "Inputs", time: float) -> None:
    from ..status import Status

    codes = [Status(int(code)) for code in np.asarray(state.progress.status)]
    failed = [f"{one.id}: {code.explanation}" for one, code in zip(inputs.species, codes, strict=True) if code != Status.CONVERGED]
    if not failed and not np.isfinite(np.asarray(field)).all():
        failed = ["a concentration is not finite"]
    if failed:
        folder = inputs.loaded.config.output.folder
        raise NumericsError(
            f"the run failed before {_words(time)}; what came before is kept in {folder}/{CHECKPOINT}, and nothing else was written.\n  " + "\n  ".join(failed)
        )


def _trajectory(model, plan: "Schedule", checkpoint: "Checkpoint", state, method: int):
    import jax.numpy as jnp

    from ..stepping.trajectory import StepInfo, Trajectory

    records = [checkpoint.record(number) for number in range(plan.times.size)]
    fields = np.stack([one["concentration"] for one in records])
    error = np.diff(np.stack([one["error"] for one in records]), axis=0, prepend=0)
    done = state.progress
    minimum = fields.min(axis=(2, 3, 4))
    counts = done.steps, done.rejected, done.stages, done.iterations
    info = StepInfo(done.status, jnp.asarray(method, jnp.int32), *counts, jnp.asarray(error), jnp.asarray(minimum))
    return Trajectory(model, jnp.asarray(plan.times, model.dtype), jnp.asarray(fields), info)


def _words(seconds: float) -> str:
    from .console import human_seconds

    return "0 s" if seconds == 0 else human_seconds(float(seconds))
