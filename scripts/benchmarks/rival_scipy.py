"""SciPy in float64: conjugate gradients on a sparse matrix, preconditioned by a fast cosine transform or by the diagonal."""

import numpy as np
import scipy.sparse as sp
from cases import CosinePreconditioner, System, matrix
from scipy.sparse.linalg import cg


class ScipySolver:
    """The equations of a case as a matrix. The matrix is assembled once, which is not timed; the preconditioner is made anew in each solve."""

    def __init__(self, system: System, preconditioner: str):
        """`preconditioner`: "cosine" or "diagonal"."""
        self.system, self.preconditioner = system, preconditioner
        self.operator, self.right = matrix(system), system.right[system.free]

    def solve(self, tolerance: float) -> np.ndarray:
        """The field [z, y, x] with a residual below `tolerance` of the right-hand side, in the 2-norm."""
        return self._field(self._iterate(tolerance, None))

    def tolerance_for(self, error: float, exact: np.ndarray) -> tuple[float, int, float]:
        """The tolerance at which the largest error first falls to `error` of the largest value; iterations and error there."""
        settled, largest, scale = exact[self.system.free], exact.max(), np.linalg.norm(self.right)
        history: list[tuple[float, float]] = []

        def watch(field):
            history.append((float(np.linalg.norm(self.right - self.operator @ field) / scale), float(np.abs(field - settled).max() / largest)))
            if history[-1][1] <= error:
                raise StopIteration

        try:
            self._iterate(1e-14, watch)
        except StopIteration:
            return 1.001 * history[-1][0], len(history), history[-1][1]
        raise RuntimeError(f"conjugate gradients stopped at an error of {history[-1][1]:.1e}")

    def _iterate(self, tolerance: float, watch) -> np.ndarray:
        inverse = CosinePreconditioner(self.system) if self.preconditioner == "cosine" else sp.diags_array(1 / self.operator.diagonal())
        return cg(self.operator, self.right, rtol=tolerance, maxiter=5000, M=inverse, callback=watch)[0]

    def _field(self, solved: np.ndarray) -> np.ndarray:
        field = np.ones(self.system.loss.shape)
        field[self.system.free] = solved
        return field
