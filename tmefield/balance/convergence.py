"""When a species is done: residual and mass budget below what was asked, or below what round-off leaves of them."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..linalg.apart import hidden_one
from .equations import Measure, ratio

FLOOR = 1e-6  # of the residual of the start, below which what is made and exchanged counts as nothing


class Settings(NamedTuple):
    """What a search for the root has to reach and may spend.

    - `rtol`: residual relative to the sources; with `start`, to the residual of the start (and a thousandth of the sources): in a
      time step the sources hold the whole field, and what counts is its change.
    - `floor`: a millionth of the residual of the start, nM/s per species. Where production falls with the concentration, both may end at zero, and nothing
      else says how small is small: what is made and exchanged is then compared with this, and the residual with `rtol` times this.
    - `negligible`: a residual that need not be resolved in any case, nM/s per species.
    - `once`: 1, as a traced integer: the trip count of loops that have to stay loops.
    """

    rtol: Float[Array, ""]
    start: Float[Array, "*s"] | None
    floor: Float[Array, "*s"]
    negligible: Float[Array, "*s"]
    max_steps: Int[Array, ""]
    max_iterations: Int[Array, ""]
    once: Int[Array, ""]


def settings_for(size: Float[Array, "*s"], rtol, max_steps, max_iterations, *, from_start: bool, negligible: Float[Array, "*s"] | None = None) -> Settings:
    """Limits and tolerances as arrays of the right type, from the size of the residual of the start; `negligible` as in `Settings`."""
    steps, iterations, tolerance = jnp.asarray(max_steps, jnp.int32), jnp.asarray(max_iterations, jnp.int32), jnp.asarray(rtol, size.dtype)
    small = jnp.zeros_like(size) if negligible is None else negligible
    return Settings(tolerance, size if from_start else None, FLOOR * size, small, steps, iterations, hidden_one())


def improves(new: Measure, old: Measure) -> Array:
    """Whether a step was worth it: a smaller residual, or a budget that closes better at no larger residual than noise makes it."""
    return (new.size < 0.9 * old.size) | ((new.drift < 0.5 * old.drift) & (new.size < 2 * old.size))


def settled(measure: Measure, settings: Settings) -> Array:
    """Residual and budget defect below rtol, or below what round-off leaves of them.

    Round-off in the field makes a residual of eps |A| |x|, random from voxel to voxel. In the sum over the voxels the fluxes cancel,
    round-off and all: it stays small when a residual is noise, and is large when the mean of the field is still wrong.
    """
    eps = jnp.finfo(measure.size.dtype).eps
    noise = 2 * eps * (measure.throughput + measure.sources)
    if settings.start is not None:  # what a time step changes may itself be close to round-off: that is no reason to leave it undone
        noise = jnp.minimum(noise, 1e-2 * settings.start)
    wanted = tolerance(measure, settings)
    small = measure.size <= jnp.maximum(wanted * measure.sources, noise)
    return (
        (small & closes(measure, wanted, eps))
        | (nothing_left(measure, settings) & (measure.size <= settings.rtol * settings.floor))
        | is_negligible(measure, settings)
    )


def nothing_left(measure: Measure, settings: Settings) -> Array:
    """Whether next to nothing is made and exchanged any more, against the residual of the start."""
    return measure.throughput + measure.sources <= settings.floor


def is_negligible(measure: Measure, settings: Settings) -> Array:
    """Whether the residual is one that need not be resolved."""
    return measure.size <= settings.negligible


def closes(measure: Measure, wanted: Array, floor) -> Array:
    """Whether the budget closes to `wanted`, or to the round-off `floor` of what is made and exchanged."""
    return measure.drift <= jnp.maximum(jnp.maximum(wanted, floor) * measure.supply, floor * measure.exchange)


def tolerance(measure: Measure, settings: Settings) -> Array:
    """The residual asked for, relative to the sources."""
    if settings.start is None:
        return jnp.broadcast_to(settings.rtol, measure.size.shape)
    return settings.rtol * jnp.minimum(1, ratio(settings.start, measure.sources) + 1e-3)


def at_round_off(measure: Measure) -> Array:
    """Whether the residual is within a small factor of what the number type resolves."""
    return measure.backward_error <= 32 * jnp.finfo(measure.size.dtype).eps


def inner_tolerance(measure: Measure, settings: Settings, *, loose: float) -> Array:
    """What a linear solve has to reach: half of what is missing, but no more than `loose`; nothing (2) where a species has settled.

    A tenth where walls or held voxels exchange: the sum of the residual, which closes the budget, then falls later than its norm, and a second
    solve for its sake would cost more than the iteration that this takes.
    """
    share = jnp.where(measure.exchange > 0, 0.1, 0.5) if loose == 0 else 0.5
    missing = share * tolerance(measure, settings) / jnp.where(measure.merit > 0, measure.merit, 1)
    return jnp.where(settled(measure, settings), 2, jnp.clip(missing, loose, 0.1))
