"""`tmefield info`: what the library or a file holds."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import FileError, InputError
from .source import JsonOption

NameArgument = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="A species (IFNg), cell type (CD8_T), drug (tocilizumab), or a file: a result, vessels, cells, labels, PhysiCell."),
]
UnitOption = Annotated[str | None, typer.Option("--unit", help="For vessels or cells whose file has no unit: um, mm or m.")]
RadiusFieldOption = Annotated[str | None, typer.Option("--radius-field", help="For a network in VTK or Amira files: the array that is the radius.")]
DefaultRadiusOption = Annotated[str | None, typer.Option("--default-radius", help="For vessel segments without a radius, e.g. '3 um'.")]
PixelOption = Annotated[str | None, typer.Option("--pixel-size", help="For cells or labels in pixels and vessels in voxels: e.g. '0.5 um'.")]

_SUFFIXES = (
    *(".nc", ".dat", ".dgf", ".swc", ".vtp", ".vtu", ".vtk", ".am", ".h5", ".csv", ".tsv"),
    *(".h5ad", ".xml", ".mat", ".tif", ".tiff", ".nii", ".gz", ".nrrd", ".nhdr"),
)


def info(
    name: NameArgument = None,
    unit: UnitOption = None,
    pixel_size: PixelOption = None,
    radius_field: RadiusFieldOption = None,
    default_radius: DefaultRadiusOption = None,
    json: JsonOption = False,
) -> None:
    """Show a species, cell type or drug with its sources, or sum up a file; without a name, list the library."""
    if name is None:
        _print_index(json)
    elif _is_file(name):
        lengths = {"--pixel-size": pixel_size, "--default-radius": default_radius}
        _print_file(Path(name), unit, lengths, radius_field, json)
    else:
        _print_record(name, json)


def _is_file(name: str) -> bool:
    path = Path(name)
    return path.exists() or path.suffix.lower() in _SUFFIXES or "/" in name


def _print_index(json: bool) -> None:
    from .. import library
    from ..library.render import render_index
    from .console import print_json

    if json:
        print_json({"species": list(library.species_ids()), "cell_types": list(library.cell_type_ids()), "drugs": list(library.drug_ids())})
    else:
        print(render_index())


def _print_record(name: str, json: bool) -> None:
    from dataclasses import asdict

    from .. import library
    from ..library.render import render_cell_type, render_species
    from ..library.render_drug import render_drug
    from .console import print_json

    unknown = []
    for lookup, render in ((library.species, render_species), (library.cell_type, render_cell_type), (library.drug, render_drug)):
        try:
            record: Any = lookup(name)
        except InputError as error:
            unknown.append(str(error))
            continue
        if json:
            print_json(asdict(record))
        else:
            print(render(record))
        return
    raise InputError("; ".join(unknown))


def _print_file(path: Path, unit: str | None, lengths: dict[str, str | None], radius_field: str | None, json: bool) -> None:
    from .. import units
    from .console import print_json
    from .describe import describe

    if not path.exists():
        raise FileError(f"{path}: no such file")
    pixel_size, default_radius = (None if given is None else units.parse(given, "length", key=key) for key, given in lengths.items())
    description = describe(path, unit=unit, pixel_size=pixel_size, radius_field=radius_field, default_radius=default_radius)
    if json:
        print_json(description.facts)
    else:
        print(description.text)
