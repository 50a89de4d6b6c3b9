"""What a label image holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .description import Description, in_file_units, with_notes

if TYPE_CHECKING:
    from ..tissue.label_image import Labels

_UNKNOWN = "the file does not say the size of its voxels; shown in voxels: give --pixel-size '0.5 um'"


def describe_labels(path: Path, pixel_size: float | None) -> Description:
    """The values of an image, page by page; in voxels where their size is not known."""
    from ..tissue.readers.image import optional
    from ..tissue.readers.tiff import page_titles

    pages: list[int | None] = [None]
    if path.suffix.casefold() in (".tif", ".tiff"):
        optional(path, "tifffile")
        found = page_titles(path)
        pages = [None] if len(found) == 1 else list(range(len(found)))
    read = [_read(path, page, pixel_size) for page in pages]
    notes = [_UNKNOWN] if any(unknown for _, unknown in read) else []
    texts = [in_file_units(one.report()) if unknown else one.report() for one, unknown in read]
    return Description(with_notes("\n".join(texts), notes), {"kind": "labels", "images": [_facts(*one) for one in read], "notes": notes})


def _read(path: Path, page: int | None, pixel_size: float | None) -> "tuple[Labels, bool]":
    """One image, and whether the size of its voxels is unknown."""
    from ..tissue.label_image import Labels

    try:
        return Labels.read(path, page=page, pixel_size=pixel_size), False
    except InputError as error:
        if pixel_size is not None or "does not say the size" not in str(error):
            raise
    return Labels.read(path, page=page, voxel_size=(1.0, 1.0, 1.0)), True


def _facts(labels: "Labels", unknown: bool) -> dict[str, Any]:
    from ..tissue.label_image import SHOWN

    counts = labels.counts()
    facts: dict[str, Any] = {"page": labels.meta.get("page"), "shape_zyx": list(labels.values.shape)}
    if not unknown:
        facts["spacing_um_zyx"] = list(labels.spacing)
    if len(counts) <= SHOWN:
        return facts | {"voxels": {labels.name(value): number for value, number in counts.items()}}
    return facts | {"labels": len(counts) - (0 in counts)}
