"""The choice between the readers of cells, and the unit of their positions."""

import math
from pathlib import Path
from typing import Any

from ...errors import FileError, InputError
from .columns import Columns, RawCells, listed
from .csv_table import read_csv_table, table_header
from .h5ad import SIGNATURE, read_h5ad
from .multicellds import is_xml, read_snapshot_cells
from .physicell_csv import read_physicell_csv
from .presets import NAMES, columns_of, fitting, image_column, unit_in_names

UNITS = {"um": 1.0, "µm": 1.0, "mm": 1000.0}


def read_raw(
    path: Path, names: dict[str, str | None], *, preset: str | None, pixel_size: float | None, unit: str | None, encoding: str | None
) -> tuple[RawCells, float, dict[str, Any]]:
    """The cells of a file, um per unit of their positions, and what is to be remembered of the file; see `Cells.read`."""
    data = _bytes(path)
    columns = _named(path, names)
    if preset is not None and (preset not in NAMES or columns is not None):
        wrong = "give either a preset or the columns, not both" if preset in NAMES else f"no preset '{preset}'; it is one of {', '.join(NAMES)}"
        raise InputError(f"{path}: {wrong}")
    if is_xml(data) or path.suffix.casefold() == ".xml":
        _refuse_choice(path, "PhysiCell output", columns, preset)
        return read_snapshot_cells(path), _scale(path, pixel_size, unit, "um"), {"file": path.name, "format": "MultiCellDS"}
    if data.startswith(SIGNATURE) or path.suffix.casefold() in {".h5ad", ".h5", ".hdf5"}:
        _refuse_choice(path, "an AnnData file", None, preset)
        factor = _scale(path, pixel_size, unit, None)
        raw, columns = read_h5ad(path, columns)
        return raw, factor, _meta(path, "AnnData", columns, factor)
    if preset == "physicell":
        return read_physicell_csv(path, data, encoding), _scale(path, pixel_size, unit, "um"), {"file": path.name, "format": "PhysiCell cells.csv"}
    stated = None
    format = "table"
    if columns is None:
        header = table_header(path, data, encoding)
        if preset is None:
            fits = fitting(header)
            hint = f"preset = '{fits[0]}' fits it, or " if fits else ""
            raise InputError(f"{path}: say which columns hold the positions and the type: {hint}x, y (z) and type; columns: {listed(header)}")
        columns = columns_of(path, preset, header)
        _one_image(path, data, columns, image_column(preset, header), encoding)
        stated = unit_in_names(path, header) if preset == "inform" else None
        format = f"table of {preset}"
    factor = _scale(path, pixel_size, unit, stated)
    return read_csv_table(path, data, columns, encoding), factor, _meta(path, format, columns, factor)


def _named(path: Path, names: dict[str, str | None]) -> Columns | None:
    """The columns given by name, None where none is."""
    x, y, z, kind = (names[one] for one in ("x", "y", "z", "type"))
    if x is None and y is None and z is None and kind is None:
        return None
    if x is None or y is None or kind is None:
        missing = ", ".join(one for one in ("x", "y", "type") if names[one] is None)
        raise InputError(f"{path}: the names of the columns for {missing} are missing; give x, y and type (and z in 3D)")
    return Columns(x, y, z, kind)


def _meta(path: Path, format: str, columns: Columns, factor: float) -> dict[str, Any]:
    return {"file": path.name, "format": format, "columns": columns.wanted, "um_per_unit": factor}


def _refuse_choice(path: Path, what: str, columns: Columns | None, preset: str | None) -> None:
    if columns is not None or preset is not None:
        raise InputError(f"{path}: {what} says itself what it holds; leave {'preset' if columns is None else 'the columns'} out")


def _one_image(path: Path, data: bytes, columns: Columns, image: str | None, encoding: str | None) -> None:
    """Refuse a table with the cells of several images, which would come to lie on top of each other."""
    if image is None:
        return
    images = sorted(set(read_csv_table(path, data, columns._replace(type=image, untyped="none"), encoding).types.tolist()))
    if len(images) > 1:
        shown = ", ".join(images[:5]) + (", ..." if len(images) > 5 else "")
        raise InputError(f"{path}: holds the cells of {len(images)} images (column '{image}': {shown}); write those of one image to a table of its own")


def _scale(path: Path, pixel_size: float | None, unit: str | None, stated: str | None) -> float:
    """The um in one unit of the positions; `stated` is what the file says: "um", "px" or nothing."""
    if stated == "um":
        if pixel_size is not None or (unit is not None and UNITS.get(unit) != 1.0):
            raise InputError(f"{path}: the positions of this file are in um; leave {'pixel_size' if unit is None else 'unit'} out")
        return 1.0
    if stated == "px" and unit is not None:
        raise InputError(f"{path}: the positions of this file are in pixels (its other columns say so); give pixel_size = um per pixel in place of unit")
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
