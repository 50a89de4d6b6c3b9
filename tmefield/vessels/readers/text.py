"""Text files of networks, their lines, and the numbers at the start of a line."""

import codecs
import math
from pathlib import Path

from ...errors import FileError


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; byte order mark, CRLF and text that is not UTF-8 are accepted.

    **Raises** `FileError` for a file that is missing, empty, a folder or not text.
    """
    text = _decode(read_bytes(path))
    if "\0" in text:
        raise FileError(f"{path}: not a text file, and no binary file that networks are read from (VTK, HDF5)")
    if not text.strip():
        raise FileError(f"{path}: the file is empty (blank lines only)")
    # Only line ends count, so that line numbers are those of an editor.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_bytes(path: Path, number: int = -1) -> bytes:
    """The first bytes of a file, all of them by default.

    **Raises** `FileError` for a file that is missing, empty or a folder.
    """
    if not path.exists():
        raise FileError(f"{path}: no such file")
    if path.is_dir():
        raise FileError(f"{path} is a folder; name the file with the network in it")
    try:
        with path.open("rb") as file:
            data = file.read(number)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    if not data:
        raise FileError(f"{path}: the file is empty (0 bytes)")
    return data


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Only titles and comments hold such signs.
        return data.decode("latin-1")


def leading_numbers(line: str) -> list[float]:
    """The numbers at the start of a line, split at blanks, tabs and commas, up to the first word that is none."""
    numbers = []
    for word in line.replace(",", " ").split():
        try:
            numbers.append(float(word))
        except ValueError:
            break
    return numbers


def at(path: Path, line: int, message: str, word: str = "line") -> FileError:
    """An error that names the line (counted from 1), or what else `word` counts."""
    return FileError(f"{path}, {word} {line}: {message}")


def require_finite(path: Path, line: int, values: list[float], what: str) -> None:
    """Refuse NaN and infinity."""
    for value in values:
        if not math.isfinite(value):
            raise at(path, line, f"{what} holds {value}; every number must be finite")


def require_whole(path: Path, line: int, value: float, what: str, *, least: int = 0) -> int:
    """`value` as a whole number of at least `least`."""
    if not math.isfinite(value) or value != int(value) or value < least:
        raise at(path, line, f"{what} must be a whole number of at least {least}; found {value:g}")
    return int(value)
