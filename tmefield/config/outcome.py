"""From a configuration of an outcome to a tissue, its arms and the times of output."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__, library, units
from ..grid import Grid
from .cohort import TYPICAL, CohortPlan, cohort_plan, idle_values
from .drugs import DrugValues, beyond
from .estimate import Forecast, check_memory, forecast
from .inputs import box_notes, sensible
from .load import LoadedOutcome
from .outcome_checks import CONTROL, TUMOUR, arm_names, treatments_of, value_of
from .outcome_tables import DepotGiven, DrugGiven, OutcomeConfig
from .problems import refuse
from .quantities import parse_memory

if TYPE_CHECKING:
    from ..outcome.immune_tissue import ImmuneTissue
    from ..outcome.treatments import AbstractTreatment


@dataclass(frozen=True)
class OutcomePlan:
    """What is to be computed.

    - `tissue`: cells, cytokines and what can be given; `arms`: doses (0 to 1) by treatment.
    - `times`: of output, s; `step`: the longest step, s; `rtol`: of the steady solves.
    - `need`: memory; `notes`: to be told to the person.
    - `cohort`: the tumours that are drawn, where the file asks for some; `tissue` is then the typical one of them.
    """

    loaded: LoadedOutcome
    tissue: "ImmuneTissue"
    arms: dict[str, dict[str, float]]
    times: np.ndarray
    step: float
    rtol: float
    need: Forecast
    notes: tuple[str, ...]
    cohort: CohortPlan | None = None

    @property
    def stages(self) -> tuple[int, ...] | None:
        """Of the movement of each population: those of the cohort, None for those that the tissue needs."""
        return None if self.cohort is None else self.cohort.stages


def outcome_plan(loaded: LoadedOutcome) -> OutcomePlan:
    """The plan of a configuration.

    **Raises** `InputError` for what does not fit together, `ResourceError` where it would not fit in memory (before any array of the grid's size is made).
    """
    config, table = loaded.config, loaded.config.outcome
    grid, times = box_of(config), output_times(config)
    need = needed(config, grid, len(times))
    check_need(config, need, grid)
    from ..outcome.immune_tissue import ImmuneTissue, around_tumour

    radius, margin = units.parse(table.radius, "length"), units.parse(table.margin, "length")
    centre = [units.parse(one, "length") for one in table.centre]
    densities = {name: (units.parse(inside, "density"), units.parse(outside, "density")) for name, (inside, outside) in table.cells.items()}
    drugs, _ = treatments_of(table)
    tissue = ImmuneTissue(
        grid,
        around_tumour(grid, radius, densities, centre=centre, edge=margin),
        table.cytokines,
        values={key: value_of(key, given) for key, given in table.values.items()},
        treatments=_treatments(config, drugs, around_tumour(grid, radius, {TUMOUR: (1.0, 0.0)}, centre=centre, edge=margin)[TUMOUR]),
        sensitivity=table.sensitivity,
        dtype=config.solver.precision,
    )
    _refuse_idle(loaded, tissue)
    if table.off:
        tissue = tissue.without(*(library.edge(id).id for id in table.off))
    step, notes, cohort = units.parse(table.step, "time"), _notes(config, drugs), None
    if config.cohort is not None:
        cohort = cohort_plan(loaded, tissue, step, cohort_key(loaded))
        tissue, notes = cohort.typical(), (*notes, TYPICAL)
    return OutcomePlan(loaded, tissue, arms_of(config), times, step, config.solver.rtol, need, notes, cohort)


def _refuse_idle(loaded: LoadedOutcome, tissue: "ImmuneTissue") -> None:
    """Refuse values and switched-off edges on which no number of the model depends."""
    table = loaded.config.outcome
    parts = {id: tissue.without(library.edge(id).id).values.keys() - tissue.values.keys() for id in table.off}
    # Whatever the switched-off edges hold besides what is given; the numbers themselves do not matter.
    asked = {key: float(np.asarray(tissue.values[key])) for key in table.values} | dict.fromkeys((key for keys in parts.values() for key in keys), 1.0)
    idle = set(idle_values(tissue, asked))
    what = "has no effect in this tissue: add the cells or cytokines that it belongs to, or leave it out"
    found = [(f"outcome.values.{key}", what) for key in table.values if key in idle]
    what = "acts on nothing in this tissue, so that there is nothing to switch off: add the cells or cytokines that it joins, or leave it out"
    found += [(f"outcome.off[{index}]", f"'{id}' {what}") for index, id in enumerate(table.off) if parts[id] and parts[id] <= idle]
    if found:
        raise refuse(loaded.source, found)


def arms_of(config: OutcomeConfig) -> dict[str, dict[str, float]]:
    """The doses of every arm: the control, each treatment alone in full, then those of the file."""
    table = config.outcome
    own = {name: {name: 1.0} for name in table.treatments} | {name: dict(doses) for name, doses in table.arms.items()}
    return {name: {} if name == CONTROL else own[name] for name in arm_names(table)}


def run_key(loaded: LoadedOutcome) -> str:
    """Hash of all that the arms have in common: of another title, folder or list of arms it is the same."""
    told = loaded.config.model_dump(mode="json", by_alias=True)
    shared = {"grid": told["grid"], "solver": told["solver"], "outcome": {key: one for key, one in told["outcome"].items() if key != "arms"}}
    if told["cohort"] is not None:
        shared["cohort"] = {key: told["cohort"][key] for key in ("spread", "lognormal", "uniform")}
    return _hash(shared)


def cohort_key(loaded: LoadedOutcome) -> str:
    """Hash of all that decides the course of a patient but its number: of more patients, drivers and another threshold of response it is the same."""
    assert loaded.config.cohort is not None
    held = "levels, densities, one cell"  # what a record holds: records that lack some of it cannot be gone on with
    return _hash({"run": run_key(loaded), "arms": arms_of(loaded.config), "seed": loaded.config.cohort.seed, "held": held})


def arm_key(loaded: LoadedOutcome, name: str) -> str:
    """Hash of all that decides the course of an arm and what its file holds."""
    return _hash({"run": run_key(loaded), "doses": arms_of(loaded.config)[name], "held": "occupancy"})


def _hash(told: Any) -> str:
    return hashlib.sha256(json.dumps([told, __version__], sort_keys=True).encode()).hexdigest()


def box_of(config: OutcomeConfig) -> Grid:
    """The voxels of a configuration.

    **Raises** `InputError` for next to none.
    """
    given = config.grid.spacing
    spacing = [units.parse(one, "length") for one in (given if isinstance(given, tuple) else (given,) * 3)]
    origin, size = ([units.parse(one, "length") for one in three] for three in (config.grid.origin, config.grid.size))
    return sensible(Grid.from_box(origin, [low + extent for low, extent in zip(origin, size, strict=True)], (spacing[0], spacing[1], spacing[2])))


def output_times(config: OutcomeConfig) -> np.ndarray:
    """Times of output, s: the start, every interval, and the end."""
    end, every = units.parse(config.outcome.duration, "time"), units.parse(config.outcome.output_every, "time")
    times = every * np.arange(int(end / every * (1 + 1e-9)) + 1)
    return times if times[-1] >= end * (1 - 1e-9) else np.append(times, end)


def needed(config: OutcomeConfig, grid: Grid, outputs: int) -> Forecast:
    """What the steady states among the cells take, and the fields that are kept."""
    table = config.outcome
    fields = len(table.cytokines) + 2 * len(table.treatments) + len(table.cells)
    need = forecast(grid, fields, precision=config.solver.precision)
    width = 8 if config.solver.precision == "float64" else 4
    kept = 2 * width * outputs * fields * grid.size
    return Forecast(need.voxels, fields, need.memory + kept, 4 * outputs * fields * grid.size * len(arm_names(table)), need.seconds)


def check_need(config: OutcomeConfig, need: Forecast, grid: Grid) -> None:
    """Refuse what does not fit in memory.

    **Raises** `ResourceError`.
    """
    limit = config.solver.memory_limit
    check_memory(need, grid, None if limit is None else parse_memory(limit))


def _treatments(config: OutcomeConfig, drugs: dict[str, DrugValues], inside: np.ndarray) -> "dict[str, AbstractTreatment]":
    from ..outcome.treatments import Depot, DrugTreatment

    end = units.parse(config.outcome.duration, "time")
    found: dict[str, AbstractTreatment] = {}
    for name, one in config.outcome.treatments.items():
        if isinstance(one, DrugGiven):
            drug, course = _in_plasma(drugs[name])
            releases = tuple(library.edge(id).id for id in one.releases)
            found[name] = DrugTreatment(drug, course, releases, drugs[name].values["K_D"] if releases else None)
        else:
            rate = units.parse(one.rate, "production", molecular_weight=_weight(one.depot))
            found[name] = Depot(one.depot, rate * inside if one.within == "tumour" else rate, _pulses(one, end))
    return found


def _in_plasma(one: DrugValues):
    """The drug, and its plasma concentration in time."""
    from ..course import TimeCourse
    from ..pharmacology.drug import Drug

    drug = Drug(one.name, one.action, one.target, **one.values)
    return drug, drug.plasma(one.doses) if one.plasma is None else TimeCourse([0.0], [one.plasma])


def _pulses(one: DepotGiven, end: float):
    """1 while the depot makes its cytokine, else 0."""
    from ..course import TimeCourse

    begin, every = units.parse(one.at, "time"), 0.0 if one.every is None else units.parse(one.every, "time")
    long = end - begin if one.duration is None else units.parse(one.duration, "time")
    steps: dict[float, float] = {min(0.0, begin) - 1.0: 0.0}
    for index in range(one.count):
        steps |= {begin + index * every: 1.0, begin + index * every + max(long, 1.0): 0.0}
    return TimeCourse(list(steps), list(steps.values()))


def _weight(species: str) -> float | None:
    known = library.species(species).parameters.get("molecular_weight")
    return None if known is None else known.internal


def _notes(config: OutcomeConfig, drugs: dict[str, DrugValues]) -> tuple[str, ...]:
    """What may surprise: a box wider than asked for, what is given too late to matter, a tumour smaller than a voxel."""
    table, grid = config.outcome, box_of(config)
    notes = box_notes(grid, [units.parse(one, "length") for one in config.grid.size])
    notes += [note for one in drugs.values() for note in beyond(one, table.duration, "outcome.duration")]
    late = [
        name for name, one in table.treatments.items() if isinstance(one, DepotGiven) and units.parse(one.at, "time") >= units.parse(table.duration, "time")
    ]
    notes += [f"{name}: begins at or after the end ({table.duration}), without effect; lengthen outcome.duration" for name in late]
    if units.parse(table.radius, "length") < max(grid.spacing):
        notes.append(f"the tumour's radius ({table.radius}) is less than a voxel ({max(grid.spacing):g} um): take a smaller grid.spacing")
    return tuple(notes)
