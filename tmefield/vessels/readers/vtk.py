"""Lines of VTK files: PolyData (.vtp), UnstructuredGrid (.vtu) and legacy .vtk, read with the vtk package."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import FileError, InputError
from .polyline import choose_radius, end_mean, expand
from .raw import RawNetwork

_XML_TYPE = re.compile(rb"<VTKFile[^>]*\btype\s*=\s*[\"'](\w+)[\"']")
_LINE_CELLS = (3, 4)  # VTK_LINE, VTK_POLY_LINE
_KINDS = ("PolyData", "UnstructuredGrid")


def is_vtk(head: bytes) -> bool:
    """Whether the first bytes are those of a VTK file, XML or legacy."""
    return b"<VTKFile" in head or head.lstrip().lower().startswith(b"# vtk datafile")


def read_vtk(path: Path, head: bytes, *, radius_field: str | None, is_diameter: bool, default_radius: float | None) -> RawNetwork:
    """The polylines of a VTK file as segments, with `branch_id` the polyline; other cells are counted and left out.

    Lines need not share their points, so points at one place are one node (`clean` joins them). `radius_field` names an array
    at the points (a segment has the mean of its ends) or at the cells.

    **Raises** `FileError` for a file that VTK cannot read, of another kind or without lines; `InputError` where the array of radii is
    not named or not there, and where the vtk package is missing.
    """
    data = _load(path, head)
    lines, cells = _lines(data)
    if not lines:
        raise FileError(f"{path}: there are no lines in the file ({data.GetNumberOfPoints()} points, {data.GetNumberOfCells()} cells of other kinds)")
    pairs, branch = expand(lines)
    positions = _numbers(data.GetPoints().GetData())
    others = data.GetNumberOfCells() - len(lines)
    return RawNetwork(
        path=path,
        format="VTK lines",
        names=[str(index) for index in range(len(positions))],
        positions=positions,
        node_lines=list(range(len(positions))),
        ends=[(str(a), str(b)) for a, b in pairs.tolist()],
        radius=_radius(path, data, pairs, cells[branch], radius_field, default_radius) / (2 if is_diameter else 1),
        edge_lines=cells[branch].tolist(),
        branch_id=branch,
        notes=[f"{others} cells that are no lines are left out"] if others else [],
        node_word="point",
        edge_word="cell",
        join=True,
    )


def _load(path: Path, head: bytes) -> Any:
    """The data set of a file, with what VTK says of it in the error instead of on the screen."""
    try:
        from vtkmodules.vtkCommonCore import vtkLogger, vtkObject, vtkOutputWindow, vtkStringOutputWindow
        from vtkmodules.vtkIOLegacy import vtkGenericDataObjectReader
        from vtkmodules.vtkIOXML import vtkXMLPolyDataReader, vtkXMLUnstructuredGridReader
    except ImportError:
        raise InputError(f'{path}: VTK files need the vtk package: pip install "tmefield[viz]"') from None
    readers = {"PolyData": vtkXMLPolyDataReader, "UnstructuredGrid": vtkXMLUnstructuredGridReader}
    found = _XML_TYPE.search(head)
    kind = found[1].decode() if found else None
    if kind is not None and kind not in readers:
        raise FileError(f"{path}: a VTK file of the kind {kind}; vessels are read from lines in {' or '.join(_KINDS)}")
    reader = vtkGenericDataObjectReader() if kind is None else readers[kind]()
    shown, said, level = vtkOutputWindow.GetInstance(), vtkStringOutputWindow(), vtkLogger.GetCurrentVerbosityCutoff()
    displayed = vtkObject.GetGlobalWarningDisplay()
    vtkOutputWindow.SetInstance(said)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOn()  # where a program has turned warnings off, VTK gives a damaged file back as an empty one
    try:
        reader.SetFileName(str(path))
        reader.Update()
    finally:
        vtkOutputWindow.SetInstance(shown)
        vtkLogger.SetStderrVerbosity(level)
        vtkObject.SetGlobalWarningDisplay(displayed)
    data, complaint = reader.GetOutput(), said.GetOutput()
    if complaint or data is None or not hasattr(data, "GetNumberOfCells"):
        reasons = [line.split("): ", 1)[1].strip() for line in complaint.splitlines() if "): " in line]
        reason = reasons[0][:200] if reasons else "no data in it"
        raise FileError(f"{path}: VTK cannot read the file ({reason}); is it cut short?")
    if data.GetClassName() not in (f"vtk{one}" for one in _KINDS):
        raise FileError(f"{path}: a VTK file of the kind {data.GetClassName()}; vessels are read from lines in {' or '.join(_KINDS)}")
    return data


def _lines(data: Any) -> tuple[list[np.ndarray], np.ndarray]:
    """Points of each line, and the cell that it is."""
    from vtkmodules.vtkCommonCore import vtkIdList

    ids, lines, cells = vtkIdList(), [], []
    for cell in range(data.GetNumberOfCells()):
        if data.GetCellType(cell) in _LINE_CELLS:
            data.GetCellPoints(cell, ids)
            lines.append(np.array([ids.GetId(index) for index in range(ids.GetNumberOfIds())], dtype=np.int64))
            cells.append(cell)
    return lines, np.array(cells, dtype=np.int64)


def _radius(path: Path, data: Any, pairs: np.ndarray, cells: np.ndarray, asked: str | None, default_radius: float | None) -> np.ndarray:
    """Radius or diameter of each segment, NaN where the default is to serve."""
    fields = {"points": data.GetPointData(), "cells": data.GetCellData()}
    arrays = [(place, values.GetArray(index)) for place, values in fields.items() for index in range(values.GetNumberOfArrays())]
    arrays = [(place, array) for place, array in arrays if array is not None]
    name = choose_radius(path, [str(array.GetName()) for _, array in arrays], asked, default_radius)
    if name is None:
        return np.full(len(pairs), np.nan)
    # Where points and cells both have it, the cells' is the segment's own; a point's is a mean where vessels branch.
    place, array = min(((place, array) for place, array in arrays if array.GetName() == name), key=lambda one: one[0])
    if array.GetNumberOfComponents() != 1:
        raise InputError(f"{path}: the array '{name}' holds {array.GetNumberOfComponents()} numbers for each of the {place}; a radius is one number")
    values = _numbers(array)
    return end_mean(values[pairs[:, 0]], values[pairs[:, 1]]) if place == "points" else values[cells]


def _numbers(array: Any) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return np.array(vtk_to_numpy(array), dtype=np.float64)
