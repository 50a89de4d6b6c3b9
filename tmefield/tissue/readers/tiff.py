"""Label images in TIFF and OME-TIFF, and what inForm writes into them."""

import logging
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ...errors import FileError, InputError
from .image import RawImage, Spacing, check_size, optional, whole_numbers

_UM = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}


def is_tiff(start: bytes) -> bool:
    """Whether a file starts like a TIFF (or BigTIFF)."""
    return start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_tiff(path: Path, page: int | None, *, volume: bool) -> RawImage:
    """One image [z, y, x] of labels.

    Pages of a plain TIFF are different maps: one is chosen by `page` (from 0), and only where they are asked for as a `volume`
    they are layers in z. An OME-TIFF says what its axes are; `page` then chooses among its channels and times. The size of a
    pixel is taken from OME alone: resolution tags are seldom a microscope's. Names of classes come from the description that
    inForm writes.

    **Raises** `InputError` where a page must be chosen or is not there; `FileError` for a file that is damaged, cut short, a
    colour image, or holds numbers that are not whole.
    """
    with _opened(path) as file:
        if file.is_ome:
            return _read_ome(path, file, page)
        pages = list(file.pages)
        _check_pages(path, pages)
        if page is None and volume and len(pages) > 1:
            if len({(one.shape, one.dtype) for one in pages}) > 1:
                raise InputError(f"{path}: its pages are of different sizes or types, so they are no layers in z; choose one with page")
            check_size(path, (len(pages), *pages[0].shape))
            return RawImage(whole_numbers(path, np.stack([one.asarray() for one in pages])), False, (None, None, None), {}, "TIFF")
        number = _chosen(path, page, [_title(one) for one in pages], "page")
        classes, notes = inform_classes(path, pages[number].description)
        return RawImage(whole_numbers(path, pages[number].asarray())[None], True, (None, None, None), classes, "TIFF", notes)


def page_titles(path: Path) -> list[str]:
    """What stands on each page of a TIFF, one line each; a single one for an OME-TIFF, which says what its axes are."""
    with _opened(path) as file:
        return ["OME-TIFF"] if file.is_ome else [_title(one) for one in file.pages]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    tifffile = optional(path, "tifffile")
    heard: list[str] = []

    def hear(record: logging.LogRecord) -> bool:
        heard.append(record.getMessage())
        return False

    # Where a file ends too early tifffile only logs it, and gives fewer pages or tags.
    logger = logging.getLogger("tifffile")
    logger.addFilter(hear)
    try:
        with tifffile.TiffFile(path) as file:
            pages = len(file.pages)
            if (lost := [one for one in heard if "offset" in one]) or not pages:
                raise FileError(f"{path}: damaged or cut short ({lost[0][:120] if lost else 'no page'}); copy it anew")
            yield file
    except (FileError, InputError):
        raise
    except Exception as error:  # tifffile and each codec raise their own
        if "imagecodecs" in str(error):
            raise InputError(f"{path}: this compression needs imagecodecs; install it with: pip install 'tmefield[images]'") from None
        raise FileError(f"{path}: not a readable TIFF, or one cut short ({str(error).splitlines()[0][:120] if str(error) else type(error).__name__})") from None
    finally:
        logger.removeFilter(hear)


def _check_pages(path: Path, pages: list[Any]) -> None:
    size = path.stat().st_size
    for number, one in enumerate(pages):
        if one.ndim != 2:
            raise FileError(f"{path}: page {number} is a colour image of shape {one.shape}; labels have one number a pixel")
        check_size(path, one.shape)
        # Strips beyond the end of the file would be read as zeros.
        if any(offset + count > size for offset, count in zip(one.dataoffsets, one.databytecounts, strict=True)):
            raise FileError(f"{path}: page {number} reaches beyond the end of the file, which is cut short; copy it anew")


def _read_ome(path: Path, file: Any, page: int | None) -> RawImage:
    _check_pages(path, [one.keyframe if one.keyframe is not None else one for one in file.pages])
    series = file.series[0]
    check_size(path, series.shape)
    others = [n for n, axis in enumerate(series.axes) if axis not in "ZYX"]
    spatial = [series.axes.index(axis) for axis in "ZYX" if axis in series.axes]
    if "S" in series.axes or [series.axes[n] for n in spatial][-2:] != ["Y", "X"]:
        raise FileError(f"{path}: its axes are {series.axes}; labels need Y and X (and Z) and one number a pixel")
    maps = math.prod(series.shape[n] for n in others)
    axes = ", ".join(f"{series.axes[n]} {series.shape[n]}" for n in others)
    number = _chosen(path, page, [f"of {axes}"] * maps, "channel or time")
    values = series.asarray().transpose(*others, *spatial).reshape(maps, *(series.shape[n] for n in spatial))[number]
    planar = values.ndim == 2 or values.shape[0] == 1
    values = whole_numbers(path, values.reshape(-1, *values.shape[-2:]))
    more = (f"the file holds {len(file.series)} images; the first is read",) if len(file.series) > 1 else ()
    return RawImage(values, planar, _ome_spacing(path, file.ome_metadata), {}, "OME-TIFF", more)


def _ome_spacing(path: Path, xml: str) -> Spacing:
    try:
        pixels = next(one for one in ElementTree.fromstring(_without_declaration(xml)).iter() if one.tag.rpartition("}")[2] == "Pixels")
    except (ElementTree.ParseError, StopIteration):
        raise FileError(f"{path}: its OME description is not whole; give the file anew, or save it as plain TIFF") from None

    def size(axis: str) -> float | None:
        text, unit = pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")
        if text is None or unit not in _UM:
            return None
        try:
            value = float(text) * _UM[unit]
        except ValueError:
            return None
        return value if math.isfinite(value) and value > 0 else None

    return size("Z"), size("Y"), size("X")


def inform_classes(path: Path, description: str) -> tuple[dict[int, str], tuple[str, ...]]:
    """Names of the values of a tissue map that inForm wrote, in the order of its list: value 0 is the first; empty for other images."""
    if "<TissueClassMap>" not in description:
        return {}, ()
    try:
        root = ElementTree.fromstring(_without_declaration(description))
    except ElementTree.ParseError as error:
        return {}, (f"its list of tissue classes is damaged and was not read ({error})",)
    names = [(one.findtext("Name") or "").strip() for one in root.findall("Entry")]
    return {value: name for value, name in enumerate(names) if name}, ()


def _without_declaration(xml: str) -> str:
    """The XML without its first line, whose encoding (inForm: UTF-16) is not that of the tag."""
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return ""
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", xml.lstrip("\ufeff"))


def _title(page: Any) -> str:
    rows, columns = page.shape[:2]
    text = page.description
    kind = re.search(r"<CompartmentType>([^<]{1,40})</CompartmentType>", text)
    told = kind[1] if kind else "tissue classes" if "<TissueClassMap>" in text else ""
    return f"{columns} x {rows} {page.dtype}" + (f", {told}" if told else "")


def _chosen(path: Path, page: int | None, titles: list[str], what: str) -> int:
    listed = "; ".join(f"{number}: {title}" for number, title in enumerate(titles[:12])) + ("; ..." if len(titles) > 12 else "")
    if page is None and len(titles) > 1:
        raise InputError(f"{path}: choose a {what} with page (from 0): {listed}")
    if page is not None and not 0 <= page < len(titles):
        raise InputError(f"{path}: there is no page {page}; {listed}")
    return page or 0
