"""The choice between the readers of label images, and the size of their voxels."""

import math
from collections.abc import Sequence
from pathlib import Path

from ...errors import FileError, InputError
from .image import RawImage, Spacing
from .nifti import read_nifti
from .nrrd import read_nrrd
from .tiff import is_tiff, read_tiff

SUFFIXES = (".tif", ".tiff", ".nii", ".nii.gz", ".nrrd", ".nhdr")


def read_image(path: Path, page: int | None, *, volume: bool) -> RawImage:
    """A label image, the format told by its content.

    **Raises** `FileError` for a file that is missing, empty, or none of the formats; `InputError` for a page where there are none.
    """
    if not path.exists():
        raise FileError(f"{path}: no such file")
    if path.is_dir():
        raise FileError(f"{path} is a folder; name the file with the image in it")
    with path.open("rb") as file:
        start = file.read(352)
    if not start:
        raise FileError(f"{path}: the file is empty (0 bytes)")
    if is_tiff(start):
        return read_tiff(path, page, volume=volume)
    if page is not None:
        raise InputError(f"{path}: page is for TIFF, whose pages are different maps; leave it out")
    if start.startswith(b"NRRD"):
        return read_nrrd(path)
    if path.name.casefold().endswith((".nii", ".nii.gz")):
        return read_nifti(path)
    raise FileError(f"{path}: not a TIFF, NIfTI (.nii, .nii.gz) or NRRD file, or its start is damaged")


def resolve_spacing(path: Path, image: RawImage, pixel_size: float | None, voxel_size: Sequence[float] | None) -> tuple[tuple[float, float, float], list[str]]:
    """Size of a voxel (z, y, x), um, and what is to be said of it; z of a planar image is 1 um and stands for nothing.

    What is given goes before what the file states.

    **Raises** `InputError` where neither says it, or what is given does not fit the image.
    """
    if pixel_size is not None and voxel_size is not None:
        raise InputError(f"{path}: give only one of pixel_size and voxel_size")
    if pixel_size is not None and not image.planar:
        raise InputError(f"{path}: this image has {image.values.shape[0]} layers in z; give voxel_size = (z, y, x) in um in place of pixel_size")
    given: Sequence[float] | None = (1.0, pixel_size, pixel_size) if pixel_size is not None else voxel_size
    if given is not None:
        if len(given) != 3 or any(not math.isfinite(one) or one <= 0 for one in given):
            raise InputError(f"{path}: the size of a voxel must be positive, in um ({'one number' if voxel_size is None else 'z, y, x'}); got {given!r}")
        z, y, x = (float(one) for one in given)
        return (z, y, x), _disagreement(image.spacing, (z, y, x), planar=image.planar)
    z, y, x = image.spacing
    if image.planar:
        z = 1.0
    if z is None or y is None or x is None:
        axes = ", ".join(axis for axis, size in zip("zyx", (z, y, x), strict=True) if size is None)
        ask = "pixel_size = um per pixel" if image.planar else "voxel_size = (z, y, x) in um"
        raise InputError(f"{path}: the file does not say the size of its voxels along {axes}; give {ask}")
    return (z, y, x), []


def _disagreement(stated: Spacing, given: tuple[float, float, float], *, planar: bool) -> list[str]:
    wrong = [
        f"{axis} {size:g} um"
        for axis, size, used in zip("zyx", stated, given, strict=True)
        if size is not None and abs(size / used - 1) > 1e-3 and not (planar and axis == "z")
    ]
    return [f"the file states other sizes of its voxels ({', '.join(wrong)}); those given are used"] if wrong else []
