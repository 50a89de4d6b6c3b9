"""PhysiCell output in MultiCellDS, version 2: one XML file that says what the .mat files beside it hold."""

import math
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from ...errors import FileError
from .columns import RawCells, check_finite

_SIMPLIFIED = "cellular_information/cell_populations/cell_population/custom/simplified_data"
_MINUTE = {"min": 60.0, "minute": 60.0, "minutes": 60.0}


class Mesh(NamedTuple):
    """A regular Cartesian mesh: voxels, spacing and lower corner in the order z, y, x, um."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]


class RawSubstrate(NamedTuple):
    """A field [z, y, x] in the unit of the model, diffusivity in um2/s and decay in 1/s."""

    name: str
    unit: str
    diffusivity: float
    decay: float
    values: np.ndarray


def is_xml(data: bytes) -> bool:
    """Whether a file starts like XML."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<MultiCellDS"))


def open_snapshot(path: Path) -> Element:
    """The root of a MultiCellDS file, version 2.

    **Raises** `FileError` for a file that is missing, cut short, no MultiCellDS, or of another version.
    """
    if not path.exists():
        raise FileError(f"{path}: no such file")
    try:
        text = path.read_bytes()
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise FileError(f"{path}: XML with a document type of its own is not read; PhysiCell writes none")
        root = ElementTree.fromstring(text)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    except ElementTree.ParseError as error:
        raise FileError(f"{path}, line {error.position[0]}: not whole XML ({error}); is the file cut short?") from None
    if root.tag != "MultiCellDS":
        hint = "; this is the input of a simulation: give one of its output files, output00000000.xml" if root.tag == "PhysiCell_settings" else ""
        raise FileError(f"{path}: not a MultiCellDS file, its root is <{root.tag}>{hint}")
    simplified = root.find(_SIMPLIFIED)
    versions = {"MultiCellDS version": root.get("version"), "data_version": None if simplified is None else simplified.get("data_version")}
    for what, version in versions.items():
        if version != "2" and not (what == "data_version" and simplified is None):
            raise FileError(f"{path}: {what} {version or 'not stated'} is not read, only version 2; write it anew with a newer PhysiCell")
    return root


def snapshot_time(path: Path, root: Element) -> float:
    """Time of the snapshot, s."""
    node = _need(path, root, "metadata/current_time")
    return _number(path, node) * _unit(path, node, _MINUTE)


def read_snapshot_cells(path: Path) -> RawCells:
    """The cells: positions in um, types by name, total volumes in um3, ids.

    Rows of the matrix are found by the index of their label, since the names of labels repeat further down.

    **Raises** `FileError` for a damaged file, a matrix that is missing or does not fit the labels, and unknown types.
    """
    root = open_snapshot(path)
    simplified = _need(path, root, _SIMPLIFIED)
    rows = _label_rows(path, simplified)
    table, matrix = _matrix(path, simplified, "cells")
    highest = max(start + size for start, size, _ in rows.values())
    if matrix.shape[0] < highest:
        raise FileError(f"{table}: {matrix.shape[0]} rows where the labels in {path.name} reach {highest}; the two files do not belong together")
    for name, unit in (("position", "micron"), ("total_volume", "cubic micron"), ("cell_type", None), ("ID", None)):
        if name not in rows:
            raise FileError(f"{path}: the labels name no row '{name}'")
        if unit is not None and rows[name][2].removesuffix("s") != unit:
            raise FileError(f"{path}: the row '{name}' is in '{rows[name][2]}'; only {unit}s are read")
    start = rows["position"][0]
    positions = np.ascontiguousarray(matrix[start : start + 3].T)
    for axis, name in enumerate("xyz"):
        check_finite(positions[:, axis], table, lambda cell: f"cell {cell + 1}", name)
    names = {int(_number(path, one, one.get("ID"))): (one.text or "").strip() for one in simplified.findall("cell_types/type")}
    codes = matrix[rows["cell_type"][0]]
    unknown = sorted({float(code) for code in codes} - set(map(float, names)))
    if unknown:
        raise FileError(f"{table}: cell type {unknown[0]:g} is not among the types in {path.name} ({', '.join(f'{i} {n}' for i, n in names.items())})")
    types = np.array([names[int(code)] for code in codes], dtype=np.str_)
    ids = np.array([f"{one:.0f}" for one in matrix[rows["ID"][0]]], dtype=np.str_)
    dead = int((matrix[rows["dead"][0]] != 0).sum()) if "dead" in rows else 0
    notes = (f"{dead} of the cells are dead and are kept under their type",) if dead else ()
    return RawCells(positions, types, ids, matrix[rows["total_volume"][0]].astype(np.float64), notes)


