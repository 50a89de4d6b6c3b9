"""How vessels change from the tissue around a tumour to its core."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .bed import check_lengths


@dataclass(frozen=True)
class TumourBed:
    """A tumour in a bed: wider spacing, fewer and wider vessels of more varied diameter, each graded from rim to core.

    With r the distance from the centre, the share t = clip((radius + edge/2 - r)/edge, 0, 1) is tumour, and the depth s = clip(1 - r/radius, 0, 1)
    runs from the rim (0) to the core (1). A quantity of the host h becomes h + t [rim + s (core - rim) - h].

    **Arguments** (the defaults are assumptions: tumours differ severalfold, and the metrics of the network tell what came of them)

    - `centre`: (x, y, z) um; `radius`: um.
    - `spacing`: of the lattice at the rim and in the core, um; never narrower than that of the host.
    - `fraction`: share of the bed's length that vessels invade, at the rim and in the core. Without the blind ends 0.59 of it
      remain at the rim and 0.26 in the core with the defaults (docs/vessel-beds.md).
    - `dilation`: of the median diameter; 1.6 is the ratio of 13.5 to 8.5 um (Cartana 2012, doi:10.1371/journal.pone.0052815).
    - `spread`: standard deviation of the logarithm of the diameter.
    - `edge`: over which host turns into rim, um.

    **Raises** `InputError` for numbers out of range.
    """

    centre: Sequence[float] | np.ndarray
    radius: float
    spacing: tuple[float, float] = (90.0, 140.0)
    fraction: tuple[float, float] = (0.7, 0.6)
    dilation: float = 1.6
    spread: float = 0.45
    edge: float = 75.0

    def __post_init__(self):
        if np.shape(self.centre) != (3,) or not np.isfinite(np.asarray(self.centre, float)).all():
            raise InputError(f"the centre of the tumour must be three coordinates (x, y, z) in um; got {self.centre!r}")
        check_lengths(radius=self.radius, edge=self.edge, rim_spacing=self.spacing[0], core_spacing=self.spacing[1])
        if not all(0 < one <= 1 for one in self.fraction):
            raise InputError(f"the fractions of the tumour's bed that are invaded must lie in 0..1, above 0; got {self.fraction!r}")
        if not (np.isfinite(self.dilation) and self.dilation > 0 and np.isfinite(self.spread) and self.spread >= 0):
            raise InputError(f"the tumour's dilation must be above zero and its spread not negative; got {self.dilation!r} and {self.spread!r}")

    def share(self, points: np.ndarray) -> np.ndarray:
        """How far each point (n, 3) belongs to the tumour, 0 to 1."""
        return np.clip((self.radius + self.edge / 2 - self._away(points)) / self.edge, 0, 1)

    def spacing_at(self, points: np.ndarray, host: float) -> np.ndarray:
        """Spacing of the lattice at each point, um."""
        return np.maximum(host, self._graded(points, self.spacing, host))

    def fraction_at(self, points: np.ndarray) -> np.ndarray:
        """Share of the bed that is invaded at each point; the host's is there before."""
        return self._graded(points, self.fraction, 1.0)

    def _graded(self, points: np.ndarray, ends: tuple[float, float], host: float) -> np.ndarray:
        depth = np.clip(1 - self._away(points) / self.radius, 0, 1)
        return host + self.share(points) * (ends[0] + depth * (ends[1] - ends[0]) - host)

    def _away(self, points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points - np.asarray(self.centre, float), axis=1)
