"""The discrete problem assembled a second time, with SciPy and loops over faces: what the solver is checked against."""

import numpy as np
import scipy.sparse as sp
from scipy.integrate import solve_ivp
from scipy.sparse.linalg import spsolve


def assemble(shape, spacing, conductivity, loss, production, *, periodic=(False, False, False), walls=(), held=None, value=None):
    """Matrix and right-hand side of  loss c - div(conductivity grad c) = production  with one unknown per voxel.

    `walls`: tuples (axis, upper, transfer, outside), transfer inf for a fixed value. Held voxels get a row c = value.
    """
    size = int(np.prod(shape))
    index = np.arange(size).reshape(shape)
    matrix, right = sp.lil_matrix((size, size)), np.array(production, float).ravel().copy()
    kappa, lost = np.broadcast_to(conductivity, shape), np.broadcast_to(loss, shape).ravel()
    matrix.setdiag(lost)
    for axis in range(3):
        cells = shape[axis]
        for lower in range(cells if periodic[axis] and cells > 1 else cells - 1):
            upper = (lower + 1) % cells
            a, b = (np.take(index, i, axis).ravel() for i in (lower, upper))
            ka, kb = (np.take(kappa, i, axis).ravel() for i in (lower, upper))
            rate = np.where(ka + kb > 0, 2 * ka * kb / np.maximum(ka + kb, 1e-300), 0) / spacing[axis] ** 2
            for i, j, g in zip(a, b, rate, strict=True):
                matrix[i, i] += g
                matrix[j, j] += g
                matrix[i, j] -= g
                matrix[j, i] -= g
    for axis, upper, transfer, outside in walls:
        cells = np.take(index, -1 if upper else 0, axis).ravel()
        half = 2 * np.take(kappa, -1 if upper else 0, axis).ravel() / spacing[axis]
        rate = (half if np.isinf(transfer) else transfer * half / (transfer + half)) / spacing[axis]
        for i, g, c in zip(cells, rate, np.broadcast_to(outside, rate.shape), strict=True):
            matrix[i, i] += g
            right[i] += g * c
    if held is not None:
        for i in index[held]:
            matrix[i, :] = 0
            matrix[i, i] = 1
        right[index[held]] = np.broadcast_to(value, shape)[held]
    return matrix.tocsc(), right


def solve(shape, *arguments, **options):
    """The field of the assembled problem."""
    return spsolve(*assemble(shape, *arguments, **options)).reshape(shape)


def march(shape, spacing, conductivity, loss, production, fraction, start, times, *, uptake=0.0, half_saturation=1.0, **options):
    """Fields at `times` of  fraction dc/dt = -(matrix c) + right - uptake c/(half_saturation + c),  by SciPy's BDF to 1e-10."""
    matrix, right = assemble(shape, spacing, conductivity, loss, production, **options)
    taken, storage = np.broadcast_to(uptake, shape).ravel(), np.broadcast_to(fraction, shape).ravel()
    inverse = sp.diags(1 / storage)

    def rate(_, c):
        return (right - matrix @ c - taken * c / (half_saturation + c)) / storage

    def slope(_, c):
        return -inverse @ (matrix + sp.diags(taken * half_saturation / (half_saturation + c) ** 2))

    end = solve_ivp(rate, (times[0], times[-1]), np.ravel(start), method="BDF", t_eval=times, jac=slope, rtol=1e-10, atol=1e-13)
    return end.y.T.reshape(len(times), *shape)


def locally_one_dimensional(shape, spacing, diffusivity, decay, loss, production, *, step, duration):
    """A field from zero to its steady state as BioFVM steps it (doi:10.1093/bioinformatics/btv730): no-flux walls, one diffusivity.

    Each step is implicit along one axis after the other, a third of the decay with each, then implicit in the local loss and production.
    """
    sweeps = []
    for cells, h in zip(shape, spacing, strict=True):
        second = np.diag(np.r_[np.full(cells - 1, 1.0), 0]) + np.diag(np.r_[0, np.full(cells - 1, 1.0)]) - np.eye(cells, k=1) - np.eye(cells, k=-1)
        sweeps.append(np.linalg.inv(np.eye(cells) * (1 + step * decay / 3) + step * diffusivity / h**2 * second))
    c, made, kept = np.zeros(shape), step * production, 1 / (1 + step * loss)
    z, y, x = sweeps
    for _ in range(round(duration / step)):
        c = np.tensordot(z, c, (1, 0))
        c = y @ c @ x  # the matrices are symmetric
        c = (c + made) * kept
    return c
