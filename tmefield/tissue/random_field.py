"""Smooth random fields, the same at every resolution."""

import numpy as np

from ..grid import Grid

_WAVES = 128


def smooth_field(grid: Grid, length: float, random: np.random.Generator) -> np.ndarray:
    """A random field [z, y, x] of mean 0, variance 1 and covariance exp(-r^2/(2 length^2)), length in um.

    Made of plane waves in space (um), not of random voxels, so that a finer grid shows the same field in more detail:
    g(x) = sqrt(2/K) sum_k cos(w_k x + a_k), w_k normal with deviation 1/length, a_k uniform.
    """
    waves = random.normal(0.0, 1.0 / length, size=(3, _WAVES))
    phase = random.uniform(0.0, 2.0 * np.pi, size=_WAVES)
    z, y, x = (np.exp(1j * np.outer(grid.centres(axis), waves[axis])) for axis in range(3))
    z = z * np.exp(1j * phase)
    # A wave is a product over the axes, so the sum over waves is a matrix product, one layer of z at a time.
    field = np.empty(grid.shape)
    for layer in range(grid.shape[0]):
        field[layer] = ((z[layer] * y) @ x.T).real
    return np.sqrt(2.0 / _WAVES) * field
