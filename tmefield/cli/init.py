"""`tmefield init`: a configuration to start from."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from ..errors import FileError, InputError, TmefieldError
from .source import ForceOption
from .targets import checked_target

PathArgument = Annotated[Path, typer.Argument(metavar="[FILE]", help="The configuration to write.")]
VesselsOption = Annotated[Path | None, typer.Option("--vessels", help="A vessel network to start from.")]
CellsOption = Annotated[Path | None, typer.Option("--cells", help="A cell table (CSV or h5ad) to start from; alone it makes a tissue section.")]
ColumnsOption = Annotated[str | None, typer.Option("--columns", help="Columns of the cell table, e.g. x=X_um,y=Y_um,type=phenotype (z=... in 3D).")]
PixelOption = Annotated[str | None, typer.Option("--pixel-size", help="Size of a pixel where cells are in pixels, e.g. '0.5 um'.")]
CellUnitOption = Annotated[Literal["um", "mm"] | None, typer.Option("--cell-unit", help="Unit of the cells' positions where they are lengths.")]
TypesOption = Annotated[str | None, typer.Option("--types", help="Cell types of the file, e.g. Tumor=tumour,Macrophage=M1.")]
SpacingOption = Annotated[str, typer.Option("--spacing", help="Voxel size with unit.")]
UnitOption = Annotated[Literal["um", "mm", "m"] | None, typer.Option("--unit", help="Unit of the vessel network where its format has none.")]
EndothelialOption = Annotated[str, typer.Option("--vessel-cells", help="In a section: cells of this type (as in the file) are vessels.")]
ThicknessOption = Annotated[str | None, typer.Option("--thickness", help="Thickness of the section, e.g. '5 um'.")]
DiameterOption = Annotated[str | None, typer.Option("--cell-diameter", help="Diameter of the cells in the section, e.g. '10 um'.")]
RadiusOption = Annotated[str | None, typer.Option("--vessel-radius", help="Radius of the vessels that cross the section, e.g. '5 um'.")]
PermeabilityOption = Annotated[str | None, typer.Option("--permeability", help="Of the vessel walls in a section, e.g. '1e-6 cm/s', or 'library'.")]
OutcomeOption = Annotated[bool, typer.Option("--outcome", help="One for the outcome of a tumour in arms of treatment.")]


def init(
    path: PathArgument = Path("tmefield.toml"),
    vessels: VesselsOption = None,
    cells: CellsOption = None,
    columns: ColumnsOption = None,
    pixel_size: PixelOption = None,
    cell_unit: CellUnitOption = None,
    types: TypesOption = None,
    spacing: SpacingOption = "5 um",
    unit: UnitOption = None,
    vessel_cells: EndothelialOption = "Endothelial",
    thickness: ThicknessOption = None,
    cell_diameter: DiameterOption = None,
    vessel_radius: RadiusOption = None,
    permeability: PermeabilityOption = None,
    outcome: OutcomeOption = False,
    force: ForceOption = False,
) -> None:
    """Write a commented configuration: the demonstration, one for your vessels, for a tissue section, or for the outcome of a tumour."""
    from ..config.starters import FILL_IN, cells_table, network_config, section_config, template
    from ..output.atomic import write_bytes

    if path.suffix.lower() != ".toml":
        raise InputError(f"{path}: a configuration ends in .toml; write {path.with_suffix('.toml')}")
    target = checked_target(path, force=force)
    for given in (vessels, cells):
        if given is not None and not given.is_file():
            raise FileError(f"{given}: no such file")
    if outcome and (vessels is not None or cells is not None):
        raise InputError("--outcome starts from densities in and around a tumour: leave out --vessels and --cells")
    table = None
    if cells is not None:
        mapping = _pairs(columns, "--columns", "x=X,y=Y,type=phenotype") if columns else _ask_for_columns(cells)
        table = cells_table(
            _seen_from(target, cells),
            columns=mapping,
            pixel_size=pixel_size,
            unit=cell_unit,
            types=_pairs(types, "--types", "Tumor=tumour") if types else {},
            found=_types_in(cells, mapping),
        )
    if vessels is not None:
        text = network_config(_seen_from(target, vessels), title=f"Cytokine fields around {vessels.name}", spacing=spacing, unit=unit, cells=table)
    elif cells is not None and table is not None:
        numbers = {"thickness": thickness, "cell_diameter": cell_diameter, "vessel_radius": vessel_radius, "permeability": permeability}
        text = section_config(table, title=f"Cytokine fields in the section {cells.name}", spacing=spacing, from_cells=vessel_cells, **numbers)
    else:
        text = template("outcome" if outcome else "demo")
    write_bytes(target, iter([text.encode()]))
    print(f"wrote {target}" + (f'; replace each "{FILL_IN}"' if FILL_IN in text else ""))
    mend = None if FILL_IN in text else _what_is_wrong(target)
    if mend:
        print(f"before it runs: {mend}", file=sys.stderr)
    print(f"next: tmefield validate {target}, then tmefield run {target}")


def _what_is_wrong(target: Path) -> str | None:
    """What validate would say of the new configuration, or None where it is ready to run."""
    from ..config.load import Loaded, load_case
    from ..config.prepare import prepare

    try:
        loaded = load_case(target)
        if isinstance(loaded, Loaded):
            prepare(loaded)
    except TmefieldError as error:
        return str(error)
    return None


def _ask_for_columns(cells: Path) -> NoReturn:
    """Refuse, with the columns that the table has."""
    from ..tissue.cells import Cells

    wanted = f"--columns is missing: say which columns of {cells} hold the positions and the type, such as --columns x=X,y=Y,type=phenotype"
    try:
        Cells.read(cells, x="\0", y="\0", type="\0", unit="um")
    except InputError as error:
        raise InputError(f"{wanted}; it has the columns:{str(error).partition('columns:')[2]}") from None
    raise InputError(wanted)


def _types_in(cells: Path, columns: dict[str, str]) -> str:
    """The cell types of a table with their counts, or why it cannot be read with these columns."""
    from ..tissue.cells import Cells

    if not {"x", "y", "type"} <= set(columns) <= {"x", "y", "z", "type"}:
        raise InputError(f"--columns: give x, y and type (and z in 3D); got {', '.join(columns)}")
    read = Cells.read(cells, x=columns["x"], y=columns["y"], z=columns.get("z"), type=columns["type"], unit="um")
    return ", ".join(f"{name} {count}" for name, count in read.counts().items())


def _seen_from(target: Path, file: Path) -> str:
    """The file's name as the configuration has to write it: relative to the configuration's folder."""
    try:
        return Path(os.path.relpath(file, target.parent)).as_posix()
    except ValueError:  # another drive
        return file.resolve().as_posix()


def _pairs(text: str | None, option: str, example: str) -> dict[str, str]:
    pairs = {}
    for part in (text or "").split(","):
        key, equals, value = part.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise InputError(f"{option}: expected pairs such as {example}; got {text!r}")
        pairs[key.strip()] = value.strip()
    return pairs
