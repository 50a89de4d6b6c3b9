"""Apparent viscosity of blood in living microvessels, after Pries and Secomb."""

import numpy as np

PLASMA_VISCOSITY = 1.2e-3
"""Pa s; an assumption within 1.0 to 1.3 mPa s of plasma at body temperature. Secomb's rat mesentery takes 1.0466e-3."""
HUMAN_CELL_VOLUME = 92.0
"""Mean volume of a human red cell, fl, for which the law was written; 55 in the rat."""
NARROWEST = 3.0
"""Diameters below this (um, after scaling to human cells) are taken as this: the law has a pole at the wall layer of 1.1 um."""
FULLEST = 0.95
"""Highest discharge haematocrit in the law, which diverges where no plasma is left."""
_WALL_LAYER = 1.1  # um
_REFERENCE_HD = 0.45


def scaled_diameter(diameter: np.ndarray, cell_volume: float) -> np.ndarray:
    """Diameter (um) at which human red cells meet a vessel as those of `cell_volume` (fl) do one of `diameter`: D (92/MCV)^(1/3)."""
    return diameter * (HUMAN_CELL_VOLUME / cell_volume) ** (1 / 3)


def relative_viscosity(diameter: np.ndarray, hd: np.ndarray, cell_volume: float = HUMAN_CELL_VOLUME) -> np.ndarray:
    """Apparent viscosity over that of plasma, in vivo:

    mu/mu_p = [1 + (m45 - 1) ((1 - H)^C - 1)/((1 - 0.45)^C - 1) w] w,  w = (D/(D - 1.1))^2,
    m45 = 6 exp(-0.085 D) + 3.2 - 2.44 exp(-0.06 D^0.645),
    C = (0.8 + exp(-0.075 D)) (X - 1) + X,  X = 1/(1 + 1e-11 D^12),

    with D in um, scaled by `scaled_diameter` and at least 3 um, and the discharge haematocrit H at most 0.95. Shapes broadcast.
    Pries & Secomb 2005, doi:10.1152/ajpheart.00297.2005 (in vivo viscosity law of 1994: doi:10.1161/01.RES.75.5.904).
    """
    width = np.maximum(scaled_diameter(np.asarray(diameter, dtype=np.float64), cell_volume), NARROWEST)
    cells = np.minimum(np.asarray(hd, dtype=np.float64), FULLEST)
    at_reference = 6 * np.exp(-0.085 * width) + 3.2 - 2.44 * np.exp(-0.06 * width**0.645)
    blunt = 1 / (1 + 1e-11 * width**12)
    exponent = (0.8 + np.exp(-0.075 * width)) * (blunt - 1) + blunt
    # The exponent passes through zero near 8 um, where the ratio tends to that of the logarithms.
    exponent = np.where(np.abs(exponent) < 1e-12, 1e-12, exponent)
    with_cells = np.expm1(exponent * np.log1p(-cells)) / np.expm1(exponent * np.log1p(-_REFERENCE_HD))
    layer = (width / (width - _WALL_LAYER)) ** 2
    return (1 + (at_reference - 1) * with_cells * layer) * layer
