"""From a solution or a trajectory to the record that writers and pictures take."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from .fieldset import FieldSet, Variable, variable_name

if TYPE_CHECKING:
    from ..solution import Solution
    from ..stepping.trajectory import Trajectory


def collect(
    result: "Solution | Trajectory", *, maps: Mapping[str, Variable] | None = None, scalars: Mapping[str, Variable] | None = None, **extra: Any
) -> FieldSet:
    """The fields of `result` with the model's secretion maps and parameters.

    `maps` and `scalars` are added to what the model gives; `extra` are the other fields of `FieldSet` that a model does not know (names, labels,
    cell_density, vessel_area, attributes, vessel_segments, vessel_radii).

    **Raises** `InputError` where shapes or names do not fit.
    """
    model = result.model
    concentration = np.asarray(result.concentration)
    steady = concentration.ndim == 4
    attributes = {"history": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} tmefield", **({"state": "steady"} if steady else {}), **extra.pop("attributes", {})}
    own_maps, own_scalars = _parameters(model)
    return FieldSet(
        grid=model.grid,
        times=np.zeros(1) if steady else np.asarray(result.times),  # type: ignore[union-attr]
        species=model.names,
        concentration=concentration[None] if steady else concentration,
        maps={**_secretion_maps(model, result.concentration if steady else result.concentration[-1]), **own_maps, **(maps or {})},
        scalars={**own_scalars, **(_quality(result) if steady else {}), **(scalars or {})},
        attributes=attributes,
        **extra,
    )


def _secretion_maps(model, concentration) -> dict[str, Variable]:
    """Production by all secretion terms of each species, nM/s per volume of tissue."""
    totals: dict[str, np.ndarray] = {}
    for term, changes in model.term_rates(concentration):
        if term.label.startswith("secretion"):
            for name, change in changes.items():
                totals[name] = totals.get(name, np.zeros(model.grid.shape)) + np.broadcast_to(np.asarray(change.production), model.grid.shape)
    return {f"{variable_name(name)}_secretion": Variable(total, f"secretion of {name} per volume of tissue", "nmol L-1 s-1") for name, total in totals.items()}


def _parameters(model) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Diffusivity, decay, retardation and molar mass of each species: numbers, or maps where they vary in space."""
    maps, scalars = {}, {}
    for one in model.species:
        described = {
            "diffusivity": (one.diffusivity, "effective diffusivity", "um2 s-1"),
            "decay": (one.decay, "extracellular decay rate", "s-1"),
            "retardation": (one.retardation, "retardation factor, free and bound over free,", "1"),
            "molar_mass": (None if one.molecular_weight is None else 1e3 * one.molecular_weight, "molar mass", "g mol-1"),
        }
        for key, (value, words, units) in described.items():
            if value is not None:
                entry = Variable(np.asarray(value, np.float64), f"{words} of {one.name}", units)
                (scalars if entry.values.ndim == 0 else maps)[f"{variable_name(one.name)}_{key}"] = entry
    return maps, scalars


def _quality(solution) -> dict[str, Variable]:
    """How far to trust the field: residual and budget defect of each species."""
    described = {
        "residual": (solution.stats.residual, "recomputed residual relative to the sources"),
        "budget_defect": (solution.budget.defect, "defect of the mass budget relative to what came in"),
    }
    return {
        f"{variable_name(name)}_{key}": Variable(np.float64(values[index]), f"{words} for {name}", "1")
        for index, name in enumerate(solution.model.names)
        for key, (values, words) in described.items()
    }
