"""What the person sees while a command works: a live line on a terminal, one short line per stage elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .interrupt import heed


class Progress:
    """Announces stages on stderr, so that stdout holds results only."""

    def __init__(self):
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The time that the block takes, shown under this name."""
        heed()
        start = time.perf_counter()
        if self._console.is_terminal:
            with self._console.status(f"{name} ..."):
                yield
        else:
            yield
        heed()
        self._console.print(f"  {name:<34}{time.perf_counter() - start:8.2f} s", markup=False)

    def note(self, text: str) -> None:
        """A line that is no stage."""
        self._console.print(text, markup=False)


def human_bytes(count: int) -> str:
    """A size of memory in the unit that reads best."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def human_seconds(seconds: float) -> str:
    """A time in the unit that reads best."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def table(headers: list[str], rows: list[list[str]], *, text: tuple[int, ...] = (0,)) -> str:
    """Plain aligned columns; those numbered in `text` to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [headers, *rows]) for i in range(len(headers))]
    lines = []
    for row in [headers, *rows]:
        cells = [cell.ljust(width) if i in text else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def print_json(value: object) -> None:
    """JSON on stdout, numbers that are not finite as null."""
    import json

    sys.stdout.write(json.dumps(finite(value), indent=1) + "\n")


def finite(value):
    """The value with numbers that are not finite as None, for which JSON has a word."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    if isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        return None
    return value
