"""Suppressed niches: connected tissue in which IL-10 and TGF-beta hold the cytotoxic function of CD8 T or NK cells down."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .balance_index import killing_sides
from .responses import Blockades, check_blockades, fields_of, modulation_of, of_dtype

HALF = 0.5
CAUSES = ("not suppressed", "first alone", "second alone", "either alone", "only together")
"""Codes 0 to 4 of `Niches.cause`; first and second are `Niches.ligands`."""


@dataclass(frozen=True, eq=False)
class Niches:
    """Where suppressing ligands hold the function of a cell type below a threshold.

    - `cell`: the cell type; `ligands`: those that suppress it, in the order of the codes of `cause`.
    - `function`: product of the factors of these ligands, [z, y, x].
    - `mask`: where it is below the threshold; `labels`: number of the niche, from 1, largest first, 0 outside.
    - `cause`: which ligand does it, codes of `CAUSES`.
    - `volume`: um3, of each niche; `centre`: its centre (x, y, z), um.
    - `share_of_tissue`, `share_of_cells`: inside any niche; the latter None without a density or cells.
    """

    cell: str
    ligands: tuple[str, ...]
    function: np.ndarray
    mask: np.ndarray
    labels: np.ndarray
    cause: np.ndarray
    volume: np.ndarray
    centre: np.ndarray
    share_of_tissue: float
    share_of_cells: float | None

    @property
    def count(self) -> int:
        """Number of niches."""
        return len(self.volume)

    @property
    def equivalent_radius(self) -> np.ndarray:
        """Radius of the ball of each niche's volume, (3 V/4 pi)^(1/3), um."""
        return np.cbrt(0.75 / np.pi * self.volume)

    @property
    def cause_names(self) -> tuple[str, ...]:
        """Names of the codes of `cause`, ligands by name; empty where these ligands cannot be the cause."""
        return tuple(_named(text, self.ligands) for text in CAUSES)

    @property
    def cause_words(self) -> str:
        """Codes of `cause` that occur with these ligands, in words."""
        return ", ".join(f"{code} {name}" for code, name in enumerate(self.cause_names) if name)

    @property
    def causes(self) -> dict[str, float]:
        """Share of the suppressed volume by what suppresses it, ligands by name."""
        named = [_named(text, self.ligands) for text in CAUSES]
        total = max(int(self.mask.sum()), 1)
        return {name: float(np.sum(self.cause == code) / total) for code, name in enumerate(named) if code and name}

    def summary(self) -> dict[str, Any]:
        """The niches in numbers, ready for JSON."""
        return {
            "count": self.count,
            "volume_um3": float(self.volume.sum()),
            "largest_um3": float(self.volume[0]) if self.count else 0.0,
            "largest_equivalent_radius_um": float(self.equivalent_radius[0]) if self.count else 0.0,
            "share_of_tissue": self.share_of_tissue,
            "share_of_cells": self.share_of_cells,
            "share_by_cause": self.causes,
        }


def suppressed_niches(
    result: Any,
    cell: str = "CD8_T",
    *,
    grid: Grid | None = None,
    threshold: float = HALF,
    blockades: Blockades | None = None,
    tissue: Any = None,
    density: Any = None,
) -> Niches:
    """The niches in which f = prod [1 + (E_max - 1) H(c)] over IL-10 and TGF-beta is below `threshold` for a cell type.

    A ligand alone does it where its own factor is below the threshold; "only together" is where the product is and neither factor. Voxels that
    share a face belong to one niche; a niche is not followed through periodic walls.

    **Arguments**

    - `result`: a `Solution`, or fields by species, nM, [z, y, x]; these need the `grid`.
    - `cell`: "CD8_T" or "NK".
    - `tissue`: bool [z, y, x], where there is tissue; everywhere if not given.
    - `density`: of the cell type, cells/um3 [z, y, x], for the share of cells inside.

    **Raises** `InputError` for a cell type without suppressing ligands among the fields, and for arrays that do not fit the grid.
    """
    from scipy import ndimage

    fields = fields_of(result)
    check_blockades(blockades or {}, tuple(fields))
    grid = _grid_of(result, grid)
    _, suppressing = killing_sides(cell, fields)
    if not suppressing:
        raise InputError(f"no ligand among the fields ({', '.join(fields)}) suppresses {cell}; it needs IL10 or TGFb")
    factors = [np.asarray(of_dtype(modulation_of(one, blockades), fields)(fields), np.float64) for one in suppressing]
    inside = _checked(tissue, grid, "tissue", np.ones(grid.shape)) > 0
    function = np.prod(factors, axis=0)
    if function.shape != grid.shape:
        raise InputError(f"niches need fields [z, y, x] of the grid {grid.shape}; got {function.shape}; of a trajectory take one time")
    mask = (function < threshold) & inside
    parts = np.empty(mask.shape, np.int32)
    number = int(ndimage.label(mask, output=parts))  # type: ignore[arg-type]
    index = np.arange(1, number + 1)
    voxels = np.bincount(parts.ravel(), minlength=number + 1)[1:]
    order = np.argsort(-voxels, kind="stable")
    rank = np.zeros(number + 1, np.int32)
    rank[order + 1] = index
    middle = np.asarray(ndimage.center_of_mass(mask, parts, order + 1), np.float64).reshape(number, 3)
    centre = (np.asarray(grid.origin) + (middle + 0.5) * np.asarray(grid.spacing))[:, ::-1]
    cells = None if density is None else _checked(density, grid, f"density of {cell}", None)
    share = None if cells is None or not cells.sum() > 0 else float(cells[mask].sum() / cells.sum())
    return Niches(
        cell,
        tuple(ligand for one in suppressing for ligand in one.ligands),
        function,
        mask,
        rank[parts],
        _cause([one < threshold for one in factors], mask),
        voxels[order] * grid.voxel_volume,
        centre,
        float(mask.sum() / max(int(inside.sum()), 1)),
        share,
    )


def _cause(low: list[np.ndarray], mask: np.ndarray) -> np.ndarray:
    """Codes of `CAUSES`: 1 and 2 add up to 3 where each of two ligands does it alone, and none of them alone leaves 4."""
    code = sum((bit * one.astype(np.int8) for bit, one in zip((1, 2), low, strict=False)), np.zeros(mask.shape, np.int8))
    return np.where(mask, np.where(code == 0, 4, code), 0).astype(np.int8)


def _named(text: str, ligands: tuple[str, ...]) -> str:
    """A cause with the names of the ligands; empty where it needs a second ligand that is not there."""
    if len(ligands) == 1 and text not in CAUSES[:2]:
        return ""
    return text.replace("first", ligands[0]).replace("second", ligands[-1])


def _grid_of(result: Any, grid: Grid | None) -> Grid:
    own = grid if grid is not None else getattr(getattr(result, "model", None), "grid", None)
    if own is None:
        raise InputError("fields alone do not say where they are: give grid=")
    return own


def _checked(values: Any, grid: Grid, name: str, default: np.ndarray | None) -> np.ndarray:
    array = np.asarray(default if values is None else values, np.float64)
    if array.shape != grid.shape:
        raise InputError(f"{name} must have the shape of the grid {grid.shape}; got {array.shape}")
    return array
