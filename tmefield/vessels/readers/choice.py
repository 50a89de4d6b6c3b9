"""The choice between the readers, and the unit of length."""

import math
from pathlib import Path

from ...errors import FileError, InputError
from ..clean import clean
from ..network import VesselNetwork
from .dgf import is_dgf, read_dgf
from .raw import RawNetwork
from .secomb import is_secomb, read_secomb
from .swc import is_swc, read_swc
from .table import is_table, read_table, stated_unit
from .text import read_lines

FORMATS = ("secomb", "dgf", "swc", "table")
UM_PER_UNIT = {"um": 1.0, "µm": 1.0, "mm": 1e3, "m": 1e6}
_LISTED = "a Secomb network.dat, DGF, SWC, or a table of segments (CSV with the columns a, b and radius)"


def read_network(
    path: Path,
    *,
    format: str | None,
    unit: str | None,
    scale: float | None,
    vertex_parameters: tuple[str, ...] | None,
    segment_parameters: tuple[str, ...] | None,
    nodes: Path | None,
    repair: bool,
    default_radius: float | None,
) -> VesselNetwork:
    """See `VesselNetwork.read`."""
    if format is not None and format not in FORMATS:
        raise InputError(f"{path}: the format '{format}' is not known; it is one of {', '.join(FORMATS)}")
    lines = read_lines(path)
    format = format or _detect(path, lines)
    for name, value, belongs in (
        ("nodes", nodes, "table"),
        ("vertex_parameters", vertex_parameters, "dgf"),
        ("segment_parameters", segment_parameters, "dgf"),
    ):
        if value is not None and format != belongs:
            raise InputError(f"{path}: {name} is for files of the format {belongs}; this one is {format}")
    factor = _um_per_unit(path, format, lines, unit, scale)
    raw = _read(path, format, lines, vertex_parameters, segment_parameters, nodes)
    return clean(raw, um_per_unit=factor, repair=repair, default_radius=default_radius)


def _read(
    path: Path,
    format: str,
    lines: list[str],
    vertex_parameters: tuple[str, ...] | None,
    segment_parameters: tuple[str, ...] | None,
    nodes: Path | None,
) -> RawNetwork:
    if format == "secomb":
        return read_secomb(path, lines)
    if format == "dgf":
        return read_dgf(path, lines, vertex_parameters, segment_parameters)
    if format == "swc":
        return read_swc(path, lines)
    return read_table(path, lines, nodes)


def _detect(path: Path, lines: list[str]) -> str:
    for name, fits in (("dgf", is_dgf), ("secomb", is_secomb), ("swc", is_swc), ("table", is_table)):
        if fits(lines):
            return name
    # A damaged start is told by its own reader, which says what is missing.
    by_suffix = {".dgf": "dgf", ".swc": "swc", ".dat": "secomb", ".csv": "table"}
    if path.suffix.casefold() in by_suffix:
        return by_suffix[path.suffix.casefold()]
    raise FileError(f"{path}: this is not {_LISTED}; it starts with '{lines[0].strip()[:60]}'. If it is one of them all the same, give format")


def _um_per_unit(path: Path, format: str, lines: list[str], unit: str | None, scale: float | None) -> float:
    if unit is not None and unit not in UM_PER_UNIT:
        raise InputError(f"{path}: unit '{unit}' is not known; it is 'um', 'mm' or 'm' (or give scale, um per unit of the file)")
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise InputError(f"{path}: scale must be positive, um per unit of the file; got {scale!r}")
    if unit is not None and scale is not None:
        raise InputError(f"{path}: give only one of unit and scale")
    given = UM_PER_UNIT[unit] if unit is not None else scale
    stated = "um" if format == "secomb" else stated_unit(path, lines) if format == "table" else None
    if stated is None and given is None:
        raise InputError(f"{path}: the file does not say its unit of length; give unit = 'um', 'mm' or 'm', or scale = um per unit (voxel size)")
    if stated is None:
        return float(given or 0.0)
    if stated not in UM_PER_UNIT:
        raise FileError(f"{path}: the file states the unit '{stated}', which is not known; write '# unit: um', mm or m")
    if given is not None and given != UM_PER_UNIT[stated]:
        asked = f"unit '{unit}'" if unit is not None else f"scale {scale:g}"
        raise InputError(f"{path}: the lengths of this file are in {stated}, which does not go with {asked}; leave it out")
    return UM_PER_UNIT[stated]
