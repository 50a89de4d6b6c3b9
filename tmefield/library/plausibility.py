"""Guards against unit slips: secretion rates and mean concentrations that no tissue has."""

import math

from ..errors import InputError

MAXIMUM_SECRETION = 1e4
"""Molecules/cell/s."""

MAXIMUM_MEAN = {"cytokine": 1e3, "antibody": 5e4, "oxygen": 1e6}
"""Greatest plausible mean concentration of each class of species, nM."""

# What a tissue usually has: secretion in molecules/cell/s, mean concentrations in nM.
_USUAL_SECRETION = (1e-3, 1e2)
_USUAL_MEAN = {"cytokine": (1e-5, 1e1), "antibody": (1e0, 1e3), "oxygen": (1e3, 2e5)}

_DAY = 86400.0
# Molecules in 1 pmol over those in 1 pg of a protein of 25 kDa.
_PMOL_FOR_PG = 2.5e4
# In the order of how common they are.
_SECRETION_SLIPS = {
    "a rate per hour taken as per second": 3600.0,
    "a rate per day taken as per second": _DAY,
    "one prefix too large, such as nmol for pmol or ng for pg": 1e3,
    "two prefixes too large, such as nmol for fmol": 1e6,
    "pg taken as pmol": _PMOL_FOR_PG,
    "pg/cell/day taken as pmol/cell/s": _PMOL_FOR_PG * _DAY,
    "a rate per day taken as per second and one prefix too large": 1e3 * _DAY,
}
_MEAN_SLIPS = {
    "pM taken as nM": 1e3,
    "fM taken as nM": 1e6,
    "a secretion rate per hour taken as per second": 3600.0,
    "a secretion rate per day taken as per second, or a decay per second taken as per day": _DAY,
    "cells/mm3 taken as 1/um3": 1e9,
    "cells/mL taken as 1/um3": 1e12,
}


def check_secretion(rate: float, *, where: str) -> None:
    """Refuse a secretion rate (molecules/cell/s) that is negative, not finite or above 1e4.

    **Raises** `InputError` that begins with `where` and names the unit slip that the rate looks like.
    """
    if not math.isfinite(rate):
        raise InputError(f"{where}: a secretion rate must be a finite number; got {rate}")
    if rate < 0:
        raise InputError(f"{where}: a secretion rate cannot be negative; got {rate:.3g} molecules/cell/s (give what cells take up as receptors)")
    if rate > MAXIMUM_SECRETION:
        looks = _looks_like(rate, _SECRETION_SLIPS, _USUAL_SECRETION, "molecules/cell/s")
        raise InputError(f"{where}: {rate:.3g} molecules/cell/s is more than any cell secretes ({MAXIMUM_SECRETION:g}); {looks}")


def check_mean(mean: float, species_class: str, *, where: str) -> None:
    """Refuse a mean concentration (nM) beyond its class: cytokine 1 uM, antibody 50 uM, oxygen 1 mM.

    **Raises** `InputError` that begins with `where` and names the unit slip that the mean looks like.
    """
    if species_class not in MAXIMUM_MEAN:
        raise InputError(f"{where}: no class of species '{species_class}'; known: {', '.join(MAXIMUM_MEAN)}")
    if not math.isfinite(mean) or mean < 0:
        raise InputError(f"{where}: the mean concentration is {mean:.3g} nM, which is no concentration: check the rates, densities and walls")
    if mean >= MAXIMUM_MEAN[species_class]:
        looks = _looks_like(mean, _MEAN_SLIPS, _USUAL_MEAN[species_class], "nM")
        limit = f"{MAXIMUM_MEAN[species_class]:g} nM, the limit for the class '{species_class}'"
        raise InputError(f"{where}: the mean concentration would be {mean:.3g} nM, beyond {limit}; {looks}")


def check_measured(lowest: float, species_class: str, *, where: str) -> None:
    """Refuse data of which even the lowest (nM) is beyond what a mean may be: no field that `check_mean` lets pass could fit them.

    **Raises** `InputError` that begins with `where`.
    """
    limit = MAXIMUM_MEAN[species_class]
    if lowest >= limit:
        beyond = f"beyond {limit:g} nM, the limit for the class '{species_class}'"
        raise InputError(f"{where}: even the lowest datum is {lowest:.3g} nM, {beyond}; is the unit the right one (pM, nM)?")


def _looks_like(value: float, slips: dict[str, float], usual: tuple[float, float], unit: str) -> str:
    """The slips that would bring the value into its usual range, the commonest first, at most four, each with what was meant."""
    possible = [f"{text} (meant: {value / factor:.2g} {unit})" for text, factor in slips.items() if usual[0] <= value / factor <= usual[1]]
    if not possible:
        return "check the unit and every prefix (n, p, f)"
    return f"it looks like {', or '.join(possible[:4])}"
