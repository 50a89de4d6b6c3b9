"""Virtual patients: tumours whose values are drawn from the ranges of the library, run through the arms of a treatment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..errors import InputError
from ..library.prior import Prior
from ..populations.course import PopulationCourse
from ..populations.march import HALF_A_DAY
from .arms import CONTROL, movement_stages, run_arms
from .endpoints import one_cell, profile, summary
from .immune_tissue import ImmuneTissue
from .records import Record, Records
from .values import known_value

OF_CELLS = "cells."


@dataclass(frozen=True, eq=False)
class Patient:
    """A tumour of a cohort: its tissue, and what was drawn for it by key."""

    name: str
    tissue: ImmuneTissue
    drawn: dict[str, float]


def library_priors(keys: Sequence[str]) -> dict[str, Prior]:
    """The spread of values (`Values`), as the library states it.

    **Raises** `InputError` for a value of which the library states none.
    """
    return {key: _prior(key) for key in keys}


def _prior(key: str) -> Prior:
    known, _ = known_value(key)
    prior = None if known is None else known.prior()
    if prior is None:
        raise InputError(f"{key}: the library states no range of it; leave it out, or give a Prior of your own")
    return prior


def draw(priors: Mapping[str, Prior], count: int, seed: int) -> dict[str, np.ndarray]:
    """`count` values of each key, independent of each other; those of a key depend on neither the other keys nor the number drawn."""
    return {key: quantile(prior, np.random.default_rng([seed, *key.encode()]).uniform(size=count)) for key, prior in priors.items()}


def quantile(prior: Prior, share: np.ndarray) -> np.ndarray:
    """Values below which the given shares of a distribution lie."""
    from scipy.stats import norm

    if prior.bounds is not None:
        low, high = prior.bounds
        return low + (high - low) * share
    return prior.median * np.exp((prior.sigma or 0.0) * norm.ppf(share))


def virtual_patients(tissue: ImmuneTissue, priors: Mapping[str, Prior], count: int, seed: int) -> list[Patient]:
    """`count` tumours like `tissue`, each with values of its own.

    - `priors`: the spread of each, by the key of a value (`library_priors` for the library's), or "cells.NAME" for a factor on the density of a population.

    **Raises** `InputError` for cells that are not there and unknown values.
    """
    for key in priors:
        name = key.removeprefix(OF_CELLS)
        if key != name and name not in tissue.cells:
            raise InputError(f"{key}: no population '{name}' in the tissue; there are {', '.join(tissue.cells)}")
    columns = draw(priors, count, seed)
    rows = [{key: float(column[index]) for key, column in columns.items()} for index in range(count)]
    return [Patient(f"patient {index}", with_drawn(tissue, row), row) for index, row in enumerate(rows)]


def with_drawn(tissue: ImmuneTissue, drawn: Mapping[str, ArrayLike]) -> ImmuneTissue:
    """The tissue with what was drawn: values by key, and factors on densities as "cells.NAME"."""
    factors = {key.removeprefix(OF_CELLS): value for key, value in drawn.items() if key.startswith(OF_CELLS)}
    cells = {name: np.asarray(density) * np.asarray(factors.get(name, 1.0)) for name, density in tissue.cells.items()}
    return tissue.changed(cells=cells, values={key: value for key, value in drawn.items() if not key.startswith(OF_CELLS)})


def shared_stages(tissue: ImmuneTissue, priors: Mapping[str, Prior], step: float) -> tuple[int, ...]:
    """Stages of the movement of each population (`run_arms`) that suffice for 97.5 % of what is drawn of each value, so that nearly all tumours of a
    cohort share a compilation; `step`: the longest, s.
    """
    fastest = with_drawn(tissue, {key: prior.interval()[1] for key, prior in priors.items() if not key.startswith(OF_CELLS)})
    return movement_stages(fastest.model(), step)


def run_cohort(
    patients: Sequence[Patient],
    arms: Mapping[str, Mapping[str, float]],
    times: Sequence[float] | np.ndarray,
    *,
    results: str | Path | None = None,
    key: str | None = None,
    stages: Sequence[int] = (),
    measured: Callable[[PopulationCourse], dict[str, float]] = profile,
    told: Callable[[int, int], None] | None = None,
    step: float = HALF_A_DAY,
    rtol: float = 1e-4,
) -> list[Record]:
    """A record for each patient: `patient`, `drawn`, `profile` of the control and, by arm, `arms` (`end_of`).

    - `arms`: with a "control".
    - `results`: a file of records, one JSON object a line; patients that it already holds are not run again, so that a cohort that was stopped goes on.
    - `key`: a text that tells records of one set of numbers from those of another (`Records`).
    - `stages`: the fewest of each population's movement (`shared_stages`); a tumour that needs more gets them.
    - `measured`: what the profile is, of the course of the control; by default levels and cells at the start (`endpoints.profile`).
    - `told`: called with the number of patients done and of all.
    - `step`, `rtol`: of `evolve_populations`.

    **Raises** `InputError` without a control; `FileError` where `results` holds a patient of this name with other values, arms or key, or cannot be read.
    """
    if CONTROL not in arms:
        raise InputError(f"a cohort needs an arm '{CONTROL}'; got {', '.join(arms)}")
    kept, how = Records(results, key), {"step": step, "rtol": rtol, "least_stages": stages}
    found = []
    for index, patient in enumerate(patients):
        found.append(kept.obtain(patient.name, patient.drawn, list(arms), partial(_run, patient.tissue, arms, times, measured, how)))
        if told is not None:
            told(index + 1, len(patients))
    return found


def _run(
    tissue: ImmuneTissue,
    arms: Mapping[str, Mapping[str, float]],
    times: Sequence[float] | np.ndarray,
    measured: Callable[[PopulationCourse], dict[str, float]],
    how: Mapping[str, Any],
) -> Record:
    courses = run_arms(tissue, arms, times, **how)
    return {"profile": measured(courses[CONTROL]), "arms": {name: end_of(one) for name, one in courses.items()}}


def end_of(course: PopulationCourse) -> dict[str, float]:
    """Endpoints of a course (`endpoints.summary`), what its `growth_ratio` would be with `one_cell` left, the worst `status` of its steady solves and the
    greatest `change` of a population in a step.
    """
    return {**summary(course), "one_cell": one_cell(course), "status": int(np.max(course.status)), "change": float(np.max(course.change))}


def table(records: Sequence[Mapping[str, Any]], endpoint: str = "growth_ratio") -> dict[str, np.ndarray]:
    """Records as columns: "drawn: KEY", "profile: NAME", and "ARM: ENDPOINT"."""
    first = records[0]
    columns = {f"drawn: {key}": [one["drawn"][key] for one in records] for key in first["drawn"]}
    columns |= {f"profile: {key}": [one["profile"][key] for one in records] for key in first["profile"]}
    columns |= {f"{arm}: {endpoint}": [one["arms"][arm][endpoint] for one in records] for arm in first["arms"]}
    return {name: np.asarray(column, float) for name, column in columns.items()}
