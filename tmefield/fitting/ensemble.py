"""Draws of the parameters from what data and priors leave possible: by the curvature at the estimate, or by fits to redrawn data."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..errors import InputError, NumericsError
from .descent import descend
from .identifiability import LOOSEST, PART, RESOLUTION, Identifiability
from .problem import Problem, predictions
from .result import Fit

PRIOR_SHARE = 0.5
"""Share of the information along a direction from which on its width is the prior's."""

MOST_DRAWN = 100
"""Times the number of members that are drawn at most until so many lie within bounds."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Members drawn from the posterior.

    - `method`: "laplace", "bootstrap" or "nuts"; `z`: [members, n], in the optimiser's coordinate.
    - `values`: by name of each parameter that is a number, [members], internal units.
    - `converged`: [members], whether each member's fit (bootstrap) met its tolerance.
    """

    method: str
    z: Float[np.ndarray, "k n"]
    values: dict[str, Float[np.ndarray, " k"]]
    converged: Bool[np.ndarray, " k"]

    def interval(self, name: str) -> tuple[float, float]:
        """The central 95 % of a parameter."""
        low, high = np.percentile(self.values[name], [2.5, 97.5])
        return float(low), float(high)


def laplace_ensemble(fit: Fit, count: int, seed: int = 0) -> Ensemble:
    """Draws u ~ N(estimate, covariance) by the curvature of data and priors at the estimate (Laplace's approximation); fields stay at theirs.

    Draws beyond bounds are drawn again, so that the density within is that of the normal cut off at them. Costs no solve. As good as the loss is quadratic
    over the intervals: `profile_likelihood` tells.

    **Raises** `InputError` where neither data nor priors determine some parameter, with its name, where one is at its bound or next to no draw lies within
    the bounds, or for no draws.
    """
    found = require_determined(fit, count)
    free = fit.problem.parameters
    wide = _open_ended(fit)
    if wide:
        raise InputError(
            f"{', '.join(wide)}: a factor of ten fits the data as well, whatever the curvature at the estimate; take bootstrap_ensemble or sample_posterior"
        )
    bound = [name for name, one in fit.intervals.items() if one.status == "at bound"]
    if bound:
        raise InputError(f"{', '.join(bound)} at a bound: the curvature there says nothing; widen the bounds, fix the value, or take bootstrap_ensemble")
    covariance = found.covariance(fit.inflation) * np.outer(found.scales, found.scales)
    values, vectors = np.linalg.eigh(covariance)
    estimate = np.asarray(free.natural(fit.z), np.float64)
    limits = np.array([one.stretched_limits or (-np.inf, np.inf) for one in free.all if one.shape == ()])
    random, numbers = np.random.default_rng(seed), np.zeros((0, len(values)))
    for _ in range(MOST_DRAWN):
        drawn = estimate[list(free.numbers)] + (random.standard_normal((count, len(values))) * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        numbers = np.concatenate([numbers, drawn[((drawn > limits[:, 0]) & (drawn < limits[:, 1])).all(axis=1)]])
        if len(numbers) >= count:
            break
    else:
        raise InputError(f"of {MOST_DRAWN * count} draws only {len(numbers)} lie within the bounds: widen them, or take bootstrap_ensemble")
    u = np.repeat(estimate[None], count, axis=0)
    u[:, list(free.numbers)] = numbers[:count]
    return from_z(fit, "laplace", jax.vmap(free.from_natural)(jnp.asarray(u, fit.z.dtype)))


def bootstrap_ensemble(fit: Fit, count: int, seed: int = 0, chunk: int = 8) -> Ensemble:
    """Fits to data redrawn from their noise about the predictions, with the medians of priors redrawn from the priors: randomised maximum likelihood.

    z_i = argmin of r_i.r_i/2 with d_i ~ p(d | estimate), u_prior,i ~ prior (Oliver, He & Reynolds 1996; exact where the model is linear in u;
    Bardsley et al. 2014, doi:10.1137/140964023, on the general case). It sees bounds, skewness and censoring, which the curvature does not.
    All members go through one compiled program, `chunk` of them at a time. Noise of unknown size (`rescale=True`) is not widened.

    **Raises** `InputError` where neither data nor priors determine some parameter, with its name, or for no draws; `NumericsError` where no member can be
    fitted.
    """
    require_determined(fit, count)
    if chunk < 1:
        raise InputError(f"chunk must be at least 1; got {chunk!r}")
    predicted, _ = predictions(fit.problem, fit.z)
    z, loss, done = _refits(fit.problem, fit.z, predicted, jax.random.split(jax.random.key(seed), count), chunk)
    solved = np.isfinite(np.asarray(loss))
    if not solved.any():
        raise NumericsError("no member of the ensemble could be fitted: the model cannot be solved near the estimate")
    return from_z(fit, "bootstrap", z[solved], np.asarray(done)[solved])


@eqx.filter_jit
def _refits(problem: Problem, start: Array, predicted: tuple[Array, ...], keys: Array, chunk: int) -> tuple[Array, Array, Array]:
    priors = problem.parameters.prior_residuals(start)

    def one(key):
        own, *rest = jax.random.split(key, 1 + len(predicted))
        data = tuple(seen.noise.sample(k, p).astype(seen.data.dtype) for seen, k, p in zip(problem.observations, rest, predicted, strict=True))
        redrawn = eqx.tree_at(lambda tree: tuple(seen.data for seen in tree.observations), problem, data)
        point = descend(replace(redrawn, drawn=jax.random.normal(own, priors.shape, priors.dtype)), start)
        return point.z, point.loss, point.converged

    return jax.lax.map(one, keys, batch_size=chunk)


def from_z(fit: Fit, method: str, z: Array, converged: np.ndarray | None = None) -> Ensemble:
    """An ensemble of vectors z [members, n]."""
    free = fit.problem.parameters
    values = jax.vmap(free.values)(z)
    numbers = {one.name: np.asarray(values[one.name], np.float64) for one in free.all if one.shape == ()}
    return Ensemble(method, np.asarray(z), numbers, np.ones(len(z), bool) if converged is None else np.asarray(converged))


def require_determined(fit: Fit, count: int) -> Identifiability:
    """The information at the estimate, where it bounds every parameter.

    A direction counts as open where its standard deviation exceeds a factor of ten at 95 % and no prior says that it may; a parameter also where the fit found
    that a factor of ten fits as well and it has no prior.

    **Raises** `InputError` that names the parameters along open directions, for a fit of fields alone, and for a count that is no number of draws.
    """
    if count < 2:
        raise InputError(f"an ensemble needs at least 2 members; got {count!r}")
    found = fit.identifiability
    if found is None:
        raise InputError("every free parameter is a field: what data determine is told of numbers only, and an ensemble needs it")
    values, vectors = np.linalg.eigh(found.information + found.prior)
    by_prior = np.einsum("pi,pq,qi->i", vectors, found.prior, vectors)
    loose = (values < RESOLUTION * values[-1]) | ((values < 1 / LOOSEST**2) & (by_prior < PRIOR_SHARE * values))
    open_ended = (np.abs(vectors[:, loose]) > PART * np.abs(vectors).max(axis=0)[loose]).any(axis=1)
    if loose.any():
        names = [name for name, one in zip(found.names, open_ended, strict=True) if one]
        raise InputError(
            f"neither data nor priors determine {', '.join(names)}, so there is nothing to draw from. " + " ".join([*found.words(), *found.suggestions()])
        )
    known = {one.name for one in fit.problem.parameters.all if one.prior is not None}
    wide = [name for name in _open_ended(fit) if name not in known]
    if wide:
        raise InputError(f"neither data nor priors determine {', '.join(wide)}, so there is nothing to draw from: a factor of ten fits the data as well")
    return found


def _open_ended(fit: Fit) -> list[str]:
    """Parameters that the curvature at the estimate would bound, but that the fit found to be open (`reach.open_sides`)."""
    found = fit.identifiability
    assert found is not None  # a fit with intervals has one
    deviations = dict(zip(found.names, found.deviations(fit.inflation), strict=True))
    return [name for name, one in fit.intervals.items() if one.status == "undetermined" and deviations[name] <= LOOSEST]
