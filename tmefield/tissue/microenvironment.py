"""The fields of another simulation: the microenvironment in the output of PhysiCell."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .readers.multicellds import open_snapshot, read_mesh, read_substrates, snapshot_time


@dataclass(frozen=True)
class Substrate:
    """One field of a PhysiCell simulation.

    - `values`: [z, y, x], in the unit that the modeller gave (`unit`, often "dimensionless": then it is no concentration).
    - `diffusivity`: um2/s; `decay`: 1/s (the file has both per minute).
    """

    values: np.ndarray
    unit: str
    diffusivity: float
    decay: float


@dataclass(frozen=True)
class Microenvironment:
    """The microenvironment of a PhysiCell simulation at one time.

    - `grid`: its mesh, whose voxels need not be cubes and whose lower corner need not be 0.
    - `substrates`: the fields by name, in the order of the file.
    - `time`: of the simulation, s.
    """

    grid: Grid
    substrates: dict[str, Substrate]
    time: float
    meta: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> "Microenvironment":
        """Read it from an XML file of PhysiCell (MultiCellDS version 2) and the .mat file beside it that the XML names.

        Values are placed by the coordinates of the voxels that the .mat file gives, not by their order.

        **Raises** `FileError` for a file that is missing, damaged, of another version, or does not belong to its .mat file.
        """
        path = Path(path)
        root = open_snapshot(path)
        mesh = read_mesh(path, root)
        raw, notes = read_substrates(path, root, mesh)
        substrates = {one.name: Substrate(one.values, one.unit, one.diffusivity, one.decay) for one in raw}
        if len(substrates) < len(raw):
            raise InputError(f"{path}: two substrates have the same name; found {', '.join(one.name for one in raw)}")
        grid = Grid(mesh.shape, mesh.spacing, mesh.origin)
        return cls(grid, substrates, snapshot_time(path, root), {"file": path.name, "format": "MultiCellDS", "notes": notes})

    def report(self) -> str:
        """One screen: time, mesh and fields."""
        shape, spacing = (" x ".join(f"{one:g}" for one in sizes) for sizes in (self.grid.shape, self.grid.spacing))
        lines = [f"{self.meta.get('file', 'microenvironment')}: microenvironment at {self.time / 60:g} min"]
        lines.append(f"  {shape} voxels (z, y, x) of {spacing} um")
        lines += [f"  {axis} {low:.6g} to {high:.6g} um" for axis, low, high in zip("xyz", self.grid.origin[::-1], self.grid.upper[::-1], strict=True)]
        for name, one in self.substrates.items():
            lines.append(f"  {name}: {one.values.min():.4g}..{one.values.max():.4g} ({one.unit}), D {one.diffusivity:.4g} um2/s, decay {one.decay:.4g} 1/s")
        return "\n".join(lines + [f"  {note}" for note in self.meta.get("notes", ())])
