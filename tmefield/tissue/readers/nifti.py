"""Label images in NIfTI."""

from pathlib import Path

import numpy as np

from ...errors import FileError
from .image import RawImage, check_size, optional, whole_numbers

_UM = {"mm": 1e3, "meter": 1e6, "micron": 1.0}


def read_nifti(path: Path) -> RawImage:
    """The image [z, y, x] and the size of its voxels where the header states the unit.

    The axes are those of the array: x its first, z its third, with 0 at the corner of the first voxel; the place and the turn
    that the header gives in the scanner are left out.

    **Raises** `FileError` for a file that is damaged or cut short, holds more than three axes, or numbers that are not whole.
    """
    nibabel = optional(path, "nibabel")
    try:
        image = nibabel.load(path)
        shape = image.shape
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        check_size(path, shape)
        if len(shape) not in (2, 3):
            raise FileError(f"{path}: an image of shape {image.shape}; labels have two or three axes")
        values = np.asanyarray(image.dataobj).reshape(shape)
        unit = image.header.get_xyzt_units()[0]
        zooms = [float(one) for one in image.header.get_zooms()[: len(shape)]]
    except FileError:
        raise
    except Exception as error:  # nibabel, zlib and numpy each raise their own
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise FileError(f"{path}: not a readable NIfTI file, or one cut short ({reason})") from None
    values = whole_numbers(path, values).transpose()
    planar = len(shape) == 2 or shape[2] == 1
    stated = [size * _UM[unit] if unit in _UM and np.isfinite(size) and size > 0 else None for size in zooms[::-1]]
    spacing = (None, *stated) if len(shape) == 2 else tuple(stated)
    notes = ("the place and turn in the scanner are left out: positions count from the corner of the first voxel",) if _moved(image) else ()
    return RawImage(values.reshape(-1, *values.shape[-2:]), planar, (spacing[0], spacing[1], spacing[2]), {}, "NIfTI", notes)


def _moved(image) -> bool:
    """Whether the header gives another place than the origin or axes that are not those of the array."""
    affine = np.asarray(image.affine, dtype=np.float64)
    return bool(np.any(affine != np.diag(np.diag(affine))) or (np.diag(affine) < 0).any())
