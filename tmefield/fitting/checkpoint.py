"""Where a fit stands, on disk: written whole after each step, so that an interrupted fit goes on to the same end."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..errors import FileError
from ..output.atomic import atomic_path


@dataclass(frozen=True)
class FitCheckpoint:
    """A file with the state of an optimiser and the losses so far; `identity` says which fit it belongs to."""

    path: Path
    identity: dict[str, Any]

    def read(self) -> tuple[dict[str, Array] | None, list[float]]:
        """The state and the losses; None where there is no file.

        **Raises** `FileError` for a damaged file, and for one of another fit.
        """
        if not self.path.exists():
            return None, []
        try:
            with np.load(self.path, allow_pickle=False) as file:
                identity = str(file["identity"])
                history = [float(one) for one in file["history"]]
                packed = {name.removeprefix("state:"): jnp.asarray(file[name]) for name in file.files if name.startswith("state:")}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FileError(f"{self.path} is damaged ({error}); remove it to start the fit again") from None
        if identity != self._text:
            raise FileError(
                f"{self.path} belongs to another fit (other data, parameters or optimiser): give another name (on the command line --out), "
                "or remove it (--force) to start again"
            )
        return packed, history

    def write(self, packed: dict[str, Array], history: list[float]) -> None:
        """Keep the state after a step."""
        arrays = {f"state:{name}": np.asarray(value) for name, value in packed.items()}
        with atomic_path(self.path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, allow_pickle=False, identity=np.asarray(self._text), history=np.asarray(history, np.float64), **arrays)

    @property
    def _text(self) -> str:
        return json.dumps(self.identity, sort_keys=True)
