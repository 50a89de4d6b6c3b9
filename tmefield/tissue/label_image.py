"""Images in which every pixel holds a label: classes of tissue, single cells, or vessels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid
from .cells import Cells
from .labels import TISSUES
from .readers.images import read_image, resolve_spacing
from .resample import TissueMap, covered_shares, majority

SHOWN = 20


@dataclass(frozen=True)
class Labels:
    """An image of labels.

    **Arguments**

    - `values`: whole numbers [z, y, x], z of length 1 for a planar image. Rows run down: y grows with the row.
    - `spacing`: size of a voxel (z, y, x), um; z of a planar image stands for nothing.
    - `classes`: names of values, {0: "tumour", 1: "stroma"}; 0 is a value like any other.
    - `origin`: lower corner of the first voxel (z, y, x), um.
    - `planar`: True for a single layer, a section.

    **Raises** `InputError` for values that are not whole numbers [z, y, x] or a spacing that is not positive.
    """

    values: np.ndarray
    spacing: tuple[float, float, float]
    classes: dict[int, str] = field(default_factory=dict)
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    planar: bool = False
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.values.ndim != 3 or self.values.dtype.kind not in "iu" or (self.planar and len(self.values) != 1):
            raise InputError(f"Labels need whole numbers [z, y, x] (one layer where planar); got {self.values.dtype} of shape {self.values.shape}")
        Grid(self.values.shape, self.spacing, self.origin)  # checks spacing and origin

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        pixel_size: float | None = None,
        voxel_size: Sequence[float] | None = None,
        page: int | None = None,
        classes: Mapping[int, str] | None = None,
    ) -> "Labels":
        """Read a TIFF, OME-TIFF, NIfTI or NRRD image (needs the extra `images`).

        **Arguments**

        - `pixel_size`: um per pixel of a planar image, or `voxel_size`: (z, y, x) um. Required unless the format defines it: OME
          (PhysicalSize), NIfTI and NRRD with a unit in the header. Resolution tags of TIFF are not used.
        - `page`: of a TIFF with several pages, which are different maps, from 0; with `voxel_size` and no page they are layers in z.
        - `classes`: names of values; those that inForm writes into its tissue maps are taken where this is not given.

        **Raises** `FileError` for a file that is missing, damaged, cut short, or holds anything but whole numbers; `InputError`
        for a missing size or page, and a missing package.
        """
        path = Path(path)
        image = read_image(path, page, volume=voxel_size is not None)
        spacing, notes = resolve_spacing(path, image, pixel_size, voxel_size)
        names = {int(value): str(name) for value, name in classes.items()} if classes is not None else image.classes
        meta = {"file": path.name, "format": image.format, "page": page, "notes": [*image.notes, *notes]}
        return cls(image.values, spacing, names, planar=image.planar, meta=meta)

    @property
    def grid(self) -> Grid:
        """The image's own voxels as a grid."""
        return Grid(self.values.shape, self.spacing, self.origin)

    def counts(self) -> dict[int, int]:
        """Number of voxels of each value, by value."""
        values, numbers = np.unique(self.values, return_counts=True)
        return dict(zip(values.tolist(), numbers.tolist(), strict=True))

    def name(self, value: int) -> str:
        """The name of a value, the value itself where it has none."""
        return self.classes.get(value, str(value))

    def mask(self, *classes: str | int) -> np.ndarray:
        """Where the image holds one of the classes (by name or value), bool [z, y, x]; without a class where it is not 0.

        **Raises** `InputError` for a class that the image does not hold.
        """
        if not classes:
            return self.values != 0
        return np.isin(self.values, [value for one in classes for value in self._values_of(one)])

    def _values_of(self, given: str | int) -> list[int]:
        present = self.counts()
        found = [value for value in present if given in (value, self.classes.get(value))]
        if not found:
            known = ", ".join(f"{value} {self.classes[value]}" if value in self.classes else str(value) for value in list(present)[:SHOWN])
            raise InputError(
                f"{self.meta.get('file', 'labels')}: the image holds no class {given!r}; it holds {known}{', ...' if len(present) > SHOWN else ''}"
            )
        return found

    def tissue(self, grid: Grid, *, stands_for: Mapping[str | int, str] | None = None, outside: str | None = None) -> TissueMap:
        """What kind of tissue each voxel of a grid is, by the class that fills most of it.

        The share of a voxel that a class fills is the sum of overlaps (product of the overlaps along the axes), so that the
        areas of the shares are exactly those of the image; the majority then moves area between classes, which `TissueMap`
        reports.

        **Arguments**

        - `stands_for`: the tissue ("stroma", "tumour", "necrotic_core", "vessel_lumen") of each class by name or value; a class
          whose name is one of these (or "tumor") stands for itself.
        - `outside`: the tissue of what lies outside the image.

        **Raises** `InputError` for a class that stands for no tissue, a planar image on a grid deeper than one voxel, and a grid
        that reaches beyond the image where `outside` is not given.
        """
        if self.planar and grid.shape[0] > 1:
            raise InputError(f"the image is planar, but the grid is {grid.shape[0]} voxels deep: use a grid with one voxel in z (a section)")
        codes = self._tissue_codes(stands_for or {})
        shares = covered_shares(self.values, self.grid, grid, codes, flat=self.planar)
        code = None if outside is None else _code(outside)
        return majority(shares, grid, code, what=self.meta.get("file", "labels"), flat=self.planar)

    def _tissue_codes(self, stands_for: Mapping[str | int, str]) -> dict[int, int]:
        """Value -> code of its tissue, for the values in the image."""
        given = {value: _code(tissue) for one, tissue in stands_for.items() for value in self._values_of(one)}
        codes, without = {}, []
        for value in self.counts():
            named = self.name(value).strip().casefold().replace(" ", "_").replace("tumor", "tumour")
            if value in given:
                codes[value] = given[value]
            elif named in TISSUES:
                codes[value] = TISSUES.index(named)
            else:
                without.append(self.name(value))
        if without:
            shown = ", ".join(without[:SHOWN]) + (", ..." if len(without) > SHOWN else "")
            raise InputError(f"{self.meta.get('file', 'labels')}: say which tissue ({', '.join(TISSUES)}) stands for: {shown}")
        return codes

    def cells(self, types: str | Mapping[int, str] = "cell", *, background: int = 0) -> Cells:
        """One cell for each value but the background: its centroid, and the radius of a circle (sphere) of its area (volume).

        radius = sqrt(A/pi) in a planar image, cbrt(3 V/(4 pi)) in a volume.

        **Arguments**

        - `types`: one type for all, or that of each value, such as {id: type} of a table that belongs to the image.

        **Raises** `InputError` for values without a type, and where there are none but the background.
        """
        labels, inverse = np.unique(self.values, return_inverse=True)
        inverse = inverse.reshape(self.values.shape)
        size = np.bincount(inverse.ravel(), minlength=labels.size)
        centres = []
        for axis in (2, 1, 0):
            at = np.broadcast_to(np.expand_dims(self.grid.centres(axis), [n for n in range(3) if n != axis]), self.values.shape)
            centres.append(np.bincount(inverse.ravel(), weights=at.ravel(), minlength=labels.size) / size)
        keep = labels != background
        if not keep.any():
            raise InputError(f"{self.meta.get('file', 'labels')}: every voxel holds the background {background}, so there are no cells")
        positions = np.column_stack(centres)[keep]
        if self.planar:
            positions[:, 2] = 0.0
            radius = np.sqrt(size[keep] * self.spacing[1] * self.spacing[2] / np.pi)
        else:
            radius = np.cbrt(0.75 / np.pi * size[keep] * self.grid.voxel_volume)
        meta = {"file": self.meta.get("file", "labels"), "notes": self._cut(inverse, keep)}
        names = self._types(types, labels[keep].tolist())
        return Cells(positions, names, planar=self.planar, meta=meta, ids=labels[keep].astype(np.str_), radius=radius)

    def _types(self, types: str | Mapping[int, str], labels: list[int]) -> np.ndarray:
        if isinstance(types, str):
            return np.full(len(labels), types)
        without = [label for label in labels if label not in types]
        if without:
            raise InputError(f"{self.meta.get('file', 'labels')}: {len(without)} of {len(labels)} labels have no type; the first is {without[0]}")
        return np.array([types[label] for label in labels], dtype=np.str_)

    def _cut(self, inverse: np.ndarray, keep: np.ndarray) -> list[str]:
        """How many cells the edge of the image cuts."""
        axes = (1, 2) if self.planar else (0, 1, 2)
        faces = [np.take(inverse, end, axis=axis).ravel() for axis in axes for end in (0, -1)]
        cut = int(keep[np.unique(np.concatenate(faces))].sum())
        return [f"{cut} cells are cut by the edge of the image; they are larger than their radius says"] if cut else []

    def report(self) -> str:
        """One screen: size, classes or number of labels, and what was found in the file."""
        counts = self.counts()
        page = self.meta.get("page")
        name = self.meta.get("file", "labels") + (f", page {page}" if page is not None else "")
        shape, spacing = self.values.shape[self.planar :], self.spacing[self.planar :]
        lines = [
            f"{name}: labels, " + " x ".join(map(str, shape)) + f" ({'y, x' if self.planar else 'z, y, x'}) of {' x '.join(f'{one:g}' for one in spacing)} um"
        ]
        lines.append("  box " + " x ".join(f"{n * h:.6g}" for n, h in zip(shape, spacing, strict=True)) + " um")
        if len(counts) <= SHOWN:
            width = max(len(self.name(value)) for value in counts)
            lines += [f"  {value:>5}  {self.name(value):<{width}}  {number:>9}  {100 * number / self.values.size:5.1f} %" for value, number in counts.items()]
        else:
            labels = [value for value in counts if value != 0]
            gaps = labels[-1] - labels[0] + 1 - len(labels)
            lines.append(f"  {len(labels)} labels, {labels[0]}..{labels[-1]}" + (f" with {gaps} gaps" if gaps else ""))
            lines.append(f"  {100 * counts.get(0, 0) / self.values.size:.1f} % is 0 (background)")
        if self.planar:
            lines.append("  a section: what lies outside its plane, vessels above all, is not seen")
        return "\n".join(lines + [f"  {note}" for note in self.meta.get("notes", ())])


def _code(tissue: str) -> int:
    if tissue not in TISSUES:
        raise InputError(f"no tissue '{tissue}'; it is one of {', '.join(TISSUES)}")
    return TISSUES.index(tissue)
