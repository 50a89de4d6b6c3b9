"""What a report of a cohort shows: outcomes of every arm over tumours, their ranking, what drives them, and what the profile at the start tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .regulation_picture import spelled

if TYPE_CHECKING:
    from ..outcome.prognosis import Prediction, Slope
    from ..outcome.ranking import Driver, Rank

CONTROL = "control"
CYTOKINE, DENSITY = "_pg_per_mL", "_per_mm3"
"""How the names of levels of a profile end: concentration and density of cells, both mean over the tumour's cells."""
ENOUGH = 20
"""Tumours from which on an interval by drawing them again is trusted (chosen): of 20 normal values a central 95 % holds the mean in 93 % of cases, of 8 in
88 %, of 4 in 81 %."""


@dataclass(frozen=True, eq=False)
class CohortRecord:
    """The tumours of a cohort in every arm.

    - `growth`: by arm, volume at the end over that at the start, of each tumour.
    - `ranks`: of the arms, the one that spares most first; `responds`: by treated arm, the share of tumours with less than `response` of the untreated volume.
    - `slopes`: what each level of the profile goes with; `predictions`: how well the whole profile tells an outcome, or in words why that is not said.
    - `drivers`: what the volume in the arm `drivers_of` hangs on; none where it was not asked for; `samples`: of that analysis.
    - `notes`: what was left out or went less than well.

    **Raises** `InputError` without a control, and for arms of different numbers of tumours.
    """

    growth: Mapping[str, np.ndarray]
    ranks: Sequence["Rank"]
    response: float
    responds: Mapping[str, float]
    slopes: Sequence["Slope"]
    predictions: Mapping[str, "Prediction | str"]
    drivers: Sequence["Driver"] = ()
    drivers_of: str = CONTROL
    samples: int = 0
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self):
        if CONTROL not in self.growth or len({len(column) for column in self.growth.values()}) != 1:
            raise InputError(f"a cohort needs an outcome of every tumour in each arm and an arm '{CONTROL}'; got {', '.join(self.growth) or 'none'}")

    @property
    def tumours(self) -> int:
        """How many there are."""
        return len(self.growth[CONTROL])

    @property
    def caution(self) -> str:
        """What to doubt of intervals by drawing so few tumours again; empty where there are enough."""
        if self.tumours >= ENOUGH:
            return ""
        return f"only {self.tumours} tumours: intervals by drawing them again are too narrow to trust below {ENOUGH} (raise cohort.patients)"

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms but the control, the one that spares most first."""
        return tuple(one.arm for one in self.ranks if one.arm != CONTROL)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of the profile that differ between tumours, cytokines first."""
        names = dict.fromkeys(one.level for one in self.slopes)
        return tuple(sorted(names, key=lambda name: not name.endswith(CYTOKINE)))

    def slope(self, level: str, arm: str) -> "Slope":
        """What a level goes with in an arm."""
        return next(one for one in self.slopes if one.level == level and one.arm == arm)


def level_words(level: str) -> str:
    """A level of a profile as a reader knows it: IL-6 (pg/mL), CD8 T (cells/mm³)."""
    for ending, unit in ((CYTOKINE, "pg/mL"), (DENSITY, "cells/mm³")):
        if level.endswith(ending):
            return f"{spelled(level.removesuffix(ending))} ({unit})"
    return level
