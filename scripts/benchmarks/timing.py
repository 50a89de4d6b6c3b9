"""Settings of a run, and how things are timed: alternating, median of the rounds."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np


class Settings(NamedTuple):
    """What a run of the benchmarks may use.

    - `quick`: small sizes, three rounds: shows that all works, decides nothing.
    - `cache`: folder for reference fields and compiled rivals.
    - `rivals`: Python that has py-pde and pyamg.
    """

    quick: bool
    cache: Path
    rivals: str

    @property
    def rounds(self) -> int:
        """How often each contender is timed."""
        return 3 if self.quick else 5

    def size(self, full: int, quick: int) -> int:
        """One of two sizes."""
        return quick if self.quick else full


def timed(call: Callable) -> Callable[[], float]:
    """A contender: calls, waits for the result, gives the seconds."""

    def once() -> float:
        start = time.perf_counter()
        jax.block_until_ready(call())
        return time.perf_counter() - start

    return once


def interleaved(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Median seconds of each contender. A round lets each run once, every other round in the opposite order, so that what else the machine does hits all."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        names = list(contenders) if turn % 2 == 0 else list(reversed(contenders))
        for name in names:
            seconds[name].append(contenders[name]())
    return {name: float(np.median(values)) for name, values in seconds.items()}


def first_that_reaches(error: float, options: list, attempt: Callable[[object], float]):
    """The first of `options` (loosest first) whose attempt has at most that error, with the error; None where none has."""
    for option in options:
        found = attempt(option)
        if found <= error:
            return option, found
    return None
