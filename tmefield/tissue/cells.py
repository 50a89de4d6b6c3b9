"""Cells with a position and a type."""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .readers.choice import read_raw

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
    - `ids`: (n,) names of the cells, such as the labels of an image that belongs to the table.
    - `radius`: (n,) um, that of a sphere of the cell's volume (in a section of a circle of its area); NaN where it is not known.
    - `meta`: where the cells come from; `notes` in it say what was mended.

    **Raises** `InputError` for arrays that do not fit each other or positions that are not finite.
    """

    positions: np.ndarray
    types: np.ndarray
    shares: dict[str, dict[str, float]] = field(default_factory=dict)
    planar: bool = False
    meta: dict[str, Any] = field(default_factory=dict)
    ids: np.ndarray | None = None
    radius: np.ndarray | None = None

    def __post_init__(self):
        positions = np.asarray(self.positions, dtype=np.float64)
        types = np.asarray(self.types, dtype=np.str_)
        if positions.ndim != 2 or positions.shape[1] != 3 or types.shape != positions.shape[:1]:
            raise InputError(f"Cells need positions (n, 3) in um and n types; got shapes {positions.shape} and {types.shape}")
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        if bad.size:
            raise InputError(f"Cells need finite positions; cell {bad[0]} has {positions[bad[0]].tolist()}")
        for name in ("ids", "radius"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != types.shape:
                raise InputError(f"Cells {name} must hold one value a cell ({types.size}); got shape {np.shape(values)}")
        if self.radius is not None and (np.asarray(self.radius) <= 0).any():
            raise InputError(f"Cells radius must be positive, in um; the smallest is {np.nanmin(self.radius):g}")
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "types", types)

    def __len__(self) -> int:
        return self.types.size

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        x: str | None = None,
        y: str | None = None,
        type: str | None = None,
        z: str | None = None,
        preset: str | None = None,
        pixel_size: float | None = None,
        unit: str | None = None,
        types: Mapping[str, Share] | None = None,
        encoding: str | None = None,
    ) -> "Cells":
        """Read cells from a text table (comma, semicolon or tab), an AnnData file (.h5ad, needs the extra `h5ad`) or PhysiCell output (.xml).

        **Arguments**

        - `x`, `y`, `z`, `type`: names of the columns; in an AnnData file obs columns, or entries of obsm such as "spatial[0]".
          They may be left out with a preset, for PhysiCell output, and for an AnnData file where just one choice of the usual
          names is there.
        - `preset`: in place of the columns of a text table, the exporter that wrote it: "inform" (inForm, phenoptr; the unit is
          taken from the names of the other columns), "codex" (MCMICRO, scimap), "imc" (steinbock, scimap), "mibi" (ark-analysis and
          tables with x_px, y_px, cell_type), "physicell" (cells.csv, version 1 and 2, in um).
        - `pixel_size`: um per pixel where positions are in pixels, or `unit`: "um" or "mm" where they are lengths. One of the
          two is required unless the format has a unit (PhysiCell, inForm in microns), since almost no file says it. Applied to z
          as well. y is kept as it is: image rows run down.
        - `types`: what types of the file stand for, see `shares`: {"Tumor": "tumour", "Macrophage": {"M1": 0.5, "M2": 0.5}}.
        - `encoding`: of a text table that is not UTF-8.

        PhysiCell output is MultiCellDS version 2: the .mat files that the XML names are sought beside it, and the radius follows
        from the total volume.

        **Raises** `FileError` for a file that is missing, empty or damaged, naming line (row) and column; `InputError` for
        columns that are not there or a preset that does not fit (it lists the columns), a missing scale, a scale that the file
        contradicts, shares that do not sum to 1, an unknown encoding.
        """
        path = Path(path)
        raw, factor, meta = read_raw(path, {"x": x, "y": y, "z": z, "type": type}, preset=preset, pixel_size=pixel_size, unit=unit, encoding=encoding)
        positions = np.zeros((len(raw.types), 3))
        positions[:, : raw.positions.shape[1]] = raw.positions * factor
        shares = _shares(types or {}, raw.types)
        meta |= {"unused_types": sorted(set(shares) - set(raw.types.tolist())), "notes": list(raw.notes)}
        radius = None if raw.volumes is None else np.cbrt(0.75 / np.pi * raw.volumes)
        return cls(positions, raw.types, shares, planar=raw.positions.shape[1] == 2, meta=meta, ids=raw.ids, radius=radius)

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
        if self.radius is not None and np.isfinite(self.radius).any():
            lines.append(f"  radius {np.nanmin(self.radius):.4g}..{np.nanmax(self.radius):.4g} um, median {np.nanmedian(self.radius):.4g}")
        if unused := self.meta.get("unused_types"):
            lines.append(f"  no cells of type: {', '.join(unused)}")
        if self.planar:
            lines.append("  a section: cells and vessels outside its plane are not seen")
        return "\n".join(lines + [f"  {note}" for note in self.meta.get("notes", ())])


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
