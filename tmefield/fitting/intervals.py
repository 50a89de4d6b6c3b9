"""Intervals of fitted parameters, and the refusal of one where the data fix none."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from .identifiability import LOOSEST, Identifiability
from .parameters import FreeParameter

WITHIN_95 = 1.96
AT_BOUND = 5.0
"""|z| beyond which a bounded parameter counts as at its bound: within 0.7 % of the range in u."""

FROM_PRIOR = 0.9
"""Share of the prior's standard deviation from which on the data count as having said nothing."""


@dataclass(frozen=True)
class Interval:
    """What is known of one parameter.

    - `value`: the estimate; `low`, `high`: 95 %, from the curvature at the estimate (Gauss & Newton, Laplace); None where there is none to tell.
    - `deviation`: standard deviation of u (ln x of a rate).
    - `status`: "fitted"; "prior" where the interval is that of the prior, the data adding next to nothing; "undetermined"; "at bound".
    """

    value: float
    low: float | None
    high: float | None
    deviation: float | None
    status: str

    def summary(self) -> dict:
        """The same ready for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "deviation": self.deviation, "status": self.status}


def intervals(
    found: Identifiability,
    numbers: tuple[FreeParameter, ...],
    u: Mapping[str, float],
    z: Mapping[str, float],
    inflation: float = 1.0,
    open_ended: Container[str] = (),
) -> dict[str, Interval]:
    """The interval of each parameter that is a number, u +- 1.96 sd with the sd from data and priors, as far as its bounds.

    **Arguments**

    - `found`: the information at the estimate; `u`, `z`: the estimates in both coordinates.
    - `inflation`: factor on the variances of the data, chi^2 per degree of freedom where the size of the noise is not known; priors stay as wide as they are.
    - `open_ended`: parameters that the data do not bound (`reach.open_sides`), whatever the curvature.
    """
    result = {}
    for one, own, scale in zip(numbers, found.deviations(inflation), found.scales, strict=True):
        at = float(u[one.name])
        value = _value(one.transform, at)
        sd = float(own)
        if one.limits is not None and abs(z[one.name]) > AT_BOUND:
            result[one.name] = Interval(value, None, None, None, "at bound")
        elif not sd <= LOOSEST or one.name in open_ended:
            result[one.name] = Interval(value, None, None, None, "undetermined")
        else:
            low, high = at - WITHIN_95 * sd * scale, at + WITHIN_95 * sd * scale
            if one.stretched_limits is not None:
                low, high = max(low, one.stretched_limits[0]), min(high, one.stretched_limits[1])
            sigma = None if one.prior is None else one.prior.sigma
            status = "prior" if sigma is not None and sd > FROM_PRIOR * sigma else "fitted"
            result[one.name] = Interval(value, _value(one.transform, low), _value(one.transform, high), float(sd * scale), status)
    return result


def _value(transform: str, u: float) -> float:
    if transform == "log":
        return float(np.exp(u))
    return float(1 / (1 + np.exp(-u))) if transform == "logit" else u
