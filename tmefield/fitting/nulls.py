"""What predicts measurements without any physics: one level for all, and a fall with the distance to the nearest source."""

from collections.abc import Callable, Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares

from ..errors import InputError
from .noise import TINY
from .observations import AbstractObservation
from .observations.observation import Numbers

LENGTHS = (0.3, 1.0, 3.0)
"""Starts of the length, in mean distances: the sum of squares may have several minima."""

Law = Callable[[np.ndarray, np.ndarray], np.ndarray]


def kind_of(one: AbstractObservation) -> tuple[str, str, str]:
    """Measurements of one kind share a law: same class, species and unit."""
    return type(one).__name__, getattr(one, "species", ""), one.unit


def well_mixed(observations: Sequence[AbstractObservation], counted: Sequence[bool]) -> list[np.ndarray]:
    """Predictions of all observations by the level that fits those that count best (one for each kind)."""
    return _by_kind(observations, counted, [np.zeros(one.data.size) for one in observations], _level, lambda d, y: [np.array([_log(y.mean())])])


def distance_only(observations: Sequence[AbstractObservation], counted: Sequence[bool], distances: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Predictions by a + b exp(-d/L), a, b and L at least 0, d the distance to the nearest source, fitted to the observations that count (each kind apart)."""

    def starts(d, y):
        return [np.array([_log(y.min()), _log(np.ptp(y)), _log(share * d.mean())]) for share in LENGTHS]

    return _by_kind(observations, counted, distances, _fall, starts)


def distances_of(observations: Sequence[AbstractObservation], given: Mapping[str, Numbers] | None) -> list[np.ndarray] | None:
    """The distance of each datum, um: as given by name, or of a profile its own; None where some observation has none.

    **Raises** `InputError` for a name that is no observation's and for a length that does not fit.
    """
    given = given or {}
    unknown = [name for name in given if name not in [one.name for one in observations]]
    if unknown:
        raise InputError(f"distances: there is no observation {', '.join(unknown)}; there are {', '.join(one.name for one in observations)}")
    found = []
    for one in observations:
        abscissa = one.abscissa()
        if one.name in given:
            own = np.asarray(given[one.name], np.float64).reshape(-1)
        elif abscissa is not None and abscissa[0].startswith("distance"):
            own = np.asarray(abscissa[1], np.float64)
        else:
            return None
        if own.size == 0 or one.data.size % own.size or not (np.isfinite(own) & (own >= 0)).all():
            raise InputError(f"distances: {one.name} has {one.data.size} data and needs as many distances (or one a place) of at least 0 um; got {own.size}")
        found.append(np.tile(own, one.data.size // own.size))
    return found


def _by_kind(observations, counted, distances, law: Law, starts: Callable[[np.ndarray, np.ndarray], list[np.ndarray]]) -> list[np.ndarray]:
    predicted = [np.full(one.data.size, np.nan) for one in observations]
    for kind in dict.fromkeys(map(kind_of, observations)):
        mine = [i for i, one in enumerate(observations) if kind_of(one) == kind]
        fitted = [i for i in mine if counted[i]]

        def residuals(x, fitted=fitted):
            return np.concatenate([residuals_of(observations[i], law(x, distances[i])) for i in fitted])

        y = np.concatenate([np.asarray(observations[i].data) for i in fitted])
        d = np.concatenate([distances[i] for i in fitted])
        found = [least_squares(residuals, start, bounds=(_log(0) - 1, -_log(0))) for start in starts(d, y)]
        best = min(found, key=lambda one: one.cost).x
        for i in mine:
            predicted[i] = law(best, distances[i])
    return predicted


def residuals_of(one: AbstractObservation, predicted: np.ndarray) -> np.ndarray:
    """Residuals of an observation about any predictions."""
    return np.asarray(one.noise.residuals(jnp.asarray(predicted, one.data.dtype), one.data), np.float64)


def _level(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    return np.exp(x[0]) + 0 * d


def _fall(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    return np.exp(x[0]) + np.exp(x[1] - d / np.exp(x[2]))


def _log(value: float) -> float:
    return float(np.log(max(float(value), TINY)))
