"""The records of a cohort evaluated: for a report, a summary and a table."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import library, units
from ..errors import NumericsError
from ..output.cohort_record import CONTROL, CohortRecord
from .cohort import CohortPlan
from .cohort_checks import kind_of

if TYPE_CHECKING:
    from ..outcome.prognosis import Prediction
    from ..outcome.ranking import Driver

FOLDS = 5
ROUGH = 0.5
"""Change of a population in a step, as a share of its greatest density, from which the course is to be doubted."""
TO_PROGRESSION = "time_to_progression_d"
ENDS = ("growth_ratio", "volume_mm3", TO_PROGRESSION, "killed_per_d", "invasion_per_mm2_d", "status", "change")
Record = Mapping[str, Any]


def cohort_record(plan: CohortPlan, records: Sequence[Record], drivers: "Sequence[Driver]" = (), samples: Sequence[Record] = ()) -> CohortRecord:
    """What a report shows of the records of patients and, where there are any, of the drivers and the records of their samples.

    Patients of whom some steady state was not found are left out. A tumour of less than one cell at the end counts as one cell.

    **Raises** `NumericsError` where fewer than two are left.
    """
    from ..outcome.cohort import table
    from ..outcome.prognosis import effects
    from ..outcome.ranking import rank_arms

    found = [one for one in records if _worst(one) == 0]
    if len(found) < 2:
        told = f"the cytokines were found at every step in {len(found)} of {len(records)} tumours"
        raise NumericsError(f"{told}: take a shorter outcome.step, or a narrower spread in [cohort]")
    columns = table(found)
    growth = {arm: np.maximum(columns[f"{arm}: growth_ratio"], _one_cell(found, arm)) for arm in found[0]["arms"]}
    profile = {key.removeprefix("profile: "): column for key, column in columns.items() if key.startswith("profile: ")}
    treated = {arm: column for arm, column in growth.items() if arm != CONTROL}
    response = plan.table.response
    responds = {arm: column < response * growth[CONTROL] for arm, column in treated.items()}
    progressed = np.isfinite(table(found, TO_PROGRESSION)[f"{CONTROL}: {TO_PROGRESSION}"])
    outcomes = {"progression, untreated": progressed} | {f"response to {arm}": had for arm, had in responds.items()}
    return CohortRecord(
        growth,
        rank_arms(growth),
        response,
        {arm: float(had.mean()) for arm, had in responds.items()},
        effects(profile, growth[CONTROL], treated),
        {name: _prediction(profile, had) for name, had in outcomes.items()},
        list(drivers),
        plan.table.drivers_of,
        plan.table.drivers,
        _notes(records, found, samples),
    )


def _one_cell(records: Sequence[Record], arm: str) -> np.ndarray:
    """What the growth ratio of each is with one cell left."""
    return np.array([one["arms"][arm]["one_cell"] for one in records])


def _worst(record: Record) -> int:
    return max(end["status"] for end in record["arms"].values())


def _prediction(profile: dict[str, np.ndarray], had: np.ndarray) -> "Prediction | str":
    """The area under the curve, or why there is none."""
    from ..outcome.prognosis import cross_validated_auc

    if min(had.sum(), (~had).sum()) < FOLDS:
        return f"not computed: {int(had.sum())} of {had.size} tumours have it; at least {FOLDS} with and {FOLDS} without are needed"
    try:
        return cross_validated_auc(profile, had, folds=FOLDS)
    except ImportError:
        return "not computed: scikit-learn is not installed (pip install 'tmefield[cohort]')"


def _notes(records: Sequence[Record], found: Sequence[Record], samples: Sequence[Record]) -> tuple[str, ...]:
    """What was left out, and what to doubt."""
    notes = []

    def some(kind: str, of: Sequence[Record], which: Callable[[Any], bool], words: str) -> None:
        count = sum(any(which(end) for end in one["arms"].values()) for one in of)
        if count:
            notes.append(f"{count} of {len(of)} {kind} {words}")

    left = len(records) - len(found)
    if left:
        notes.append(f"{left} of {len(records)} tumours were left out: their cytokines were not found at some step of an arm (status in cohort.csv)")
    rough = "had a population that changed by more than half of its greatest density in a step: a shorter outcome.step tells what that costs"
    some("tumours", found, lambda end: end["change"] > ROUGH, rough)
    some("tumours", found, lambda end: end["growth_ratio"] < end["one_cell"], "were cleared in an arm: less than one cell was left; they count as one cell")
    some("samples of the drivers", samples, lambda end: end["status"] != 0, "did not find their cytokines at some step; they are counted as they ended")
    some("samples of the drivers", samples, lambda end: end["change"] > ROUGH, rough)
    return tuple(notes)


def cohort_summary(record: CohortRecord) -> dict[str, Any]:
    """The cohort in numbers, ready for JSON but for numbers that are not finite."""
    return {
        "tumours": record.tumours,
        "caution": record.caution,
        "ranking": [asdict(one) for one in record.ranks],
        "response": record.response,
        "responds": dict(record.responds),
        "predictions": {name: one if isinstance(one, str) else asdict(one) for name, one in record.predictions.items()},
        "slopes": [asdict(one) for one in record.slopes],
        "drivers": {"arm": record.drivers_of, "samples": record.samples, "indices": [asdict(one) for one in record.drivers]},
        "notes": list(record.notes),
    }


def cohort_csv(records: Sequence[Record]) -> bytes:
    """A line for each patient, also for those that a report leaves out: profile at the start, endpoints of every arm, drawn values with their units."""
    first = records[0]
    heads = ["patient", *first["profile"]]
    heads += [f"{arm}: {key}" for arm in first["arms"] for key in ENDS]
    heads += [f"drawn: {key} [{units.KINDS[kind_of(key)]}]" for key in first["drawn"]]
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(heads)
    for one in records:
        ends = [one["arms"][arm][key] for arm in first["arms"] for key in ENDS]
        lines.writerow([one["patient"], *one["profile"].values(), *ends, *one["drawn"].values()])
    return text.getvalue().encode()


def describe_cohort(plan: CohortPlan, arms: int) -> dict[str, Any]:
    """What will be run, in internal units."""
    table = plan.table
    told: dict[str, Any] = {"patients": table.patients, "seed": table.seed, "runs": table.patients * arms, "response": table.response}
    told["spread"] = {key: {**asdict(prior), "central_95": prior.interval(), "unit": units.KINDS[kind_of(key)]} for key, prior in plan.priors.items()}
    return told | {"drivers": {"samples": table.drivers, "arm": table.drivers_of, "runs": plan.runs_for_drivers}}


def describe_cohort_text(plan: CohortPlan, arms: int) -> list[str]:
    """`describe_cohort` as lines of text."""
    table = plan.table
    lines = [f"cohort   {table.patients} tumours (seed {table.seed}) in {arms} arms: {table.patients * arms} runs; the typical one is kept with its fields"]
    for key, prior in plan.priors.items():
        (low, high), unit = prior.interval(), units.KINDS[kind_of(key)]
        median = prior.median
        if unit == "1/s" and key in library.population_rates():  # as the library writes them
            low, high, median, unit = 86400 * low, 86400 * high, 86400 * median, "1/d"
        lines.append(f"spread   {key}: {prior.kind} about {median:.3g}, 95 % from {low:.3g} to {high:.3g} {'' if unit == '1' else unit}".rstrip())
    if table.drivers:
        cost = f"{table.drivers} samples x ({len(plan.priors)} keys + 2) = {plan.runs_for_drivers} runs"
        lines.append(f"drivers  of the volume in the arm {table.drivers_of}: {cost}")
    return lines
