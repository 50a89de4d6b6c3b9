"""What the readers of label images share: what they give, optional packages, and whole numbers only."""

import math
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import FileError, InputError

MAX_VOXELS = 2**31
"""More than this in one image is refused: a header that is damaged can declare any size."""

Spacing = tuple[float | None, float | None, float | None]


class RawImage(NamedTuple):
    """An image of labels as it stands in a file.

    - `values`: whole numbers [z, y, x], z of length 1 where the image is `planar`.
    - `spacing`: (z, y, x) um as the file states it, None where it does not.
    - `classes`: names of values that the file gives.
    - `notes`: what was mended or is worth knowing.
    """

    values: np.ndarray
    planar: bool
    spacing: Spacing
    classes: dict[int, str]
    format: str
    notes: tuple[str, ...] = ()


def optional(path: Path, module: str) -> Any:
    """A package of the extra `images`.

    **Raises** `InputError` that names the extra where it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise InputError(f"{path}: reading this image needs {module}; install it with: pip install 'tmefield[images]'") from None


def check_size(path: Path, shape: Sequence[int]) -> None:
    """Refuse an image that declares too many voxels, before it is read."""
    if not shape or min(shape) < 1 or math.prod(shape) > MAX_VOXELS:
        raise FileError(f"{path}: the image is declared as {' x '.join(map(str, shape))} voxels; at most {MAX_VOXELS} are read, is the file damaged?")


def whole_numbers(path: Path, values: np.ndarray) -> np.ndarray:
    """The values as integers; floats are accepted where all are whole.

    **Raises** `FileError` for NaN, fractions, and numbers that no label can be.
    """
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind != "f":
        raise FileError(f"{path}: the voxels are of type {values.dtype}; labels are whole numbers")
    bad = ~np.isfinite(values) | (values != np.rint(values)) | (np.abs(values) >= 2**31)
    if bad.any():
        place = np.argwhere(bad)[0].tolist()
        raise FileError(
            f"{path}: voxel {place} holds {values[tuple(place)]:g} ({int(bad.sum())} such in all); labels are whole numbers, is this an intensity image?"
        )
    return values.astype(np.int32)
