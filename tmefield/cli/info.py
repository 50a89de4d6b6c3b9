"""`tmefield info`: what the library or a file holds."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import FileError, InputError
from .info_conflicts import print_conflicts
from .info_regulation import print_effects, print_network
from .info_response import response_lines, response_named, response_text
from .source import ForceOption, JsonOption

NameArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="A species (IFNg), a cell type (CD8_T), a drug (tocilizumab), 'network', 'effects', 'populations', an edge (IL10-TNF), a response (pSTAT1), "
        "'conflicts', or a file: a result, vessels, cells, labels, PhysiCell output.",
    ),
]
PictureOption = Annotated[Path | None, typer.Option("--out", "-o", help="With 'network': draw the regulation network as this PNG.")]
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
    out: PictureOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Show a species, a cell type, a drug, the regulation network or an edge of it with sources, or sum up a file; without a name, list the library."""
    if out is not None and name != "network":
        raise InputError("--out draws the regulation network: tmefield info network --out network.png")
    if name is None:
        _print_index(json)
    elif name == "conflicts":
        print_conflicts(json)
    elif name == "network":
        print_network(out, force=force, json=json)
    elif name == "effects":
        print_effects(json=json)
    elif name == "populations":
        _print_populations(json)
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
        from ..response.catalogue import response_names

        listed = {"species": library.species_ids(), "cell_types": library.cell_type_ids(), "drugs": library.drug_ids(), "responses": response_names()}
        print_json({key: list(names) for key, names in listed.items()})
    else:
        *lines, last = render_index().splitlines()
        print("\n".join([*lines, *response_lines(), "", last]))


def _print_populations(json: bool) -> None:
    from dataclasses import asdict

    from .. import library
    from ..library.render_populations import render_populations
    from .console import print_json

    if json:
        print_json({"populations": [asdict(one) for one in library.population_rates().values()]})
    else:
        print(render_populations())


def _print_record(name: str, json: bool) -> None:
    from dataclasses import asdict

    from .. import library
    from ..library.render import render_cell_type, render_species
    from ..library.render_drug import render_drug
    from ..library.render_network import render_edge
    from .console import print_json

    kinds = (
        (library.species, render_species),
        (library.cell_type, render_cell_type),
        (library.drug, render_drug),
        (response_named, response_text),
        (library.edge, render_edge),
    )
    meant = []
    for lookup, render in kinds:
        try:
            record: Any = lookup(name)
        except InputError as error:
            meant += re.findall(r"did you mean '([^']+)'", str(error))
            continue
        if json:
            print_json(asdict(record))
        else:
            print(render(record))
        return
    if meant:
        raise InputError(f"unknown name '{name}'; did you mean {' or '.join(repr(one) for one in dict.fromkeys(meant))}?")
    raise InputError(
        f"unknown name '{name}': tmefield info lists species, cell types, drugs and responses; tmefield info network, effects and populations list those"
    )


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
