"""One process at a time in a result folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import FileError


class BusyError(FileError):
    """Another process holds the lock."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` as a lock; it is gone afterwards, and with the process whatever ends it. Nothing is locked where system or disk have no `flock`.

    **Raises** `BusyError` where another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"{path.parent}: another tmefield is at work in this folder; wait for it, or choose another one with --out") from None
        except OSError:
            pass  # a shared file system without locks
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
