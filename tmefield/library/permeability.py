"""Diffusivity and vessel permeability of a protein from its molecular weight."""

import math

from ..errors import InputError

# Two-pore wall: radius, nm, and pore area per wall thickness, 1/cm (Schmidt & Wittrup 2009).
_PORES = ((4.5, 17.6), (500.0, 0.65))
_HINDRANCE = (-1.56034, 0.528155, 1.91521, -2.81903, 0.270788, 1.10115, -0.435933)
# The fit of the hindrance ends here; a larger solute does not pass.
_LARGEST_RATIO = 0.95


def water_diffusivity(molecular_weight: float) -> float:
    """Diffusivity of a globular protein in water at body temperature, um2/s.

    D = 3e-6 cm2/s / R with the radius R = 0.912 MW^0.333 in nm, MW in kDa. The law fails for small molecules such as oxygen.

    **Raises** `InputError` for a molecular weight that is not above zero.

    **Source** Schmidt & Wittrup 2009, 10.1158/1535-7163.MCT-09-0195.
    """
    return 300.0 / _radius(molecular_weight)


def two_pore_permeability(molecular_weight: float) -> float:
    """Permeability of a tumour vessel wall to a protein of `molecular_weight` kDa, um/s.

    P = D_water [H(R/4.5 nm) 17.6/cm + H(R/500 nm) 0.65/cm], H partition times hindrance, continuous in size.

    **Raises** `InputError` for a molecular weight that is not above zero.

    **Source** Schmidt & Wittrup 2009, 10.1158/1535-7163.MCT-09-0195 (pores); Dechadilok & Deen 2006, Ind Eng Chem Res
    45:6953 (hindrance).
    """
    radius = _radius(molecular_weight)
    area_per_length = sum(_hindrance(radius / pore) * area for pore, area in _PORES)
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
