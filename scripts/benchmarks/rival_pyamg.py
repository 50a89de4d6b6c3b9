"""pyamg (Bell, Olson & Schroder 2022, doi:10.21105/joss.04142) in a process of its own; spoken to by `worker.py`.

First request: {"name", "n", "error", "exact": file of the exact field}. The tolerance at which smoothed aggregation with conjugate gradients reaches that error
is found; the answer names it. Then each {} is answered with the seconds of set-up and solution to that tolerance.
"""

import importlib.util
import json
import sys
import time

import numpy as np
from cases import build, discretise, matrix


def main() -> None:
    """Answer requests until the input ends."""
    first = json.loads(input())
    if importlib.util.find_spec("pyamg") is None:
        print(json.dumps({"missing": f"pyamg cannot be imported by {sys.executable} (pip install pyamg; --rivals names another Python)"}))
        return
    import pyamg
    import scipy.sparse as sp

    system = discretise(build(first["name"], first["n"]))
    exact = np.load(first["exact"])
    operator, right = sp.csr_matrix(matrix(system)), system.right[system.free]
    hierarchy, history = pyamg.smoothed_aggregation_solver(operator), []

    def watch(field):
        error = np.abs(field - exact[system.free]).max() / exact.max()
        history.append((float(np.linalg.norm(right - operator @ field)), float(error)))

    hierarchy.solve(right, tol=1e-10, maxiter=100, accel="cg", callback=watch)
    reached = next(residual for residual, error in history if error <= first["error"])
    tolerance = 1.001 * reached / float(np.linalg.norm(right))
    print(json.dumps({"ready": pyamg.__version__, "tolerance": tolerance}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        pyamg.smoothed_aggregation_solver(operator).solve(right, tol=tolerance, maxiter=100, accel="cg")
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
