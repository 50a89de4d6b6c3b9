"""Parameter sets for a sweep, drawn from the spread that the library states of its values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import library, units
from ..errors import InputError
from ..library import Parameter, SpeciesRecord
from ..library.prior import Prior
from .manifest import MAX_JOBS, Job
from .parameters import cell_id
from .problems import did_you_mean

_PLAIN = {"diffusivity": "diffusivity", "decay": "decay", "plasma_concentration": "plasma_concentration", "internalisation": "k_endo"}
_PLAIN |= {"permeability": "permeability", "molecular_weight": "molecular_weight"}
_FORMS = "species.ID.diffusivity (or plasma_concentration, permeability, ...), species.ID.receptors.CELL or species.ID.secretion.CELL.rate"


def drawn_jobs(config: str, keys: Sequence[str], count: int, seed: int) -> list[Job]:
    """`count` jobs whose values of `keys` are drawn independently from the library's distributions (`Parameter.prior`), whatever the configuration gives.

    The values of a key depend on neither the other keys nor the number of jobs. A secretion rate brings the library's active fraction along, without which
    it would count for all cells.

    **Raises** `InputError` for a key of no value of the library, one without a known spread, and a number of jobs that is none.
    """
    if not 1 <= count <= MAX_JOBS:
        raise InputError(f"--samples {count}: expected 1 to {MAX_JOBS}")
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise InputError(f"--draw {doubled[0]}: stands there twice")
    columns: dict[str, list[str]] = {}
    for key in keys:
        record, known, fixed = _known(key)
        prior = known.prior()
        if prior is None:
            raise InputError(f"--draw {key}: the library states no range of it (but of {', '.join(_with_range(record))}); give values with --vary {key}=V1,V2")
        columns |= {other: [value] * count for other, value in fixed.items()}
        stream = np.random.default_rng([seed, *key.encode()])
        columns[key] = [f"{value:.6g} {units.KINDS[known.kind]}" for value in _draw(prior, stream, count)]
    sets = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [Job(f"job {index}", config, f"sample {index}", changes) for index, changes in enumerate(sets)]


def _draw(prior: Prior, stream: np.random.Generator, count: int) -> np.ndarray:
    if prior.bounds is not None:
        return stream.uniform(*prior.bounds, count)
    return prior.median * np.exp((prior.sigma or 0.0) * stream.standard_normal(count))


def _known(key: str) -> tuple[SpeciesRecord, Parameter, dict[str, str]]:
    """The record and the library's value that a key of a configuration stands for, and what has to be set with it."""
    head, *rest = key.split(".")
    if head != "species" or len(rest) < 2:
        raise InputError(f"--draw {key}: expected {_FORMS}")
    try:
        record = library.species(rest[0])
    except InputError as error:
        raise InputError(f"--draw {key}: {error}") from None
    what, cell = rest[1], cell_id(rest[2]) if len(rest) > 2 else ""
    if len(rest) == 2 and _PLAIN.get(what) in record.parameters:
        return record, record.parameters[_PLAIN[what]], {}
    if len(rest) == 3 and what == "receptors":
        return record, _of_cell(key, cell, record.receptors), {}
    if len(rest) == 4 and what == "secretion" and rest[3] == "rate":
        entry = _of_cell(key, cell, record.secretion)
        return record, entry.rate, {f"{key.removesuffix('.rate')}.active_fraction": f"{entry.active_fraction.internal:g}"}
    raise InputError(f"--draw {key}: expected {_FORMS}; of {record.id}: {', '.join(_with_range(record))}")


def _with_range(record: SpeciesRecord) -> list[str]:
    """What of a species can be drawn, as keys after its id."""
    plain = {key: record.parameters[name] for key, name in _PLAIN.items() if name in record.parameters}
    by_cell = {f"receptors.{cell}": known for cell, known in record.receptors.items()}
    by_cell |= {f"secretion.{cell}.rate": entry.rate for cell, entry in record.secretion.items()}
    return [key for key, known in (plain | by_cell).items() if known.prior() is not None]


def _of_cell(key: str, cell: str, entries: Mapping[str, Any]) -> Any:
    if cell not in entries:
        raise InputError(f"--draw {key}: the library has none for '{cell}'{did_you_mean(cell, entries)}")
    return entries[cell]
