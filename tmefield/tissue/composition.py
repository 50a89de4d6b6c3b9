"""How many cells of each type a tumour holds, zone by zone."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from ..errors import InputError


class ZoneDensities(NamedTuple):
    """Density of one cell type in the zones of a tumour, cells/um3.

    From inside out: `necrotic` core, viable `core`, tumour `rim`, invasive `margin` in the stroma around it, `stroma` beyond.
    """

    necrotic: float
    core: float
    rim: float
    margin: float
    stroma: float


# ASSUMPTIONS: round numbers of ours, not measurements of any one tumour. What supports them: densities n = N/[A (t + d)] of two
# carcinoma sections taken with t = 5 and d = 10 um (assumed, since neither states them; n scales with 1/(t + d)), in these same
# zones of `tumour_labels` (20 um): farther than 60 um inside the outline, 0 to 60 um inside, 0 to 60 um outside, farther out.
# In 1000 cells/mm3:
#                         triple-negative breast, MIBI       multiplex immunofluorescence, phenoptr
#                         core    rim   margin  stroma       core    rim   margin  stroma
#   tumour                 520    433       51       5        503    528      103      55
#   CD8 T                    6     20       94      59          6      8       31      24
#   Treg (FoxP3)             0      1        8       8          2      2       34      26
#   macrophages, all         0     10      182     173         13      8       59      46
#   mesenchymal              1      1       28      59          -      -        -       -
# The first is one person of Keren 2018 (doi:10.1016/j.cell.2018.08.039), the second the sample of the phenoptr package. NK cells
# are rare there (1 of 5406) and their density is a guess. So is the split of the macrophages, mostly M2 inside (M1 : M2 is 10 : 169
# in a lymphoma, the sample of the scimap package). Nothing supports the necrotic core but its name: few cells live there.
ASSUMED_COMPOSITION: dict[str, ZoneDensities] = {
    "tumour": ZoneDensities(2e-5, 4.5e-4, 4.5e-4, 5e-5, 0.0),
    "CAF": ZoneDensities(0.0, 2e-6, 1e-5, 5e-5, 4e-5),
    "CD8_T": ZoneDensities(0.0, 5e-6, 1.2e-5, 5e-5, 2e-5),
    "Treg": ZoneDensities(0.0, 1e-6, 3e-6, 1.5e-5, 8e-6),
    "NK": ZoneDensities(0.0, 5e-7, 1e-6, 5e-6, 2e-6),
    "M1": ZoneDensities(0.0, 1e-6, 3e-6, 3e-5, 1.5e-5),
    "M2": ZoneDensities(1e-6, 7e-6, 1e-5, 6e-5, 3.5e-5),
}


def complete_composition(given: Mapping[str, ZoneDensities] | None) -> dict[str, ZoneDensities]:
    """The assumed composition with what is given in place of its entries; five zeros leave a type out.

    **Raises** `InputError` for anything but five densities that are finite and not negative.
    """
    composition = dict(ASSUMED_COMPOSITION)
    for name, zones in (given or {}).items():
        if len(zones) != len(ZoneDensities._fields) or any(not math.isfinite(n) or n < 0 for n in zones):
            raise InputError(f"composition of '{name}' needs densities of at least 0 (cells/um3) for {', '.join(ZoneDensities._fields)}; got {tuple(zones)}")
        composition[name] = ZoneDensities(*zones)
    return {name: zones for name, zones in composition.items() if any(zones)}
