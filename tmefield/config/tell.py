"""What was understood of a configuration, told back before anything is solved."""

from .prepare import Inputs


def describe(inputs: Inputs) -> dict:
    """Grid, vessels, cells and every number of every species, in internal units."""
    report = {
        "title": inputs.loaded.config.title,
        "grid": {"shape_zyx": list(inputs.grid.shape), "spacing_um_zyx": list(inputs.grid.spacing), "origin_um_zyx": list(inputs.grid.origin)},
        "cells": {name: float(density.sum() * inputs.grid.voxel_volume) for name, density in inputs.densities.items()},
        "species": [_species(one) for one in inputs.species],
        "memory": inputs.need.memory,
        "seconds": inputs.need.seconds,
        "regulation": [one.id for one in inputs.regulation.edges],
        "notes": list(inputs.notes),
        "config_sha256": inputs.loaded.sha256(),
    }
    if inputs.embedding is not None:
        report["vessels"] = {key: value for key, value in inputs.embedding.report.items() if isinstance(value, (int, float, str))}
    return report


def _species(one) -> dict:
    return {
        "id": one.id,
        "diffusivity_um2_per_s": one.diffusivity,
        "decay_per_s": one.decay,
        "molecular_weight_kDa": one.molecular_weight,
        "plasma_concentration_nM": one.plasma_concentration,
        "permeability_um_per_s": one.permeability,
        "secretion_molecules_per_cell_per_s": {cell: rate * fraction for cell, (rate, fraction) in one.secretion.items()},
        "receptors_per_cell": one.receptors,
        "internalisation_per_s": one.internalisation,
        "half_saturation_nM": one.half_saturation,
    }


def describe_text(inputs: Inputs) -> str:
    """`describe` as one screen of text."""
    config = inputs.loaded.config
    shape = " x ".join(str(n) for n in inputs.grid.shape)
    spacing = " x ".join(f"{h:g}" for h in inputs.grid.spacing)
    lines = [config.title, f"grid     {shape} voxels (z, y, x) of {spacing} um"]
    if inputs.network is not None:
        lines += ["vessels  " + line if index == 0 else "         " + line for index, line in enumerate(inputs.network.report().splitlines())]
    total = inputs.grid.size * inputs.grid.voxel_volume
    for name, density in inputs.densities.items():
        count = float(density.sum() * inputs.grid.voxel_volume)
        lines.append(f"cells    {name}: {count:,.0f} ({count / total * 1e9:,.0f} per mm3)")
    for one in inputs.species:
        lines += _species_lines(one)
    lines += _walls(config)
    return "\n".join([*lines, *(f"note     {note}" for note in inputs.notes)])


def _species_lines(one) -> list[str]:
    made = ", ".join(f"{cell} {rate * fraction:.3g}" for cell, (rate, fraction) in one.secretion.items())
    taken = ", ".join(f"{cell} {count:.4g}" for cell, count in one.receptors.items())
    lines = [
        f"{one.id:<8} D {one.diffusivity:.4g} um2/s, decay {one.decay:.3g} /s, "
        f"plasma {one.plasma_concentration * 1e3:.3g} pM, wall P {one.permeability:.3g} um/s",
        f"         secretion, molecule/cell/s: {made or 'none'}",
    ]
    if taken:
        lines.append(f"         receptors per cell: {taken}; internalisation {one.internalisation:.3g} /s, K_M {one.half_saturation * 1e3:.3g} pM")
    return lines


def _walls(config) -> list[str]:
    lines = [f"walls    {_wall_text(config.walls) or 'no-flux everywhere'}"]
    return lines + [f"         {table.id}: {_wall_text(table.walls)}" for table in config.species if table.walls is not None]


def _wall_text(walls) -> str:
    parts = []
    for key, value in walls:
        if value is not None:
            parts.append(f"{key}: {value if isinstance(value, str) else ', '.join(f'{name} {held}' for name, held in value)}")
    return "; ".join(parts)
