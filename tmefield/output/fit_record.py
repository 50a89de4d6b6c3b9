"""What a report of a fit shows: data, predictions, estimates and what the data can determine; no solver is needed to draw it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .fieldset import Listed, Variable, variable_name

ArrayLike = Any

STATUSES = ("fitted", "prior", "undetermined", "at bound")
_UNITS = {"nM": "nmol L-1", "pg/mL": "pg mL-1"}


@dataclass(frozen=True, eq=False)
class FittedData:
    """One observation: n data with what the fitted model predicts.

    - `data`, `predicted`: [n], in `unit`; `residual`: [n] in standard deviations of the noise.
    - `sd`: [n] standard deviation of the prediction; `noise_sd`: [n] that of a datum about it; both in `unit`.
    - `censored`: [n] whether a datum lies at or below its limit of detection.
    - `x`: [n] what the data are drawn against, named `x_name`; None where they are drawn against the prediction. `curve`: [n] number of the curve that a
      datum belongs to, named in `curves`.
    - `time`: [n] of measurement, s, and `position`: [n, 3] of points (x, y, z), um, where the data have them.
    """

    name: str
    unit: str
    data: ArrayLike
    predicted: ArrayLike
    residual: ArrayLike
    sd: ArrayLike
    noise_sd: ArrayLike
    censored: ArrayLike
    x: ArrayLike = None
    x_name: str = ""
    curve: ArrayLike = None
    curves: tuple[str, ...] = ()
    time: ArrayLike = None
    position: ArrayLike = None

    @property
    def chi2(self) -> float:
        """Sum of the squared residuals."""
        return float(np.sum(np.square(self.residual)))


@dataclass(frozen=True)
class Estimate:
    """One parameter: the estimate with its 95 % interval (None where there is none), and what was known before.

    - `known`, `known_low`, `known_high`: value and range of the library, `source` where they stand; None where it has none.
    - `file_unit`: its unit as udunits reads it; `tied`: the numbers of the model that share it, where they are several.
    """

    name: str
    unit: str
    file_unit: str
    start: float
    value: float
    low: float | None
    high: float | None
    deviation: float | None
    status: str
    known: float | None = None
    known_low: float | None = None
    known_high: float | None = None
    source: str = ""
    tied: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FitRecord:
    """A whole fit.

    - `eigenvalues`: [k] of the Fisher information of the data, greatest first; `directions`: [k, k], a column each, in the order of `estimates`;
      `threshold`: the eigenvalue below which a direction counts as not determined.
    - `undetermined`, `suggestions`, `warnings`, `notes`, `sources`: sentences.
    """

    title: str
    outcome: str
    converged: bool
    steps: int
    chi2: float
    freedom: int
    data: tuple[FittedData, ...]
    estimates: tuple[Estimate, ...]
    eigenvalues: ArrayLike
    directions: ArrayLike
    threshold: float
    undetermined: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default=())


def record_lists(record: FitRecord) -> dict[str, Listed]:
    """The arrays of a fit for a file of results."""
    lists: dict[str, Listed] = {}
    for one in record.data:
        key = variable_name(one.name)
        dims, unit = (f"datum_{key}",), _UNITS.get(one.unit, "1")
        lists[f"fit_{key}_data"] = Listed(one.data, dims, f"data of {one.name}", unit)
        lists[f"fit_{key}_prediction"] = Listed(one.predicted, dims, f"prediction of {one.name} at the estimate", unit)
        lists[f"fit_{key}_prediction_sd"] = Listed(one.sd, dims, f"standard deviation of the prediction of {one.name}", unit)
        lists[f"fit_{key}_noise_sd"] = Listed(one.noise_sd, dims, f"standard deviation of the noise of {one.name}", unit)
        lists[f"fit_{key}_residual"] = Listed(one.residual, dims, f"residual of {one.name} in standard deviations of the noise, prediction less datum", "1")
        lists[f"fit_{key}_censored"] = Listed(np.asarray(one.censored, np.int16), dims, f"detection of {one.name}", flags=("seen", "below_limit"))
        if one.time is not None:
            lists[f"fit_{key}_time"] = Listed(one.time, dims, f"time of measurement of {one.name}", "s")
        if one.position is not None:
            lists[f"fit_{key}_position"] = Listed(one.position, (*dims, "xyz"), f"x, y, z of the points of {one.name}", "um")
        what, _, unit = one.x_name.partition(", ")
        if one.x is not None and what != "time":
            lists[f"fit_{key}_{variable_name(what)}"] = Listed(one.x, dims, f"{what} of {one.name}", unit)
    names = tuple("".join(c if c.isalnum() or c in "_.+-@" else "_" for c in one.name) for one in record.estimates)
    along, status = ("parameter",), [STATUSES.index(one.status) for one in record.estimates]
    lists["fit_parameter"] = Listed(np.arange(len(names)), along, "name of each free parameter", flags=names)
    lists["fit_status"] = Listed(status, along, "what is known of each free parameter", flags=tuple(one.replace(" ", "_") for one in STATUSES))
    deviations = [np.nan if one.deviation is None else one.deviation for one in record.estimates]
    lists["fit_deviation"] = Listed(deviations, along, "standard deviation of each free parameter in its coordinate: of the logarithm, the logit or itself")
    lists["fit_eigenvalue"] = Listed(record.eigenvalues, ("direction",), "eigenvalue of the Fisher information of the data")
    lists["fit_direction"] = Listed(record.directions, ("parameter", "direction"), "components of the directions of the Fisher information")
    return lists


def record_scalars(record: FitRecord) -> dict[str, Variable]:
    """The estimates with both ends of their intervals (NaN where there is none) for a file of results."""
    scalars = {}
    for one in record.estimates:
        name = f"fit_{variable_name(one.name)}"
        ends = {
            "": (one.value, "estimate of"),
            "_low": (one.low, "lower end of the 95 percent interval of"),
            "_high": (one.high, "upper end of the 95 percent interval of"),
        }
        for ending, (value, words) in ends.items():
            scalars[name + ending] = Variable(np.float64(np.nan if value is None else value), f"{words} {one.name}", one.file_unit)
    return scalars
