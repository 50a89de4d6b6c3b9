"""What has to be known before the first step: tolerances, the method, a start that fits the species at steady state."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..balance import Balance, fill_fixed, find_root, implicit
from ..checks import as_parameter, concrete
from ..errors import InputError
from ..linalg.reductions import total
from ..model import Model
from ..terms.term import Moment
from .controller import Settings
from .explicit import assemble_explicit, spectral_radius
from .quasi_steady import with_fast_at_rest
from .rkc import REACH
from .run import METHODS, RKC, TR_BDF2
from .trbdf2 import EXACTNESS, MAX_ITERATIONS, MAX_NEWTON, negligible

# What a step of TR-BDF2 costs in stages of the explicit method, and how many steps of equal length a run takes at rtol = 1e-3.
IMPLICIT_COST = 150
TYPICAL_STEPS = 60
LARGEST_PECLET = 2.0


def settings_for(
    model: Model,
    initial: Float[Array, "s z y x"],
    times: np.ndarray,
    *,
    rtol: float,
    atol: ArrayLike | None,
    steady: Sequence[str],
    max_steps: int,
    fixed_steps: int | None,
) -> Settings:
    """Tolerances and limits of a run, checked.

    **Raises** `InputError` for a tolerance, a number of steps or a species that does not fit.
    """
    if not 0 < rtol < 1:
        raise InputError(f"rtol must lie between 0 and 1; got {rtol!r}")
    if fixed_steps is not None and fixed_steps < 1:
        raise InputError(f"fixed_steps must be at least 1; got {fixed_steps!r}")
    unknown = set(steady) - set(model.names)
    if unknown or (steady and set(steady) == set(model.names)):
        raise InputError(f"steady must name some of the species {', '.join(model.names)}, not all; got {list(steady)}")
    if atol is None:
        stops = np.unique([times[0], times[-1], *(jump for jump in model.jumps if times[0] < jump < times[-1])])
        absolute = _scale(*jax.lax.stop_gradient((model, initial)), jnp.asarray(stops, model.dtype)) * (1e-3 * rtol)
    else:
        given = as_parameter(atol, "atol", "nM", shapes=((), (len(model.species),))).astype(model.dtype)
        absolute = jnp.broadcast_to(given, (len(model.species),))
    relative = jnp.asarray(rtol, model.dtype)
    fast = tuple(name in steady for name in model.names)
    return Settings(relative, absolute, EXACTNESS * relative, jnp.asarray(max_steps, jnp.int32), fast, fixed_steps)


@eqx.filter_jit
def _scale(model: Model, initial: Array, stops: Array) -> Float[Array, " s"]:
    """The concentration to expect, nM: the greatest of the start, or what is made against what is lost within the run, in any stretch between stops.

    What is made of others (a complex) is expected where those stand as expected: from nothing it grows with the square of the time, and no step would be short
    enough for a tolerance relative to itself.
    """
    field = fill_fixed(model.transport(), initial)
    storage = jnp.broadcast_to(model.stacked_storage, model.shape) / (stops[-1] - stops[0])

    def made(field: Array) -> Array:
        def within(stretch: tuple[Array, Array]) -> Array:
            production, loss = model.rates(field, Moment(stretch[0], 0.5 * (stretch[0] + stretch[1])))
            return total(production) / total(loss + storage)

        return jnp.max(jax.lax.map(within, (stops[:-1], stops[1:])), axis=0)

    first = jnp.maximum(jnp.max(jnp.abs(field), axis=(1, 2, 3)), made(field))
    return jnp.where(first > 0, first, made(jnp.maximum(field, first[:, None, None, None]))) if model.coupled else first


def choose_method(model: Model, initial: Float[Array, "s z y x"], times: np.ndarray, settings: Settings, method: str) -> int | Array:
    """The number of the method: a static one where it is named or the model's values are known, a traced one otherwise.

    The explicit method needs sqrt(h rho/0.65) stages for a step h at the spectral radius rho, the implicit one IMPLICIT_COST of them; h is the length of the
    run over TYPICAL_STEPS.

    **Raises** `InputError` for an unknown method, or the explicit one where it cannot serve.
    """
    if method not in (*METHODS, "auto"):
        raise InputError(f"method must be auto, {' or '.join(METHODS)}; got {method!r}")
    refused = _against_explicit(model, settings)
    if method == "rkc" and refused:
        raise InputError(f"method rkc: {refused}; use tr-bdf2 or auto")
    if method != "auto" or refused:
        return METHODS.get(method, TR_BDF2)
    steps = TYPICAL_STEPS if settings.fixed_steps is None else settings.fixed_steps * (len(times) - 1)
    stages = _stages(*jax.lax.stop_gradient((model, initial)), jnp.asarray((times[-1] - times[0]) / steps, model.dtype))
    cheaper = jnp.where(stages < IMPLICIT_COST, RKC, TR_BDF2).astype(jnp.int32)
    known = concrete(cheaper)
    return cheaper if known is None else int(known)


def _against_explicit(model: Model, settings: Settings) -> str | None:
    """Why the explicit method cannot serve, or None."""
    if any(settings.steady):
        return "species at steady state need implicit stages"
    if model.flow is None:
        return None
    largest = concrete(jnp.max(jax.lax.stop_gradient(model).transport().cell_peclet()))
    if largest is None:
        return "the cell Peclet number of the flow is not known inside a compiled function"
    return f"the flow has a cell Peclet number of {float(largest):.3g}, above {LARGEST_PECLET:g}" if largest > LARGEST_PECLET else None


@eqx.filter_jit
def _stages(model: Model, initial: Array, dt: Array) -> Float[Array, ""]:
    radius = spectral_radius(assemble_explicit(model), tuple(initial), model.medium().moment)
    return jnp.sqrt(1 + dt * radius / REACH)


def consistent_start(model: Model, x: Float[Array, "s z y x"], settings: Settings, time: Array) -> Float[Array, "s z y x"]:
    """The start with the species at steady state solved for, for the output at the first time; the first step does so again, and judges it."""
    if not any(settings.steady):
        return x
    limits = jnp.asarray(MAX_NEWTON, jnp.int32), jnp.asarray(MAX_ITERATIONS, jnp.int32)

    def solve(balance: Callable[[Array], Balance]) -> Array:
        root, _ = find_root(*jax.lax.stop_gradient((balance(x), x, settings.exactness, *limits)), negligible=negligible(settings))
        return implicit(root, balance(root), settings.exactness)

    return with_fast_at_rest(model, settings, x, Moment(time, time), solve)
