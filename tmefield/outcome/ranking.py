"""Which arm does best, and how sure that is; what an endpoint hangs on."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..library.prior import Prior
from .cohort import quantile

DRAWS = 1000


@dataclass(frozen=True)
class Rank:
    """An arm among others: mean of the endpoint's logarithm over that of the control with its central 95 % by drawing patients again, the share of patients
    for whom it is the best arm, and the share that does better than the control.
    """

    arm: str
    mean_log_ratio: float
    interval: tuple[float, float]
    best_share: float
    better_share: float


def rank_arms(endpoints: Mapping[str, Sequence[float] | np.ndarray], control: str = "control", *, draws: int = 2000, seed: int = 0) -> list[Rank]:
    """Arms by the mean of ln(endpoint/endpoint of the control) over patients, the least first (of a volume: the arm that spares most).

    - `endpoints`: by arm, the endpoint of each patient in one order, above zero.

    **Raises** `InputError` for arms with different numbers of patients and values that are not above zero.
    """
    values = {name: np.asarray(column, float) for name, column in endpoints.items()}
    if control not in values or len({len(column) for column in values.values()}) != 1:
        raise InputError(f"ranking needs one endpoint for each patient in each arm and an arm '{control}'; got {', '.join(values)}")
    if any(not (column > 0).all() for column in values.values()):
        raise InputError("ranking compares logarithms: endpoints have to be above zero")
    logs = {name: np.log(column / values[control]) for name, column in values.items()}
    least = np.min(np.stack(list(values.values())), axis=0)
    count = len(least)
    again = np.random.default_rng(seed).integers(0, count, (draws, count))
    found = []
    for name, column in logs.items():
        low, high = np.quantile(column[again].mean(axis=1), [0.025, 0.975])
        found.append(Rank(name, float(column.mean()), (float(low), float(high)), float((values[name] <= least).mean()), float((column < 0).mean())))
    return sorted(found, key=lambda one: one.mean_log_ratio)


@dataclass(frozen=True)
class Driver:
    """What share of an endpoint's variance hangs on a value: `first` by itself, `total` with all that it does together with others; central 95 % each."""

    key: str
    first: float
    total: float
    first_interval: tuple[float, float]
    total_interval: tuple[float, float]


def sobol_drivers(endpoint: Callable[[dict[str, float]], float], priors: Mapping[str, Prior], samples: int, seed: int = 0) -> list[Driver]:
    """Sobol indices of an endpoint over the spread of its values, by `scipy.stats.sobol_indices` (Saltelli 2010, doi:10.1016/j.cpc.2009.09.018), intervals by
    drawing the samples again; the greatest total first. Not a number where the endpoint does not vary.

    - `endpoint`: of values by key; it is asked samples x (keys + 2) times, in the same order whenever it is called with the same samples, keys and seed.
    - `samples`: a power of two; with few of them intervals are wide, and say so.

    **Raises** `InputError` for a number of samples that is not a power of two.
    """
    from scipy.stats import qmc

    if samples < 2 or samples & (samples - 1):
        raise InputError(f"samples must be a power of two; got {samples}")
    keys, stream = list(priors), np.random.default_rng(seed)
    both = qmc.Sobol(2 * len(keys), rng=stream, bits=64).random(samples)
    first, second = both[:, : len(keys)], both[:, len(keys) :]

    def asked(shares: np.ndarray) -> np.ndarray:
        inside = np.clip(shares, 1e-6, 1 - 1e-6)
        columns = {key: quantile(prior, inside[:, index]) for index, (key, prior) in enumerate(priors.items())}
        return np.array([endpoint({key: float(column[point]) for key, column in columns.items()}) for point in range(samples)], float)

    # Of the first sample, of the second, and of the first with one column of the second at a time.
    answers = [asked(first), asked(second), *(asked(np.where(np.arange(len(keys)) == index, second, first)) for index in range(len(keys)))]
    values = np.stack(answers)
    found = _indices(values)
    again = np.array([_indices(values[:, stream.integers(0, samples, samples)]) for _ in range(DRAWS)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of an endpoint that does not vary all draws are not a number
        low, high = np.nanquantile(again, [0.025, 0.975], axis=0)
    (first_low, total_low), (first_high, total_high) = low.tolist(), high.tolist()
    rows = zip(keys, *found.tolist(), zip(first_low, first_high, strict=True), zip(total_low, total_high, strict=True), strict=True)
    return sorted((Driver(*row) for row in rows), key=lambda one: -one.total)


def _indices(values: np.ndarray) -> np.ndarray:
    """First and total index of every key [2, key], of the answers [2 + key, sample]."""
    from scipy.stats import sobol_indices

    answers = {"f_A": values[None, 0], "f_B": values[None, 1], "f_AB": values[2:, None]}
    if np.ptp(values[:2]) == 0:
        return np.full((2, len(values) - 2), np.nan)
    result = sobol_indices(func=answers, n=values.shape[1])
    return np.stack([np.ravel(result.first_order), np.ravel(result.total_order)])
