"""Node pressures from conductances: a weighted graph Laplacian, factorised in double precision on the host."""

from typing import TYPE_CHECKING

import numpy as np

from .boundary import Conditions

if TYPE_CHECKING:
    from scipy.sparse import csc_array

TOLERANCE = 1e-10
"""Largest defect of a node's balance after refinement, as a share of the largest flow."""
_REFINEMENTS = 6


class PressureSolver:
    """Solves sum_j G_ij (p_i - p_j) = q_i for the pressures that are not held; the rows of held pressures are eliminated.

    What does not depend on the conductances is found once: the place of each segment in the matrix, and an order of the nodes in
    which its factors stay sparse. Factors found for other conductances are tried first: when these have changed little, a few
    corrections with them cost less than new ones.
    """

    def __init__(self, edges: np.ndarray, conditions: Conditions):
        self.edges = edges
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
        self.factors, self.solution, self.largest = None, np.zeros(self.size), 0.0
        if self.size:
            self.place[self.free] = _factors(self._matrix(np.ones(len(edges))), "MMD_AT_PLUS_A").perm_c
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

    def _matrix(self, conductance: np.ndarray) -> "csc_array":
        from scipy.sparse import csc_array

        values = np.bincount(self.slot, self.sign * conductance[self.segment])
        return csc_array((values, self.rows, self.columns), shape=(self.size, self.size))

    def solve(self, conductance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pressure of every node (Pa; NaN in parts that nothing drives) and flow of every segment (um3/s), from conductances in um3/(s Pa)."""
        pressure = self.conditions.pressure.copy()
        if self.size:
            inner, outer, segment = self.to_held
            right = np.bincount(self.place[inner], conductance[segment] * pressure[outer], minlength=self.size)
            right[self.place[self.free]] += self.conditions.inflow[self.free]
            matrix = self._matrix(conductance)
            if not self._refine(matrix, right):
                self.factors = _factors(matrix, "NATURAL")
                self.solution = self.factors.solve(right)
            pressure[self.free] = self.solution[self.place[self.free]]
        drop = pressure[self.edges[:, 0]] - pressure[self.edges[:, 1]]
        flow = np.where(np.isfinite(drop), conductance * drop, 0.0)
        self.largest = float(np.abs(flow).max())
        return pressure, flow

    def _refine(self, matrix: "csc_array", right: np.ndarray) -> bool:
        """Correct the last solution with the last factors; whether that leads to the tolerance fast enough."""
        if self.factors is None:
            return False
        solution, before = self.solution, np.inf
        # Next to a very short segment the balance is a small difference of large numbers, and no solve does better than their rounding.
        rounding = 8 * np.finfo(float).eps * float((matrix.diagonal() * np.abs(solution)).max())
        enough = max(TOLERANCE * self.largest, rounding)
        for _ in range(_REFINEMENTS):
            rest = right - matrix @ solution
            size = np.abs(rest).max()
            if size <= enough:
                self.solution = solution
                return True
            if size > 0.1 * before:
                return False
            solution, before = solution + self.factors.solve(rest), size
        return False


def _factors(matrix: "csc_array", order: str):
    """Sparse triangular factors; column by column, since they are too sparse for blocks to pay."""
    from scipy.sparse.linalg import splu

    return splu(matrix, permc_spec=order, diag_pivot_thresh=0.0, panel_size=1, options={"SymmetricMode": True})
