"""Columns of numbers from a file of measurements: CSV, NetCDF or h5ad."""

import csv
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, InputError
from ..tissue.readers.columns import missing_column
from ..tissue.readers.csv_table import DELIMITERS, first_line, text_lines

MAX_BYTES = 2**31
_ENTRY = re.compile(r"(?P<key>.+)\[(?P<index>\d+)\]")


@dataclass(frozen=True)
class Rows:
    """Columns of finite numbers by what they are (value, time, x, ...), and where row number i stands ("line 4")."""

    path: Path
    columns: dict[str, np.ndarray]
    names: Mapping[str, str]
    place: Callable[[int], str]

    def refuse(self, row: int, what: str, message: str) -> FileError:
        """The error for a field, with file, row and column."""
        return FileError(f"{self.path}, {self.place(row)}, column '{self.names[what]}': {message}")


def read_rows(path: Path, names: Mapping[str, str], *, encoding: str | None = None) -> Rows:
    """The columns `names` (what -> name in the file), all finite; what is a concentration or a time not negative, and a `sem` above zero.

    **Raises** `FileError` for a file that is missing, empty or damaged and for fields that are no such numbers, each with row and column; `InputError` for
    a column that is not there.
    """
    if not path.is_file():
        raise FileError(f"{path}: no such file (a relative name is seen from the folder of the configuration)")
    if path.stat().st_size > MAX_BYTES:
        raise FileError(f"{path}: larger than {MAX_BYTES / 1e9:.0f} GB; keep only the columns of the fit")
    suffix = path.suffix.lower()
    read = _from_netcdf if suffix in (".nc", ".nc4", ".cdf") else _from_h5ad if suffix == ".h5ad" else _from_text
    rows = read(path, names, encoding)
    for what, values in rows.columns.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise rows.refuse(int(bad[0]), what, f"{values[bad[0]]} ({bad.size} of {values.size} rows); take out rows of what was not measured")
        bad = np.flatnonzero(values <= 0 if what == "sem" else values < 0) if what in ("value", "sem", "time") else bad
        if bad.size:
            wrong = "a standard error is above zero" if what == "sem" else f"a {'time' if what == 'time' else 'concentration'} cannot be negative"
            raise rows.refuse(int(bad[0]), what, f"{values[bad[0]]:g} ({bad.size} of {values.size} rows); {wrong}: mend the row or take it out")
    return rows


def _from_text(path: Path, names: Mapping[str, str], encoding: str | None) -> Rows:
    lines = text_lines(path, path.read_bytes(), encoding)
    start = first_line(path, lines)
    delimiter = max(DELIMITERS, key=lines[start].count)
    reader = csv.reader(lines[start:], delimiter=delimiter, skipinitialspace=True)
    header = [name.strip() for name in next(reader)]
    for what, name in names.items():
        if name not in header:
            raise missing_column(path, what, name, header)
    found: dict[str, list[float]] = {what: [] for what in names}
    at: list[int] = []
    for fields in reader:
        if not any(map(str.strip, fields)):
            continue
        line = start + reader.line_num
        for what, name in names.items():
            place = header.index(name)
            field = fields[place].strip() if place < len(fields) else ""
            found[what].append(_number(field, path, line, name))
        at.append(line)
    if not at:
        raise FileError(f"{path}: the table has a header but no rows")
    return Rows(path, {what: np.array(values) for what, values in found.items()}, names, lambda row: f"line {at[row]}")


def _number(field: str, path: Path, line: int, name: str) -> float:
    try:
        value = math.nan if "_" in field else float(field)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    where = f"{path}, line {line}, column '{name}'"
    if not field or field.casefold() in ("nan", "na", "n/a", "null", "none"):
        raise FileError(f"{where}: {field or 'empty'}; take out rows of what was not measured (below detection: write the limit, and give 'limit')")
    hint = f"; write {field.replace(',', '.')}" if re.fullmatch(r"[+-]?\d+,\d+", field) else ""
    hint = "; for a datum below detection write the limit itself, and give 'limit'" if field.startswith("<") else hint
    raise FileError(f"{where}: '{field[:40]}' is not a number{hint}")


def _from_netcdf(path: Path, names: Mapping[str, str], encoding: str | None) -> Rows:
    import xarray

    try:
        with xarray.open_dataset(path, decode_times=False) as dataset:
            for what, name in names.items():
                if name not in dataset.variables:
                    raise missing_column(path, what, name, list(map(str, dataset.variables)))
            arrays = xarray.broadcast(*(dataset[name] for name in names.values()))
            columns = {what: _floats(path, array.values.reshape(-1), name) for (what, name), array in zip(names.items(), arrays, strict=True)}
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, (FileError, InputError)):
            raise
        raise FileError(f"{path}: not a readable NetCDF file, or a truncated one ({str(error).splitlines()[0][:120]})") from None
    if not next(iter(columns.values())).size:
        raise FileError(f"{path}: the variables {', '.join(names.values())} are empty")
    return Rows(path, columns, names, lambda row: f"entry {row + 1}")


def _from_h5ad(path: Path, names: Mapping[str, str], encoding: str | None) -> Rows:
    try:
        import anndata
    except ImportError:
        raise InputError(f"{path}: reading .h5ad needs anndata; install it with: pip install 'tmefield[h5ad]'") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = anndata.read_h5ad(path)
        except Exception as error:  # anndata, h5py and HDF5 each raise their own
            reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            raise FileError(f"{path}: not a readable AnnData file, or a truncated one ({reason})") from None
    if not table.n_obs:
        raise FileError(f"{path}: the file holds no cells (obs has no rows)")
    columns = {what: _floats(path, _of_cells(path, table, what, name), name) for what, name in names.items()}
    return Rows(path, columns, names, lambda row: f"row {row + 1} (cell {str(table.obs_names[row])!r})")


def _of_cells(path: Path, table: Any, what: str, name: str) -> np.ndarray:
    """One number a cell: an obs column, a gene or marker of X, or an entry of an obsm array such as "spatial[0]"."""
    if name in table.obs.columns:
        return table.obs[name].to_numpy()
    if name in table.var_names:
        return np.asarray(table.obs_vector(name))
    entry = _ENTRY.fullmatch(name)
    if entry and entry["key"] in table.obsm and int(entry["index"]) < table.obsm[entry["key"]].shape[1]:
        return np.asarray(table.obsm[entry["key"]])[:, int(entry["index"])]
    entries = [f"{key}[{i}]" for key, array in table.obsm.items() for i in range(array.shape[1])]
    raise missing_column(path, what, name, [*map(str, table.obs.columns), *map(str, table.var_names), *entries])


def _floats(path: Path, values: np.ndarray, name: str) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise FileError(f"{path}: column '{name}' does not hold numbers ({values.dtype}); name another one") from None
