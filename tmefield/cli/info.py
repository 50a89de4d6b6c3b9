"""`tmefield info`: what the library, a network or a result holds."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import FileError, InputError
from .source import JsonOption, UnitOption

NameArgument = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A species (IFNg), a cell type (CD8_T), a result (.nc) or a vessel network.")]


RadiusFieldOption = Annotated[str | None, typer.Option("--radius-field", help="For a network in VTK or Amira files: the array that is the radius.")]
DefaultRadiusOption = Annotated[str | None, typer.Option("--default-radius", help="For segments without a radius, e.g. '3 um'.")]


def info(
    name: NameArgument = None,
    unit: UnitOption = None,
    radius_field: RadiusFieldOption = None,
    default_radius: DefaultRadiusOption = None,
    json: JsonOption = False,
) -> None:
    """Show a species or cell type with its sources, or sum up a file; without a name, list the library."""
    if name is None:
        _print_index(json)
    elif _is_file(name):
        _print_file(Path(name), unit, radius_field, default_radius, json)
    else:
        _print_record(name, json)


def _is_file(name: str) -> bool:
    path = Path(name)
    return path.exists() or path.suffix.lower() in (".nc", ".dat", ".dgf", ".swc", ".csv", ".vtp", ".vtu", ".vtk", ".am", ".h5") or "/" in name


def _print_index(json: bool) -> None:
    from .. import library
    from ..library.render import render_index
    from .console import print_json

    if json:
        print_json({"species": list(library.species_ids()), "cell_types": list(library.cell_type_ids())})
    else:
        print(render_index())


def _print_record(name: str, json: bool) -> None:
    from dataclasses import asdict

    from .. import library
    from ..library.render import render_cell_type, render_species
    from .console import print_json

    try:
        record = library.species(name)
    except InputError as unknown_species:
        try:
            cell = library.cell_type(name)
        except InputError as unknown_cell:
            raise InputError(f"{unknown_species}; {unknown_cell}") from None
        if json:
            print_json(asdict(cell))
        else:
            print(render_cell_type(cell))
        return
    if json:
        print_json(asdict(record))
    else:
        print(render_species(record))


def _print_network(path: Path, unit: str | None, radius_field: str | None, default_radius: str | None) -> None:
    """The network with all that is wrong in it counted, not only the first thing."""
    from .. import units
    from ..vessels.network import VesselNetwork

    radius = None if default_radius is None else units.parse(default_radius, "length", key="--default-radius")
    network = VesselNetwork.read(path, unit=unit, radius_field=radius_field, default_radius=radius, repair=True)
    print(network.report())
    if network.meta["repairs"]:
        print("  a run mends these only with vessels.repair = true")


def _print_file(path: Path, unit: str | None, radius_field: str | None, default_radius: str | None, json: bool) -> None:
    from .console import print_json, table
    from .targets import result_file

    if not path.exists():
        raise FileError(f"{path}: no such file")
    if path.is_dir():
        path = result_file(path)
    if path.suffix.lower() != ".nc":
        _print_network(path, unit, radius_field, default_radius)
        return
    from ..output.fieldset import TISSUES
    from ..output.reading import read_netcdf

    fields = read_netcdf(path)
    rows = {}
    for index, one in enumerate(fields.species):
        last = fields.concentration[-1, index]
        if fields.labels is not None:  # the tissue: a lumen holds plasma
            last = last[fields.labels != TISSUES.index("vessel_lumen")]
        rows[one] = {"mean_nM": float(last.mean()), "min_nM": float(last.min()), "max_nM": float(last.max())}
    if json:
        print_json({"shape_zyx": list(fields.grid.shape), "spacing_um_zyx": list(fields.grid.spacing), "species": rows, "attributes": dict(fields.attributes)})
        return
    shape = " x ".join(str(n) for n in fields.grid.shape)
    print(f"{fields.attributes.get('title', path.name)}\n{shape} voxels (z, y, x) of {fields.grid.spacing} um, {fields.times.size} time(s)")
    for key in ("history", "source", "config_sha256"):
        if key in fields.attributes:
            print(f"{key}: {fields.attributes[key]}")
    print(table(["species", "mean pM", "min pM", "max pM"], [[one, *(f"{1e3 * value:.4g}" for value in row.values())] for one, row in rows.items()]))
