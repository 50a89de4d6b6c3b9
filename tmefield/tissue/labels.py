"""What kind of tissue each voxel is."""

from collections.abc import Mapping

import numpy as np

from ..errors import InputError
from ..grid import Grid

STROMA, TUMOUR, NECROTIC_CORE, VESSEL_LUMEN = 0, 1, 2, 3
TISSUES = ("stroma", "tumour", "necrotic_core", "vessel_lumen")
"""Names of the kinds of tissue, by code."""

# Below this share of the density in which the average cell lives a voxel is called empty: one beside the tissue is no tumour,
# nor is a lone tumour cell. At the straight edge of an even tissue the smoothed density is half of that inside.
EMPTY = 0.3


def tumour_labels(
    densities: Mapping[str, np.ndarray], grid: Grid, *, smoothing: float, tumour_type: str = "tumour", lumen: np.ndarray | None = None
) -> np.ndarray:
    """Stroma and tumour from the densities of cells, int8 [z, y, x].

    A voxel is tumour where G*n_tumour > 0.5 G*sum(n), G a Gaussian of standard deviation `smoothing` (um), mirrored at the
    walls: where more than half of the cells around it are tumour cells. Voxels almost without cells are stroma.

    **Arguments**

    - `densities`: cells/um3 per type [z, y, x], as from `deposit`.
    - `smoothing`: um; two or three cell diameters give a region rather than single cells.
    - `lumen`: voxels inside wide vessels, bool [z, y, x]; they become `VESSEL_LUMEN`.

    **Raises** `InputError` for a smoothing that is not positive.
    """
    from scipy.ndimage import gaussian_filter

    if not (np.isfinite(smoothing) and smoothing > 0):
        raise InputError(f"the smoothing of tumour labels must be a positive length in um; got {smoothing!r}")
    labels = np.full(grid.shape, STROMA, dtype=np.int8)
    if tumour_type in densities:
        width = [smoothing / h if n > 1 else 0.0 for n, h in zip(grid.shape, grid.spacing, strict=True)]
        tumour = gaussian_filter(np.asarray(densities[tumour_type], np.float64), width, mode="reflect")
        everything = gaussian_filter(np.sum([np.asarray(one, np.float64) for one in densities.values()], axis=0), width, mode="reflect")
        around_cells = (everything**2).sum() / max(everything.sum(), np.finfo(float).tiny)
        labels[(tumour > 0.5 * everything) & (everything > EMPTY * around_cells)] = TUMOUR
    if lumen is not None:
        labels[lumen] = VESSEL_LUMEN
    return labels
