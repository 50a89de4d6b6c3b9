"""Diffusivity and vessel permeability of a protein from its molecular weight."""

import math
from collections.abc import Sequence

from ..errors import InputError

TUMOUR_PORES = ((4.5, 17.6), (500.0, 0.65))
"""Two-pore wall of tumour vessels: radius, nm, and pore area per wall area and thickness, 1/cm, of each kind of pore (Schmidt & Wittrup 2009)."""
_HINDRANCE = (-1.56034, 0.528155, 1.91521, -2.81903, 0.270788, 1.10115, -0.435933)
TORTUOSITY = 1.6
"""Of tissue (tstepien/astrocyte-migration parameters_fixed.m)."""
# The fit of the hindrance ends here; a larger solute does not pass.
_LARGEST_RATIO = 0.95


def water_diffusivity(molecular_weight: float) -> float:
    """Diffusivity of a globular protein in water at body temperature, um2/s.

    D = 3e-6 cm2/s / R with the radius R = 0.912 MW^0.333 in nm, MW in kDa. The law fails for small molecules such as oxygen.

    **Raises** `InputError` for a molecular weight that is not above zero.

    **Source** Schmidt & Wittrup 2009, 10.1158/1535-7163.MCT-09-0195.
    """
    return 300.0 / _radius(molecular_weight)


def tissue_diffusivity(molecular_weight: float) -> float:
    """Effective diffusivity of a globular protein in the fluid of a tissue, um2/s: `water_diffusivity` over the square of the tortuosity."""
    return water_diffusivity(molecular_weight) / TORTUOSITY**2


def two_pore_permeability(molecular_weight: float, hindrance: str = "dechadilok-deen", pores: Sequence[tuple[float, float]] = TUMOUR_PORES) -> float:
    """Permeability of a vessel wall to a protein of `molecular_weight` kDa, um/s; of tumour vessels unless other `pores` are given.

    P = D_water [H(R/4.5 nm) 17.6/cm + H(R/500 nm) 0.65/cm], H partition times hindrance; `pores` are pairs of radius (nm) and area per
    length (1/cm). The form "dechadilok-deen" is continuous in size; "haberman-sayre", which published codes use, holds for solutes below 0.6 of the small pore.

    **Raises** `InputError` for a molecular weight that is not above zero, pores that are not, an unknown form, or one beyond its range.

    **Source** Schmidt & Wittrup 2009, 10.1158/1535-7163.MCT-09-0195 (pores); Dechadilok & Deen 2006, Ind Eng Chem Res
    45:6953; Haberman & Sayre 1958, David Taylor Model Basin report 1143 (hindrance).
    """
    forms = {"dechadilok-deen": _hindrance, "haberman-sayre": _centre_line_hindrance}
    if hindrance not in forms:
        raise InputError(f"hindrance must be one of {', '.join(forms)}; got {hindrance!r}")
    if not all(math.isfinite(pore) and pore > 0 and math.isfinite(area) and area >= 0 for pore, area in pores):
        raise InputError(f"pores must be pairs of a radius above zero (nm) and an area per length of zero or more (1/cm); got {pores!r}")
    radius = _radius(molecular_weight)
    area_per_length = sum(forms[hindrance](radius / pore) * area for pore, area in pores)
    # 1/cm is 1e-4 /um.
    return water_diffusivity(molecular_weight) * area_per_length * 1e-4


def _radius(molecular_weight: float) -> float:
    """Radius of a globular protein, nm."""
    if not (math.isfinite(molecular_weight) and molecular_weight > 0):
        raise InputError(f"the molecular weight must be above zero, in kDa; got {molecular_weight!r}")
    return 0.912 * molecular_weight**0.333


def _hindrance(ratio: float) -> float:
    """Partition times diffusive hindrance of a sphere in a cylindrical pore, at solute radius over pore radius."""
    if ratio >= _LARGEST_RATIO:
        return 0.0
    polynomial = sum(coefficient * ratio**power for power, coefficient in enumerate(_HINDRANCE, start=1))
    return 1.0 + 9.0 / 8.0 * ratio * math.log(ratio) + polynomial


def _centre_line_hindrance(ratio: float) -> float:
    """Partition (1 - ratio)^2 times the drag of a sphere on the axis of a pore."""
    if ratio >= 0.6:
        raise InputError(f"the haberman-sayre form holds for solutes below 0.6 of the pore radius; this one has {ratio:.2f}: use dechadilok-deen")
    numerator = 1 - 2.105 * ratio + 2.0865 * ratio**3 - 1.7068 * ratio**5 + 0.72603 * ratio**6
    return (1 - ratio) ** 2 * numerator / (1 - 0.75857 * ratio**5)
