"""How the best attainable loss rises as one parameter is moved away from its estimate: intervals that do not lean on the curvature at one point."""

import math
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..errors import InputError
from .descent import descend
from .identifiability import LOOSEST
from .reach import deviance
from .result import Fit
from .transforms import unstretch

WITHIN_95 = 3.841
"""95 % point of chi^2 with one degree of freedom: by so much twice the loss may rise."""

EDGE = 1e-6
"""Share of the range between bounds that a profile keeps away from them."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile likelihood of one parameter (Raue et al. 2009, doi:10.1093/bioinformatics/btp358).

    - `name`, `estimate`: of the parameter, in its internal unit; `values`: [points], where it was held.
    - `rise`: [points], 2 (loss - least loss) with all other parameters at their best; where the fit was rescaled, the data's part over the variance factor.
    - `others`: by name, [points], the best values of the other parameters that are numbers; `converged`: [points].
    - `low`, `high`: where `rise` passes 3.841; None where it does not, as far as it was followed: open-ended.
    """

    name: str
    estimate: float
    values: Float[np.ndarray, " k"]
    rise: Float[np.ndarray, " k"]
    others: dict[str, Float[np.ndarray, " k"]]
    converged: Bool[np.ndarray, " k"]
    low: float | None
    high: float | None

    @property
    def undetermined(self) -> bool:
        """Open at both ends: the data do not determine the parameter."""
        return self.low is None and self.high is None

    def sentence(self) -> str:
        """The interval, or what is open, in words."""
        span = f"between {self.values[0]:.3g} and {self.values[-1]:.3g}"
        if self.undetermined:
            return f"{self.name}: undetermined; no value {span} is ruled out at 95 %"
        if self.low is None:
            return f"{self.name}: below {self.high:.3g} (95 %); no lower end was found {span}"
        if self.high is None:
            return f"{self.name}: above {self.low:.3g} (95 %); no upper end was found {span}"
        return f"{self.name}: {self.estimate:.3g}, 95 % from {self.low:.3g} to {self.high:.3g}"


def profile_likelihood(fit: Fit, name: str, points: int = 11, reach: float = 3.0) -> Profile:
    """The loss minimised over all other parameters, for values of one about its estimate.

    rise(x) = 2 (min over the others of r.r/2 - its least value); the 95 % interval is where it is below 3.841 (chi^2, one degree of freedom). Points are
    fitted from the estimate outwards, each from its neighbour's result, by one compiled program for all points and all parameters.

    **Arguments**

    - `name`: of a parameter that is a number.
    - `points`: how many values, an odd number of at least 5.
    - `reach`: how far to go each way, in standard deviations of u at the estimate; of an undetermined parameter in those of a factor of ten at 95 %
      (1.17 in ln x), so 3 is a factor of 34 each way.

    **Raises** `InputError` for a name that is no free number, and for points or a reach that cannot be.
    """
    free = fit.problem.parameters
    if name not in fit.intervals:
        raise InputError(f"'{name}' is no free number of this fit; it has {', '.join(fit.intervals)}")
    if points < 5 or points % 2 == 0:
        raise InputError(f"points must be an odd number of at least 5; got {points!r}")
    if not reach > 0:
        raise InputError(f"reach must be above zero; got {reach!r}")
    place = dict(zip(fit.intervals, free.numbers, strict=True))[name]
    parameter = next(one for one in free.all if one.name == name)
    estimate = free.natural(fit.z)
    at = _abscissae(fit, name, float(estimate[place]), points, reach, parameter.stretched_limits)
    middle = points // 2
    found = {middle: _held(fit, place, at[middle], fit.z)}
    for side in (1, -1):
        for step in range(1, middle + 1):
            here = middle + side * step
            found[here] = _held(fit, place, at[here], found[here - side][0])
    zs, losses, done = (np.stack([np.asarray(found[i][k]) for i in range(points)]) for k in range(3))
    rise = np.array([deviance(fit.problem, jnp.asarray(z), float(loss), fit.inflation) for z, loss in zip(zs, losses, strict=True)])
    rise = rise - np.nanmin(rise)
    low, high = (_crossing(at, rise, side) for side in (-1, 1))
    stretched = [None if one is None else float(unstretch(parameter.transform, jnp.asarray(one))) for one in (low, high)]
    values = [free.values(jnp.asarray(z)) for z in zs]
    others = {one: np.array([float(each[one]) for each in values]) for one in fit.intervals if one != name}
    held = np.asarray(unstretch(parameter.transform, jnp.asarray(at)))
    return Profile(name, float(fit.values[name]), held, rise, others, done, *stretched)


def _abscissae(fit: Fit, name: str, at: float, points: int, reach: float, limits: tuple[float, float] | None) -> np.ndarray:
    """Values of u, the estimate in their middle; the outer ones within the bounds."""
    found = fit.identifiability
    assert found is not None  # a fit with numbers has one
    k = found.names.index(name)
    width = reach * min(float(found.deviations(fit.inflation)[k]), LOOSEST) * float(found.scales[k])
    low, high = at - width, at + width
    if limits is not None:
        edge = EDGE * (limits[1] - limits[0])
        low, high = max(low, min(limits[0] + edge, at)), min(high, max(limits[1] - edge, at))
    half = points // 2
    return np.concatenate([np.linspace(low, at, half + 1)[:-1], np.linspace(at, high, half + 1)])


def _held(fit: Fit, place: int, u: float, start: Array) -> tuple[Array, Array, Array]:
    """The best z with one parameter at u, its loss, and whether that was found."""
    free = fit.problem.parameters
    target = free.from_natural(free.natural(fit.z).at[place].set(u))[place]
    held = jnp.full(start.shape, jnp.nan, start.dtype).at[place].set(target)
    point = descend(replace(fit.problem, held=held), jnp.asarray(start).at[place].set(target))
    return point.z, point.loss, point.converged


def _crossing(at: np.ndarray, rise: np.ndarray, side: int) -> float | None:
    """Where sqrt(rise), which is straight for a straight model, passes the root of 3.841, going out from the least rise; None where it does not."""
    level, height = math.sqrt(WITHIN_95), np.sqrt(np.maximum(rise, 0.0))
    here = int(np.nanargmin(rise))
    while 0 <= here + side < len(at) and np.isfinite(height[here + side]):
        a, b = height[here], height[here + side]
        if b >= level:
            return float(at[here] + (at[here + side] - at[here]) * (level - a) / (b - a))
        here += side
    return None
