"""What the [time] table asks for, in seconds and nM."""

from dataclasses import dataclass

import numpy as np

from .. import units
from ..errors import InputError
from .prepare import Inputs
from .schema import MAX_OUTPUTS, Time


@dataclass(frozen=True)
class Schedule:
    """A run through time.

    - `times`: of output, s, the start (0) first.
    - `initial`: concentration of each species at the start, nM.
    - `method`, `rtol`, `steady`: as `tmefield.evolve` takes them.
    """

    times: np.ndarray
    initial: np.ndarray
    method: str
    rtol: float
    steady: tuple[str, ...]


def schedule(inputs: Inputs) -> Schedule | None:
    """The schedule of a run, or None where the steady state is asked for.

    **Raises** `InputError` for times that do not increase, too many outputs, or a species that the run does not have.
    """
    table = inputs.loaded.config.time
    if table is None:
        return None
    ids = [one.id for one in inputs.species]
    for key, names in (("time.initial", table.initial), ("time.steady", table.steady)):
        unknown = [name for name in names if name not in ids]
        if unknown:
            raise InputError(f"{inputs.loaded.source}: {key}: no species {', '.join(unknown)} in this run; it has {', '.join(ids)}")
    weights = {one.id: one.molecular_weight for one in inputs.species}
    initial = [units.parse(table.initial[name], "concentration", molecular_weight=weights[name]) if name in table.initial else 0.0 for name in ids]
    return Schedule(_times(table, inputs.loaded.source), np.array(initial), table.method, table.rtol, table.steady)


def _times(table: Time, source: str) -> np.ndarray:
    if table.times is not None:
        asked = np.array([units.parse(text, "time") for text in table.times])
    else:
        end, every = units.parse(table.end, "time"), units.parse(table.every, "time")
        count = end / every
        if count > MAX_OUTPUTS:
            raise InputError(f"{source}: time.every: {count:.0f} outputs until {table.end} are more than {MAX_OUTPUTS}; take a longer interval")
        asked = np.append(every * np.arange(1, int(np.ceil(count - 1e-9))), end)
    times = np.insert(asked, 0, 0.0)
    if (np.diff(times) <= 0).any():
        raise InputError(f"{source}: time.times must increase; got {', '.join(str(one) for one in table.times or ())}")
    return times
