"""What the readers of cell tables share: the columns asked for and the messages when they are wrong."""

import difflib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import FileError, InputError


class Columns(NamedTuple):
    """Names of the columns of a cell table; z is None for a flat table.

    `untyped` is no column: it is the type of cells whose own is left empty, which are refused where it is None.
    """

    x: str
    y: str
    z: str | None
    type: str
    id: str | None = None
    volume: str | None = None
    untyped: str | None = None

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The columns of the positions, two or three."""
        return (self.x, self.y) if self.z is None else (self.x, self.y, self.z)

    @property
    def wanted(self) -> dict[str, str]:
        """Argument name -> column name, of the columns asked for."""
        return {name: column for name, column in self._asdict().items() if column is not None and name != "untyped"}


class RawCells(NamedTuple):
    """What a reader finds: positions (n, 2 or 3) in the unit of the file, types (n,), and what else there is.

    - `ids`: (n,) names of the cells.
    - `volumes`: (n,) um3, NaN where the file leaves it out.
    - `notes`: what was mended or is worth knowing, one line each.
    """

    positions: np.ndarray
    types: np.ndarray
    ids: np.ndarray | None = None
    volumes: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def missing_column(path: Path, argument: str, column: str, known: Sequence[str]) -> InputError:
    """The error for a column that a table lacks: with the nearest name, and all names that there are."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(column.casefold(), list(folded), n=1, cutoff=0.6)
    hint = f" (did you mean '{folded[near[0]]}'?)" if near else ""
    return InputError(f"{path}: there is no column '{column}' for {argument}{hint}; columns: {listed(known)}")


def listed(names: Sequence[str]) -> str:
    """Names of columns as messages show them."""
    return (", ".join(f"'{one}'" for one in names[:40]) + (", ..." if len(names) > 40 else "")) or "none"


def is_missing(text: str) -> bool:
    """Whether a field says that there is no value."""
    return text.casefold() in {"", "nan", "#n/a", "na", "n/a", "null", "none"}


def to_number(text: str, path: Path, place: str, column: str) -> float:
    """A finite number from a field of a table.

    **Raises** `FileError` naming file, place and column for an empty field, text, NaN or infinity.
    """
    try:
        value = math.nan if not text or "_" in text else float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    raise FileError(f"{path}, {place}: column '{column}' {_what_is_wrong(text)}")


def check_finite(values: np.ndarray, path: Path, place: Callable[[int], str], column: str) -> None:
    """Refuse NaN and infinity, naming the first of them."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        more = f" ({bad.size} such values in all)" if bad.size > 1 else ""
        raise FileError(f"{path}, {place(int(bad[0]))}: column '{column}' {_what_is_wrong(str(values[bad[0]]))}{more}")


def _what_is_wrong(text: str) -> str:
    mend = "give the position or take the row out"
    if not text:
        return f"is empty; {mend}"
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity"} or is_missing(text):
        return f"holds {text}; {mend}"
    if text.count(",") == 1 and text.replace(",", "").lstrip("+-").isdigit():
        return f"holds '{text}', which is not a number; write it with a decimal point: {text.replace(',', '.')}"
    return f"holds '{text[:40]}', which is not a number; name another column or mend the row"
