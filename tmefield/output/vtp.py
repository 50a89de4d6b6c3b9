"""Vessel networks as lines for ParaView and the like: VTK PolyData (.vtp) or UnstructuredGrid (.vtu)."""

import os
from pathlib import Path

import numpy as np

from .vessel_lines import VesselLines
from .vtk_xml import Appended

_VTK_LINE = 3


def write_vtp(lines: VesselLines, path: str | os.PathLike) -> Path:
    """Write the segments as lines of a VTK PolyData file, in um; returns the path.

    Every segment is one line of two points, and segments that meet share the point. At the lines: `radius` and all of
    `lines.on_segments`; at the points: `radius`, the mean of the lines that meet there, for tubes (ParaView: filter Tube, Vary
    Radius By Absolute Scalar), and all of `lines.on_points`. Numbers are float64, bit for bit, zlib-compressed and appended raw.

    **Raises** `FileError` if the file cannot be written.
    """
    appended = Appended()
    count = len(lines.radius)
    cells = _tags(appended, [("connectivity", lines.ends.ravel()), ("offsets", 2 * np.arange(1, count + 1))])
    body = f"""  <PolyData>
    <Piece NumberOfPoints="{len(lines.points)}" NumberOfVerts="0" NumberOfLines="{count}" NumberOfStrips="0" NumberOfPolys="0">
{_points_and_data(appended, lines)}      <Lines>
{cells}      </Lines>
    </Piece>
  </PolyData>
"""
    return appended.write(path, "PolyData", body)


def write_vtu(lines: VesselLines, path: str | os.PathLike) -> Path:
    """The same lines and arrays as `write_vtp` as cells of a VTK UnstructuredGrid file, for programs that do not read PolyData (meshio).

    **Raises** `FileError` if the file cannot be written.
    """
    appended = Appended()
    count = len(lines.radius)
    kinds = np.full(count, _VTK_LINE, np.uint8)
    cells = _tags(appended, [("connectivity", lines.ends.ravel()), ("offsets", 2 * np.arange(1, count + 1)), ("types", kinds)])
    body = f"""  <UnstructuredGrid>
    <Piece NumberOfPoints="{len(lines.points)}" NumberOfCells="{count}">
{_points_and_data(appended, lines)}      <Cells>
{cells}      </Cells>
    </Piece>
  </UnstructuredGrid>
"""
    return appended.write(path, "UnstructuredGrid", body)


def _tags(appended: Appended, arrays: list[tuple[str, np.ndarray]]) -> str:
    return "".join(appended.tag(name, values if values.dtype == np.uint8 else values.astype(np.int64)) for name, values in arrays)


def _points_and_data(appended: Appended, lines: VesselLines) -> str:
    points = appended.tag("Points", np.asarray(lines.points, np.float64), units="um", components=3)
    parts = [f"      <Points>\n{points}      </Points>\n"]
    for place, radius, arrays in (("PointData", lines.point_radius, lines.on_points), ("CellData", lines.radius, lines.on_segments)):
        tags = appended.tag("radius", np.asarray(radius, np.float64), units="um")
        for name, entry in arrays.items():
            whole = entry.values.dtype.kind in "iu"
            tags += appended.tag(name, entry.values.astype(np.int64 if whole else np.float64), units=entry.units)
        parts.append(f'      <{place} Scalars="radius">\n{tags}      </{place}>\n')
    return "".join(parts)
