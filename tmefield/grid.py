"""The box of voxels on which every field lives."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import InputError

AXES = ("z", "y", "x")


@dataclass(frozen=True, init=False)
class Grid:
    """A box of `shape` voxels, axes in the order z, y, x, lengths in um.

    Cell-centred: voxel (k, j, i) has its centre at origin + (index + 1/2) * spacing. The grid is static (hashable), so
    that a compiled solve is reused for every model on the same grid.

    **Arguments**

    - `shape`: number of voxels (z, y, x), each at least 1; a tissue section is a thin grid with one voxel in z.
    - `spacing`: voxel size (z, y, x) in um, each its own, or one number for cubic voxels.
    - `origin`: lower corner of the box (z, y, x) in um.

    **Raises** `InputError` for a shape that is not three positive integers or a spacing that is not positive and finite.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    def __init__(self, shape: Sequence[float], spacing: float | Sequence[float], origin: Sequence[float] = (0.0, 0.0, 0.0)):
        if isinstance(spacing, (int, float)):
            spacing = (spacing,) * 3
        for name, value in (("shape", shape), ("spacing", spacing), ("origin", origin)):
            if not hasattr(value, "__len__") or len(value) != 3:
                raise InputError(f"Grid {name} must hold three numbers in the order z, y, x; got {value!r}")
        if any(int(n) != n or n < 1 for n in shape):
            raise InputError(f"Grid shape must be three whole numbers of at least 1 (z, y, x); got {shape!r}")
        if any(not math.isfinite(h) or h <= 0 for h in spacing):
            raise InputError(f"Grid spacing must be positive and finite, in um (z, y, x); got {spacing!r}")
        if any(not math.isfinite(o) for o in origin):
            raise InputError(f"Grid origin must be finite, in um (z, y, x); got {origin!r}")
        object.__setattr__(self, "shape", tuple(int(n) for n in shape))
        object.__setattr__(self, "spacing", tuple(float(h) for h in spacing))
        object.__setattr__(self, "origin", tuple(float(o) for o in origin))

    @classmethod
    def from_box(cls, lower: Sequence[float], upper: Sequence[float], spacing: Sequence[float]) -> "Grid":
        """The smallest grid of the given spacing that covers the box lower..upper (z, y, x), um, starting at `lower`.

        An extent that is a whole number of voxels to 2e-5 (files rounded to single precision) is kept; any other is rounded up.
        """
        shape = []
        for low, high, h in zip(lower, upper, spacing, strict=True):
            voxels = (high - low) / h
            shape.append(max(1, round(voxels) if abs(voxels - round(voxels)) < 2e-5 else math.ceil(voxels)))
        return cls(shape, spacing, lower)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel, um3."""
        return math.prod(self.spacing)

    @property
    def extent(self) -> tuple[float, float, float]:
        """Edge lengths of the box (z, y, x), um."""
        (nz, ny, nx), (hz, hy, hx) = self.shape, self.spacing
        return nz * hz, ny * hy, nx * hx

    @property
    def upper(self) -> tuple[float, float, float]:
        """Upper corner of the box (z, y, x), um."""
        (oz, oy, ox), (ez, ey, ex) = self.origin, self.extent
        return oz + ez, oy + ey, ox + ex

    def centres(self, axis: int) -> np.ndarray:
        """Voxel centres along one axis (0 = z, 1 = y, 2 = x), um."""
        return self.origin[axis] + (np.arange(self.shape[axis]) + 0.5) * self.spacing[axis]

    def edges(self, axis: int) -> np.ndarray:
        """Voxel faces along one axis, one more than voxels, um."""
        return self.origin[axis] + np.arange(self.shape[axis] + 1) * self.spacing[axis]

    def coordinates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Voxel centres z [z,1,1], y [1,y,1], x [1,1,x] in um, ready to broadcast."""
        z, y, x = (self.centres(axis) for axis in range(3))
        return z[:, None, None], y[None, :, None], x[None, None, :]
