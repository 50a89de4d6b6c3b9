"""Virtual patients: tumours whose values are drawn from the ranges of the library, run through the arms of a treatment."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..errors import FileError, InputError
from ..library.prior import Prior
from ..populations.course import PopulationCourse
from .arms import CONTROL, run_arms
from .endpoints import profile, summary
from .immune_tissue import ImmuneTissue
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


def run_cohort(
    patients: Sequence[Patient],
    arms: Mapping[str, Mapping[str, float]],
    times: Sequence[float] | np.ndarray,
    *,
    results: str | Path | None = None,
    measured: Callable[[PopulationCourse], dict[str, float]] = profile,
    told: Callable[[int, int], None] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """A record for each patient: `patient`, `drawn`, `profile` of the control and, by arm, `arms` with its endpoints (`endpoints.summary`) and `status`.

    - `arms`: with a "control".
    - `results`: a file of records, one JSON object a line; patients that it already holds are not run again, so that a cohort that was stopped goes on.
    - `measured`: what the profile is, of the course of the control; by default levels and cells at the start (`endpoints.profile`).
    - `told`: called with the number of patients done and of all.
    - `options`: of `evolve_populations`.

    **Raises** `InputError` without a control; `FileError` where `results` holds a patient of this name with other values or arms, or cannot be read.
    """
    if CONTROL not in arms:
        raise InputError(f"a cohort needs an arm '{CONTROL}'; got {', '.join(arms)}")
    path = None if results is None else Path(results)
    known = {} if path is None or not path.exists() else read_records(path)
    records = []
    for index, patient in enumerate(patients):
        record = known.get(patient.name)
        if record is None:
            record = _run(patient, arms, times, measured, options)
            if path is not None:
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
        elif record["drawn"] != patient.drawn or list(record["arms"]) != list(arms):
            raise FileError(f"{path}: {patient.name} was run with other values or arms; give another file, or remove this one")
        records.append(record)
        if told is not None:
            told(index + 1, len(patients))
    return records


def _run(
    patient: Patient,
    arms: Mapping[str, Mapping[str, float]],
    times: Sequence[float] | np.ndarray,
    measured: Callable[[PopulationCourse], dict[str, float]],
    options: dict[str, Any],
) -> dict[str, Any]:
    courses = run_arms(patient.tissue, arms, times, **options)
    ends = {name: {**summary(one), "status": int(np.max(one.status))} for name, one in courses.items()}
    return {"patient": patient.name, "drawn": patient.drawn, "profile": measured(courses[CONTROL]), "arms": ends}


def read_records(path: str | Path) -> dict[str, dict[str, Any]]:
    """Records of a file by patient; a last line that was cut off while it was written is left out.

    **Raises** `FileError` naming the line that is no record.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
    found = {}
    for index, line in enumerate(lines):
        if index == len(lines) - 1 and not line.endswith("\n"):
            Path(path).write_text("".join(lines[:-1]), encoding="utf-8")
            break
        try:
            record = json.loads(line)
            found[record["patient"]] = record
        except (json.JSONDecodeError, KeyError, TypeError):
            raise FileError(f"{path}: line {index + 1} is no record of a patient; remove it, or give another file") from None
    return found


def table(records: Sequence[Mapping[str, Any]], endpoint: str = "growth_ratio") -> dict[str, np.ndarray]:
    """Records as columns: "drawn: KEY", "profile: NAME", and "ARM: ENDPOINT"."""
    first = records[0]
    columns = {f"drawn: {key}": [one["drawn"][key] for one in records] for key in first["drawn"]}
    columns |= {f"profile: {key}": [one["profile"][key] for one in records] for key in first["profile"]}
    columns |= {f"{arm}: {endpoint}": [one["arms"][arm][endpoint] for one in records] for arm in first["arms"]}
    return {name: np.asarray(column, float) for name, column in columns.items()}
