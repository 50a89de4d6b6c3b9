"""The choice between the readers, told from the content of a file, and the unit of length."""

from pathlib import Path

from ...errors import FileError, InputError
from ..clean import clean
from ..network import VesselNetwork
from .amira import is_amira, read_amira
from .branches import is_branches, read_branches
from .dgf import is_dgf, read_dgf
from .options import UM_PER_UNIT, Options
from .raw import RawNetwork
from .secomb import is_secomb, read_secomb
from .swc import close_loops, is_swc, read_swc
from .table import is_table, read_table, stated_unit
from .text import read_bytes, read_lines
from .tumorcode import SIGNATURE, read_tumorcode
from .vtk import is_vtk, read_vtk

_HEAD_BYTES = 4096
_BY_TEXT = {"dgf": is_dgf, "amira": is_amira, "secomb": is_secomb, "swc": is_swc, "branches": is_branches, "table": is_table}
_BY_SUFFIX = {".dgf": "dgf", ".swc": "swc", ".dat": "secomb", ".csv": "table", ".am": "amira"}
_BINARY = ("vtk", "hdf5")
_IMAGES = (b"II*\0", b"MM\0*", b"II+\0", b"\x89PNG", b"\xff\xd8\xff")
_LISTED = (
    "a Secomb network.dat, DGF, SWC, a table of segments (CSV with the columns a, b and radius) or of branches (AnalyzeSkeleton), VTK lines, "
    "an Amira spatial graph, or tumorcode HDF5"
)


def read_network(path: Path, options: Options) -> VesselNetwork:
    """See `VesselNetwork.read`."""
    options.check(path)
    head = read_bytes(path, _HEAD_BYTES)
    format = options.format or _by_first_bytes(path, head)
    lines = [] if format in _BINARY else read_lines(path)
    format = format or _by_text(path, lines)
    options.check_fit(path, format)
    raw = _read(path, format, head, lines, options)
    factor = _um_per_unit(path, format, lines, options)
    if options.close_loops_tol is not None:
        raw = close_loops(raw, options.close_loops_tol, factor)
    return clean(raw, um_per_unit=factor, repair=options.repair, default_radius=options.default_radius, merge_distance=options.merge_distance)


def _read(path: Path, format: str, head: bytes, lines: list[str], options: Options) -> RawNetwork:
    match format:
        case "secomb":
            return read_secomb(path, lines)
        case "dgf":
            return read_dgf(path, lines, options.vertex_parameters, options.segment_parameters)
        case "swc":
            return read_swc(path, lines)
        case "branches":
            return read_branches(path, lines)
        case "vtk":
            return read_vtk(path, head, radius_field=options.radius_field, is_diameter=options.is_diameter, default_radius=options.default_radius)
        case "amira":
            return read_amira(path, lines, radius_field=options.radius_field, is_diameter=options.is_diameter, default_radius=options.default_radius)
        case "hdf5":
            return read_tumorcode(path)
        case _:
            return read_table(path, lines, options.nodes)


def _by_first_bytes(path: Path, head: bytes) -> str | None:
    """The format of a file that need not be text; None where its text has to tell."""
    if head.startswith(SIGNATURE):
        return "hdf5"
    if is_vtk(head):
        return "vtk"
    if head.startswith(_IMAGES):
        raise FileError(f"{path}: an image; VesselNetwork.from_mask makes a network from a mask of vessels and the size of its voxels")
    return None


def _by_text(path: Path, lines: list[str]) -> str:
    for name, fits in _BY_TEXT.items():
        if fits(lines):
            return name
    # A damaged start is told by its own reader, which says what is missing.
    if path.suffix.casefold() in _BY_SUFFIX:
        return _BY_SUFFIX[path.suffix.casefold()]
    raise FileError(f"{path}: this is not {_LISTED}; it starts with '{lines[0].strip()[:60]}'. If it is one of them all the same, give format")


def _um_per_unit(path: Path, format: str, lines: list[str], options: Options) -> float:
    given = UM_PER_UNIT[options.unit] if options.unit is not None else options.scale
    stated = "um" if format in ("secomb", "hdf5") else stated_unit(path, lines) if format == "table" else None
    if stated is None and given is None:
        raise InputError(f"{path}: the file does not say its unit of length; give unit = 'um', 'mm' or 'm', or scale = um per unit (voxel size)")
    if stated is None:
        return float(given or 0.0)
    if stated not in UM_PER_UNIT:
        raise FileError(f"{path}: the file states the unit '{stated}', which is not known; write '# unit: um', mm or m")
    if given is not None and given != UM_PER_UNIT[stated]:
        asked = f"unit '{options.unit}'" if options.unit is not None else f"scale {options.scale:g}"
        raise InputError(f"{path}: the lengths of this file are in {stated}, which does not go with {asked}; leave it out")
    return UM_PER_UNIT[stated]
