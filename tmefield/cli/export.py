"""`tmefield export`: a result in another format."""

from pathlib import Path
from typing import Annotated

import typer

from .plot import ResultArgument
from .source import ForceOption
from .targets import checked_target, result_file

VtiOption = Annotated[bool, typer.Option("--vti", help="VTK ImageData for ParaView, 3D Slicer and the like (the only format so far, and the default).")]
ImageOption = Annotated[Path | None, typer.Option("--out", "-o", help="The file (default: beside the result, with the suffix .vti).")]


def export(result: ResultArgument, out: ImageOption = None, vti: VtiOption = True, force: ForceOption = False) -> None:
    """Write a result as VTK ImageData (.vti)."""
    source = result_file(result)
    target = checked_target(out or source.with_suffix(".vti"), force=force)

    from ..output.reading import read_netcdf
    from ..output.vti import write_vti

    write_vti(read_netcdf(source), target)
    print(target)
