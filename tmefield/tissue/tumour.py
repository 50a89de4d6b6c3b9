"""A synthetic tumour whose lymphocytes follow a pattern, and whose necrosis follows oxygen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .composition import ASSUMED_COMPOSITION, ZoneDensities
from .spheroid import spheroid
from .tissue import Tissue

LYMPHOCYTES = ("CD8_T", "NK", "Treg")
FEW = 0.1
"""Share of the lymphocytes that a desert has left, in all zones (assumption)."""
PATTERNS = ("inflamed", "excluded", "desert")
NECROSIS_OXYGEN = 6500.0
"""nM: 5 mmHg, below which PhysiCell lets cells become necrotic (o2_necrosis_threshold; Ghaffarizadeh 2018,
doi:10.1371/journal.pcbi.1005991), with 0.065 mM at 50 mmHg."""


def tumour(
    grid: Grid,
    *,
    radius: float,
    infiltration: str = "excluded",
    oxygen: np.ndarray | None = None,
    necrosis_oxygen: float = NECROSIS_OXYGEN,
    composition: Mapping[str, ZoneDensities] | None = None,
    **shape: Any,
) -> Tissue:
    """A tumour with core, rim, invasive margin and stroma around it, as `tmefield.tissue.spheroid.spheroid` makes them.

    The three patterns are those by which pathologists sort tumours; no numbers are agreed on for them (Tiwari 2023,
    doi:10.3389/fimmu.2023.1084887). Here, for CD8 T, NK and regulatory T cells, with n the densities of `ASSUMED_COMPOSITION`:

    - "excluded": n, whose CD8 T cells are ten times as dense at the margin as in the core; the two carcinoma sections behind it have
      five and sixteen times.
    - "inflamed": core and rim hold as many as the margin (assumption).
    - "desert": a tenth of n everywhere (assumption).

    **Arguments**

    - `radius`: um.
    - `infiltration`: "inflamed", "excluded" or "desert". Macrophages, fibroblasts and tumour cells are the same in all three.
    - `oxygen`: nM [z, y, x]; tumour with less than `necrosis_oxygen` (nM) is necrotic. Without it the necrotic core is a ball.
    - `composition`: densities per type in place of those above; the pattern leaves them as they are.
    - `shape`: what `spheroid` takes: necrotic_fraction, rim_width, margin_width, transition, irregularity, patchiness, centre, seed, points.

    **Raises** `InputError` for an unknown pattern, oxygen that does not fit the grid or is no concentration, an oxygen field together with a
    necrotic_fraction, and whatever `spheroid` refuses.
    """
    if infiltration not in PATTERNS:
        raise InputError(f"infiltration must be one of {', '.join(PATTERNS)}; got {infiltration!r}")
    necrosis = None if oxygen is None else _necrosis(grid, oxygen, necrosis_oxygen)
    if necrosis is not None and "necrotic_fraction" in shape:
        raise InputError("give either oxygen or necrotic_fraction: both say where the tumour is necrotic")
    given = dict(composition or {})
    followed = {name: _infiltrated(ASSUMED_COMPOSITION[name], infiltration) for name in LYMPHOCYTES if name not in given}
    tissue = spheroid(grid, radius=radius, composition=followed | given, necrosis=necrosis, **shape)
    meta = {
        **tissue.meta,
        "made": "tumour",
        "infiltration": infiltration,
        "assumed_pattern_of": list(followed),
    }
    if necrosis is not None:
        meta = {name: value for name, value in meta.items() if name != "necrotic_fraction"} | {"necrosis_oxygen": necrosis_oxygen}
    return Tissue(tissue.labels, tissue.densities, tissue.cells, meta)


def _infiltrated(zones: ZoneDensities, pattern: str) -> ZoneDensities:
    if pattern == "inflamed":
        return zones._replace(core=zones.margin, rim=zones.margin)
    return ZoneDensities(*(FEW * one for one in zones)) if pattern == "desert" else zones


def _necrosis(grid: Grid, oxygen: np.ndarray, least: float) -> np.ndarray:
    field = np.asarray(oxygen, dtype=np.float64)
    if field.shape != grid.shape:
        raise InputError(f"oxygen needs one concentration (nM) a voxel [z, y, x], shape {list(grid.shape)}; got {list(field.shape)}")
    if not (np.isfinite(field).all() and field.min() >= 0):
        raise InputError("oxygen must be finite and not negative everywhere, in nM")
    if not (np.isfinite(least) and least > 0):
        raise InputError(f"necrosis_oxygen must be above zero, in nM; got {least!r}")
    return field < least
