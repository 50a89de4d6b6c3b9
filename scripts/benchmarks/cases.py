"""The four steady benchmark cases A, B, C and P, for tmefield and as an independent SciPy matrix.

A box of n^3 voxels of 20 um, no-flux walls, decay 0.1/min; vessels are a lattice of lines 160 um apart, the tumour a sphere of 0.2 of the
box. Time is in minutes here, as where the cases come from: a steady field does not mind.

A: D = 6e3 um2/min, the tumour secretes 1/min toward c = 1, vessels clear 5/min.   B: D = 1e5, vessels supply 10/min toward 1, the tumour takes 10/min.
C: as B, with the vessels held at 1.                                               P: D = 6e3, one voxel secretes 10/min toward 1.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import cg

SPACING = 20.0
DECAY = 0.1


class Case(NamedTuple):
    """Production, loss, held voxels (value 1) and diffusivity of a case."""

    diffusivity: float
    production: np.ndarray
    loss: np.ndarray
    held: np.ndarray | None


def build(name: str, n: int) -> Case:
    """The arrays of a case on n^3 voxels."""
    index = np.indices((n,) * 3)
    tumour = ((index - (n - 1) / 2) ** 2).sum(0) < (0.2 * n) ** 2
    line = np.arange(n) % 8 == 4
    z, y, x = np.meshgrid(line, line, line, indexing="ij")
    vessels = (z & y) | (y & x) | (z & x)
    zero = np.zeros((n,) * 3)
    if name == "A":
        return Case(6e3, zero + tumour, zero + tumour + 5.0 * vessels, None)
    if name == "B":
        return Case(1e5, zero + 10.0 * vessels, zero + 10.0 * vessels + 10.0 * tumour, None)
    if name == "C":
        return Case(1e5, zero, zero + 10.0 * tumour, vessels)
    point = zero.copy()
    point[n // 2, n // 2, n // 2] = 10.0
    return Case(6e3, point, point.copy(), None)


def model(case: Case):
    """The case as a tmefield model."""
    import tmefield as tf

    grid = tf.Grid(case.loss.shape, SPACING)
    fixed = None if case.held is None else tf.FixedConcentration(case.held, 1.0)
    return tf.Model(grid, [tf.Species("c", case.diffusivity, DECAY)], [tf.Decay(), tf.Linear(case.production, case.loss)], fixed=fixed)


def exact_field(case: Case) -> np.ndarray:
    """The exact discrete field: the matrix assembled here, solved in float64 to 1e-12 by Jacobi-preconditioned conjugate gradients."""
    shape = case.loss.shape
    diagonal = (case.loss + DECAY).ravel()
    rate = case.diffusivity / SPACING**2
    laplacian = sp.csr_matrix((diagonal.size, diagonal.size))
    for axis in range(3):
        ones = [sp.identity(n, format="csr") for n in shape]
        n = shape[axis]
        count = np.full(n, 2.0)
        count[[0, -1]] = 1.0
        beside = sp.eye(n, k=1) + sp.eye(n, k=-1)
        ones[axis] = sp.csr_matrix(sp.diags(count) - beside)
        laplacian = laplacian + rate * sp.kron(sp.kron(ones[0], ones[1]), ones[2], format="csr")
    matrix, right = laplacian + sp.diags(diagonal), case.production.ravel()
    field = np.zeros(diagonal.size)
    free = np.ones(diagonal.size, bool)
    if case.held is not None:
        free = ~case.held.ravel()
        field[~free] = 1.0
        right = (right - matrix @ field)[free]
        matrix = sp.csr_matrix(matrix)[free][:, free]
    inverse = 1 / matrix.diagonal()
    field[free], info = cg(matrix, right, rtol=1e-12, maxiter=20000, M=sp.diags(inverse))
    if info:
        raise RuntimeError(f"the reference solve stopped after {info} iterations")
    return field.reshape(shape)
