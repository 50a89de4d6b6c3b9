"""What a file of cells holds: a table, an AnnData file, or PhysiCell output."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .description import Description, in_file_units, with_notes

if TYPE_CHECKING:
    from ..tissue.cells import Cells


def describe_cells(path: Path, unit: str | None, pixel_size: float | None) -> Description:
    """Cells by the preset that fits the header; in units of the file where their unit is not known; the columns where none fits."""
    from ..tissue.cells import Cells
    from ..tissue.readers.csv_table import table_header
    from ..tissue.readers.presets import fitting

    presets: list[str | None] = [None]
    if path.suffix.casefold() != ".h5ad":
        header = table_header(path, path.read_bytes())
        presets = [*fitting(header)]
        if not presets:
            return _columns_only(path, header)
    scale = {"unit": unit, "pixel_size": pixel_size}
    notes = [f"read with the preset '{presets[0]}'" + (f" (also fits: {', '.join(map(str, presets[1:]))})" if presets[1:] else "")] if presets[0] else []
    try:
        return _description(Cells.read(path, preset=presets[0], **scale), notes)
    except InputError as error:
        if unit is not None or pixel_size is not None:
            raise
        reason = str(error).removeprefix(f"{path}: ")
    # One um for each unit, so that the numbers are those of the file.
    cells = Cells.read(path, preset=presets[0], pixel_size=1.0)
    notes.append(f"{reason}; shown in the unit of the file: give --pixel-size '0.5 um', or --unit um")
    return _description(cells, notes, unit_known=False)


def _columns_only(path: Path, header: list[str]) -> Description:
    rows = sum(1 for line in path.read_bytes().splitlines() if line.strip()) - 1
    told = f"{path.name}: a table of {rows} rows that no preset fits; in a configuration name its columns with cells.columns = {{ x, y, z, type }}"
    return Description(f"{told}\n  columns: {', '.join(header)}", {"kind": "table", "rows": rows, "columns": header})


def describe_snapshot(path: Path) -> Description:
    """Cells and microenvironment of PhysiCell output."""
    from ..tissue.cells import Cells
    from ..tissue.microenvironment import Microenvironment

    cells = _description(Cells.read(path), [])
    around = Microenvironment.read(path)
    substrates = {
        name: {"min": float(one.values.min()), "max": float(one.values.max()), "unit": one.unit, "diffusivity_um2_s": one.diffusivity, "decay_1_s": one.decay}
        for name, one in around.substrates.items()
    }
    grid = {"shape_zyx": list(around.grid.shape), "spacing_um_zyx": list(around.grid.spacing), "origin_um_zyx": list(around.grid.origin)}
    return Description(f"{cells.text}\n{around.report()}", {**cells.facts, "time_s": around.time, "grid": grid, "substrates": substrates})


def _description(cells: "Cells", notes: list[str], *, unit_known: bool = True) -> Description:
    low, high = cells.box()
    facts = {
        "kind": "cells",
        "cells": len(cells),
        "types": cells.counts(),
        "planar": cells.planar,
        "box_um" if unit_known else "box_unit": [low.tolist(), high.tolist()],
        "notes": [*notes, *cells.meta.get("notes", ())],
    }
    report = cells.report() if unit_known else in_file_units(cells.report())
    return Description(with_notes(report, notes), facts)
