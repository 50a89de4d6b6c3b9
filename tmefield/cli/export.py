"""`tmefield export`: a result or a network in another format."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .source import ForceOption, UnitOption
from .targets import checked_target, result_file
from .vessels import NetworkOption, SourceArgument, is_result, network_lines, refuse_unit, result_lines

VtiOption = Annotated[bool, typer.Option("--vti", help="The fields of a result as VTK ImageData (the default of a result).")]
VtpOption = Annotated[bool, typer.Option("--vtp", help="The vessels as lines, VTK PolyData (the default of a network).")]
VtuOption = Annotated[bool, typer.Option("--vtu", help="The vessels as lines, VTK UnstructuredGrid, for programs that do not read .vtp.")]
FileOption = Annotated[Path | None, typer.Option("--out", "-o", help="The file (default: beside the source, with the suffix of the format).")]


def export(
    source: SourceArgument,
    out: FileOption = None,
    vti: VtiOption = False,
    vtp: VtpOption = False,
    vtu: VtuOption = False,
    network: NetworkOption = None,
    unit: UnitOption = None,
    force: ForceOption = False,
) -> None:
    """Write the fields of a result, its vessels with the concentrations at their walls, or a network, for ParaView and the like."""
    asked = [name for name, wanted in (("vti", vti), ("vtp", vtp), ("vtu", vtu)) if wanted]
    if len(asked) > 1:
        raise InputError(f"--{asked[0]} and --{asked[1]} are two files; write one at a time")
    fields_of = is_result(source)
    kind = asked[0] if asked else "vti" if fields_of and network is None else "vtp"
    if network is not None and (kind == "vti" or not fields_of):
        raise InputError("--network goes with a result and --vtp or --vtu")
    if kind == "vti" and not fields_of:
        raise InputError(f"{source}: --vti writes the fields of a result; a network is written with --vtp or --vtu")
    if fields_of:
        refuse_unit(network, unit)
    file = result_file(Path(source)) if fields_of else Path(source)
    target = checked_target(out or file.with_suffix(f".{kind}"), force=force)
    if kind == "vti":
        from ..output.reading import read_netcdf
        from ..output.vti import write_vti

        write_vti(read_netcdf(file), target)
    else:
        _write_vessels(source, file, target, kind, network, unit)
    print(target)


def _write_vessels(source: str, file: Path, target: Path, kind: str, network: str | None, unit: str | None) -> None:
    from ..output.reading import read_netcdf
    from ..output.vtp import write_vtp, write_vtu

    lines = result_lines(read_netcdf(file), network, unit) if is_result(source) else network_lines(source, unit)
    (write_vtp if kind == "vtp" else write_vtu)(lines, target)
