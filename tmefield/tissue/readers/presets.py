"""The columns that exporters of cell tables use, so that nobody has to spell them out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import InputError
from .columns import Columns, listed

UNCLASSIFIED = "unclassified"
"""Type of the cells that an inForm table leaves without a phenotype."""


class Preset(NamedTuple):
    """What an exporter calls its columns; of alternatives exactly one must be there.

    `x` and `y` are in pairs. `image` are columns that say from which image a cell is.
    """

    pairs: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    ids: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    untyped: str | None = None


# Properties of regions as scikit-image numbers them: centroid-0 is the row (y), centroid-1 the column (x).
_REGIONS = ("centroid-1", "centroid-0")
_PLAIN = ("x", "y")
PRESETS = {
    "inform": Preset((("Cell X Position", "Cell Y Position"),), ("Phenotype",), ("Cell ID",), ("Sample Name",), UNCLASSIFIED),
    "codex": Preset(
        (("X_centroid", "Y_centroid"), ("X_position", "Y_position"), _PLAIN), ("phenotype", "cell_type"), ("CellID", "cell_id"), ("imageid", "ImageId")
    ),
    "imc": Preset((_REGIONS, ("X_centroid", "Y_centroid"), ("X_position", "Y_position"), _PLAIN), ("phenotype", "cell_type"), ("Object",), ("Image", "image")),
    "mibi": Preset((_REGIONS, ("x_px", "y_px"), _PLAIN), ("cell_meta_cluster", "cell_type", "phenotype"), ("label",), ("fov",)),
}
NAMES = (*PRESETS, "physicell")


def columns_of(path: Path, name: str, header: Sequence[str]) -> Columns:
    """The columns that a preset means in a table with this header.

    **Raises** `InputError` that lists the columns of the file where the preset fits none or more than one of its alternatives.
    """
    preset = PRESETS[name]
    pairs = [pair for pair in preset.pairs if set(pair) <= set(header)]
    types = [one for one in preset.types if one in header]
    _require_one(path, name, "the positions", [f"{x} and {y}" for x, y in pairs], [f"{x} and {y}" for x, y in preset.pairs], header)
    _require_one(path, name, "the type", types, preset.types, header)
    ids = next((one for one in preset.ids if one in header), None)
    return Columns(*pairs[0], None, types[0], id=ids, untyped=preset.untyped)


def image_column(name: str, header: Sequence[str]) -> str | None:
    """The column that tells from which image a cell is, if the table has one."""
    return next((one for one in PRESETS[name].image if one in header), None)


def fitting(header: Sequence[str]) -> list[str]:
    """Names of the presets that fit a header, the more particular first."""
    if [one.casefold() for one in header[:4]] == ["x", "y", "z", "type"]:
        return ["physicell"]
    names = []
    for name in PRESETS:
        try:
            columns_of(Path(), name, header)
        except InputError:
            continue
        names.append(name)
    return names


def unit_in_names(path: Path, header: Sequence[str]) -> str | None:
    """The unit of an inForm table, which only the names of other columns say: "um", "px", or None where none does.

    **Raises** `InputError` where some columns are in microns and others in pixels.
    """
    micron = [one for one in header if one.casefold().endswith("microns)")]
    pixel = [one for one in header if one.casefold().endswith("pixels)")]
    if micron and pixel:
        raise InputError(f"{path}: '{micron[0]}' is in microns but '{pixel[0]}' in pixels; name the columns (x, y, type) and give pixel_size or unit")
    return "um" if micron else "px" if pixel else None


def _require_one(path: Path, name: str, what: str, found: Sequence[str], known: Sequence[str], header: Sequence[str]) -> None:
    if len(found) == 1:
        return
    wrong = f"more than one choice for {what} ({', '.join(found)})" if found else f"none of its columns for {what} ({', '.join(known)})"
    raise InputError(f"{path}: the preset '{name}' does not fit: {wrong}; name the columns with x, y and type; columns: {listed(header)}")
