"""Node pressures from conductances: a weighted graph Laplacian, factorised in double precision on the host."""

import numpy as np

from .boundary import Conditions


class PressureSolver:
    """Solves sum_j G_ij (p_i - p_j) = q_i for the pressures that are not held; the rows of held pressures are eliminated.

    What does not depend on the conductances is found once: the place of each segment in the matrix, and an order of the nodes in
    which its factors stay sparse.
    """

    def __init__(self, edges: np.ndarray, conditions: Conditions):
        self.conditions = conditions
        held = np.isfinite(conditions.pressure)
        self.free = ~held & conditions.driven[conditions.part]
        self.size = int(self.free.sum())
        self.place = np.cumsum(self.free) - 1
        inner, outer = np.concatenate([edges, edges[:, ::-1]]).T
        segment = np.tile(np.arange(len(edges)), 2)
        self.to_held = [part[self.free[inner] & held[outer]] for part in (inner, outer, segment)]
        self.linked = [part[self.free[inner] & self.free[outer]] for part in (inner, outer, segment)]
        self._find_places()
        if self.size:
            self.place[self.free] = self._factors(np.ones(len(edges)), "MMD_AT_PLUS_A").perm_c
            self._find_places()

    def _find_places(self) -> None:
        """The place of each entry in the columns of the matrix, several segments to one place where they share nodes."""
        (a, b, between), (c, _, beside) = self.linked, self.to_held
        row = self.place[np.concatenate([a, c, a])]
        column = self.place[np.concatenate([a, c, b])]
        places, self.slot = np.unique(column * self.size + row, return_inverse=True)
        self.segment = np.concatenate([between, beside, between])
        self.sign = np.where(np.arange(len(row)) < len(a) + len(c), 1.0, -1.0)
        self.rows = (places % max(self.size, 1)).astype(np.int32)
        self.columns = np.searchsorted(places, np.arange(self.size + 1) * self.size).astype(np.int32)

    def _factors(self, conductance: np.ndarray, order: str):
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        values = np.bincount(self.slot, self.sign * conductance[self.segment])
        matrix = csc_array((values, self.rows, self.columns), shape=(self.size, self.size))
        return splu(matrix, permc_spec=order, diag_pivot_thresh=0.0, panel_size=1, options={"SymmetricMode": True})

    def solve(self, conductance: np.ndarray) -> np.ndarray:
        """Pressure of every node, Pa, from the conductance of each segment, um3/(s Pa); NaN in parts that nothing drives."""
        pressure = self.conditions.pressure.copy()
        if self.size:
            inner, outer, segment = self.to_held
            right = np.bincount(self.place[inner], conductance[segment] * pressure[outer], minlength=self.size)
            right[self.place[self.free]] += self.conditions.inflow[self.free]
            pressure[self.free] = self._factors(conductance, "NATURAL").solve(right)[self.place[self.free]]
        return pressure
