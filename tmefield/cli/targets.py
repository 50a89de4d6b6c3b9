"""Results that commands read and single files that they write."""

from pathlib import Path

from ..errors import FileError, InputError

NETCDF, PICTURE, READOUTS, IMAGE, SUMMARY = "fields.nc", "overview.png", "readouts.png", "fields.vti", "summary.json"
CELLS = {"csv": "cells.csv", "h5ad": "cells.h5ad"}
SHOWN_ARMS = 12


def result_file(path: Path) -> Path:
    """The NetCDF file of a result given as the file or its folder.

    **Raises** `FileError` where there is none, with the arms to choose from where the folder holds an outcome.
    """
    file = path / NETCDF if path.is_dir() else path
    if not file.is_file():
        arms = sorted(one.name for one in path.glob("arm-*.nc")) if path.is_dir() else []
        if arms:
            more = f" ({len(arms)} in all)" if len(arms) > SHOWN_ARMS else ""
            raise FileError(f"{path} holds the arms of an outcome: name one of them, e.g. {path / arms[0]}; there are {', '.join(arms[:SHOWN_ARMS])}{more}")
        raise FileError(f"{file}: no such file; 'tmefield run' writes one")
    return file


def beside(file: Path, name: str) -> Path:
    """A picture beside a result: overview.png of fields.nc, arm-control-overview.png of arm-control.nc, so that arms in one folder keep theirs."""
    return file.with_name(name if file.name == NETCDF else f"{file.stem}-{name}")


def checked_target(path: Path, *, force: bool) -> Path:
    """A file to write: its folder exists, and nothing is overwritten unasked."""
    if not path.parent.is_dir():
        raise FileError(f"{path.parent}: no such folder; create it first, or choose another with --out")
    if path.exists() and not force:
        raise InputError(f"{path} exists; overwrite it with --force, or choose another name with --out")
    return path
