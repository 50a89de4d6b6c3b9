"""The posterior itself, by Hamiltonian Monte Carlo: chains of draws that need no estimate to be quadratic."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError, TmefieldError
from .ensemble import Ensemble, from_z, require_determined
from .problem import Problem
from .result import Fit

MIXED = 1.01
"""R-hat below which chains count as mixed (Vehtari et al. 2021, doi:10.1214/20-BA1221)."""

FEWEST = 100.0
"""Effective draws below which intervals of 95 % are not to be trusted."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the posterior and how far to trust them.

    - `ensemble`: all chains one behind the other, for `posterior_fields` and intervals.
    - `chains`: by name of each parameter that is a number, [chain, draw], internal units.
    - `rhat`, `ess`: by name, of u: ratio of the spread of all chains to that within each (split R-hat; 1 where they agree), and the effective number of
      independent draws. `divergences`: steps that left the posterior, of all draws.
    """

    ensemble: Ensemble
    chains: dict[str, Float[np.ndarray, "chain draw"]]
    rhat: dict[str, float]
    ess: dict[str, float]
    divergences: int

    @property
    def mixed(self) -> bool:
        """Whether every chain tells the same story, at enough length, without divergences."""
        return max(self.rhat.values()) < MIXED and min(self.ess.values()) >= FEWEST and self.divergences == 0


def sample_posterior(fit: Fit, count: int = 500, warmup: int = 200, seed: int = 0, chains: int = 4) -> Posterior:
    """Draws from the posterior p(u) ~ exp(-r.r/2), flat in u between bounds, by the No-U-Turn sampler of blackjax (Hoffman & Gelman 2014, JMLR 15:1593).

    Chains start within the Laplace approximation of the estimate and go in coordinates that it makes round; steps and mass adapt in `warmup`. Each step costs
    a solve and its adjoint; all chains go together (`jax.vmap`). For up to some ten parameters and small grids: a draw takes 3 to 15 steps. Noise of unknown
    size (`rescale=True`) is not widened; steps that meet a bound count as divergences.

    **Arguments**

    - `count`: draws of each chain; `warmup`: steps before them, not kept; `chains`: at least 2, for R-hat.

    **Returns** a `Posterior`; one whose chains have not mixed warns.

    **Raises** `InputError` where neither data nor priors determine some parameter, with its name, for a field among the parameters, and for counts that cannot
    be; `TmefieldError` where blackjax is missing.
    """
    blackjax = _blackjax()
    found, free = require_determined(fit, count), fit.problem.parameters
    if free.count != len(free.numbers):
        raise InputError("a field is among the free parameters: the sampler is for numbers; fix the field at its estimate")
    if count < 4 or warmup < 20 or chains < 2:
        raise InputError(f"take at least 4 draws, 20 steps of warm-up and 2 chains; got {count}, {warmup} and {chains}")
    stretch = np.linalg.cholesky(found.covariance() * np.outer(found.scales, found.scales))
    problem, z = fit.problem, fit.z
    factor, centre = jnp.asarray(stretch, z.dtype), free.natural(z)
    # The sampler mixes kinds of numbers and ranks; the model inside keeps to its own.
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        drawn, divergent = _chains(blackjax, problem, centre, factor, jax.random.split(jax.random.key(seed), chains), count, warmup)
        u = centre + drawn @ factor.T
        halves = jnp.concatenate(jnp.split(u[:, : 2 * (count // 2)], 2, axis=1))  # a drift within a chain counts too
        rhat = np.atleast_1d(np.asarray(blackjax.diagnostics.potential_scale_reduction(halves)))
        ess = np.atleast_1d(np.asarray(blackjax.diagnostics.effective_sample_size(u)))
    flat = jax.vmap(free.from_natural)(u.reshape(-1, u.shape[-1]))
    ensemble = from_z(fit, "nuts", flat)
    by_chain = {name: values.reshape(chains, count) for name, values in ensemble.values.items()}
    spread, effective = (dict(zip(free.names, map(float, one), strict=True)) for one in (rhat, ess))
    result = Posterior(ensemble, by_chain, spread, effective, int(np.sum(np.asarray(divergent))))
    if not result.mixed:
        warnings.warn(
            f"the chains have not mixed (largest R-hat {max(spread.values()):.3f}, fewest effective draws {min(effective.values()):.0f}, "
            f"{result.divergences} divergences): take more draws, more warm-up, or a prior on what is hardly determined",
            stacklevel=2,
        )
    return result


def _blackjax() -> Any:
    try:
        import blackjax
        import blackjax.diagnostics
    except ImportError:
        raise TmefieldError("sample_posterior needs blackjax: pip install 'tmefield[bayes]'") from None
    return blackjax


def _chains(blackjax: Any, problem: Problem, centre: Array, factor: Array, keys: Array, count: int, warmup: int) -> tuple[Array, Array]:
    """Positions [chain, draw, n] in the round coordinate, and which steps diverged [chain, draw]."""

    @eqx.filter_jit
    def run(problem, centre, factor, keys):
        def log_density(position):
            return _log_density(problem, centre + factor @ position)

        def one(key):
            first, second, third = jax.random.split(key, 3)
            start = jax.random.normal(first, centre.shape, centre.dtype)
            adaptation = blackjax.window_adaptation(blackjax.nuts, log_density)
            (state, settings), _ = adaptation.run(second, start, warmup)
            kernel = blackjax.nuts(log_density, **settings)

            def step(state, key):
                state, info = kernel.step(key, state)
                return state, (state.position, info.is_divergent)

            return jax.lax.scan(step, state, jax.random.split(third, count))[1]

        return jax.vmap(one)(keys)

    return run(problem, centre, factor, keys)


def _log_density(problem: Problem, u: Float[Array, " n"]) -> Float[Array, ""]:
    """-r.r/2 at u; far below everything else beyond bounds and where the model cannot be solved."""
    inside, kept = jnp.ones((), bool), []
    for place, one in enumerate(problem.parameters.all):
        low, high = one.stretched_limits or (-math.inf, math.inf)
        inside = inside & (u[place] > low) & (u[place] < high)
        kept.append(u[place] if one.stretched_limits is None else jnp.clip(u[place], low + 1e-6 * (high - low), high - 1e-6 * (high - low)))
    loss = problem.finite_loss(problem.parameters.from_natural(jnp.stack(kept)))
    return jnp.where(inside, -loss, -jnp.inf)
