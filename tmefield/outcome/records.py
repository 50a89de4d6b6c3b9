"""Records of runs in a file, so that many runs that were stopped go on where they were."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import FileError

Record = dict[str, Any]


class Records:
    """Records by name, one JSON object a line; what is there already is not run again.

    **Arguments**

    - `path`: of the file, which need not exist; None keeps nothing.
    - `key`: a text that stands for all that the runs have in common; it becomes part of every record.

    **Raises** `FileError` where the file cannot be read.
    """

    def __init__(self, path: str | Path | None, key: str | None = None):
        self.path, self.key = None if path is None else Path(path), key
        self._known = {} if self.path is None or not self.path.exists() else read_records(self.path)

    def obtain(self, name: str, drawn: Mapping[str, float], arms: Sequence[str], run: Callable[[], Record]) -> Record:
        """The record of this name: that of the file, else what `run` gives, which is added to the file.

        **Raises** `FileError` where the file holds one of this name with other drawn values, arms or key.
        """
        known = self._known.get(name)
        if known is None:
            record = {"patient": name, "drawn": dict(drawn), **run()} | ({} if self.key is None else {"key": self.key})
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
            return record
        if known["drawn"] != drawn or list(known["arms"]) != list(arms) or known.get("key") != self.key:
            raise FileError(f"{self.path}: {name} was run with other values, arms or settings; give another file, or remove this one")
        return known


def key_of(*told: str | bytes | float) -> str:
    """A key for `Records`: a hash of all that is told, such as the bytes of a file of parameters, and of the version of tmefield."""
    parts = [one if isinstance(one, bytes) else str(one).encode() for one in (*told, __version__)]
    return hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in parts)).hexdigest()


def read_records(path: str | Path) -> dict[str, Record]:
    """Records of a file by patient; a last line that was cut off while it was written is taken out of the file.

    **Raises** `FileError` naming the line that is no record.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
    found = {}
    for index, line in enumerate(lines):
        if index == len(lines) - 1 and not line.endswith("\n"):
            Path(path).write_text("".join(lines[:-1]), encoding="utf-8")
            break
        try:
            record = json.loads(line)
            found[record["patient"]] = record
        except (json.JSONDecodeError, KeyError, TypeError):
            raise FileError(f"{path}: line {index + 1} is no record of a patient; remove it, or give another file") from None
    return found
