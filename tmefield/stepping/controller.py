"""How long the next step may be: one controller for both methods.

A proportional-integral controller (Hairer & Wanner 1996, Solving ODEs II, IV.2, doi:10.1007/978-3-642-05221-7; the exponents
for a local error of third order) on the norm

    largest over the voxels of |error| / (atol + rtol * largest |c|), per species; the worst species decides.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..terms.term import Moment

SAFETY = 0.9
PROPORTIONAL, INTEGRAL = 0.7 / 3, 0.4 / 3
LEAST, MOST = 0.2, 5.0  # change of the step from one to the next
AFTER_FAILURE = 0.25  # where no error is known: a stage that did not converge, a value that is not finite
AFTER_NEGATIVE = 0.5


class Settings(eqx.Module):
    """What is asked of a run.

    - `rtol`, `atol`: of the largest value of a species, and nM.
    - `exactness`: residual of the implicit solves relative to what a step changes.
    - `max_steps`: accepted and rejected together.
    - `fixed_steps`: equal steps from one stop to the next, or None for steps that the controller chooses.
    - `steady`: per species, whether it is at steady state with the others at all times.
    """

    rtol: Float[Array, ""]
    atol: Float[Array, " s"]
    exactness: Float[Array, ""]
    max_steps: Int[Array, ""]
    steady: tuple[bool, ...] = eqx.field(static=True)
    fixed_steps: int | None = eqx.field(static=True, default=None)


def tolerance(settings: Settings, *fields: Float[Array, "s z y x"]) -> Float[Array, " s"]:
    """What an error may be, per species, nM; never zero."""
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(one), axis=(1, 2, 3)) for one in fields]), axis=0)
    return jnp.maximum(settings.atol + settings.rtol * largest, 1e3 * jnp.finfo(largest.dtype).tiny)


def slow(settings: Settings, per_species: Float[Array, " s"]) -> Float[Array, " s"]:
    """Zero for the species at steady state, whose values follow from the others'."""
    return jnp.where(jnp.asarray(settings.steady), 0, per_species)


def error_norm(settings: Settings, error: Float[Array, " s"], allowed: Float[Array, " s"]) -> Float[Array, ""]:
    """Below 1 where a step may stand."""
    return jnp.max(slow(settings, error) / allowed)


def turns_negative(before: Float[Array, "s z y x"], after: Float[Array, "s z y x"], allowed: Float[Array, " s"]) -> Bool[Array, ""]:
    """Whether a step ends below zero by more than the tolerance, and lower than it began."""
    low, lower = jnp.min(before, axis=(1, 2, 3)), jnp.min(after, axis=(1, 2, 3))
    return jnp.any((lower < -allowed) & (lower < low))


def next_step(dt: Float[Array, ""], norm: Float[Array, ""], last_norm: Float[Array, ""], *, grew_back: Bool[Array, ""]) -> Float[Array, ""]:
    """The step after an accepted one; not longer than that one where its predecessor was rejected (`grew_back`)."""
    floor = jnp.finfo(dt.dtype).eps
    factor = SAFETY * jnp.maximum(norm, floor) ** -PROPORTIONAL * jnp.maximum(last_norm, floor) ** INTEGRAL
    return dt * jnp.clip(factor, LEAST, jnp.where(grew_back, 1.0, MOST))


def shorter_step(dt: Float[Array, ""], norm: Float[Array, ""], *, failed: Bool[Array, ""], negative: Bool[Array, ""]) -> Float[Array, ""]:
    """The step to try after a rejected one."""
    factor = jnp.clip(SAFETY * jnp.maximum(norm, 1) ** (-1 / 3), LEAST, SAFETY)
    factor = jnp.where(negative, jnp.minimum(factor, AFTER_NEGATIVE), factor)
    return dt * jnp.where(failed, AFTER_FAILURE, factor)


def smallest_step(start: Float[Array, ""], length: Float[Array, ""]) -> Float[Array, ""]:
    """Below this a step is lost in the round-off of the time."""
    eps = jnp.finfo(length.dtype).eps
    return 4 * eps * jnp.maximum(length, 1e-6 * jnp.abs(start))


def first_step(derivative, x: Float[Array, "s z y x"], settings: Settings, moment: Moment, longest: Float[Array, ""]) -> Float[Array, ""]:
    """The automatic first step of Hairer, Norsett & Wanner 1993, II.4 (doi:10.1007/978-3-540-78862-1), at most `longest`.

    `derivative(x, moment)` is dc/dt. The field after a first guess counts in the scale, so that a start from zero is no special case.
    """
    slope = derivative(x, moment)
    largest, fastest = jnp.max(jnp.abs(x), axis=(1, 2, 3)), jnp.max(jnp.abs(slope), axis=(1, 2, 3))
    moving = fastest > 0
    guesses = jnp.where(moving, 0.01 * largest / jnp.where(moving, fastest, 1), longest)
    guess = jnp.min(jnp.where(guesses > 0, guesses, 1e-3 * longest))
    ahead = x + guess * slope
    allowed = tolerance(settings, x, ahead)
    curvature = jnp.max(jnp.abs(derivative(ahead, moment) - slope), axis=(1, 2, 3)) / guess
    # A third of the curvature's rate stands for the third derivative: error ~ h^3 f''' with f''' ~ f'' * (f''/f').
    third = curvature * curvature / jnp.where(moving, fastest, 1)
    wanted = jnp.where(third > 0, (0.1 * allowed / jnp.where(third > 0, third, 1)) ** (1 / 3), longest)
    return jnp.minimum(jnp.minimum(jnp.min(jnp.where(jnp.asarray(settings.steady), longest, wanted)), 100 * guess), longest)
