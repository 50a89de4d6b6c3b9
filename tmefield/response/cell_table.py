"""Concentrations and responses at each cell, as a table, a CSV file or an AnnData object."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..grid import Grid
from ..output.atomic import atomic_path
from .responses import Blockades, fields_of, responses


@dataclass(frozen=True, eq=False)
class CellTable:
    """What each cell sees and how it responds.

    - `positions`: [cell, 3] (x, y, z), um; `types`: [cell]; `ids`: [cell] text.
    - `concentration`: by species [cell], nM; `response`: by response [cell], "1".
    """

    positions: np.ndarray
    types: np.ndarray
    ids: np.ndarray
    concentration: dict[str, np.ndarray]
    response: dict[str, np.ndarray]

    def to_csv(self, path: str | Path) -> None:
        """Write one row a cell: id, x_um, y_um, z_um, type, then `<species>_nM` and the responses; the file appears when it is complete."""
        names = [*(f"{name}_nM" for name in self.concentration), *self.response]
        values = [*self.concentration.values(), *self.response.values()]
        with atomic_path(Path(path)) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "x_um", "y_um", "z_um", "type", *names])
            for row, (identifier, place, kind) in enumerate(zip(self.ids, self.positions, self.types, strict=True)):
                writer.writerow([identifier, *(f"{one:.9g}" for one in place), kind, *(f"{one[row]:.7g}" for one in values)])

    def to_anndata(self) -> Any:
        """The table as `anndata.AnnData`: obs x, y, z (um) and type; var the species and responses; X their values; units in uns["units"].

        **Raises** `InputError` where anndata is not installed.
        """
        try:
            import anndata
        except ImportError:
            raise InputError("an AnnData table needs anndata; install it with: pip install 'tmefield[h5ad]'") from None
        import pandas

        columns = {**self.concentration, **self.response}
        obs = pandas.DataFrame(
            {axis: self.positions[:, i] for i, axis in enumerate("xyz")} | {"type": pandas.Categorical(self.types)}, index=self.ids.astype(object)
        )
        units = {**dict.fromkeys("xyz", "um"), **dict.fromkeys(self.concentration, "nmol/L"), **dict.fromkeys(self.response, "1")}
        kinds = ["concentration"] * len(self.concentration) + ["response"] * len(self.response)
        var = pandas.DataFrame({"kind": kinds, "unit": [units[name] for name in columns]}, index=np.array(list(columns), object))
        values = np.stack(list(columns.values()), axis=1) if columns else np.zeros((len(self.ids), 0))
        return anndata.AnnData(X=values, obs=obs, var=var, uns={"units": units})

    def to_h5ad(self, path: str | Path) -> None:
        """Write `to_anndata()` as an h5ad file; it appears when it is complete."""
        table = self.to_anndata()
        with atomic_path(Path(path)) as partial:
            table.write_h5ad(partial)


def cell_table(
    result: Any,
    positions: Any,
    types: Any,
    *,
    grid: Grid | None = None,
    names: Sequence[str] | None = None,
    blockades: Blockades | None = None,
    ids: Any = None,
) -> CellTable:
    """What each cell sees: concentrations interpolated at its centre, and the responses to them.

    **Arguments**

    - `result`: a `Solution`, or fields by species, nM, [z, y, x]; these need the `grid`.
    - `positions`: [cell, 3] (x, y, z), um; `types`: [cell]. Those of `Cells` as they are.
    - `names`, `blockades`: as for `responses`.
    - `ids`: [cell]; numbers from 0 if not given.

    **Raises** `InputError` for positions that are not [cell, 3], and as `responses` does.
    """
    own = grid if grid is not None else getattr(getattr(result, "model", None), "grid", None)
    if own is None:
        raise InputError("fields alone do not say where they are: give grid=")
    places, kinds = np.asarray(positions, np.float64), np.asarray(types, dtype=np.str_)
    if places.shape != (len(kinds), 3):
        raise InputError(f"positions must be [cell, 3] (x, y, z) with one type each; got {places.shape} and {kinds.shape}")
    at_cells = at_positions(fields_of(result), own, places)
    found = responses(at_cells, names, blockades)
    given = np.arange(len(kinds)).astype(np.str_) if ids is None else np.asarray(ids, dtype=np.str_)
    numbers = ({name: np.asarray(values, np.float64) for name, values in one.items()} for one in (at_cells, found))
    return CellTable(places, kinds, given, *numbers)


def at_positions(fields: Mapping[str, Float[Array, "z y x"]], grid: Grid, positions: Any) -> dict[str, Float[Array, " cell"]]:
    """Fields at positions [cell, 3] (x, y, z), um: trilinear between voxel centres, mirrored at the walls as cells are deposited; linear in the fields.

    Along an axis of one voxel the field does not change. Positions outside the box see its wall.
    """
    place = (np.asarray(positions, np.float64)[:, ::-1] - np.asarray(grid.origin)) / np.asarray(grid.spacing) - 0.5
    top = np.asarray(grid.shape) - 1
    place = np.clip(place, 0, top)
    lower = np.minimum(place.astype(np.int64), np.maximum(top - 1, 0))
    upper_weight = place - lower
    found = {name: jnp.zeros(len(place), field.dtype) for name, field in fields.items()}
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, upper_weight, 1 - upper_weight), axis=1)
        z, y, x = np.minimum(lower + np.asarray(corner), top).T
        found = {name: found[name] + jnp.asarray(weight, field.dtype) * field[z, y, x] for name, field in fields.items()}
    return found
