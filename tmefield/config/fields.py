"""The result of a run as the record that all writers take, and as numbers for a summary."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from .. import library
from ..library import Parameter
from ..library.plausibility import check_mean
from ..library.records import CONFIDENCES
from ..output.collect import collect
from ..output.fieldset import FieldSet, Variable, variable_name
from ..output.vessel_lines import VesselLines
from ..tissue.labels import VESSEL_LUMEN
from .drug_terms import drug_summary, occupancy_maps
from .origin import library_values
from .parameters import SpeciesValues
from .prepare import Inputs
from .versions import versions

# Values of the library that a file holds as they are, and the name that each has there after the species.
_SCALARS = {
    "molecular_weight": "molar_mass",
    "diffusivity": "diffusivity",
    "decay": "decay",
    "plasma_concentration": "plasma",
    "permeability": "permeability",
    "k_endo": "internalisation",
}
_DOUBTFUL = 0.1


def field_set(inputs: Inputs, result, *, command: str) -> FieldSet:
    """Fields, tissue, vessels, parameters and provenance of a steady solution or a trajectory."""
    pieces = None if inputs.embedding is None else inputs.embedding.pieces
    fields = collect(
        result,
        names=tuple(one.name for one in inputs.species),
        labels=inputs.labels,
        cell_density=inputs.densities,
        vessel_area=None if inputs.embedding is None else inputs.embedding.surface_density(),
        maps=occupancy_maps(inputs, result),
        scalars=_scalars(inputs.species),
        attributes=_attributes(inputs, command, steady=result.concentration.ndim == 4),
        vessel_segments=None if pieces is None else np.stack([pieces.start, pieces.end], axis=1),
        vessel_radii=None if pieces is None else pieces.radius,
        vessel_arrays=_vessel_arrays(inputs),
    )
    return replace(fields, scalars=_with_origin(fields.scalars, inputs))


def _vessel_arrays(inputs: Inputs) -> dict[str, Variable]:
    """Flow, haematocrit and branch of each piece of a segment inside the box, as far as the network has them."""
    if inputs.network is None or inputs.embedding is None:
        return {}
    arrays = VesselLines.of_network(inputs.network).on_segments
    return {name: Variable(entry.values[inputs.embedding.pieces.segment], entry.long_name, entry.units) for name, entry in arrays.items()}


def _scalars(species: tuple[SpeciesValues, ...]) -> dict[str, Variable]:
    """What vessels and cells do with each species; the model itself gives diffusivity, decay and molar mass."""
    scalars = {}
    for one in species:
        described = {
            "plasma": (one.plasma_concentration, "plasma concentration", "nmol L-1"),
            "permeability": (one.permeability, "permeability of vessel walls", "um s-1"),
        }
        if one.receptors:
            described["internalisation"] = (one.internalisation, "internalisation rate of the bound receptor", "s-1")
            described["half_saturation"] = (one.half_saturation, "half-saturation concentration of receptor uptake", "nmol L-1")
        for key, (value, words, unit) in described.items():
            scalars[f"{variable_name(one.id)}_{key}"] = Variable(np.float64(value), f"{words} of {one.name}", unit)
        for cell, (rate, fraction) in one.secretion.items():
            name = f"{variable_name(one.id)}_secretion_{variable_name(cell)}"
            scalars[name] = Variable(np.float64(rate * fraction), f"molecules of {one.name} secreted per {cell} cell and time", "s-1")
        for cell, count in one.receptors.items():
            scalars[f"{variable_name(one.id)}_receptors_{variable_name(cell)}"] = Variable(np.float64(count), f"receptors for {one.name} per {cell} cell", "1")
    return scalars


def _attributes(inputs: Inputs, command: str, *, steady: bool) -> dict[str, str]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "title": inputs.loaded.config.title,
        "history": f"{now} {command}",
        "references": "; ".join(sources(inputs)) or "parameters of the configuration",
        "state": "steady" if steady else "transient",
        "config": inputs.loaded.resolved(),
        "config_sha256": inputs.loaded.sha256(),
        "versions": json.dumps(versions(), sort_keys=True),
        "notes": "\n".join(inputs.notes) or "none",
        "regulation": json.dumps([_edge(one) for one in inputs.regulation.edges]) if inputs.regulation.edges else "none",
    }


def _edge(edge: library.Edge) -> dict:
    """An edge with the values that the run used, concentrations in nM."""
    return {
        "id": edge.id,
        "kind": edge.kind,
        "from": {one.species: {"half_maximum_nM": one.half_maximum.internal, "exponent": one.exponent.internal} for one in edge.inputs},
        "on": list(edge.on),
        "by": list(edge.by) or "all cells",
        "Emax": edge.saturated.internal,
        "basal": edge.basal.internal,
        "placeholders": list(edge.placeholders),
        "source": edge.source,
    }


def sources(inputs: Inputs) -> list[str]:
    """Where the library's values for these species and cells come from, each source once."""
    found = [parameter.source for used in _library_values(inputs).values() for parameter in used.values()]
    for edge in inputs.regulation.edges:
        found += [edge.source, *(value.source for value in edge.values.values() if value.mark in library.MARKS)]
    return list(dict.fromkeys(found))


