"""Exact fields to judge by, computed without tmefield and kept in a folder: steady ones, and the onset of case A through time."""

from pathlib import Path

import numpy as np
from cases import Case, build, discretise, exact_field, matrix
from scipy.special import ive


def steady(name: str, n: int, cache: Path) -> np.ndarray:
    """The exact discrete field of a case, certified to 1e-11 of its largest value."""
    return _kept(cache / f"steady-{name}-{n}.npy", lambda: exact_field(build(name, n)))


def onset(times: tuple[float, ...], n: int, cache: Path) -> np.ndarray:
    """Fields of case A that starts from zero, [time, z, y, x], at `times` in minutes."""
    label = "-".join(f"{time:g}" for time in times)
    return _kept(cache / f"onset-{n}-{label}.npy", lambda: onset_fields(build("A", n), steady("A", n, cache), times))


def onset_fields(case: Case, settled: np.ndarray, times: tuple[float, ...]) -> np.ndarray:
    """c(t) = c* - exp(-t A) c*, the exponential as a Chebyshev series on an interval that holds the spectrum of the symmetric A (Tal-Ezer 1986).

    exp(-t A) = e^(-t r) (I_0(t r) + 2 sum_k (-1)^k I_k(t r) T_k(A/r - 1)) for a spectrum in [0, 2 r]; all times share the vectors T_k c*.
    Terms are added until their coefficients are below 1e-13 for every time: |T_k| <= 1, so what is left out is as small.
    """
    operator = matrix(discretise(case))
    radius = float((2 * operator.diagonal()).max()) / 2
    arguments = np.asarray(times) * radius
    before, now = settled.ravel(), operator @ settled.ravel() / radius - settled.ravel()
    decayed = ive(0, arguments)[:, None] * before - 2 * ive(1, arguments)[:, None] * now
    order = 1
    while ive(order, arguments).max() > 1e-13:
        order += 1
        before, now = now, 2 * (operator @ now / radius - now) - before
        sign = 1 if order % 2 == 0 else -1
        for total, coefficient in zip(decayed, ive(order, arguments), strict=True):
            if coefficient > 1e-15:
                total += 2 * sign * coefficient * now
    return (settled.ravel() - decayed).reshape(len(times), *settled.shape)


def _kept(path: Path, compute) -> np.ndarray:
    if path.exists():
        return np.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    found = compute()
    np.save(path, found)
    return found


def largest_error(field: np.ndarray, exact: np.ndarray) -> float:
    """Largest deviation over the largest exact value."""
    return float(np.abs(np.asarray(field, np.float64) - exact).max() / exact.max())
