"""What a validation case gives: rows of expected and found values, and curves for its plot."""

from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """One value of a case.

    - `quantity`: the name that the table of reference values gives it.
    - `where`: the parameters and the place, for people.
    - `tolerance`: greatest relative error.
    """

    quantity: str
    where: str
    expected: float
    found: float
    tolerance: float

    @property
    def error(self) -> float:
        """Relative error."""
        return abs(self.found / self.expected - 1)


class Curve(NamedTuple):
    """Values of a field at places `x`, against the closed form at the places `exact_x`."""

    panel: str
    label: str
    x: np.ndarray
    found: np.ndarray
    exact_x: np.ndarray
    exact: np.ndarray


class Result(NamedTuple):
    """Rows and curves of a case."""

    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