def _library_values(inputs: Inputs):
    return library_values(inputs.loaded.config, inputs.species, vessels=inputs.embedding is not None)


def _with_origin(scalars: Mapping[str, Variable], inputs: Inputs) -> dict[str, Variable]:
    """The scalars; those whose value the run took from the library say where it stands, by which mark, and how sure it is."""
    origins: dict[str, tuple[Parameter, ...]] = {}
    for species, used in _library_values(inputs).items():
        prefix = variable_name(species)
        origins |= {f"{prefix}_{name}": (used[key],) for key, name in _SCALARS.items() if key in used}
        if {"K_D", "k_on"} <= set(used):
            origins[f"{prefix}_half_saturation"] = tuple(used[key] for key in ("K_D", "k_on", "k_endo") if key in used)
        for key in used:
            what, _, cell = key.partition(" by ")
            if cell:
                origins[f"{prefix}_{what}_{variable_name(cell)}"] = (used[key], used[f"active fraction of {cell}"])
            what, _, cell = key.partition("receptors of ")
            if cell:
                origins[f"{prefix}_receptors_{variable_name(cell)}"] = (used[key],)
    return {name: replace(entry, origin=_origin(origins[name])) if name in origins else entry for name, entry in scalars.items()}


def _origin(parameters: tuple[Parameter, ...]) -> dict[str, str]:
    """Sources and marks of all of them, and the lowest confidence."""
    origin = {"source": "; ".join(dict.fromkeys(one.source for one in parameters)), "mark": ", ".join(dict.fromkeys(one.mark for one in parameters))}
    known = [one.confidence for one in parameters if one.confidence]
    return {**origin, "confidence": min(known, key=CONFIDENCES.index)} if known else origin


def check_plausible(inputs: Inputs, result) -> None:
    """Refuse fields whose mean no tissue has, at any time: almost always a unit slip.

    **Raises** `InputError` naming the species and the slip that it looks like.
    """
    fields = result.concentration
    for moment in (fields,) if fields.ndim == 4 else fields:
        for one, mean in zip(inputs.species, means(inputs, moment), strict=True):
            check_mean(mean, one.species_class, where=f"species {one.id}")


def means(inputs: Inputs, fields) -> list[float]:
    """Mean concentration of each species [species, z, y, x] outside wide vessels, nM."""
    tissue = np.ones(inputs.grid.shape, bool) if inputs.labels is None else inputs.labels != VESSEL_LUMEN
    return [float(np.mean(np.asarray(field, np.float64)[tissue])) for field in fields]


