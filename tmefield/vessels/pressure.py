"""Node pressures from conductances: a weighted graph Laplacian, solved in double precision on the host."""

import numpy as np

from .boundary import Conditions

TOLERANCE = 1e-12
"""Residual of the pressures, relative to the right-hand side, at which a solve stops."""


class PressureSolver:
    """Solves sum_j G_ij (p_i - p_j) = q_i for the pressures that are not held; rows of held pressures are eliminated."""

    def __init__(self, edges: np.ndarray, conditions: Conditions):
        self.edges = edges
        self.conditions = conditions
        held = np.isfinite(conditions.pressure)
        self.free = ~held & conditions.driven[conditions.part]
        self.place = np.cumsum(self.free) - 1
        first, second = edges.T
        self.both = self.free[first] & self.free[second]
        self.half = [self.free[a] & held[b] for a, b in ((first, second), (second, first))]

    def solve(self, conductance: np.ndarray) -> np.ndarray:
        """Pressure of every node, Pa, from the conductance of each segment, um3/(s Pa); NaN in parts that nothing drives."""
        from scipy.sparse.linalg import splu

        pressure = self.conditions.pressure.copy()
        if self.free.any():
            matrix, right = self._system(conductance)
            pressure[self.free] = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve(right)
        return pressure

    def _system(self, conductance: np.ndarray):
        from scipy.sparse import coo_array

        size = int(self.free.sum())
        a, b = self.place[self.edges[self.both]].T
        between = conductance[self.both]
        diagonal = np.bincount(np.concatenate([a, b]), np.concatenate([between, between]), minlength=size)
        right = self.conditions.inflow[self.free].copy()
        for half, (inner, outer) in zip(self.half, ((0, 1), (1, 0)), strict=True):
            at, value = self.place[self.edges[half, inner]], conductance[half]
            diagonal += np.bincount(at, value, minlength=size)
            right += np.bincount(at, value * self.conditions.pressure[self.edges[half, outer]], minlength=size)
        every = np.arange(size)
        matrix = coo_array((np.concatenate([diagonal, -between, -between]), (np.concatenate([every, a, b]), np.concatenate([every, b, a]))), shape=(size, size))
        return matrix.tocsr(), right
