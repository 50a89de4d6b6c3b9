"""The output folder of a run: checked before the work, filled only when all of it is there."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.load import Loaded
from ..errors import FileError, InputError
from ..output.fieldset import FieldSet
from .targets import CELLS, IMAGE, NETCDF, PICTURE, READOUTS, SUMMARY

if TYPE_CHECKING:
    from ..config.readouts import Readouts


def check_folder(loaded: Loaded, *, force: bool) -> None:
    """Refuse a folder that cannot be written, or that holds the results of a different configuration.

    **Raises** `FileError` or `InputError`, each with the remedy.
    """
    folder = Path(loaded.config.output.folder)
    check_writable(folder)
    cells = [CELLS[format]] if (format := cells_format(loaded)) else []
    taken = [name for name in (NETCDF, PICTURE, READOUTS, IMAGE, SUMMARY, *cells) if (folder / name).exists()]
    if taken and not force and _hash_of(folder) != loaded.sha256():
        raise InputError(f"{folder} already holds {', '.join(taken)} of another run; choose another folder with --out, or overwrite with --force")


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written.

    **Raises** `FileError` with the remedy.
    """
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder}: is a file, not a folder; choose another with --out")
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent if nearest.parent != nearest else Path()
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise FileError(f"{nearest}: no permission to write here; choose another folder with --out")


def cells_format(loaded: Loaded) -> str | None:
    """The format of the table of cells that the configuration asks for."""
    asked = loaded.config.readouts.cells
    return "csv" if asked is True else asked or None


def _hash_of(folder: Path) -> str | None:
    """The configuration's hash in an earlier summary."""
    try:
        value = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value.get("config_sha256") if isinstance(value, dict) else None


def check_disk(folder: Path, need: int) -> None:
    """Refuse to start writing what the disk cannot hold.

    **Raises** `FileError`.
    """
    free = shutil.disk_usage(folder).free
    if need > free:
        raise FileError(f"{folder}: the disk has {free / 1e9:.2f} GB free and the results may need {need / 1e9:.2f} GB; choose another folder with --out")


def write_results(fields: FieldSet, report: dict, loaded: Loaded, readouts: "Readouts") -> list[Path]:
    """Write all that the configuration asks for and return the paths; on any error the folder stays as it was."""
    output = loaded.config.output
    folder = Path(output.folder)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    work = None
    try:
        work = Path(tempfile.mkdtemp(prefix=".tmefield-", dir=folder))
        names = _write_into(work, fields, report, loaded, readouts)
        for name in names:
            os.replace(work / name, folder / name)
    except BaseException:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)
    return [folder / name for name in names]


def _write_into(work: Path, fields: FieldSet, report: dict, loaded: Loaded, readouts: "Readouts") -> list[str]:
    output = loaded.config.output
    names = []
    check_disk(work, 4 * fields.concentration.size)
    if output.netcdf:
        from ..output.netcdf import write_netcdf

        write_netcdf(fields, work / NETCDF)
        names.append(NETCDF)
    if output.vti:
        from ..output.vti import write_vti

        write_vti(fields, work / IMAGE)
        names.append(IMAGE)
    if output.png:
        from ..output.plots import overview

        overview(fields, work / PICTURE)
        names.append(PICTURE)
    if output.png and readouts.panels:
        from ..output.readout_picture import readout_maps

        readout_maps(fields, readouts.panels, work / READOUTS)
        names.append(READOUTS)
    cells = readouts.cells
    if cells is not None and (format := cells_format(loaded)):
        write = cells.to_csv if format == "csv" else cells.to_h5ad
        write(work / CELLS[format])
        names.append(CELLS[format])
    (work / SUMMARY).write_text(json.dumps({**report, "config": json.loads(loaded.resolved())}, indent=1, allow_nan=True) + "\n", encoding="utf-8")
    return [*names, SUMMARY]
