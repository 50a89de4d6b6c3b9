"""What an outcome will take, told before it: arms, courses, steps, memory, disk and time."""

import math
from dataclasses import dataclass

from .. import units
from ..grid import Grid
from .cohort_checks import places_of
from .estimate import Forecast
from .load import LoadedOutcome
from .outcome import arms_of, box_of, needed, output_times

# Measured with the starter (16^3 voxels, 19 fields, 40 steps, float32) on two CPU cores: 48 s until the first course is compiled, 5.6 s for each further one.
# Larger boxes were not measured: the seconds are in proportion to voxels, fields and steps.
COMPILE_SECONDS = 60.0
NANOSECONDS_PER_STEP_AND_VALUE = 1800.0


@dataclass(frozen=True)
class OutcomeForecast:
    """What an outcome takes.

    - `arms`: of one tumour; `courses`: all that are run, of the arms, the tumours of a cohort and the samples of its drivers.
    - `steps`: of one course, at least: each dose and each end of one adds a step. `seconds`: on two CPU cores, start and compilation included.
    """

    grid: Grid
    need: Forecast
    arms: int
    courses: int
    steps: int
    seconds: float


def outcome_forecast(loaded: LoadedOutcome) -> OutcomeForecast:
    """The forecast of a configuration, from its numbers alone.

    **Raises** `InputError` for a box of next to no voxels.
    """
    config = loaded.config
    grid, times, step = box_of(config), output_times(config), units.parse(config.outcome.step, "time")
    need, arms = needed(config, grid, len(times)), len(arms_of(config))
    steps = sum(max(1, math.ceil(one / step * (1 - 1e-9))) for one in (times[1:] - times[:-1]).tolist())
    courses = arms
    structures = 1
    if config.cohort is not None:
        table = config.cohort
        courses += table.patients * arms + table.drivers * (len(places_of(table)) + 2)
        structures = 2  # the tumours of a cohort are followed without outputs between
    each = steps * grid.size * need.species * NANOSECONDS_PER_STEP_AND_VALUE * 1e-9
    return OutcomeForecast(grid, need, arms, courses, steps, structures * COMPILE_SECONDS + courses * each)
