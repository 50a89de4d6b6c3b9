import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.linalg.stencil import Stencil
from tmefield.linalg.transfer import coarsen_operator, plan, prolong, sum_pairs


def uniform(shape, spacing, loss=0.1, diffusivity=1.0):
    faces = []
    for axis in range(3):
        face = list(shape)
        face[axis] -= 1
        faces.append(jnp.full(face, diffusivity / spacing[axis] ** 2))
    return Stencil(tuple(faces), jnp.full(shape, loss))


def test_strongly_coupled_axes_are_halved_first():
    steps = plan((32, 32, 32), (8.0, 1.0, 1.0), coarsest=64)
    assert [step.axes for step in steps[:4]] == [(1, 2), (1, 2), (1, 2), (0, 1, 2)]


def test_a_section_keeps_its_one_layer():
    assert all(step.axes == (1, 2) for step in plan((1, 100, 60), (5.0, 5.0, 5.0), coarsest=64))


@pytest.mark.parametrize("shape", [(7, 9, 12), (5, 1, 16), (3, 2, 2)])
def test_sums_are_kept(shape):
    step = plan(shape, (1.0, 1.0, 1.0), coarsest=1)[0]
    r = jnp.asarray(np.random.default_rng(0).normal(size=shape))
    assert float(sum_pairs(r, step.axes).sum()) == pytest.approx(float(r.sum()), abs=1e-12)


@pytest.mark.parametrize("shape", [(8, 8, 8), (7, 9, 12)])
def test_prolongation_is_exact_for_linear_fields_inside(shape):
    step = plan(shape, (1.0, 2.0, 1.0), coarsest=1)[0]

    def linear(centres):
        z, y, x = np.meshgrid(*[np.asarray(c) for c in centres], indexing="ij")
        return 1.0 + 2 * z - 3 * y + 0.5 * x

    fine = prolong(jnp.asarray(linear(step.coarse_centres)), step, shape, (False, False, False))
    inner = tuple(slice(1, -1) if axis in step.axes else slice(None) for axis in range(3))
    np.testing.assert_allclose(np.asarray(fine)[inner], linear(step.centres)[inner], rtol=1e-12)


def test_prolongation_wraps_around():
    step = plan((1, 1, 8), (1.0, 1.0, 1.0), coarsest=1)[0]
    e = jnp.asarray([[[1.0, 0.0, 0.0, 0.0]]])
    np.testing.assert_allclose(np.asarray(prolong(e, step, (1, 1, 8), (False, False, True)))[0, 0], [0.75, 0.75, 0.25, 0, 0, 0, 0, 0.25])


def test_the_coarse_operator_is_the_discretisation_on_coarse_cells():
    """Uniform media, even size: extensive conductances are eight times those of the doubled spacing."""
    step = plan((8, 8, 8), (1.0, 1.0, 1.0), coarsest=64)[0]
    coarse, expected = coarsen_operator(uniform((8, 8, 8), (1.0,) * 3), step), uniform((4, 4, 4), (2.0,) * 3)
    np.testing.assert_allclose(coarse.loss, 8 * expected.loss)
    for got, wanted in zip(coarse.faces, expected.faces, strict=True):
        np.testing.assert_allclose(got, 8 * wanted)
