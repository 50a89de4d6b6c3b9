"""From a solution or a trajectory to the record that writers and pictures take."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from .fieldset import FieldSet, Listed, Variable, variable_name

if TYPE_CHECKING:
    from ..populations.course import PopulationCourse
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


def collect_course(
    course: "PopulationCourse", *, scalars: Mapping[str, Variable] | None = None, lists: Mapping[str, Listed] | None = None, **extra: Any
) -> FieldSet:
    """The densities and concentrations of a course of populations, and how many cells there are after every step.

    `scalars` and `lists` are added to what the course gives, `extra` as in `collect`.

    **Raises** `InputError` where shapes or names do not fit.
    """
    tissue = course.tissue
    own_maps, own_scalars = _parameters(tissue.model)
    volumes = {f"{variable_name(one.name)}_cell_volume": Variable(np.float64(one.volume), f"volume of a {one.name} cell", "um3") for one in tissue.populations}
    return FieldSet(
        grid=tissue.model.grid,
        times=np.asarray(course.times, np.float64),
        species=tissue.model.names,
        concentration=np.asarray(course.concentration),
        cell_density={name: np.asarray(course[name]) for name in tissue.names},
        maps={**own_maps, **extra.pop("maps", {})},
        scalars={**own_scalars, **volumes, **(scalars or {})},
        lists={**_numbers(course), **(lists or {})},
        attributes={"history": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} tmefield", "title": "Populations and cytokines", **extra.pop("attributes", {})},
        **extra,
    )


def cells_name(population: str) -> str:
    """The name of the number of cells after every step in a file: `CD8_T` -> `cells_cd8_t`."""
    return f"cells_{variable_name(population)}"


def _numbers(course: "PopulationCourse") -> dict[str, Listed]:
    """The number of cells of each population at the start and after every step, and those times."""
    model = course.tissue.model
    times = np.concatenate([np.asarray(course.times[:1], np.float64), np.asarray(course.step_times, np.float64)])
    found = {"step_time": Listed(times, ("step",), "start, and the end of every step", "s")}
    for name in course.tissue.names:
        first = float(np.sum(np.asarray(course[name][0], np.float64))) * model.grid.voxel_volume
        count = np.concatenate([[first], np.asarray(course.number(name), np.float64)])
        found[cells_name(name)] = Listed(count, ("step",), f"number of {name} cells in the box", "1")
    return found


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
