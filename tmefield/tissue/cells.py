"""Cells with a position and a type."""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, InputError
from .readers.columns import Columns
from .readers.csv_table import read_csv_table
from .readers.h5ad import SIGNATURE, read_h5ad

UNITS = {"um": 1.0, "µm": 1.0, "mm": 1000.0}
Share = str | Mapping[str, float]


@dataclass(frozen=True)
class Cells:
    """Cells as points.

    **Arguments**

    - `positions`: (n, 3), columns x, y, z, um.
    - `types`: (n,) names, as in the file.
    - `shares`: what the types stand for, {type: {library type: fraction}}; a type that is not listed stands for itself.
      A fraction splits each cell, e.g. {"Macrophage": {"M1": 0.5, "M2": 0.5}} where the file does not tell them apart.
    - `planar`: True where the file has no z; z is 0 and the cells fit a grid one voxel deep only.
    - `meta`: where the cells come from.

    **Raises** `InputError` for arrays that do not fit each other or positions that are not finite.
    """

    positions: np.ndarray
    types: np.ndarray
    shares: dict[str, dict[str, float]] = field(default_factory=dict)
    planar: bool = False
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        positions = np.asarray(self.positions, dtype=np.float64)
        types = np.asarray(self.types, dtype=np.str_)
        if positions.ndim != 2 or positions.shape[1] != 3 or types.shape != positions.shape[:1]:
            raise InputError(f"Cells need positions (n, 3) in um and n types; got shapes {positions.shape} and {types.shape}")
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        if bad.size:
            raise InputError(f"Cells need finite positions; cell {bad[0]} has {positions[bad[0]].tolist()}")
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "types", types)

    def __len__(self) -> int:
        return self.types.size

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        x: str,
        y: str,
        type: str,
        z: str | None = None,
        pixel_size: float | None = None,
        unit: str | None = None,
        types: Mapping[str, Share] | None = None,
        encoding: str | None = None,
    ) -> "Cells":
        """Read cells from a text table (comma, semicolon or tab) or an AnnData file (.h5ad, needs the extra `h5ad`).

        **Arguments**

        - `x`, `y`, `z`, `type`: names of the columns; in an AnnData file obs columns, or entries of obsm such as "spatial[0]".
        - `pixel_size`: um per pixel where positions are in pixels, or `unit`: "um" or "mm" where they are lengths. One of the
          two is required, since almost no file says it. Applied to z as well. y is kept as it is: image rows run down.
        - `types`: what types of the file stand for, see `shares`: {"Tumor": "tumour", "Macrophage": {"M1": 0.5, "M2": 0.5}}.
        - `encoding`: of a text table that is not UTF-8.

        **Raises** `FileError` for a file that is missing, empty or damaged, naming line (row) and column; `InputError` for
        columns that are not there, a missing scale, shares that do not sum to 1, an unknown encoding.
        """
        path = Path(path)
        factor = _scale(path, pixel_size, unit)
        data = _bytes(path)
        columns = Columns(x, y, z, type)
        if data.startswith(SIGNATURE) or path.suffix.casefold() in {".h5ad", ".h5", ".hdf5"}:
            raw, names = read_h5ad(path, columns)
        else:
            raw, names = read_csv_table(path, data, columns, encoding)
        positions = np.zeros((len(names), 3))
        positions[:, : raw.shape[1]] = raw * factor
        shares = _shares(types or {}, names)
        meta = {"file": path.name, "columns": columns.wanted, "um_per_unit": factor, "unused_types": sorted(set(shares) - set(names.tolist()))}
        return cls(positions, names, shares, planar=z is None, meta=meta)

    def counts(self) -> dict[str, int]:
        """Number of cells of each type as named in the file, the most frequent first."""
        names, numbers = np.unique(self.types, return_counts=True)
        order = np.lexsort((names, -numbers))
        return {str(names[i]): int(numbers[i]) for i in order}

    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corner (x, y, z) of the box around all cells, um."""
        if not len(self):
            raise InputError("there are no cells, so there is no box around them")
        return self.positions.min(axis=0), self.positions.max(axis=0)

    def stands_for(self, name: str) -> dict[str, float]:
        """The library types, with fractions, for which a type of the file stands."""
        return self.shares.get(name, {name: 1.0})

    def report(self) -> str:
        """One screen: how many cells of which type, where, and what they stand for."""
        lines = [f"{self.meta.get('file', 'cells')}: {len(self)} cells, {'flat (no z)' if self.planar else '3D'}"]
        if not len(self):
            return lines[0]
        for axis, low, high in zip("xy" if self.planar else "xyz", *self.box(), strict=False):
            lines.append(f"  {axis} {low:.6g} to {high:.6g} um")
        counts = self.counts()
        width = max(map(len, counts))
        for name, number in counts.items():
            target = ", ".join(f"{one} x {share:g}" if share != 1 else one for one, share in self.stands_for(name).items())
            lines.append(f"  {name:<{width}}  {number:>8}" + (f"  -> {target}" if name in self.shares else ""))
        if unused := self.meta.get("unused_types"):
            lines.append(f"  no cells of type: {', '.join(unused)}")
        return "\n".join(lines)


def _scale(path: Path, pixel_size: float | None, unit: str | None) -> float:
    if (pixel_size is None) == (unit is None):
        wrong = "give only one of pixel_size and unit" if unit else "the unit of the positions is missing"
        raise InputError(f"{path}: {wrong}: pixel_size = um per pixel (e.g. 0.5), or unit = 'um' or 'mm'")
    if unit is not None:
        if unit not in UNITS:
            raise InputError(f"{path}: unit '{unit}' is not known; use 'um' or 'mm', or pixel_size for positions in pixels")
        return UNITS[unit]
    assert pixel_size is not None
    if not (math.isfinite(pixel_size) and pixel_size > 0):
        raise InputError(f"{path}: pixel_size must be a positive number of um per pixel; got {pixel_size!r}")
    return float(pixel_size)


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise FileError(f"{path}: no such file")
    if path.is_dir():
        raise FileError(f"{path} is a folder; name the file with the cells in it")
    try:
        with path.open("rb") as file:
            start = file.read(len(SIGNATURE))
            # An AnnData file is opened by its own library: reading all of it here would be for nothing.
            data = start if start == SIGNATURE else start + file.read()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    if not data:
        raise FileError(f"{path}: the file is empty (0 bytes)")
    return data


def _shares(types: Mapping[str, Share], names: np.ndarray) -> dict[str, dict[str, float]]:
    present = set(names.tolist())
    shares = {}
    for name, target in types.items():
        share = {target: 1.0} if isinstance(target, str) else {str(one): float(fraction) for one, fraction in target.items()}
        if not share or any(not math.isfinite(f) or f < 0 for f in share.values()) or abs(sum(share.values()) - 1) > 1e-6:
            raise InputError(f"types: the shares of '{name}' must be fractions that sum to 1; got {dict(share)}")
        if name not in present and (meant := _misspelt(name, sorted(present - set(types)))):
            raise InputError(f"types: there are no cells of type '{name}'; did you mean '{meant}'?")
        shares[name] = share
    return shares


def _misspelt(name: str, others: list[str]) -> str | None:
    """The type that `name` most likely misspells. Names that differ in a number (CD4, CD8) are other types, not slips."""
    alike = [one for one in others if re.findall(r"\d+", one) == re.findall(r"\d+", name)]
    folded = {one.casefold(): one for one in alike}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.8)
    return folded[near[0]] if near else None
