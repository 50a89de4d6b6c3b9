import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.linalg.stencil import Stencil, all_faces, face_sum, flux_divergence, is_periodic

SHAPE = (3, 4, 5)
RNG = np.random.default_rng(0)


def random_stencil(periodic=(False, False, False)):
    faces = []
    for axis in range(3):
        shape = list(SHAPE)
        shape[axis] -= 0 if periodic[axis] else 1
        faces.append(jnp.asarray(RNG.uniform(0.1, 1.0, shape)))
    return Stencil(tuple(faces), jnp.asarray(RNG.uniform(0, 1, SHAPE)))


def dense(stencil):
    cells = stencil.loss.size
    return np.asarray(jax.vmap(lambda u: stencil.apply(u.reshape(SHAPE)).ravel())(jnp.eye(cells))).T


@pytest.mark.parametrize("periodic", [(False, False, False), (True, False, True), (True, True, True)])
def test_the_operator_is_a_symmetric_m_matrix(periodic):
    stencil = random_stencil(periodic)
    matrix = dense(stencil)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-14)
    np.testing.assert_allclose(np.diag(matrix), np.asarray(stencil.diagonal()).ravel(), rtol=1e-14)
    assert (matrix - np.diag(np.diag(matrix)) <= 0).all()
    np.testing.assert_allclose(matrix.sum(1), np.asarray(stencil.loss).ravel(), atol=1e-13)
    assert float(jnp.max(stencil.row_sizes())) == pytest.approx(np.abs(matrix).sum(1).max(), rel=1e-12)


@pytest.mark.parametrize("shape", [(5, 4, 3), (6, 2, 1)], ids=str)
def test_the_greatest_exchange_of_a_cell(shape):
    """Of one rate per axis as of an array of equal rates: the rates through all faces of the cell that has most of them."""
    rates = (0.3, 2.0, 0.7)
    short = Stencil(tuple(jnp.full((1, 1, 1), rate) for rate in rates), jnp.zeros(shape))
    full = Stencil(tuple(all_faces(f, axis, shape) for axis, f in enumerate(short.faces)), short.loss)
    by_hand = sum(rate * min(n - 1, 2) for rate, n in zip(rates, shape, strict=True))
    assert float(short.greatest_exchange()) == pytest.approx(by_hand, rel=1e-12)
    assert float(full.greatest_exchange()) == pytest.approx(by_hand, rel=1e-12)


def test_fluxes_cancel_in_the_sum():
    stencil = random_stencil((True, False, True))
    u = jnp.asarray(RNG.normal(size=SHAPE))
    assert abs(float(flux_divergence(u, stencil.faces).sum())) < 1e-12


def test_one_face_by_hand():
    faces = (jnp.zeros((0, 1, 2)), jnp.zeros((1, 0, 2)), jnp.asarray([[[3.0]]]))
    out = Stencil(faces, jnp.asarray([[[1.0, 0.0]]])).apply(jnp.asarray([[[5.0, 1.0]]]))
    np.testing.assert_allclose(out, [[[5.0 + 12.0, -12.0]]])
    np.testing.assert_allclose(face_sum(faces, (1, 1, 2)), [[[3.0, 3.0]]])


def test_a_single_cell_is_never_periodic():
    assert not is_periodic(jnp.zeros((1, 4, 4)), 0, 1)
    assert is_periodic(jnp.zeros((4, 4, 4)), 0, 4)


def drifting(shape=SHAPE, seed=3, *, ring=False):
    """Different rates in both directions across each face."""
    rng = np.random.default_rng(seed)
    sizes = [tuple(n - (a == axis and not ring) for a, n in enumerate(shape)) for axis in range(3)]
    forward, backward = (tuple(jnp.asarray(rng.uniform(0.1, 2, size)) for size in sizes) for _ in range(2))
    return Stencil(forward, jnp.asarray(rng.uniform(0, 1, shape)), backward)


@pytest.mark.parametrize("ring", [False, True])
def test_rates_that_differ_by_direction(ring):
    operator = drifting(ring=ring)
    matrix = dense(operator)
    np.testing.assert_allclose(np.diag(matrix), np.asarray(operator.diagonal()).ravel(), rtol=1e-14)
    np.testing.assert_allclose(matrix.sum(0), np.asarray(operator.loss).ravel(), atol=1e-14)  # what leaves a cell enters the next
    assert (matrix - np.diag(np.diag(matrix)) <= 0).all()
    np.testing.assert_allclose(dense(operator.transposed()), matrix.T, atol=1e-14)
    np.testing.assert_allclose(dense(operator.transposed().transposed()), matrix, atol=1e-14)
    assert float(jnp.max(operator.row_sizes())) >= np.abs(matrix).sum(1).max() * (1 - 1e-14)
