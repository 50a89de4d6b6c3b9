"""What stands behind a response: formula, half maximum, source, doubts, and where it is saturated and says nothing about concentration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .catalogue import Definition, definitions, left_out
from .responses import Blockades, check_blockades, fields_of, modulation_of, of_dtype, response_of

SATURATED = 0.9
"""H above which a response is called saturated: c more than nine times the EC50 at n = 1."""


@dataclass(frozen=True)
class ResponseReport:
    """One response in words and numbers.

    - `formula`: with the values in it; `half_maximum`: EC50 of each ligand, nM; `sources`, `notes`: of the values.
    - `mean`: over the tissue volume.
    - `saturated`: by ligand, share of the tissue volume with H > 0.9; there the response says nothing about c.
    - `saturated_cells`: by cell type and ligand, share of the cells with H > 0.9.
    """

    name: str
    words: str
    formula: str
    half_maximum: dict[str, float]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    mean: float
    saturated: dict[str, float]
    saturated_cells: dict[str, dict[str, float]]

    def summary(self) -> dict:
        """The report ready for JSON, EC50 in pM."""
        return {
            "what": self.words,
            "formula": self.formula,
            "EC50_pM": {ligand: 1e3 * value for ligand, value in self.half_maximum.items()},
            "sources": list(self.sources),
            "notes": list(self.notes),
            "mean": self.mean,
            "saturated_share_of_volume": self.saturated,
            "saturated_share_of_cells": self.saturated_cells,
        }


def response_report(
    result: Any,
    names: Sequence[str] | None = None,
    blockades: Blockades | None = None,
    *,
    tissue: Any = None,
    densities: Mapping[str, Any] | None = None,
) -> tuple[ResponseReport, ...]:
    """A report of each response of `responses(result, names, blockades)`.

    **Arguments**

    - `tissue`: where there is tissue, bool [z, y, x]; everywhere if not given.
    - `densities`: cells/um3 by cell type [z, y, x], for shares of cells; those of the cells in which the response is read.

    **Raises** `InputError` as `responses`, and for a mask or density that has not the shape of the fields, or a mask without tissue.
    """
    fields = fields_of(result)
    check_blockades(blockades or {}, tuple(fields))
    shape = np.shape(next(iter(fields.values())))
    inside = np.ones(shape, bool) if tissue is None else np.asarray(tissue, bool)
    if inside.shape != shape or not inside.any():
        raise InputError(f"tissue must be a mask with some tissue, in the shape of the fields {shape}; got {inside.shape} with {int(inside.sum())} voxels")
    weights = {cell: np.where(inside, np.asarray(density, np.float64), 0) for cell, density in (densities or {}).items()}
    return tuple(_report(one, fields, blockades, inside, weights) for one in definitions(fields, names))


def _report(one: Definition, fields: dict, blockades: Blockades | None, inside: np.ndarray, weights: dict[str, np.ndarray]) -> ResponseReport:
    high = {ligand: field > SATURATED for ligand, field in _hills(one, fields, blockades).items()}
    read_in = {cell: weight for cell, weight in weights.items() if (not one.cells or cell in one.cells) and weight.sum() > 0}
    absent = [f"{ligand} is not among the fields; its factor is taken as 1" for ligand in left_out(one)]
    drugs = [f"{ligand} counts as c/(1 + {drug.drug}/K_d), K_d {1e3 * float(drug.dissociation_constant):.4g} pM" for ligand, drug in (blockades or {}).items()]
    return ResponseReport(
        one.name,
        one.words,
        one.formula,
        {given.species: given.half_maximum.internal for edge in one.edges for given in edge.inputs},
        one.sources,
        (*one.notes, *absent, *(said for said in drugs if said.split()[0] in one.ligands)),
        float(np.mean(np.asarray(response_of(one, blockades)(fields), np.float64)[inside])),
        {ligand: float(np.mean(mask[inside])) for ligand, mask in high.items()},
        {cell: {ligand: float(weight[mask].sum() / weight.sum()) for ligand, mask in high.items()} for cell, weight in read_in.items()},
    )


def _hills(one: Definition, fields: dict, blockades: Blockades | None) -> dict[str, np.ndarray]:
    found = {}
    for edge in one.edges:
        for hill in of_dtype(modulation_of(edge, blockades), fields).hills:
            found[hill.species] = np.asarray(hill(fields))
    return found
