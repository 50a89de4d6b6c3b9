"""A tissue on the grid: what each voxel is, and which cells live there."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..grid import Grid
from .cells import Cells


@dataclass(frozen=True)
class Tissue:
    """A tissue on the grid.

    - `labels`: int8 [z, y, x], 0 stroma, 1 tumour, 2 necrotic core, 3 vessel lumen.
    - `densities`: cells/um3 per type, [z, y, x].
    - `cells`: the same population as points, where asked for.
    - `meta`: how it was made, with every assumed number.
    """

    labels: np.ndarray
    densities: dict[str, np.ndarray]
    cells: Cells | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def tumour(cls, grid: Grid, **options: Any) -> "Tissue":
        """A tumour in stroma with one of three patterns of infiltration, necrotic where oxygen fails; see `tmefield.tissue.tumour.tumour`."""
        from .tumour import tumour

        return tumour(grid, **options)
