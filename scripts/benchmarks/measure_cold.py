"""Row: the demo from the command line in a fresh process, nothing compiled before."""

import sys
import tempfile
import time

import numpy as np
from rows import Measured
from timing import Settings
from toolchain import output_of


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    seconds = []
    for _ in range(settings.size(3, 1)):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            output_of([sys.executable, "-m", "tmefield", "run", "demo", "--out", f"{folder}/demo"], JAX_ENABLE_COMPILATION_CACHE="false")
            seconds.append(time.perf_counter() - start)
    lines = [f"`tmefield run demo`, interpreter start to exit, median of {len(seconds)}: {', '.join(f'{one:.1f}' for one in seconds)} s"]
    return {"cold-start": Measured(float(np.median(seconds)), details=lines, numbers={"seconds": seconds})}
