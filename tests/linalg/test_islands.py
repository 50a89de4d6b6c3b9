"""Cells that all others are cut off from: their correction is exact, and what they cost conjugate gradients without it is gone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.linalg.islands import solve_islands
from tmefield.linalg.stencil import Stencil

SHAPE = (5, 6, 7)
ISLANDS = {
    "pair": [(2, 3, 3), (2, 3, 4)],
    "row": [(2, 1, 3), (2, 2, 3), (2, 3, 3)],
    "corner": [(1, 3, 3), (2, 3, 3), (2, 3, 4)],
    "star": [(2, 3, 3), (1, 3, 3), (3, 3, 3), (2, 2, 3), (2, 4, 3), (2, 3, 2), (2, 3, 4)],
    "at the wall": [(0, 0, 0), (0, 0, 1), (0, 1, 0)],
    "alone": [(2, 3, 3)],
    "square": [(2, 2, 3), (2, 3, 3), (2, 2, 4), (2, 3, 4)],
}


def operator_with(cells):
    """Conductance 1 between the named cells, random ones near 1e-5 elsewhere, a little loss."""
    random = np.random.default_rng(3)
    inside = np.zeros(SHAPE, bool)
    inside[tuple(np.transpose(cells))] = True
    faces = []
    for axis in range(3):
        low, high = (np.take(inside, range(start, SHAPE[axis] - 1 + start), axis) for start in (0, 1))
        faces.append(jnp.asarray(np.where(low & high, 1.0, 1e-5 * random.uniform(0.5, 1.5, low.shape))))
    return Stencil(tuple(faces), jnp.asarray(1e-5 * random.uniform(0.5, 1.5, SHAPE))), inside


@pytest.mark.parametrize("name", ISLANDS)
def test_the_sum_of_the_residual_over_the_sum_of_the_matrix(name):
    operator, inside = operator_with(ISLANDS[name])
    r = np.random.default_rng(4).normal(size=SHAPE)
    found = jax.jit(solve_islands)(operator, 1 / operator.diagonal(), jnp.asarray(r))
    leaves = float(operator.apply(jnp.asarray(inside, float))[inside].sum())
    expected = 0.0 if name in ("alone", "square") else np.where(inside, r[inside].sum() / leaves, 0)
    np.testing.assert_allclose(found, np.broadcast_to(expected, SHAPE), rtol=1e-8)


def test_a_medium_without_islands_has_no_correction():
    operator = Stencil(tuple(jnp.ones((1, 1, 1)) for _ in range(3)), jnp.full(SHAPE, 1e-3))
    assert not np.asarray(jax.jit(solve_islands)(operator, 1 / operator.diagonal(), jnp.ones(SHAPE))).any()
