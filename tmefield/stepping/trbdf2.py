"""One step of TR-BDF2: second order, L-stable, both stages with the same operator.

Trapezoidal rule to t + (2 - sqrt 2) h, then the backward differentiation formula to t + h, in the one-step form and with the
embedded third-order error of Hosea & Shampine 1996, doi:10.1016/0168-9274(95)00115-8.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..balance import Balance, find_root, implicit, residual, solve_tangent
from ..model import Model
from ..status import Status
from .controller import Settings
from .quasi_steady import with_fast_at_rest
from .span import Span

DIAGONAL = 1 - math.sqrt(2) / 2
WEIGHT = math.sqrt(2) / 4
MIDDLE = 2 * DIAGONAL  # the share of the step at which the first stage ends
ERROR_WEIGHTS = (WEIGHT - (1 - WEIGHT) / 3, WEIGHT - (3 * WEIGHT + 1) / 3, DIAGONAL - DIAGONAL / 3)
MAX_NEWTON, MAX_ITERATIONS = 20, 200
EXACTNESS = 1e-2  # of the implicit solves against the tolerance of a step


class Roots(NamedTuple):
    """The fields that the two stages found, and before them, where species are at steady state, the field that the step starts from."""

    start: Float[Array, "s z y x"] | None
    middle: Float[Array, "s z y x"]
    end: Float[Array, "s z y x"]


class Step(NamedTuple):
    """The roots of the stages, the estimated local error (largest over the voxels), status and iterations, per species."""

    roots: Roots
    error: Float[Array, " s"]
    status: Int[Array, " s"]
    iterations: Int[Array, " s"]


def take(model: Model, settings: Settings, x: Float[Array, "s z y x"], span: Span) -> Step:
    """Advance the free unknowns `x` (nM, zero in fixed voxels) over a span; not differentiable, see `end_of`.

    With G(c) the net gain, phi R dc/dt = G: the stages solve phi R c/(d h) - G(c) = drive with d = 1 - sqrt(2)/2. Species at steady state
    have no storage: their stages solve G(c) = 0.
    """
    limits = jnp.asarray(MAX_NEWTON, jnp.int32), jnp.asarray(MAX_ITERATIONS, jnp.int32)
    found = []

    def solve(balance: Balance, start):
        root, info = find_root(balance, start, settings.exactness, *limits, from_start=True, negligible=negligible(settings))
        found.append(info)
        return root

    def settle(balance: Callable[[Array], Balance]):
        root, info = find_root(balance(x), x, settings.exactness, *limits, negligible=negligible(settings))
        # The slow species are only held here: how far one may undershoot is the controller's to say.
        found.append(info._replace(status=jnp.where(jnp.asarray(settings.steady), info.status, int(Status.CONVERGED)).astype(jnp.int32)))
        return root

    roots, gains = _stages(model, settings, x, span, solve, settle)
    error = _error(model, settings, roots.end, gains, span)
    status = jnp.max(jnp.stack([info.status for info in found]), axis=0)
    return Step(roots, error, status, jnp.sum(jnp.stack([info.iterations for info in found]), axis=0, dtype=jnp.int32))


def end_of(model: Model, settings: Settings, x: Float[Array, "s z y x"], span: Span, roots: Roots) -> Float[Array, "s z y x"]:
    """The end of a step whose roots are known, with the derivative of the implicit function at both."""
    known = iter(field for field in roots if field is not None)

    def solve(balance: Balance, start):
        return implicit(next(known), balance, settings.exactness)

    def settle(balance: Callable[[Array], Balance]):
        root = next(known)
        return implicit(root, balance(root), settings.exactness)

    return _stages(model, settings, x, span, solve, settle)[0].end


def negligible(settings: Settings) -> Float[Array, " s"]:
    """The concentration of species at steady state that need not be resolved, nM; zero for the others, whose changes add up over the steps."""
    return jnp.where(jnp.asarray(settings.steady), EXACTNESS * settings.atol, 0)


def _storage(model: Model, settings: Settings, dt: Float[Array, ""]) -> Float[Array, "..."]:
    per_species = jnp.asarray([0.0 if one else 1.0 for one in settings.steady], model.dtype)[:, None, None, None]
    return per_species * model.stacked_storage / (DIAGONAL * dt)


def _stages(model: Model, settings: Settings, x, span: Span, solve, settle):
    storage = _storage(model, settings, span.dt)
    stored = jnp.asarray([not one for one in settings.steady])[:, None, None, None]
    start = None
    if any(settings.steady):
        start = with_fast_at_rest(model, settings, x, span.moment(), settle)
        x = start
    gain = jnp.where(stored, -residual(Balance(model, moment=span.moment()), x), 0)
    middle = solve(Balance(model, storage, storage * x + gain, span.moment(MIDDLE)), x)
    gain_middle = storage * (middle - x) - gain
    carried = (WEIGHT / DIAGONAL) * (gain + gain_middle)
    end = solve(Balance(model, storage, storage * x + carried, span.moment(1.0)), middle)
    return Roots(start, middle, end), (gain, gain_middle, storage * (end - x) - carried)


def _error(model: Model, settings: Settings, end, gains, span: Span) -> Float[Array, " s"]:
    """Local error, filtered by the implicit operator so that stiff parts, which the method damps, do not count (ibid., 3.3)."""
    storage = _storage(model, settings, span.dt)
    raw = jnp.sum(jnp.stack([weight / DIAGONAL * gain for weight, gain in zip(ERROR_WEIGHTS, gains, strict=True)]), axis=0)
    balance = Balance(model, storage, jnp.zeros_like(end), span.moment(1.0))
    return jnp.max(jnp.abs(solve_tangent(balance, end, raw, reduction=0.1, max_iterations=20)), axis=(1, 2, 3))
