"""What an outcome will take, told before it: arms, courses, steps, memory, disk and time."""

import math
from dataclasses import dataclass

from .. import units
from ..grid import Grid
from .cohort_checks import places_of
from .estimate import Forecast
from .load import LoadedOutcome
from .outcome import arms_of, box_of, needed, output_times

# Measured on two CPU cores, float32: of the starter (16^3 voxels, 19 fields, 40 steps) the first course took 85 s and each further one 3 to 5 s, most of it
# apart from the steps; eight populations with five cytokines on 48^3 took 22 s for 120 steps.
COMPILE_SECONDS = 80.0
COURSE_SECONDS = 3.0
NANOSECONDS_PER_STEP_AND_VALUE = 128.0


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
    each = COURSE_SECONDS + steps * grid.size * need.species * NANOSECONDS_PER_STEP_AND_VALUE * 1e-9
    return OutcomeForecast(grid, need, arms, courses, steps, structures * COMPILE_SECONDS + courses * each)
