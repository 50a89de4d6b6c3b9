"""What the outcome of an arm hangs on: Sobol indices of the tumour's volume over the spread of a cohort."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..library.prior import Prior
from ..populations.march import HALF_A_DAY
from .arms import run_arms
from .cohort import end_of, with_drawn
from .immune_tissue import ImmuneTissue
from .ranking import Driver, sobol_drivers
from .records import Record, Records


def runs_of_drivers(samples: int, keys: int) -> int:
    """How many courses Sobol indices of so many values take: samples x (keys + 2)."""
    return samples * (keys + 2)


def volume_drivers(
    tissue: ImmuneTissue,
    priors: Mapping[str, Prior],
    arm: str,
    doses: Mapping[str, float],
    times: Sequence[float] | np.ndarray,
    samples: int,
    *,
    seed: int = 0,
    results: str | Path | None = None,
    key: str | None = None,
    stages: Sequence[int] = (),
    told: Callable[[int, int], None] | None = None,
    step: float = HALF_A_DAY,
    rtol: float = 1e-4,
) -> tuple[list[Driver], list[Record]]:
    """Sobol indices (`sobol_drivers`) of ln(volume at the end/volume at the start) in one arm, and the records of the courses that they took.

    - `arm`, `doses`: of the one arm; `priors`: as of `virtual_patients`; `samples`: a power of two.
    - The rest as of `run_cohort`: a file of `results` goes on where it was stopped.

    A volume of less than one cell counts as that of one.

    **Raises** `InputError` for a number of samples that is not a power of two; `FileError` as `run_cohort` does.
    """
    kept, how, found = Records(results, key), {"step": step, "rtol": rtol, "least_stages": stages}, []

    def volume(drawn: dict[str, float]) -> float:
        record = kept.obtain(f"sample {len(found)}", drawn, [arm], partial(_run, tissue, drawn, arm, doses, times, how))
        found.append(record)
        if told is not None:
            told(len(found), runs_of_drivers(samples, len(priors)))
        end = record["arms"][arm]
        return math.log(max(end["growth_ratio"], end["one_cell"]))

    return sobol_drivers(volume, priors, samples, seed), found


def _run(
    tissue: ImmuneTissue,
    drawn: Mapping[str, float],
    arm: str,
    doses: Mapping[str, float],
    times: Sequence[float] | np.ndarray,
    how: Mapping[str, Any],
) -> Record:
    return {"arms": {arm: end_of(run_arms(with_drawn(tissue, drawn), {arm: doses}, times, **how)[arm])}}
