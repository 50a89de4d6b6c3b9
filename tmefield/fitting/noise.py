"""How a measurement scatters about what the model predicts: Gaussian, lognormal or counts, with what lies below detection."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from ..checks import as_parameter
from ..errors import InputError

TINY = 1e-30
"""Below every concentration that counts; keeps logarithms of predictions finite."""

NEAR = 1e-3
"""Relative distance of a prediction from a count below which the residual is told by its series."""


class AbstractNoise(eqx.Module):
    """The distribution of data d about predictions p."""

    @abstractmethod
    def residuals(self, predicted: Float[Array, " n"], data: Float[Array, " n"]) -> Float[Array, " n"]:
        """Residuals r with r^2/2 = -ln likelihood of each datum, less a constant that no prediction changes."""

    @abstractmethod
    def information(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """Expected Fisher information of a datum about its own prediction, E[-d2 ln L/dp2]; needs no data."""

    def expected_square(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """What r^2 of each datum is on average if the prediction is true: 1, but for what may lie below detection."""
        return jnp.ones_like(predicted)

    @abstractmethod
    def sample(self, key: Array, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """Data drawn about the predictions; what lies below detection as the limit itself."""

    @abstractmethod
    def check(self, data: Float[Array, " n"], who: str) -> None:
        """Raise `InputError` where these data cannot come from this distribution."""


class Gaussian(AbstractNoise):
    """d = p + sd e, e standard normal; with `limit`, data at or below it are known only to lie there.

    **Arguments**

    - `sd`: standard deviation, in the units of the data; a number or one per datum (the SEM of a profile).
    - `limit`: of detection, in the same units.

    **Raises** `InputError` for a standard deviation that is not above zero.
    """

    sd: Float[Array, "..."]
    limit: Float[Array, ""] | None

    def __init__(self, sd: ArrayLike, limit: ArrayLike | None = None):
        self.sd = as_parameter(sd, "standard deviation of the data", "their unit", positive=True)
        self.limit = None if limit is None else as_parameter(limit, "detection limit", "the unit of the data", shapes=((),), signed=True)

    def residuals(self, predicted: Float[Array, " n"], data: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        sd = self.sd.astype(predicted.dtype)
        seen = (predicted - data) / sd
        return seen if self.limit is None else jnp.where(data <= self.limit, censored((self.limit.astype(sd.dtype) - predicted) / sd), seen)

    def information(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        sd = jnp.broadcast_to(self.sd.astype(predicted.dtype), predicted.shape)
        return share_seen(self._above(predicted), predicted) / sd**2

    def expected_square(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        return mean_square(self._above(predicted), predicted)

    def sample(self, key: Array, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        drawn = predicted + self.sd.astype(predicted.dtype) * jax.random.normal(key, predicted.shape, predicted.dtype)
        return drawn if self.limit is None else at_least(drawn, self.limit)

    def check(self, data: Float[Array, " n"], who: str) -> None:
        """See `AbstractNoise`."""
        check_size(self.sd, data, who)
        check_seen(None if self.limit is None else data <= self.limit, who)

    def _above(self, predicted: Array) -> Array | None:
        """By how many standard deviations the limit lies above the predictions."""
        sd = self.sd.astype(predicted.dtype)
        return None if self.limit is None else (self.limit.astype(sd.dtype) - predicted) / sd


class Lognormal(AbstractNoise):
    """ln d = ln p + sigma e: scatter by a factor, as of intensities and assays. 10 % noise is sigma = 0.1.

    **Arguments**

    - `sigma`: standard deviation of ln d; a number or one per datum.
    - `limit`: of detection, in the unit of the data; data at or below it, zeros too, are known only to lie there.

    **Raises** `InputError` for a sigma that is not above zero.
    """

    sigma: Float[Array, "..."]
    limit: Float[Array, ""] | None

    def __init__(self, sigma: ArrayLike, limit: ArrayLike | None = None):
        self.sigma = as_parameter(sigma, "standard deviation of the logarithm of the data", "1", positive=True)
        self.limit = None if limit is None else as_parameter(limit, "detection limit", "the unit of the data", shapes=((),), positive=True)

    def residuals(self, predicted: Float[Array, " n"], data: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        sigma, log = self.sigma.astype(predicted.dtype), jnp.log(jnp.maximum(predicted, TINY))
        seen = (log - jnp.log(jnp.maximum(data, TINY).astype(predicted.dtype))) / sigma
        if self.limit is None:
            return seen
        return jnp.where(data <= self.limit, censored((jnp.log(self.limit).astype(sigma.dtype) - log) / sigma), seen)

    def information(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        sigma, p = self.sigma.astype(predicted.dtype), jnp.maximum(predicted, TINY)
        # The square of what lies far below every concentration would be zero in single precision, and the information of nothing infinite or NaN.
        spread = jnp.maximum(sigma * p, 2 * math.sqrt(float(jnp.finfo(p.dtype).tiny)))
        return share_seen(self._above(predicted), predicted) / spread**2

    def expected_square(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        return mean_square(self._above(predicted), predicted)

    def sample(self, key: Array, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        drawn = predicted * jnp.exp(self.sigma.astype(predicted.dtype) * jax.random.normal(key, predicted.shape, predicted.dtype))
        return drawn if self.limit is None else at_least(drawn, self.limit)

    def check(self, data: Float[Array, " n"], who: str) -> None:
        """See `AbstractNoise`."""
        check_size(self.sigma, data, who)
        if self.limit is None and bool((data <= 0).any()):
            raise InputError(f"{who}: {int((data <= 0).sum())} data are zero or negative, which lognormal noise does not allow; give its detection limit")
        check_seen(None if self.limit is None else data <= self.limit, who)

    def _above(self, predicted: Array) -> Array | None:
        """By how many standard deviations the limit lies above the predictions."""
        sigma, log = self.sigma.astype(predicted.dtype), jnp.log(jnp.maximum(predicted, TINY))
        return None if self.limit is None else (jnp.log(self.limit).astype(sigma.dtype) - log) / sigma


class Poisson(AbstractNoise):
    """Counts: n = gain d is Poisson with mean gain p. The residual is that of the deviance, r = sign(p - d) sqrt(2 gain (p - d + d ln(d/p))).

    **Arguments**

    - `gain`: counts per unit of the data; 1 where the data are counts.

    **Raises** `InputError` for a gain that is not above zero.
    """

    gain: Float[Array, ""]

    def __init__(self, gain: ArrayLike = 1.0):
        self.gain = as_parameter(gain, "counts per unit of the data", "1/unit", shapes=((),), positive=True)

    def residuals(self, predicted: Float[Array, " n"], data: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        gain = self.gain.astype(predicted.dtype)
        p, d = jnp.maximum(gain * predicted, TINY), gain * data.astype(predicted.dtype)
        # With x = (p - d)/d near 0 the square root has no derivative; there r = (p - d)/sqrt(d) (1 - x/3 + 7 x^2/36).
        some = jnp.maximum(d, TINY)
        x = (p - d) / some
        near = (jnp.abs(x) < NEAR) & (d > 0)
        # d (x - ln(1 + x)) keeps what p - d + d ln(d/p) of many counts would lose in single precision.
        low = x < -0.5
        above = jnp.where(near | low, 1, x)
        deviance = jnp.where(low, 2 * (p - d + d * (jnp.log(some) - jnp.log(p))), 2 * d * (above - jnp.log1p(above)))
        deviance = jnp.where(d > 0, deviance, 2 * p)
        series = (p - d) / jnp.sqrt(some) * (1 - x / 3 + 7 * x**2 / 36)
        return jnp.where(near, series, jnp.sign(p - d) * jnp.sqrt(jnp.maximum(deviance, TINY)))

    def information(self, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        return self.gain.astype(predicted.dtype) / jnp.maximum(predicted, TINY)

    def sample(self, key: Array, predicted: Float[Array, " n"]) -> Float[Array, " n"]:
        """See `AbstractNoise`."""
        gain = self.gain.astype(predicted.dtype)
        return jax.random.poisson(key, gain * jnp.maximum(predicted, 0)).astype(predicted.dtype) / gain

    def check(self, data: Float[Array, " n"], who: str) -> None:
        """See `AbstractNoise`."""
        counts = data * self.gain.astype(data.dtype)
        rounding = 1e-4 + 4 * float(jnp.finfo(counts.dtype).eps) * counts
        if bool(((counts < 0) | (jnp.abs(counts - jnp.round(counts)) > rounding)).any()):
            raise InputError(f"{who}: counts must be whole numbers from 0; scale intensities back to counts, or take another noise")


def censored(x: Float[Array, " n"]) -> Float[Array, " n"]:
    """sqrt(-2 ln Phi(x)): the residual of a datum known only to lie below the limit, x standard deviations above the prediction."""
    return jnp.sqrt(jnp.maximum(-2 * norm.logcdf(x), TINY))


def at_least(drawn: Float[Array, " n"], limit: Float[Array, ""]) -> Float[Array, " n"]:
    """Data drawn, the limit itself where they lie below it: in its own precision, or a limit that was rounded up would count as seen."""
    return jnp.maximum(drawn.astype(limit.dtype), limit)


def share_seen(x: Float[Array, " n"] | None, like: Float[Array, " n"]) -> Float[Array, " n"]:
    """Information of a normal datum that is censored below x (standard deviations above the prediction), as a share of one that is not.

    I = phi(x)^2/Phi(x) + x phi(x) + 1 - Phi(x) (Tobin's model; Amemiya 1973, doi:10.2307/1914031).
    """
    if x is None:
        return jnp.ones_like(like)
    density = norm.pdf(x)
    return jnp.exp(2 * norm.logpdf(x) - norm.logcdf(x)) + x * density + norm.sf(x)


def mean_square(x: Float[Array, " n"] | None, like: Float[Array, " n"]) -> Float[Array, " n"]:
    """The mean of r^2 of a normal datum that is censored below x (standard deviations above the prediction): 1 - Phi(x) + x phi(x) - 2 Phi(x) ln Phi(x)."""
    if x is None:
        return jnp.ones_like(like)
    return norm.sf(x) + x * norm.pdf(x) - 2 * norm.cdf(x) * norm.logcdf(x)


def check_size(spread: Array, data: Array, who: str) -> None:
    """One standard deviation for all, or one per datum."""
    if spread.shape not in ((), data.shape):
        raise InputError(f"{who}: {spread.size} standard deviations for {data.size} data; give one number or one per datum")


def check_seen(below: Bool[Array, " n"] | None, who: str) -> None:
    """Some datum lies above the limit of detection."""
    if below is not None and bool(below.all()):
        raise InputError(f"{who}: all {below.size} data lie at or below the detection limit: they bound the concentration from above and fix nothing")
