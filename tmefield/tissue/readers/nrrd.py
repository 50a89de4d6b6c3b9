"""Label images in NRRD."""

from pathlib import Path

import numpy as np

from ...errors import FileError, InputError
from .image import RawImage, Spacing, check_size, optional, whole_numbers

_UM = {"mm": 1e3, "millimeter": 1e3, "millimeters": 1e3, "cm": 1e4, "m": 1e6, "um": 1.0, "µm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3}


def read_nrrd(path: Path) -> RawImage:
    """The image [z, y, x] and the size of its voxels where the header states both steps and unit.

    The axes are those of the array: x its fastest, z its slowest, with 0 at the corner of the first voxel; the origin and turn
    that the header may give in a larger space are left out.

    **Raises** `FileError` for a file that is damaged, cut short or without its data file, holds more than three axes, axes that
    are not at right angles, or numbers that are not whole.
    """
    nrrd = optional(path, "nrrd")
    try:
        header = nrrd.read_header(str(path))
        sizes = [int(one) for one in header["sizes"]]
        check_size(path, sizes)
        values, header = nrrd.read(str(path), index_order="C")
    except (FileError, InputError):
        raise
    except Exception as error:  # pynrrd, zlib and numpy each raise their own
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise FileError(f"{path}: not a readable NRRD file, one cut short, or one whose data file is not beside it ({reason})") from None
    if values.ndim not in (2, 3):
        raise FileError(f"{path}: an image of {values.ndim} axes ({' x '.join(map(str, sizes))}); labels have two or three")
    spacing, turned = _steps(path, header, values.ndim)
    planar = values.ndim == 2 or values.shape[0] == 1
    values = whole_numbers(path, values)
    notes = ("the origin and turn in a larger space are left out: positions count from the corner of the first voxel",) if turned else ()
    return RawImage(values.reshape(-1, *values.shape[-2:]), planar, spacing, {}, "NRRD", notes)


def _steps(path: Path, header: dict, axes: int) -> tuple[Spacing, bool]:
    """Step along z, y, x in um, None where it or its unit is not stated, and whether the header gives a place or a turn."""
    directions = header.get("space directions")
    turned = bool(np.any(header.get("space origin", 0.0)))
    if directions is not None:
        vectors = np.array(directions, dtype=np.float64)
        if not np.isfinite(vectors).all():
            raise FileError(f"{path}: some of its axes are no directions in space (none); labels have one number a voxel")
        steps = np.linalg.norm(vectors, axis=1)
        cosines = vectors @ vectors.T / np.outer(steps, steps)
        if np.abs(cosines - np.eye(axes)).max() > 1e-3:
            raise FileError(f"{path}: its axes are not at right angles; resample the image onto a straight grid")
        turned |= bool(np.any(vectors != np.diag(steps)))
        units = list(header.get("space units", []))
    else:
        steps = np.array(header.get("spacings", [np.nan] * axes), dtype=np.float64)
        units = list(header.get("units", []))
    factors = [_UM.get(str(unit).strip().strip('"').casefold()) for unit in units] if len(units) == axes else [None] * axes
    stated = [float(step) * factor if factor is not None and np.isfinite(step) and step > 0 else None for step, factor in zip(steps, factors, strict=True)]
    z, y, x = [*([None] * (3 - axes)), *stated[::-1]]
    return (z, y, x), turned
