"""The course of an arm as the record that files hold, and the arms in numbers for a summary."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from ..output.collect import collect_course
from ..output.fieldset import FieldSet, Listed, Variable
from ..output.outcome_record import BALANCE, ENDPOINTS, OutcomeRecord, endpoint_scalars, occupancy_name
from .cohort_result import describe_cohort, describe_cohort_text
from .load import LoadedOutcome
from .outcome import OutcomePlan, arm_key, arms_of, run_key
from .outcome_edges import acting_lines, answers_told
from .versions import versions

if TYPE_CHECKING:
    from ..populations.course import PopulationCourse


def arm_fields(plan: OutcomePlan, arm: str, course: "PopulationCourse", said: Sequence[str], *, command: str) -> FieldSet:
    """Everything of an arm: fields, numbers of cells, killing less growth at the end, endpoints, and where they came from; `said` are warnings."""
    from ..outcome.endpoints import growth, killing, occupancies, summary

    loaded = plan.loaded
    killed = sum((np.asarray(one, np.float64) for one in killing(course).values()), np.zeros(plan.tissue.grid.shape))
    net = killed - np.asarray(growth(course), np.float64)
    given = {name: one for name, one in plan.tissue.treatments.items() if plan.arms[arm].get(name)}
    words = "share of its target that {} holds, mean over the tumour cells"
    held = {occupancy_name(name): Listed(shares, ("t",), words.format(name), "1") for name, shares in occupancies(course, given).items()}
    return collect_course(
        course,
        maps={BALANCE: Variable(net, "tumour cells killed less those made at the last time", "um-3 s-1")},
        scalars=endpoint_scalars(summary(course)),
        lists=held,
        attributes={
            "title": f"{loaded.config.title}: {arm}",
            "history": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {command}",
            "arm": arm,
            "doses": json.dumps(plan.arms[arm]),
            "arm_key": arm_key(loaded, arm),
            "run_key": run_key(loaded),
            "config": loaded.resolved(),
            "config_sha256": loaded.sha256(),
            "versions": json.dumps(versions(), sort_keys=True),
            "notes": "\n".join((*plan.notes, *said)) or "none",
        },
    )


def outcome_summary(loaded: LoadedOutcome, record: OutcomeRecord) -> dict:
    """Endpoints of every arm and the arms in their order by each, ready for JSON but for numbers that are not finite."""
    last = {arm: fields.times.size - 1 for arm, fields in record.arms.items()}
    doses, places = arms_of(loaded.config), record.places("growth_ratio")
    return {
        "title": record.title,
        "arms": {
            arm: {
                "doses": doses[arm],
                "place": places[arm],
                **{key: record.endpoint(arm, key) for key in ENDPOINTS},
                "occupancy": record.occupancy(arm),
                "cleared": record.cleared(arm),
                "cells": {name: float(record.cells(arm, name)[-1]) for name in record.populations},
                "mean_nM": {name: float(fields.concentration[last[arm], index].mean()) for index, name in enumerate(fields.species)},
            }
            for arm, fields in record.arms.items()
        },
        "ranking": {key: record.ranking(key) for key in ENDPOINTS},
        "notes": list(record.notes),
        "config_sha256": loaded.sha256(),
    }


def describe_outcome(plan: OutcomePlan) -> dict:
    """What was understood of a configuration, in internal units."""
    tissue, table = plan.tissue, plan.loaded.config.outcome
    sizes = {name: np.broadcast_to(density, tissue.grid.shape) for name, density in tissue.cells.items()}
    return {
        "title": plan.loaded.config.title,
        "grid": {"shape_zyx": list(tissue.grid.shape), "spacing_um_zyx": list(tissue.grid.spacing), "origin_um_zyx": list(tissue.grid.origin)},
        "cells": {name: float(density.sum() * tissue.grid.voxel_volume) for name, density in sizes.items()},
        "cytokines": list(tissue.cytokines),
        "values": {key: float(np.asarray(value)) for key, value in tissue.values.items() if key in table.values},
        "off": list(table.off),
        "acting": answers_told(plan),
        "arms": plan.arms,
        "times_s": plan.times.tolist(),
        "step_s": plan.step,
        **({} if plan.cohort is None else {"cohort": describe_cohort(plan.cohort, len(plan.arms))}),
        "memory": plan.need.memory,
        "notes": list(plan.notes),
        "config_sha256": plan.loaded.sha256(),
    }


def describe_outcome_text(plan: OutcomePlan) -> str:
    """`describe_outcome` as one screen of text."""
    tissue, table = plan.tissue, plan.loaded.config.outcome
    shape, spacing = (" x ".join(f"{n:g}" for n in three) for three in (tissue.grid.shape, tissue.grid.spacing))
    lines = [plan.loaded.config.title, f"grid     {shape} voxels (z, y, x) of {spacing} um"]
    for name, count in describe_outcome(plan)["cells"].items():
        lines.append(f"cells    {name}: {count:,.0f} at the start")
    lines.append(f"between  {', '.join(tissue.cytokines)}")
    lines += [f"value    {key} = {given}" for key, given in table.values.items()]
    lines += [f"off      {id}" for id in table.off]
    lines += acting_lines(plan)
    for name, doses in plan.arms.items():
        lines.append(f"arm      {name}: {', '.join(f'{one} {dose:g}' for one, dose in doses.items()) or 'nothing given'}")
    lines.append(f"followed {table.duration}, output every {table.output_every}, steps of at most {table.step}")
    lines += [] if plan.cohort is None else describe_cohort_text(plan.cohort, len(plan.arms))
    return "\n".join([*lines, *(f"note     {note}" for note in plan.notes)])
