import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.transport.faces import face_conductances, harmonic_mean


def test_harmonic_mean_closes_where_either_side_is_closed():
    np.testing.assert_allclose(harmonic_mean(jnp.asarray([2.0, 4.0, 0.0]), jnp.asarray([2.0, 12.0, 5.0])), [2.0, 6.0, 0.0])


def test_conductances_of_a_uniform_medium():
    faces = face_conductances(jnp.full((2, 3, 4), 10.0), (1.0, 2.0, 5.0), (False, False, True))
    assert [face.shape for face in faces] == [(1, 3, 4), (2, 2, 4), (2, 3, 4)]
    assert [float(face.ravel()[0]) for face in faces] == pytest.approx([10.0, 2.5, 0.4])


def test_a_ring_joins_its_ends():
    kappa = jnp.asarray([[[1.0, 1.0, 3.0]]])
    wrap = face_conductances(kappa, (1.0, 1.0, 1.0), (False, False, True))[2]
    np.testing.assert_allclose(wrap, [[[1.0, 1.5, 1.5]]])