def read_mesh(path: Path, root: Element) -> Mesh:
    """The mesh of the microenvironment.

    **Raises** `FileError` where it is not Cartesian with even steps, in micron, or its coordinates and its box disagree.
    """
    mesh = _need(path, root, "microenvironment/domain/mesh")
    if mesh.get("type") != "Cartesian" or mesh.get("regular", "true") != "true" or mesh.get("units") != "micron":
        raise FileError(
            f"{path}: the mesh is {mesh.get('type')}, regular {mesh.get('regular')}, in {mesh.get('units')}; only Cartesian, regular, micron is read"
        )
    box = np.array([_number(path, mesh, one) for one in (_need(path, mesh, "bounding_box").text or "").split()])
    if box.size != 6 or not (box[3:] > box[:3]).all():
        raise FileError(f"{path}: the bounding_box of the mesh must hold six numbers, lower then upper corner")
    shape, spacing = [], []
    for axis, name in enumerate("xyz"):
        node = _need(path, mesh, f"{name}_coordinates")
        centres = np.array([_number(path, node, one) for one in (node.text or "").split(node.get("delimiter", " ")) if one.strip()])
        step = (box[3 + axis] - box[axis]) / max(1, centres.size)
        even = box[axis] + (np.arange(centres.size) + 0.5) * step
        if not centres.size or np.abs(centres - even).max() > 1e-3 * step:
            raise FileError(f"{path}: the {name}_coordinates are not {centres.size} even steps through the bounding box {box[axis]:g} to {box[3 + axis]:g}")
        shape.append(centres.size)
        spacing.append(float(step))
    lower = box[:3].tolist()
    return Mesh((shape[2], shape[1], shape[0]), (spacing[2], spacing[1], spacing[0]), (lower[2], lower[1], lower[0]))


def read_substrates(path: Path, root: Element, mesh: Mesh) -> tuple[list[RawSubstrate], list[str]]:
    """The fields of the microenvironment, each placed by the coordinates that the matrix gives, and what was mended.

    **Raises** `FileError` for a matrix that is missing, damaged, of another size, or that leaves a voxel out.
    """
    domain = _need(path, root, "microenvironment/domain")
    variables = domain.findall("variables/variable")
    table, matrix = _matrix(path, _need(path, domain, "data"), "multiscale_microenvironment")
    size = math.prod(mesh.shape)
    if matrix.shape != (4 + len(variables), size):
        raise FileError(f"{table}: a matrix of {matrix.shape}; {len(variables)} substrates in {size} voxels take {(4 + len(variables), size)}")
    if not np.isfinite(matrix).all():
        raise FileError(f"{table}: {int((~np.isfinite(matrix)).sum())} values are not finite; the simulation went wrong, or the file is damaged")
    index = (matrix[2::-1] - np.array(mesh.origin)[:, None]) / np.array(mesh.spacing)[:, None] - 0.5
    whole = np.rint(index).astype(np.int64)
    inside = ((whole >= 0) & (whole < np.array(mesh.shape)[:, None])).all() and np.abs(index - whole).max() < 1e-3
    flat = np.asarray(np.ravel_multi_index(tuple(whole), mesh.shape)) if inside else np.zeros(size, dtype=np.int64)
    if np.unique(flat).size != size:
        raise FileError(f"{table}: the positions of its voxels are not those of the mesh in {path.name}; the two files do not belong together")
    moved = int((flat != np.arange(size)).sum())
    substrates = [_substrate(path, one, matrix[4 + n], flat, mesh) for n, one in enumerate(variables)]
    return substrates, [f"{moved} voxels stood in another order than x fastest and were placed by their coordinates"] if moved else []


def _substrate(path: Path, variable: Element, row: np.ndarray, flat: np.ndarray, mesh: Mesh) -> RawSubstrate:
    values = np.empty(row.size)
    values[flat] = row
    diffusion, decay = (_need(path, variable, f"physical_parameter_set/{one}") for one in ("diffusion_coefficient", "decay_rate"))
    diffusivity = _number(path, diffusion) / _unit(path, diffusion, {"micron^2/min": 60.0})
    rate = _number(path, decay) / _unit(path, decay, {"1/min": 60.0})
    return RawSubstrate(variable.get("name", ""), variable.get("units", ""), diffusivity, rate, values.reshape(mesh.shape))


def _label_rows(path: Path, simplified: Element) -> dict[str, tuple[int, int, str]]:
    """First row, number of rows and unit of each label; of a name that repeats the first."""
    rows: dict[str, tuple[int, int, str]] = {}
    for one in simplified.findall("labels/label"):
        index, size = (int(_number(path, one, one.get(key))) for key in ("index", "size"))
        rows.setdefault((one.text or "").strip(), (index, size, one.get("units", "")))
    if not rows:
        raise FileError(f"{path}: there are no labels that say what the rows of the cell matrix are")
    return rows


def _matrix(path: Path, node: Element, variable: str) -> tuple[Path, np.ndarray]:
    """The matrix of the .mat file that a node names, which is sought beside the XML."""
    from scipy.io import loadmat

    name = Path((_need(path, node, "filename").text or "").strip()).name
    table = path.parent / name
    if not name or not table.is_file():
        raise FileError(f"{table}: no such file; {path.name} names it, so put it beside that file")
    try:
        found = loadmat(table, variable_names=[variable])
    except Exception as error:  # loadmat lets through whatever a damaged file leads it to
        raise FileError(f"{table}: not a readable .mat file, or one cut short ({str(error)[:80] or type(error).__name__})") from None
    matrix = found.get(variable)
    if matrix is None or matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise FileError(f"{table}: holds no matrix '{variable}'; is it the file of another part of the output?")
    return table, np.asarray(matrix)


def _need(path: Path, node: Element, name: str) -> Element:
    found = node.find(name)
    if found is None:
        raise FileError(f"{path}: <{node.tag}> holds no {name}; is this PhysiCell output of version 2?")
    return found


def _number(path: Path, node: Element, text: str | None = None) -> float:
    text = node.text if text is None else text
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FileError(f"{path}: <{node.tag}> holds '{(text or '').strip()[:40]}' where a finite number is expected")
    return value


def _unit(path: Path, node: Element, known: dict[str, float]) -> float:
    unit = node.get("units", "")
    if unit not in known:
        raise FileError(f"{path}: <{node.tag}> is in '{unit}'; known: {', '.join(known)}")
    return known[unit]
