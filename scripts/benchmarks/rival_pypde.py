"""py-pde (Zwicker 2020, doi:10.21105/joss.02158) in a process of its own, so that it may live in another environment; spoken to by `worker.py`.

First request: {"n", "backend"}. Then {"segments": [[from, to, steps per minute], ...], "out": file or null}: the onset of case A by explicit Euler,
py-pde's cheapest method at these errors (its Runge-Kutta and Adams-Bashforth steps cost more than they save here). Answer: seconds. Steppers are made
once for each step size, so that compilation is paid by the first request.
"""

import contextlib
import importlib.util
import json
import sys
import time

import numpy as np
from cases import DECAY, SPACING, build


class Onset:
    """Case A as a py-pde problem."""

    def __init__(self, n: int, backend: str):
        import pde

        case = build("A", n)
        self.grid = pde.CartesianGrid([[0, SPACING * n]] * 3, n)
        constants = {"p": pde.ScalarField(self.grid, case.production), "l": pde.ScalarField(self.grid, case.loss + DECAY)}
        self.equation = pde.PDE({"c": f"{case.diffusivity}*laplace(c) + p - l*c"}, consts=constants, bc={"derivative": 0})
        self.backend, self.steppers = backend, {}

    def run(self, segments: list, out: str | None) -> float:
        """Seconds of stepping through the segments; the field after each goes to `out`."""
        import pde

        for _, _, rate in segments:
            if rate not in self.steppers:
                state = pde.ScalarField(self.grid, 0.0)
                solver = pde.EulerSolver(self.equation, backend=self.backend)
                self.steppers[rate] = solver.make_stepper(state, dt=1 / rate)
                self.steppers[rate](state, 0, 2 / rate)
        state, fields, seconds = pde.ScalarField(self.grid, 0.0), [], 0.0
        for begin, end, rate in segments:
            start = time.perf_counter()
            self.steppers[rate](state, begin, end)
            seconds += time.perf_counter() - start
            fields.append(state.data.copy())
        if out:
            np.save(out, np.stack(fields))
        return seconds


def main() -> None:
    """Answer requests until the input ends; only answers go to the real standard output."""
    first, answers = json.loads(input()), sys.stdout
    needed = {"jax": ["pde", "jax"], "numba": ["pde", "numba"]}[first["backend"]]
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        print(json.dumps({"missing": f"{', '.join(missing)} cannot be imported by {sys.executable} (pip install py-pde; --rivals names another Python)"}))
        return
    with contextlib.redirect_stdout(sys.stderr):
        import pde

        onset = Onset(first["n"], first["backend"])
        print(json.dumps({"ready": pde.__version__}), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps({"seconds": onset.run(request["segments"], request["out"])}), file=answers, flush=True)


if __name__ == "__main__":
    main()
