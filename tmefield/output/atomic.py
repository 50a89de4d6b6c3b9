"""Writing a file whole or not at all."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import FileError


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`; what is written there takes the place of `path` when the block ends well.

    The file is flushed to the disk, then renamed, so that a reader sees the old file or the new one and never a part.
    On any error the temporary file is removed and `path` stays as it was. A link at `path` is replaced, not followed.

    **Raises** `FileError` if the folder is missing or cannot be written, or the disk is full.
    """
    target = Path(path)
    if target.is_dir():
        raise FileError(f"{target} is a folder: give the name of a file to write")
    temporary = _temporary_file(target)
    try:
        yield temporary
        _flush(temporary, os.O_RDWR)
        os.replace(temporary, target)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{target} cannot be written: {_reason(error, target)}") from error
    finally:
        temporary.unlink(missing_ok=True)
    # The rename itself is safe against a power cut only when the folder is flushed too; not every file system can.
    with contextlib.suppress(OSError):
        _flush(target.parent, os.O_RDONLY)


def write_bytes(path: str | os.PathLike, pieces: Iterator[bytes]) -> Path:
    """Write the pieces to `path`, whole or not at all; returns the path. Raises `FileError` as `atomic_path` does."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        for piece in pieces:
            stream.write(piece)
    return Path(path)


def _temporary_file(target: Path) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".partial", dir=target.parent)
    except OSError as error:
        raise FileError(f"{target} cannot be written: {_reason(error, target)}") from error
    os.close(handle)
    # mkstemp makes a file that the owner alone can read; results are files like any other.
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
    return Path(name)


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: OSError, target: Path) -> str:
    if error.errno == errno.ENOENT:
        return f"the folder {target.parent} does not exist; create it first"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to write in {target.parent}; choose another folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "the disk is full or the file exceeds a limit; free some space or choose another folder"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
