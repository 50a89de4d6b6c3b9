"""`tmefield plot`: the overview picture of a result."""

from pathlib import Path
from typing import Annotated

import typer

from .source import ForceOption
from .targets import checked_target, result_file

ResultArgument = Annotated[Path, typer.Argument(metavar="RESULT", help="A result: fields.nc, or the folder that holds it.")]
PictureOption = Annotated[Path | None, typer.Option("--out", "-o", help="The picture (default: overview.png beside the result).")]


def plot(result: ResultArgument, out: PictureOption = None, force: ForceOption = False) -> None:
    """Draw slices and profiles of every species as a PNG."""
    source = result_file(result)
    target = checked_target(out or source.with_name("overview.png"), force=force)

    from ..output.plots import overview
    from ..output.reading import read_netcdf

    overview(read_netcdf(source), target)
    print(target)
