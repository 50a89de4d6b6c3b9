"""The output folder of a fit: checked before the work, filled only when all of it is there."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from ..config.load import Loaded
from ..errors import InputError
from ..output.fieldset import FieldSet
from ..output.fit_record import FitRecord
from .results import check_disk, check_writable

NETCDF, SUMMARY, PICTURE, PAGE = "fit.nc", "fit.json", "fit.png", "fit.html"
CHECKPOINT, LOCK = "fit-checkpoint.npz", ".lock"


def checkpoint_path(folder: Path) -> Path:
    """Where a fit keeps its state."""
    return folder / CHECKPOINT


def check_fit_folder(loaded: Loaded, *, force: bool) -> None:
    """Refuse a folder that cannot be written, or that holds a fit of another configuration; an interrupted fit there is gone on with, or with `force` dropped.

    **Raises** `FileError` or `InputError`, each with the remedy.
    """
    folder = Path(loaded.config.output.folder)
    check_writable(folder)
    if force:
        checkpoint_path(folder).unlink(missing_ok=True)
        return
    taken = [name for name in (NETCDF, SUMMARY, PICTURE, PAGE) if (folder / name).exists()]
    # An interrupted fit says itself whether it is the same one.
    if taken and not checkpoint_path(folder).exists() and _hash_of(folder) != loaded.sha256():
        raise InputError(f"{folder} already holds {', '.join(taken)} of another fit; choose another folder with --out, or overwrite with --force")


def _hash_of(folder: Path) -> str | None:
    try:
        value = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value.get("config_sha256") if isinstance(value, dict) else None


def write_fit(fields: FieldSet, record: FitRecord, report: dict, loaded: Loaded) -> list[Path]:
    """Write fields and reports as the configuration asks (`output.netcdf`, `output.png`) and return the paths; on any error the folder stays as it was."""
    from ..output.fit_page import fit_page
    from ..output.fit_report import fit_report
    from ..output.netcdf import write_netcdf

    output = loaded.config.output
    folder = Path(output.folder)
    folder.mkdir(parents=True, exist_ok=True)
    check_disk(folder, 4 * fields.concentration.size)
    work = Path(tempfile.mkdtemp(prefix=".tmefield-", dir=folder))
    try:
        names = [SUMMARY]
        (work / SUMMARY).write_text(json.dumps({**report, "config": json.loads(loaded.resolved())}, indent=1) + "\n", encoding="utf-8")
        if output.netcdf:
            write_netcdf(fields, work / NETCDF)
            names.append(NETCDF)
        if output.png:
            fit_page(record, fit_report(record, work / PICTURE), work / PAGE)
            names += [PICTURE, PAGE]
        for name in names:
            os.replace(work / name, folder / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return [folder / name for name in names]
