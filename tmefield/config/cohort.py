"""From the table of a cohort to the tumours that are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..library.prior import Prior
from .cohort_checks import OF_CELLS, places_of, spread_of
from .cohort_tables import CohortTable
from .load import LoadedOutcome
from .problems import refuse

if TYPE_CHECKING:
    from ..outcome.cohort import Patient
    from ..outcome.immune_tissue import ImmuneTissue

TYPICAL = "fields, killing less growth and populations through time are those of the typical tumour: everything that differs in the cohort is at its median"


@dataclass(frozen=True)
class CohortPlan:
    """The tumours of a cohort.

    - `tissue`: what they are drawn from; `priors`: the spread of what differs, in internal units.
    - `stages`: of their movement, so that they share a compilation; `key`: stands for all that decides a patient's course.
    """

    table: CohortTable
    tissue: "ImmuneTissue"
    priors: dict[str, Prior]
    stages: tuple[int, ...]
    key: str

    def patients(self) -> "list[Patient]":
        """The tumours, the same from the first on whatever their number."""
        from ..outcome.cohort import virtual_patients

        return virtual_patients(self.tissue, self.priors, self.table.patients, self.table.seed)

    def typical(self) -> "ImmuneTissue":
        """The tumour with everything that differs at its median."""
        from ..outcome.cohort import with_drawn

        return with_drawn(self.tissue, {key: prior.median for key, prior in self.priors.items()})

    @property
    def runs_for_drivers(self) -> int:
        """Courses that the Sobol analysis takes."""
        from ..outcome.drivers import runs_of_drivers

        return runs_of_drivers(self.table.drivers, len(self.priors))


def cohort_plan(loaded: LoadedOutcome, tissue: "ImmuneTissue", step: float, key: str) -> CohortPlan:
    """The cohort of a configuration; `step`: the longest, s.

    **Raises** `InputError` for keys that have no effect in this tissue.
    """
    from ..outcome.cohort import shared_stages

    table = loaded.config.cohort
    assert table is not None
    priors, _ = spread_of(table)
    if idle := _idle(tissue, priors):
        words = "has no effect in this tissue: add the cells or cytokines that it belongs to, or leave it out"
        raise refuse(loaded.source, [(places_of(table)[one][0], f"'{one}' {words}") for one in idle])
    return CohortPlan(table, tissue, priors, shared_stages(tissue, priors, step), key)


def _idle(tissue: "ImmuneTissue", priors: dict[str, Prior]) -> list[str]:
    """Keys whose values no number of the model depends on, and cells of which there are none."""
    values = {key: prior.median for key, prior in priors.items() if not key.startswith(OF_CELLS)}
    cells = [key for key in priors if key.startswith(OF_CELLS) and not np.any(tissue.cells[key.removeprefix(OF_CELLS)])]
    return [*cells, *idle_values(tissue, values)]


def idle_values(tissue: "ImmuneTissue", values: Mapping[str, float]) -> list[str]:
    """Keys of values on which no number of the model depends."""
    from ..dependence import without_effect
    from ..outcome.life import cells_of_rate

    homeless = [key for key in values if (owners := cells_of_rate(key)) and not any(one in tissue.cells for one in owners)]
    rest = {key: value for key, value in values.items() if key not in homeless}
    return homeless + (without_effect(lambda given: tissue.changed(values=given).model(dict.fromkeys(tissue.treatments, 1.0)), rest) if rest else [])
