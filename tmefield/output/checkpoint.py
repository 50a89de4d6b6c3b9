"""Where a long run stands, on disk: one record per output time and the state to go on from, each written whole or not at all."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from .atomic import atomic_path

SCHEMA = 1
KEPT = 2  # states on disk: the last one, and the one before it should the last be damaged
_ABOUT, _STATE, _RECORD = "run.json", "state-{:05d}.npz", "record-{:05d}.npz"


@dataclass(frozen=True)
class Checkpoint:
    """The folder in which a run keeps what it needs to go on.

    Each output is a record of its own, named by its number; a state holds everything that the next interval starts from. Both carry a checksum. A run
    goes on from the last state that is whole, and records after it are written again.
    """

    folder: Path

    def begin(self, about: dict[str, Any]) -> None:
        """Start afresh with what identifies the run (its configuration above all)."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        with atomic_path(self.folder / _ABOUT) as path:
            path.write_text(json.dumps({"schema": SCHEMA, **about}, indent=1) + "\n", encoding="utf-8")

    def about(self) -> dict[str, Any]:
        """What identifies the run.

        **Raises** `FileError` where there is no run to go on with, or it was written by another version.
        """
        path = self.folder / _ABOUT
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FileError(f"{self.folder.parent}: no run to go on with (no {path.relative_to(self.folder.parent)}); 'tmefield run' starts one") from None
        except (OSError, ValueError) as error:
            raise FileError(f"{path} is damaged ({error}); start the run again with 'tmefield run'") from None
        if not isinstance(known, dict) or known.get("schema") != SCHEMA:
            raise FileError(f"{path} was written by another version of tmefield; go on with that version, or start the run again")
        return known

    def write(self, number: int, record: dict[str, np.ndarray], state: dict[str, np.ndarray]) -> None:
        """Keep output `number` and the state after it; the state is written last, so that it vouches for the record."""
        _write(self.folder / _RECORD.format(number), record)
        _write(self.folder / _STATE.format(number), state)
        (self.folder / _STATE.format(number - KEPT)).unlink(missing_ok=True)

    def latest(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """The number of the last output whose state is whole, and that state; None where there is none."""
        for path in sorted(self.folder.glob("state-*.npz"), reverse=True):
            state = _read(path)
            if state is not None:
                return int(path.stem.split("-")[1]), state
        return None

    def record(self, number: int) -> dict[str, np.ndarray]:
        """Output `number`.

        **Raises** `FileError` where it is missing or damaged.
        """
        path = self.folder / _RECORD.format(number)
        record = _read(path)
        if record is None:
            raise FileError(f"{path} is missing or damaged; start the run again with 'tmefield run'")
        return record

    def remove(self) -> None:
        """Take everything away: the run is done and its results are written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, allow_pickle=False, **{**arrays, "checksum": np.frombuffer(_checksum(arrays), np.uint8)})


def _read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a file, or None where it is missing, cut short, or not what was written."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, SyntaxError, NotImplementedError):
        return None
    except Exception as error:  # zipfile and zlib have errors of their own for damaged data
        if type(error).__module__ not in ("zipfile", "zlib"):
            raise
        return None
    checksum = arrays.pop("checksum", None)
    return arrays if checksum is not None and checksum.tobytes() == _checksum(arrays) else None


def _checksum(arrays: dict[str, np.ndarray]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.digest()
