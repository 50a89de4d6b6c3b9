"""What the caller says of a file: its format, unit, and where the radius stands."""

import math
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError

FORMATS = ("secomb", "dgf", "swc", "table", "branches", "vtk", "amira", "hdf5")
UM_PER_UNIT = {"um": 1.0, "µm": 1.0, "mm": 1e3, "m": 1e6}
_BELONGS = {
    "nodes": ("table",),
    "vertex_parameters": ("dgf",),
    "segment_parameters": ("dgf",),
    "radius_field": ("vtk", "amira"),
    "is_diameter": ("vtk", "amira"),
    "close_loops_tol": ("swc",),
}


@dataclass(frozen=True)
class Options:
    """Arguments of `VesselNetwork.read`, which says what they mean."""

    format: str | None = None
    unit: str | None = None
    scale: float | None = None
    vertex_parameters: tuple[str, ...] | None = None
    segment_parameters: tuple[str, ...] | None = None
    nodes: Path | None = None
    radius_field: str | None = None
    is_diameter: bool = False
    merge_distance: float | None = None
    close_loops_tol: float | None = None
    repair: bool = False
    default_radius: float | None = None

    def check(self, path: Path) -> None:
        """**Raises** `InputError` for values that no file goes with."""
        if self.format is not None and self.format not in FORMATS:
            raise InputError(f"{path}: the format '{self.format}' is not known; it is one of {', '.join(FORMATS)}")
        if self.unit is not None and self.unit not in UM_PER_UNIT:
            raise InputError(f"{path}: unit '{self.unit}' is not known; it is 'um', 'mm' or 'm' (or give scale, um per unit of the file)")
        if self.unit is not None and self.scale is not None:
            raise InputError(f"{path}: give only one of unit and scale")
        for name, meaning in (("scale", "um per unit of the file"), ("merge_distance", "in um"), ("close_loops_tol", "in um"), ("default_radius", "in um")):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{path}: {name} must be positive, {meaning}; got {value!r}")

    def check_fit(self, path: Path, format: str) -> None:
        """**Raises** `InputError` for arguments that belong to other formats than that of the file."""
        for name, formats in _BELONGS.items():
            if getattr(self, name) not in (None, False) and format not in formats:
                raise InputError(f"{path}: {name} is for files of the format {' and '.join(formats)}; this one is {format}")
