"""The extracellular matrix: its density by zone, how it hinders diffusion, and how it holds ligand."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError

MATRIX_DENSITY = {"septum": 700.0, "tumour": 100.0, "lobule": 50.0}
"""Density of the matrix by zone, nmol/mL, from a published model of pancreatic cancer; the greatest that it allows is `DENSEST`."""
DENSEST = 1000.0
"""nmol/mL."""


def matrix_density(zones: Mapping[str, Any], densities: Mapping[str, float] = MATRIX_DENSITY, *, background: float = 0.0) -> np.ndarray:
    """The density of the matrix, [z, y, x], nmol/mL: the sum over the zones of density times share.

    **Arguments**

    - `zones`: by name, the share of each voxel that belongs to the zone, 0 to 1 (or a mask), [z, y, x].
    - `densities`: by name, nmol/mL.
    - `background`: nmol/mL, of what belongs to no zone.

    **Raises** `InputError` for a zone without a density, shapes that differ, shares that are negative or sum to more than 1, and a density
    outside 0 to `DENSEST`.
    """
    unknown = sorted(set(zones) - set(densities))
    if unknown or not zones:
        raise InputError(f"matrix_density: no density for the zones {', '.join(unknown)}" if unknown else "matrix_density needs at least one zone")
    shares = {name: np.asarray(share, float) for name, share in zones.items()}
    shape = next(iter(shares.values())).shape
    for name, share in shares.items():
        if share.shape != shape:
            raise InputError(f"matrix_density: zone {name} has shape {list(share.shape)}, the first one {list(shape)}")
        if not (share >= 0).all():
            raise InputError(f"matrix_density: the share of zone {name} must be between 0 and 1; got {np.min(share):g}")
    for name, density in (*densities.items(), ("background", background)):
        if not 0 <= density <= DENSEST:
            raise InputError(f"matrix_density: the density of {name} must lie between 0 and {DENSEST:g} nmol/mL; got {density!r}")
    whole = sum(shares.values(), np.zeros(shape))
    if not (whole <= 1 + 1e-9).all():
        raise InputError(f"matrix_density: the zones overlap: their shares sum to {whole.max():g} in a voxel")
    return sum((densities[name] * share for name, share in shares.items()), background * np.clip(1 - whole, 0, 1))


def hindered_diffusivity(diffusivity: float, density: Any, half_density: float) -> np.ndarray:
    """D(rho) = D0/(1 + rho/rho_h), um2/s, for `Species(diffusivity=...)`.

    **Arguments**

    - `diffusivity`: D0, without matrix, um2/s.
    - `density`: rho, nmol/mL; a number or a field.
    - `half_density`: rho_h, at which D is halved, nmol/mL. No source gives one: it has to be fitted.

    **Raises** `InputError` for a negative diffusivity or density, and a half density that is not positive.
    """
    rho = _not_negative(density, "density", "nmol/mL")
    if not half_density > 0:
        raise InputError(f"hindered_diffusivity: half_density must be above zero, nmol/mL; got {half_density!r}")
    return _not_negative(diffusivity, "diffusivity", "um2/s") / (1 + rho / half_density)


def binding_retardation(sites: Any, dissociation_constant: float) -> np.ndarray:
    """R = 1 + S/K_d for `Species(retardation=...)`: (free + bound)/free of a ligand at equilibrium with sites that it does not fill.

    **Arguments**

    - `sites`: S, sites per volume of fluid, nM; a number or a field (1 nmol/mL = 1000 nM).
    - `dissociation_constant`: K_d, nM.

    **Raises** `InputError` for a negative number of sites, and a constant that is not positive.
    """
    if not dissociation_constant > 0:
        raise InputError(f"binding_retardation: dissociation_constant must be above zero, nM; got {dissociation_constant!r}")
    return 1 + _not_negative(sites, "sites", "nM") / dissociation_constant


def _not_negative(value: Any, name: str, unit: str) -> np.ndarray:
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array >= 0)).all():
        raise InputError(f"{name} must be finite and not negative ({unit}); got {np.nanmin(array):g} at the least")
    return array
