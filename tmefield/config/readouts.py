"""Readouts of a run: responses, balance of killing, suppressed niches and assay readings as maps and numbers, and the table of cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..output.fieldset import Variable, variable_name
from ..output.readout_picture import Panel
from ..tissue.labels import NECROTIC_CORE, TISSUES, TUMOUR, VESSEL_LUMEN
from .drug_terms import blockades
from .prepare import Inputs

if TYPE_CHECKING:
    from ..response.cell_table import CellTable

_KILLERS = ("CD8_T", "NK")
_Part = tuple[dict[str, Variable], list[Panel], dict]


@dataclass(frozen=True)
class Readouts:
    """What `[readouts]` asks for.

    - `maps`: fields for the file by name; `panels`: those of a picture; `numbers`: for the summary.
    - `cells`: the table of cells, None where it is not asked for.
    """

    maps: Mapping[str, Variable] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    cells: "CellTable | None" = None


def readouts_of(inputs: Inputs, result: Any) -> Readouts:
    """The readouts that the configuration asks for, with the receptors that its drugs block, of a solution or of the last time of a trajectory."""
    asked = inputs.loaded.config.readouts
    if not asked.responses and not asked.cells:
        return Readouts()
    last = result.concentration if result.concentration.ndim == 4 else result.concentration[-1]
    fields, drugs = dict(zip(result.model.names, last, strict=True)), blockades(inputs)
    maps: dict[str, Variable] = {}
    panels: list[Panel] = []
    numbers: dict[str, Any] = {}
    if asked.responses:
        for part in (_responses, _killing, _niches):
            more, drawn, values = part(inputs, fields, drugs)
            maps |= more
            panels += drawn
            numbers |= values
        numbers["assay"] = _assay(inputs, result, fields)
    return Readouts(maps, tuple(panels), numbers, _cells(inputs, fields, drugs) if asked.cells else None)


def _responses(inputs: Inputs, fields: dict, drugs: dict) -> _Part:
    from ..response.report import response_report
    from ..response.responses import responses
    from ..response.spread import by_region

    names = inputs.loaded.config.readouts.names
    found = responses(fields, names, drugs)
    maps, panels, numbers = {}, [], {}
    for one in response_report(fields, names, drugs, tissue=_tissue(inputs), densities=inputs.densities):
        values = np.asarray(found[one.name])
        maps[f"response_{variable_name(one.name)}"] = Variable(values, one.words, "1", {"source": "; ".join(one.sources)})
        panels.append(Panel(one.name, one.words, values, upper=_top(float(values.max()))))
        numbers[one.name] = one.summary() | {"regions": by_region(values, *_regions(inputs))}
    return maps, panels, {"responses": numbers}


def _top(greatest: float) -> float:
    """Where the colours of a response end: a share at 1, a function at what enhancing ligands make of it; lower only where all of it would be black."""
    return next((end for end in (0.001, 0.01, 0.1) if greatest <= end), 1.0 if greatest <= 1 else 2.0)


def _killing(inputs: Inputs, fields: dict, drugs: dict) -> _Part:
    """The balance for each killer, where there are ligands on both of its sides: with one alone it would only say where that ligand is."""
    from ..response.balance_index import balance_index, balance_summary, killing_sides

    maps, panels, numbers = {}, [], {}
    for cell in _killers(inputs):
        if all(killing_sides(cell, fields)):
            values = np.asarray(balance_index(fields, cell, drugs))
            tumour = None if inputs.labels is None else np.isin(inputs.labels, (TUMOUR, NECROTIC_CORE))
            maps[f"balance_{variable_name(cell)}"] = Variable(values, f"balance of what enhances (+1) and suppresses (-1) killing by {cell}", "1")
            panels.append(Panel(f"balance, {cell}", "from suppression (-1) to enhancement (1) of killing", values, lower=-1.0))
            numbers[cell] = balance_summary(values, tumour, _tissue(inputs), inputs.densities)
    return maps, panels, {"balance": numbers}


def _niches(inputs: Inputs, fields: dict, drugs: dict) -> _Part:
    from ..response.balance_index import killing_sides
    from ..response.niches import suppressed_niches

    maps, panels, numbers = {}, [], {}
    for cell in _killers(inputs):
        if killing_sides(cell, fields)[1]:
            found = suppressed_niches(fields, cell, grid=inputs.grid, blockades=drugs, tissue=_tissue(inputs), density=inputs.densities.get(cell))
            name = variable_name(cell)
            maps[f"niche_{name}"] = Variable(found.labels, f"number of the niche in which {cell} function is held below half, 0 outside", "1")
            maps[f"niche_cause_{name}"] = Variable(found.cause, f"what does it: {found.cause_words}", "1")
            label = f"{found.count} of them, {100 * found.share_of_tissue:.3g} % of the tissue; by cause"
            panels.append(Panel(f"niches, {cell}", label, found.cause, upper=float(len(found.cause_names) - 1), classes=found.cause_names))
            numbers[cell] = found.summary()
    return maps, panels, {"niches": numbers}


def _assay(inputs: Inputs, result: Any, fields: dict) -> dict[str, dict]:
    """Readings by region and species, of those with a molecular weight; plasma as doses have made it at the last time."""
    from ..response.assay import assay_profile
    from .drug_terms import plasma_courses

    labels, names = _regions(inputs)
    regions = {name: labels == code for code, name in enumerate(names) if np.any(labels == code)}
    model, plasma = result.model, None
    if inputs.embedding is not None:
        plasma = {one.id: one.plasma_concentration for one in inputs.species}
        for name, course in plasma_courses(inputs).items():
            last = np.asarray(result.times)[-1]
            plasma[name] = float(course.at(last, last))
    weighed = [one.name for one in model.species if one.molecular_weight is not None and one.species_class == "cytokine" and not one.immobile]
    found: dict[str, dict] = {}
    for one in assay_profile(model, fields, regions, species=weighed, plasma=plasma):
        found.setdefault(one.region, {})[one.species] = one.summary()
    return found


def _cells(inputs: Inputs, fields: dict, drugs: dict) -> "CellTable":
    from ..response.cell_table import cell_table

    cells = inputs.cells
    assert cells is not None  # readout_problems sees to it
    names = inputs.loaded.config.readouts.names
    return cell_table(fields, cells.positions, cells.types, grid=inputs.grid, names=names, blockades=drugs, ids=cells.ids)


def _killers(inputs: Inputs) -> tuple[str, ...]:
    """Killers that are there; CD8 T cells where none is, as a question of what would happen to them."""
    return tuple(cell for cell in _KILLERS if cell in inputs.densities) or _KILLERS[:1]


def _tissue(inputs: Inputs) -> np.ndarray:
    return np.ones(inputs.grid.shape, bool) if inputs.labels is None else inputs.labels != VESSEL_LUMEN


def _regions(inputs: Inputs) -> tuple[np.ndarray, tuple[str, ...]]:
    return (np.zeros(inputs.grid.shape, np.int8), ("tissue",)) if inputs.labels is None else (inputs.labels, TISSUES)
