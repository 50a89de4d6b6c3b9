"""Results that commands read and single files that they write."""

from pathlib import Path

from ..errors import FileError, InputError

NETCDF, PICTURE, READOUTS, IMAGE, SUMMARY = "fields.nc", "overview.png", "readouts.png", "fields.vti", "summary.json"
CELLS = {"csv": "cells.csv", "h5ad": "cells.h5ad"}


def result_file(path: Path) -> Path:
    """The NetCDF file of a result given as the file or its folder."""
    file = path / NETCDF if path.is_dir() else path
    if not file.is_file():
        raise FileError(f"{file}: no such file; 'tmefield run' writes one")
    return file


def checked_target(path: Path, *, force: bool) -> Path:
    """A file to write: its folder exists, and nothing is overwritten unasked."""
    if not path.parent.is_dir():
        raise FileError(f"{path.parent}: no such folder; create it first, or choose another with --out")
    if path.exists() and not force:
        raise InputError(f"{path} exists; overwrite it with --force, or choose another name with --out")
    return path
