"""How widely a parameter may lie: the distribution behind its value and range, for fitting and for cohorts."""

import math
from dataclasses import dataclass

from ..errors import InputError

DISTRIBUTIONS = ("lognormal", "uniform")
SIZE_LAW_SIGMA = 0.75
"""Standard deviation of ln D about the size law: the middle of 0.6 to 0.9, that is 4.3-fold each way at 95 %."""
# Of a normal distribution, 95 % lie within so many standard deviations.
_WITHIN_95 = 1.96


@dataclass(frozen=True)
class Prior:
    """Distribution of one parameter, in the internal unit of its kind (`units.KINDS`).

    - `kind` "lognormal": ln x is normal about ln `median` with the standard deviation `sigma`; `bounds` is None.
    - `kind` "uniform": any value between the two `bounds` is as likely as another; `median` is their middle, `sigma` is None.
    """

    kind: str
    median: float
    sigma: float | None = None
    bounds: tuple[float, float] | None = None

    def interval(self) -> tuple[float, float]:
        """The central 95 %."""
        if self.bounds is not None:
            margin = 0.025 * (self.bounds[1] - self.bounds[0])
            return self.bounds[0] + margin, self.bounds[1] - margin
        spread = math.exp(_WITHIN_95 * (self.sigma or 0.0))
        return self.median / spread, self.median * spread


def choose(value: float, bounds: tuple[float, float] | None, given: str | None, *, by_size: bool, where: str) -> tuple[str | None, float | None]:
    """Distribution and sigma of a row: what it says itself (`given`), or the default of the library.

    - A diffusivity computed `by_size`: lognormal about its value with `SIZE_LAW_SIGMA`, whatever its range.
    - A range: lognormal about the value, so wide that both ends lie within the central 95 %: sigma = ln(farther end over value)/1.96.
    - "uniform" has to be said: the range then holds every value, and the default is only a point of it.
    - Neither range nor size law: None, no spread is known.

    **Raises** `InputError` that begins with `where` for an unknown distribution, one without a range, and a value that cannot be the median of a
    lognormal: one at the end of its range, or a range that begins at zero.
    """
    if given is not None and given not in DISTRIBUTIONS:
        raise InputError(f"{where}: distribution must be one of {', '.join(DISTRIBUTIONS)}; got {given!r}")
    if given is not None and bounds is None:
        raise InputError(f"{where}: a distribution needs a range")
    if given is None and by_size:
        return "lognormal", SIZE_LAW_SIGMA
    if bounds is None or given == "uniform":
        return given, None
    if not 0 < bounds[0] < value < bounds[1]:
        raise InputError(f'{where}: {value:g} cannot be the median of a lognormal from {bounds[0]:g} to {bounds[1]:g}; give distribution = "uniform"')
    return "lognormal", math.log(max(value / bounds[0], bounds[1] / value)) / _WITHIN_95
