"""Polylines with radii at their points, as straight segments."""

from pathlib import Path

import numpy as np

from ...errors import InputError


def expand(lines: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The segments (m, 2) between neighbouring points of each polyline (indices of points), and the polyline (m,) of each."""
    pairs = [np.column_stack([line[:-1], line[1:]]) for line in lines]
    branch = np.repeat(np.arange(len(lines)), [len(one) for one in pairs])
    return np.concatenate(pairs).astype(np.int64), branch


def end_mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Radius of segments from those of their two ends: the mean, 0 where one of them is not positive, NaN where one is missing."""
    total = first + second
    return np.where(np.isnan(total) | (np.minimum(first, second) > 0), total / 2, 0.0)


def choose_radius(path: Path, there: list[str], asked: str | None, default_radius: float | None) -> str | None:
    """The name of the array of radii, None where the default is to serve; it is never guessed.

    **Raises** `InputError` listing the arrays of the file where none is named, or one that is not among them.
    """
    listed = f"the arrays of numbers in the file are {', '.join(there)}" if there else "the file holds no array of numbers beside the positions"
    if asked is None and default_radius is None:
        raise InputError(f"{path}: the file does not say which array is the radius; give radius_field (with is_diameter = true for diameters); {listed}")
    if asked is not None and asked not in there:
        raise InputError(f"{path}: there is no array '{asked}' to take the radius from; {listed}")
    return asked
