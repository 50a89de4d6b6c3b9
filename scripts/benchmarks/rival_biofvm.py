"""BioFVM's method (locally one-dimensional implicit Euler), rewritten in C for speed and compiled on the fly."""

import tempfile
from pathlib import Path

import numpy as np
from cases import DECAY, SPACING, Case
from toolchain import compiled, output_of

THREADS = 2


class Lod:
    """A case written to a file, and the program that steps it."""

    def __init__(self, case: Case, initial: np.ndarray | float, folder: Path):
        """Compiles the program where needed; raises `Unavailable` where it cannot."""
        self.program = compiled("biofvm_lod.c", "gcc", ["-ffast-math", "-fno-finite-math-only", "-fopenmp", "-lm"], folder)
        self.case, self.shape = case, case.loss.shape
        self.files = tempfile.TemporaryDirectory(dir=folder)
        self.problem, self.result = (Path(self.files.name) / name for name in ("problem.bin", "result.bin"))
        start = np.broadcast_to(np.asarray(initial, float), self.shape)
        held = [] if case.held is None else [np.where(case.held, 1.0, np.nan)]
        with self.problem.open("wb") as file:
            np.asarray([*self.shape, len(held)], np.int64).tofile(file)
            for array in (case.production, case.loss, start, *held):
                np.ascontiguousarray(array, np.float64).tofile(file)

    def march(self, dt: float, times: tuple[float, ...], settled: float = 0.0) -> tuple[np.ndarray, float]:
        """Fields at `times` (minutes, multiples of `dt`) and seconds per step.

        With `settled` > 0 the march ends early once the field changes by less than that fraction of its maximum between two times.
        """
        steps = [str(round(time / dt)) for time in times]
        numbers = [f"{value!r}" for value in (self.case.diffusivity, DECAY, SPACING, dt, settled)]
        printed = output_of([str(self.program), str(self.problem), str(self.result), *numbers, *steps], OMP_NUM_THREADS=str(THREADS))
        return np.fromfile(self.result).reshape(len(times), *self.shape), float(printed.split()[0])
