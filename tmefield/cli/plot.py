"""`tmefield plot`: the overview picture of a result, or a picture of its vessels or of a network."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .source import ForceOption, UnitOption
from .targets import PICTURE, beside, checked_target, result_file
from .vessels import ColourOption, NetworkOption, SourceArgument, is_result, network_lines, refuse_unit, result_lines

PictureOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="The picture (default: overview.png or vessels.png beside fields.nc, arm-A-overview.png beside arm-A.nc, NETWORK.png)."),
]


def plot(
    source: SourceArgument,
    out: PictureOption = None,
    colour: ColourOption = None,
    network: NetworkOption = None,
    unit: UnitOption = None,
    force: ForceOption = False,
) -> None:
    """Draw a PNG: of a result slices and profiles of every species, with --colour or --network its vessels in 3D; of a network its vessels."""
    if not is_result(source):
        if network is not None:
            raise InputError(f"--network goes with a result; {source} is a network itself")
        target = checked_target(out or Path(source).with_suffix(".png"), force=force)
        _draw(network_lines(source, unit), target, colour or "radius")
        return
    refuse_unit(network, unit)
    file = result_file(Path(source))
    if colour is None and network is None:
        target = checked_target(out or beside(file, PICTURE), force=force)

        from ..output.plots import overview
        from ..output.reading import read_netcdf

        overview(read_netcdf(file), target)
        print(target)
        return
    target = checked_target(out or beside(file, "vessels.png"), force=force)

    from ..output.reading import read_netcdf

    fields = read_netcdf(file)
    _draw(result_lines(fields, network, unit), target, colour or fields.species[0])


def _draw(lines, target: Path, colour: str) -> None:
    from ..output.network_picture import draw_network

    draw_network(lines, target, colour=colour)
    print(target)
