"""Cells from an AnnData file: positions in obs columns or in an obsm array, the type in an obs column."""

import re
import warnings
from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from .columns import Columns, RawCells, check_finite, listed, missing_column, to_number

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ENTRY = re.compile(r"(?P<key>.+)\[(?P<index>\d+)\]")
# Where positions and types are by custom; nothing in the format says it.
_PAIRS = (("X_position", "Y_position"), ("X_centroid", "Y_centroid"), ("CenterX_global_px", "CenterY_global_px"), ("x", "y"))
_TYPES = ("phenotype", "cell_type", "celltype", "cell type")


def read_h5ad(path: Path, columns: Columns | None) -> tuple[RawCells, Columns]:
    """The cells of an AnnData file, positions in the unit of the file, and the columns that were read.

    A column is an obs column ("X_centroid") or one entry of an obsm array ("spatial[0]" for x, "spatial[1]" for y). The
    expression matrix is not read. Without `columns` those that are usual are taken, where just one choice of them is there.

    **Raises** `InputError` where anndata is not installed, a column is not there, or more than one choice is (it lists them);
    `FileError` naming file, row and column for a file that is no AnnData file and for positions that are not finite numbers.
    """
    obs, obsm = _open(path)
    known = [*map(str, obs.columns), *(f"{key}[{index}]" for key, array in obsm.items() for index in range(array.shape[1]))]
    if columns is None:
        columns = _usual(path, known, obsm)
    for argument, column in columns.wanted.items():
        if column not in known:
            raise missing_column(path, argument, column, known)
    if len(obs) == 0:
        raise FileError(f"{path}: the file holds no cells (obs has no rows)")

    def place(row: int) -> str:
        return f"row {row + 1} (cell {str(obs.index[row])!r})"

    positions = np.column_stack([_numbers(path, obs, obsm, column, place) for column in columns.coordinates])
    return RawCells(positions, _types(path, obs[columns.type], columns.type, place), ids=np.array(obs.index, dtype=np.str_)), columns


def _usual(path: Path, known: list[str], obsm: dict[str, np.ndarray]) -> Columns:
    """The columns by custom, where just one choice of them is there."""
    folded = {name.casefold(): name for name in known}
    choices = [tuple(folded[one.casefold()] for one in pair) for pair in _PAIRS if all(one.casefold() in folded for one in pair)]
    choices += [
        tuple(f"{key}[{axis}]" for axis in range(array.shape[1])) for key, array in obsm.items() if "spatial" in key.casefold() and array.shape[1] in (2, 3)
    ]
    types = [folded[one] for one in _TYPES if one in folded]
    for what, found in (("positions", [" and ".join(one) for one in choices]), ("types", types)):
        if len(found) != 1:
            wrong = f"could be in {', or '.join(found)}" if found else "are in none of the usual columns"
            raise InputError(f"{path}: the {what} of the cells {wrong}; name the columns with x, y (z) and type; columns: {listed(known)}")
    x, y, *z = choices[0]
    return Columns(x, y, z[0] if z else None, types[0])


def _open(path: Path):
    try:
        import anndata
    except ImportError:
        raise InputError(f"{path}: reading .h5ad needs anndata; install it with: pip install 'tmefield[h5ad]'") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Backed: the expression matrix, most of the file, stays on disk.
            table = anndata.read_h5ad(path, backed="r")
        except Exception as error:  # anndata, h5py and HDF5 each raise their own
            reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            raise FileError(f"{path}: not a readable AnnData file, or a truncated one ({reason}); write it anew with anndata") from None
    try:
        return table.obs, {str(key): np.asarray(table.obsm[key]) for key in table.obsm if getattr(table.obsm[key], "ndim", 0) == 2}
    finally:
        table.file.close()


def _numbers(path: Path, obs, obsm: dict[str, np.ndarray], column: str, place) -> np.ndarray:
    entry = _ENTRY.fullmatch(column)
    values = obs[column].to_numpy() if column in obs.columns else obsm[entry["key"]][:, int(entry["index"])] if entry else np.empty(0)
    if values.dtype.kind not in "fiu":
        values = np.array([to_number(str(value).strip(), path, place(row), column) for row, value in enumerate(values)])
    values = values.astype(np.float64)
    check_finite(values, path, place, column)
    return values


def _types(path: Path, series, column: str, place) -> np.ndarray:
    absent = np.flatnonzero(series.isna().to_numpy())
    if absent.size:
        raise FileError(f"{path}, {place(int(absent[0]))}: column '{column}' is empty ({absent.size} cells in all); give the cells a type, e.g. other")
    return np.array([str(value).strip() for value in series.to_numpy()], dtype=np.str_)
