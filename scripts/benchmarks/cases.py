"""The four steady benchmark cases A, B, C and P, for tmefield and as a matrix of its own.

A box of n^3 voxels of 20 um, no-flux walls, decay 0.1/min; vessels are a lattice of lines 160 um apart, the tumour a sphere of 0.2 of the
box. Time is in minutes here, as where the cases come from: a steady field does not mind.

A: D = 6e3 um2/min, the tumour secretes 1/min toward c = 1, vessels clear 5/min.   B: D = 1e5, vessels supply 10/min toward 1, the tumour takes 10/min.
C: as B, with the vessels held at 1.                                               P: D = 6e3, one voxel secretes 10/min toward 1.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.fft import dctn, idctn
from scipy.sparse.linalg import LinearOperator, cg

SPACING = 20.0
# The number next to 0.1 that float32 holds, so that codes of either precision are given the same system.
DECAY = float(np.float32(0.1))


class Case(NamedTuple):
    """Production, loss (decay apart), held voxels (value 1) and diffusivity of a case."""

    diffusivity: float
    production: np.ndarray
    loss: np.ndarray
    held: np.ndarray | None


class System(NamedTuple):
    """The discrete equations  loss c + sum over faces of rate (c - neighbour) = right.

    `faces`: rates between a voxel and the next along z, y, x, [z, y, x] each, zero at the last voxel of an axis. Held voxels are
    eliminated: faces to them are loss and production of their free neighbours, and their own row reads c = 1.
    """

    loss: np.ndarray
    faces: tuple[np.ndarray, np.ndarray, np.ndarray]
    right: np.ndarray
    free: np.ndarray


def build(name: str, n: int) -> Case:
    """The arrays of a case on n^3 voxels."""
    middle = (np.arange(n) - (n - 1) / 2) ** 2
    tumour = middle[:, None, None] + middle[None, :, None] + middle[None, None, :] < (0.2 * n) ** 2
    line = np.arange(n) % 8 == 4
    z, y, x = np.meshgrid(line, line, line, indexing="ij", sparse=True)
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


def discretise(case: Case) -> System:
    """The equations of a case, held voxels eliminated."""
    shape = case.loss.shape
    loss, right = case.loss + DECAY, case.production.copy()
    free = np.ones(shape, bool) if case.held is None else ~case.held
    faces = []
    for axis in range(3):
        rate = np.full(shape, case.diffusivity / SPACING**2)
        lower, upper = _sides(axis)
        rate[_last(axis)] = 0
        to_held_above, to_held_below = free[lower] & ~free[upper], free[upper] & ~free[lower]
        for mine, meets_held in ((lower, to_held_above), (upper, to_held_below)):
            loss[mine] += rate[lower] * meets_held
            right[mine] += rate[lower] * meets_held
        rate[lower] *= free[lower] & free[upper]
        faces.append(rate)
    loss[~free] = 1.0
    right[~free] = 1.0
    return System(loss, (faces[0], faces[1], faces[2]), right, free)


def _sides(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    lower, upper = [slice(None)] * 3, [slice(None)] * 3
    lower[axis], upper[axis] = slice(None, -1), slice(1, None)
    return tuple(lower), tuple(upper)


def _last(axis: int) -> tuple[slice, ...]:
    index = [slice(None)] * 3
    index[axis] = slice(-1, None)
    return tuple(index)


def matrix(system: System) -> sp.csr_array:
    """The equations of the free voxels as a sparse matrix."""
    shape = system.loss.shape
    diagonal = system.loss.copy()
    bands, offsets = [], []
    for axis, rate in enumerate(system.faces):
        lower, upper = _sides(axis)
        diagonal[lower] += rate[lower]
        diagonal[upper] += rate[lower]
        stride = int(np.prod(shape[axis + 1 :]))
        band = -rate.ravel()[: rate.size - stride]
        bands += [band, band]
        offsets += [stride, -stride]
    whole = sp.csr_array(sp.diags_array([diagonal.ravel(), *bands], offsets=[0, *offsets]))  # pyright: ignore[reportArgumentType]
    whole.eliminate_zeros()
    keep = system.free.ravel()
    return whole if keep.all() else sp.csr_array(whole[keep][:, keep])


class CosinePreconditioner(LinearOperator):
    """The inverse of the equations with one diffusivity and one loss everywhere, by a fast cosine transform: what suits no-flux walls best.

    The loss is half the mean over the free voxels, where A, B and C take the fewest iterations of the factors 0.03, 0.1, 0.2, 0.5, 1, 2. Held voxels
    are zero on the way in and dropped on the way out.
    """

    def __init__(self, system: System):
        self.free = system.free
        eigenvalues = np.full((1, 1, 1), 0.5 * system.loss[self.free].mean())
        for axis, rate in enumerate(system.faces):
            waves = rate.max() * (2 - 2 * np.cos(np.pi * np.arange(rate.shape[axis]) / rate.shape[axis]))
            eigenvalues = eigenvalues + waves.reshape([-1 if i == axis else 1 for i in range(3)])
        self.inverse, self.whole, self.none_held = 1 / eigenvalues, np.zeros(system.loss.shape), bool(self.free.all())
        super().__init__(float, (int(self.free.sum()),) * 2)

    def _matvec(self, residual):
        if self.none_held:
            self.whole[...] = residual.reshape(self.whole.shape)
        else:
            self.whole[self.free] = residual
        modes = np.asarray(dctn(self.whole, norm="ortho", workers=2))
        modes *= self.inverse
        field = np.asarray(idctn(modes, norm="ortho", workers=2, overwrite_x=True))
        return field.ravel() if self.none_held else field[self.free]


def exact_field(case: Case) -> np.ndarray:
    """The exact discrete field in float64, by conjugate gradients, with a proof.

    The matrix has no positive off-diagonal entry and its rows sum to at least the decay, so |A^-1| <= 1/decay in the maximum norm and the largest
    residual over the decay bounds the error. RuntimeError where that bound stays above 1e-11 of the largest value.
    """
    system = discretise(case)
    operator, right = matrix(system), system.right[system.free]
    preconditioner = CosinePreconditioner(system)
    solved, defect = np.zeros(right.size), right
    for _ in range(4):
        # A second and third solve for what round-off left in the residual of the first.
        solved += cg(operator, defect, rtol=1e-9, maxiter=500, M=preconditioner)[0]
        defect = right - operator @ solved
        if np.abs(defect).max() / DECAY < 1e-11 * solved.max():
            break
    else:
        raise RuntimeError(f"the reference field is only known to {np.abs(defect).max() / DECAY / solved.max():.1e}")
    field = np.ones(system.loss.shape)
    field[system.free] = solved
    return field
