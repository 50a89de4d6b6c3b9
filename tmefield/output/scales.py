"""Units, limits and tick labels that suit what is drawn."""

import math
from dataclasses import dataclass

import numpy as np

# nmol/L in one unit, largest first.
_UNITS = ((1e6, "mM"), (1e3, "µM"), (1.0, "nM"), (1e-3, "pM"), (1e-6, "fM"), (1e-9, "aM"))
# Beyond this ratio of large to small values a linear scale shows one colour and a spot.
_LOG_RATIO = 100.0
_LOG_DECADES = 4.0


@dataclass(frozen=True)
class Scale:
    """How a concentration is shown: divide nmol/L by `factor` to get `unit`; limits in that unit."""

    factor: float
    unit: str
    lower: float
    upper: float
    log: bool

    @property
    def label(self) -> str:
        """The unit and the kind of scale, for a colour bar."""
        return f"{self.unit}, {'log' if self.log else 'linear'} scale"


def choose_scale(concentration: np.ndarray) -> Scale:
    """Unit, limits and linear or log for these concentrations (nmol/L); values that are not finite are passed over.

    Limits hold 99.8 % of the values, rounded outward to engineering numbers. A linear scale starts at 0 unless all values
    lie close together; the scale is logarithmic where large and small values are more than a hundredfold apart.
    """
    values = np.asarray(concentration, dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0 or values.max() <= 0:
        return Scale(1e-3, "pM", 0.0, 1.0, log=False)
    low, small, high = (float(value) for value in np.percentile(values, [0.1, 2.0, 99.9]))
    high = high if high > 0 else float(values.max())
    factor, unit = next((entry for entry in _UNITS if high >= entry[0] / 2), _UNITS[-1])
    low, small, high = low / factor, small / factor, high / factor
    if small > 0 and high / small > _LOG_RATIO:
        return Scale(factor, unit, _round_125(max(small, high / 10**_LOG_DECADES), up=False), _round_125(high, up=True), log=True)
    low = low if 0.6 * high < low < (1 - 1e-6) * high else 0.0
    step = nice_length((high - low) / 4)
    return Scale(factor, unit, math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, log=False)


def nice_length(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `length`."""
    return _round_125(length, up=False)


def linear_ticks(lower: float, upper: float, count: int = 4) -> list[float]:
    """About `count` round numbers from lower to upper."""
    step = nice_length((upper - lower) / (count - 1) * 1.001)
    first = math.ceil(lower / step - 1e-9)
    return [index * step for index in range(first, math.floor(upper / step + 1e-9) + 1)]


def log_ticks(lower: float, upper: float) -> list[float]:
    """Powers of ten from lower to upper, and 2 and 5 times them where that leaves few."""
    decades = range(math.floor(math.log10(lower)) - 1, math.ceil(math.log10(upper)) + 1)
    mantissas = (1,) if math.log10(upper / lower) >= 2 else (1, 2, 5)
    candidates = [mantissa * 10.0**decade for decade in decades for mantissa in mantissas]
    return [tick for tick in candidates if lower * (1 - 1e-9) <= tick <= upper * (1 + 1e-9)]


def number(value: float) -> str:
    """A number as a person writes it on an axis: 0, 0.05, 2.5, 200, 12000."""
    text = f"{value:.6g}"
    if "e" in text and abs(value) < 1e9:
        text = f"{value:.12f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def figure(value: float) -> str:
    """A value to three significant digits as a person writes it in a table: 0.0134, 6290, 8.9e-05."""
    return f"{value:.3g}" if value == 0 or not 1e-3 <= abs(value) < 1e6 else number(float(f"{value:.3g}"))


def _round_125(value: float, *, up: bool) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    mantissa = value / power
    if up:
        return next(m for m in (1, 2, 5, 10) if mantissa <= m * (1 + 1e-9)) * power
    return next(m for m in (10, 5, 2, 1, 0.5) if mantissa >= m * (1 - 1e-9)) * power
