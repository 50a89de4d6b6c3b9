"""hypre's PFMG-preconditioned conjugate gradients (C, double, two processes) on the same system, through a driver compiled on the fly."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from cases import System
from toolchain import Unavailable, compiled, output_of

PROCESSES = 2
# Red-black Gauss-Seidel took the fewest iterations of the smoothers, the seven-point coarse operator the least time.
RAP, RELAX = "1", "2"


class Hypre:
    """A system written to a file, and the driver that solves it."""

    def __init__(self, system: System, folder: Path):
        """Compiles the driver where needed; raises `Unavailable` where it cannot."""
        if shutil.which("mpirun") is None:
            raise Unavailable("no mpirun found (Debian: openmpi-bin libopenmpi-dev libhypre-dev)")
        try:
            self.program = compiled("hypre_pfmg.c", "mpicc", ["-I/usr/include/hypre", "-lHYPRE", "-lm"], folder)
        except Unavailable as error:
            raise Unavailable(f"{error} (Debian: libhypre-dev libopenmpi-dev)") from error
        self.shape = system.loss.shape
        self.files = tempfile.TemporaryDirectory(dir=folder)
        self.problem, self.result = (Path(self.files.name) / name for name in ("problem.bin", "result.bin"))
        with self.problem.open("wb") as file:
            np.asarray(self.shape, np.int64).tofile(file)
            for array in (system.loss, *system.faces, system.right):
                np.ascontiguousarray(array, np.float64).tofile(file)

    def solve(self, tolerance: float, repeats: int = 2) -> tuple[np.ndarray, float, int]:
        """The field, seconds of set-up and solution (of the last of `repeats` in one process: memory has been touched by then), iterations."""
        launch = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", str(PROCESSES)]
        arguments = [str(self.problem), str(self.result), f"{tolerance:g}", str(repeats), RAP, RELAX]
        last = output_of([*launch, str(self.program), *arguments], OMP_NUM_THREADS="1").splitlines()[-1]
        setup, solve, iterations = last.split()
        return np.fromfile(self.result).reshape(self.shape), float(setup) + float(solve), int(iterations)
