"""Labels of an image on another grid: shares by exact overlap, then the majority."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .labels import TISSUES


@dataclass(frozen=True)
class TissueMap:
    """The kind of tissue of each voxel, and how the areas went over.

    - `labels`: int8 [z, y, x], codes of `tmefield.tissue.labels`.
    - `image`: area (um2; volume, um3, of a volume) of each tissue that the image has within the grid.
    - `grid`: the same after the majority; their sums are equal where the image covers the grid.
    - `covered`: share of the grid that the image covers.
    """

    labels: np.ndarray
    image: dict[str, float]
    grid: dict[str, float]
    covered: float
    planar: bool

    def report(self) -> str:
        """One line a tissue: area in the image, area on the grid, and how far they differ."""
        unit, what = ("um2", "area") if self.planar else ("um3", "volume")
        lines = [f"tissue on the grid by the majority; the image covers {100 * self.covered:.4g} % of it"]
        for name, before in self.image.items():
            change = f"{100 * (self.grid[name] / before - 1):+.2f} %" if before else "from outside the image"
            lines.append(f"  {name:<13} {what} {before:.6g} {unit} in the image, {self.grid[name]:.6g} {unit} on the grid ({change})")
        return "\n".join(lines)


def covered_shares(values: np.ndarray, source: Grid, grid: Grid, codes: dict[int, int], *, flat: bool) -> dict[int, np.ndarray]:
    """Share of each voxel of `grid` that each tissue fills, [z, y, x] float64, by code.

    share[K, J, I] = sum over k, j, i of wz[K, k] wy[J, j] wx[I, i] [code of (k, j, i)], w the overlap of two voxels over the size
    of the target's. Exact for any two spacings; of a `flat` image z is left out.
    """
    weights = [None if axis == 0 and flat else _overlap(source, grid, axis) for axis in range(3)]
    shares = {}
    for code in sorted(set(codes.values())):
        part = np.isin(values, [value for value, one in codes.items() if one == code]).astype(np.float64)
        for axis, weight in enumerate(weights):
            if weight is not None:
                moved = np.moveaxis(part, axis, 0)
                part = np.moveaxis((weight @ moved.reshape(moved.shape[0], -1)).reshape(-1, *moved.shape[1:]), 0, axis)
        shares[code] = part
    return shares


def majority(shares: dict[int, np.ndarray], grid: Grid, outside: int | None, *, what: str, flat: bool) -> TissueMap:
    """The tissue that fills most of each voxel; of equals the one with the lowest code."""
    covered = np.sum(list(shares.values()), axis=0)
    missing = np.clip(1.0 - covered, 0.0, None)
    if outside is None and missing.max() > 1e-9:
        lying = int((missing > 1e-9).sum())
        raise InputError(
            f"{what}: {lying} of {grid.size} voxels reach beyond the image; make the grid smaller, or say what is outside (e.g. outside = 'stroma')"
        )
    measure = grid.spacing[1] * grid.spacing[2] if flat else grid.voxel_volume
    filled = {code: shares.get(code, np.zeros(grid.shape)) for code in range(len(TISSUES)) if code in shares or code == outside}
    image = {TISSUES[code]: float(one.sum() * measure) for code, one in filled.items()}
    stack = np.stack([one + missing if code == outside else one for code, one in filled.items()])
    labels = np.array(list(filled), dtype=np.int8)[np.argmax(stack, axis=0)]
    after = {TISSUES[code]: float((labels == code).sum() * measure) for code in filled}
    return TissueMap(labels, image, after, float(covered.mean()), flat)


def _overlap(source: Grid, grid: Grid, axis: int):
    """Overlap of the voxels of `grid` (rows) with those of `source` (columns) along an axis, over the size of the former."""
    from scipy.sparse import coo_array

    inner, outer = source.edges(axis), grid.edges(axis)
    cuts = np.unique(np.concatenate([inner, outer]))
    cuts = cuts[(cuts >= max(inner[0], outer[0])) & (cuts <= min(inner[-1], outer[-1]))]
    middle = (cuts[1:] + cuts[:-1]) / 2
    columns = np.clip(np.searchsorted(inner, middle) - 1, 0, len(inner) - 2)
    rows = np.clip(np.searchsorted(outer, middle) - 1, 0, len(outer) - 2)
    return coo_array((np.diff(cuts) / grid.spacing[axis], (rows, columns)), shape=(grid.shape[axis], source.shape[axis])).tocsr()
