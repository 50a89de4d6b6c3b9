"""Endpoints by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

DRUG = jnp.asarray([[0.0, 1.32], [13.2, -1e-9]])


def test_receptors_held_by_a_drug():
    np.testing.assert_allclose(tf.receptor_occupancy(DRUG, 1.32), [[0.0, 0.5], [10 / 11, 0.0]], rtol=1e-12)


def test_a_ligand_competes():
    """With c = 3 K the drug counts a quarter."""
    ligand = jnp.full((2, 2), 0.3)
    np.testing.assert_allclose(tf.receptor_occupancy(DRUG, 1.32, ligand, 0.1), [[0.0, 0.2], [10 / 14, 0.0]], rtol=1e-12)
    with pytest.raises(tf.InputError, match="ligand_constant"):
        tf.receptor_occupancy(DRUG, 1.32, ligand)


def test_ligand_held_by_a_drug():
    bound, free = jnp.asarray([0.0, 3.0, 0.0]), jnp.asarray([0.0, 1.0, 2.0])
    np.testing.assert_allclose(tf.bound_fraction(bound, free), [0.0, 0.75, 0.0])
    slope = jax.grad(lambda b: jnp.sum(tf.bound_fraction(b, free)))(bound)
    np.testing.assert_allclose(slope, [0.0, 1 / 16, 0.5])


def test_exposure():
    """Trapezoids: of 0, 2, 2 over 10 and 30 s, 10 + 60."""
    fields = jnp.asarray([0.0, 2.0, 2.0])[:, None, None] * jnp.ones((3, 2, 2))
    np.testing.assert_allclose(tf.area_under_curve(jnp.asarray([0.0, 10.0, 40.0]), fields), np.full((2, 2), 70.0))
    with pytest.raises(tf.InputError, match="two times or more"):
        tf.area_under_curve(jnp.asarray([0.0]), fields[:1])