def summary(inputs: Inputs, solution) -> dict:
    """The result in numbers, ready for JSON."""
    stats, budget = solution.stats, solution.budget
    relaxation = np.asarray(solution.relaxation_time())
    species = {}
    for index, (one, mean) in enumerate(zip(inputs.species, means(inputs, solution.concentration), strict=True)):
        field = np.asarray(solution.concentration[index])
        species[one.id] = {
            "mean_nM": mean,
            "min_nM": float(field.min()),
            "max_nM": float(field.max()),
            "relaxation_time_s": float(relaxation[index]),
            "iterations": int(stats.iterations[index]),
            "residual": float(stats.residual[index]),
            "backward_error": float(stats.backward_error[index]),
            "budget_defect": float(budget.defect[index]),
            "income_molecules_per_s": float(budget.income[index]),
            "made": _nonzero(budget.made, index),
            "lost": _nonzero(budget.lost, index),
            "walls": _nonzero(budget.walls, index),
        }
    return _report(inputs, solution, species)


def summary_in_time(inputs: Inputs, trajectory) -> dict:
    """A run through time in numbers, ready for JSON: where each species ends, how high it rises and when."""
    times, stats = np.asarray(trajectory.times, np.float64), trajectory.stats
    averages = np.array([means(inputs, moment) for moment in trajectory.concentration])
    peaks = np.asarray(trajectory.concentration).max(axis=(2, 3, 4))
    species = {}
    for index, one in enumerate(inputs.species):
        highest = int(np.argmax(peaks[:, index]))
        species[one.id] = {
            "mean_nM": float(averages[-1, index]),
            "max_nM": float(peaks[-1, index]),
            "highest_nM": float(peaks[highest, index]),
            "highest_at_s": float(times[highest]),
            "mean_nM_at_times": averages[:, index].tolist(),
            "error_nM": float(np.asarray(stats.error)[:, index].sum()),
            "iterations": int(stats.iterations[index]),
        }
    counts = {"times_s": times.tolist(), "method": trajectory.method, "steps": int(stats.steps), "rejected": int(stats.rejected), "stages": int(stats.stages)}
    report = _report(inputs, trajectory, species)
    rtol = inputs.loaded.config.time.rtol if inputs.loaded.config.time is not None else 0.0
    return {**report, "notes": [*report["notes"], *error_notes(species, rtol)], **counts}


def error_notes(species: Mapping[str, Mapping], rtol: float) -> list[str]:
    """The species of a run through time whose steps may have erred by more than a tenth of what is left of them at the end, in words.

    A step errs by no more than `rtol` of the largest value of its time: what stood there just after a dose remains in the sum when the dose is gone.
    """
    notes = []
    for name, one in species.items():
        if one["error_nM"] > _DOUBTFUL * one["max_nM"]:
            notes.append(
                f"{name}: the errors of all steps may sum to {1e3 * one['error_nM']:.2g} pM, more than a tenth of its maximum at the end "
                f"({1e3 * one['max_nM']:.2g} pM), which is not to be relied on; "
                f"ask for a smaller time.rtol (now {rtol:g}), or take outputs nearer the dose"
            )
    return notes


def _report(inputs: Inputs, result, species: dict) -> dict:
    return {
        "title": inputs.loaded.config.title,
        "status": result.status.name.lower(),
        "grid": {"shape_zyx": list(inputs.grid.shape), "spacing_um_zyx": list(inputs.grid.spacing), "origin_um_zyx": list(inputs.grid.origin)},
        "species": species,
        **({"drugs": drug_summary(inputs, result)} if inputs.drugs else {}),
        **({"regulation": [_edge(one) for one in inputs.regulation.edges]} if inputs.regulation.edges else {}),
        "notes": list(inputs.notes),
        "config_sha256": inputs.loaded.sha256(),
        "versions": versions(),
    }


def _nonzero(entries: dict, index: int) -> dict[str, float]:
    values = {label: float(flow[index]) for label, flow in entries.items()}
    return {label: value for label, value in values.items() if value != 0}
