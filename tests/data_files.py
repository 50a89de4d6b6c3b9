"""Where the tests find real input files, which are not part of this repository."""

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


def data_root() -> Path | None:
    """The folder named by TMEFIELD_DATA, else ../shared/data beside the repository, else None."""
    named = os.environ.get("TMEFIELD_DATA")
    for folder in [Path(named)] if named else [_REPOSITORY.parent / "shared" / "data"]:
        if folder.is_dir():
            return folder
    return None


def reference_file(name: str) -> Path:
    """Path of a file of reference values, which lie beside the data folder; skips the test where there is none."""
    root = data_root()
    path = None if root is None else root.parent / "reference" / name
    if path is None or not path.exists():
        pytest.skip(f"{name} not found: put the reference values beside the data folder")
    return path


def data_file(name: str) -> Path:
    """Path of a real input file; skips the test where no data folder exists, fails it where the folder lacks the file."""
    root = data_root()
    if root is None:
        pytest.skip(f"{name} not found: set TMEFIELD_DATA to the data folder or put it at ../shared/data")
    path = root / name
    if not path.exists():
        pytest.fail(f"{name} is missing from the data folder {root.name}")
    return path
