"""What the INPUT of a command means: the demonstration, a configuration, or a vessel network with assumed cells."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import FileError, InputError

if TYPE_CHECKING:
    from ..config.load import Loaded, LoadedOutcome

InputArgument = Annotated[str, typer.Argument(metavar="INPUT", help="A configuration (.toml), 'demo', or a vessel network (with --spacing).")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace one value, e.g. --set grid.spacing='10 um' or --set species.IFNg.decay='0.2/h'."),
]
SpacingOption = Annotated[str | None, typer.Option("--spacing", help="For a vessel network: voxel size with unit, e.g. '5 um'.")]
UnitOption = Annotated[str | None, typer.Option("--unit", help="For a vessel network whose format has no unit: um, mm or m.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite results of another run.")]


def load_input(name: str, overrides: list[str] | None, *, out: Path | None = None, spacing: str | None = None, unit: str | None = None) -> "Loaded":
    """The checked configuration that an INPUT stands for.

    **Raises** `FileError` where there is no such file, `InputError` for a bad configuration, one of an outcome, or a network without spacing.
    """
    from ..config.load import of_fields

    return of_fields(load_any(name, overrides, out=out, spacing=spacing, unit=unit))


def load_any(
    name: str, overrides: list[str] | None, *, out: Path | None = None, spacing: str | None = None, unit: str | None = None
) -> "Loaded | LoadedOutcome":
    """As `load_input`; of an outcome too."""
    from ..config.load import load_case, parse_config
    from ..config.starters import network_config, quoted, template

    changes = [*(overrides or [])]
    if out is not None:
        changes.append(f"output.folder={quoted(str(out))}")
    path = Path(name)
    if path.suffix.lower() == ".toml" or (name != "demo" and not path.exists()):
        if path.suffix.lower() != ".toml":
            raise FileError(f"{name}: no such file. Give a configuration (.toml), a vessel network, or 'demo'")
        _refuse_shorthand(name, spacing, unit)
        return load_case(path, changes)
    if name == "demo" and not path.is_file():
        _refuse_shorthand(name, None, unit)
        return parse_config(template("demo"), [*([f"grid.spacing={quoted(spacing)}"] if spacing else []), *changes], folder=Path(), source="demo")
    if path.is_dir():
        raise InputError(f"{name} is a folder. Give a configuration (.toml), a vessel network, or 'demo'")
    if spacing is None:
        raise InputError(f"{name}: for a vessel network say how large the voxels shall be, e.g. --spacing '5 um' (a configuration's name ends in .toml)")
    text = network_config(path.name, title=f"Cytokine fields around {path.name}", spacing=spacing, unit=unit)
    return parse_config(text, changes, folder=path.parent, source=path.name)


def _refuse_shorthand(name: str, spacing: str | None, unit: str | None) -> None:
    for option, value, key in (("--spacing", spacing, "grid.spacing"), ("--unit", unit, "vessels.unit")):
        if value is not None:
            raise InputError(f"{option} goes with a vessel network; for {name} use --set {key}='{value}'")
