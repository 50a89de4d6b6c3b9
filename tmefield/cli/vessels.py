"""Vessels that commands draw and export: of a network file, of a configuration, or of a result."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import FileError, InputError

if TYPE_CHECKING:
    from ..output.fieldset import FieldSet
    from ..output.vessel_lines import VesselLines

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A result (fields.nc or its folder, arm-NAME.nc of an outcome), a vessel network, a configuration with vessels, or 'demo'.",
    ),
]
NetworkOption = Annotated[str | None, typer.Option("--network", help="With a result: the network (or configuration) instead of the vessels in the result.")]
ColourOption = Annotated[
    str | None, typer.Option("--colour", help="Of vessels: radius, flow, hd, pressure, or with a result a species at their walls, e.g. IFNg.")
]


def is_result(source: str) -> bool:
    """Whether a name stands for a result: a folder or a NetCDF file."""
    return Path(source).is_dir() or Path(source).suffix.lower() == ".nc"


def network_lines(source: str, unit: str | None) -> "VesselLines":
    """The vessels of a network file, or those that a configuration reads or makes.

    **Raises** `FileError` where there is no such file or it cannot be read, `InputError` for a configuration without vessels.
    """
    from ..output.vessel_lines import VesselLines

    path = Path(source)
    if path.suffix.lower() == ".toml" or (source == "demo" and not path.is_file()):
        from ..config.prepare import prepare
        from .source import load_input

        inputs = prepare(load_input(source, None, unit=unit))
        if inputs.network is None:
            raise InputError(f"{source}: the configuration has no [vessels]")
        return replace(VesselLines.of_network(inputs.network), title=inputs.loaded.config.title)
    if not path.is_file():
        raise FileError(f"{source}: no such file. Give a result, a vessel network, a configuration (.toml), or 'demo'")

    from ..vessels.network import VesselNetwork

    return VesselLines.of_network(VesselNetwork.read(path, unit=unit))


def refuse_unit(network: str | None, unit: str | None) -> None:
    """A unit for a result without a network is refused: what it holds is in um."""
    if network is None and unit is not None:
        raise InputError("--unit goes with --network; the vessels in a result are in um")


def result_lines(fields: "FieldSet", network: str | None, unit: str | None) -> "VesselLines":
    """The vessels of a result, or the given network, with the last concentrations of every species at their walls."""
    from ..output.vessel_lines import VesselLines

    lines = VesselLines.of_result(fields) if network is None else network_lines(network, unit)
    return lines.with_species(fields)
