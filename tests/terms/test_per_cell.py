"""Rates of one cell times a density: the same as the term with that density, and what a growing bed of vessels exchanges."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((2, 3, 4), 20.0)
SPECIES = tf.Species("IFNg", 40.0, 1e-4)


def test_the_same_as_the_term_with_that_density():
    density = np.random.default_rng(1).uniform(0, 1e-4, GRID.shape)
    factor = tf.Modulation(tf.Hill("IFNg", 0.1), saturated=0.5)
    plain = [tf.Secretion("IFNg", density, 5.0, source="CD8_T", modulations=[factor]), tf.ReceptorUptake("IFNg", density, 4000.0, 2e-4, 0.05, "CD8_T")]
    each = [
        tf.PerCell("CD8_T", tf.Secretion("IFNg", 1.0, 5.0, modulations=[factor]), density),
        tf.PerCell("CD8_T", tf.ReceptorUptake("IFNg", 1.0, 4000.0, 2e-4, 0.05), density),
    ]
    found, wanted = (tf.solve_steady(tf.Model(GRID, [SPECIES], [tf.Decay(), *terms]), rtol=1e-11) for terms in (each, plain))
    np.testing.assert_allclose(found.concentration, wanted.concentration, rtol=1e-9)
    assert set(found.budget.made) == set(wanted.budget.made) and set(found.budget.lost) == set(wanted.budget.lost)


def test_a_bed_of_vessels_that_has_doubled():
    grown = tf.PerCell("endothelial", tf.VascularExchange("IFNg", 0.01, 0.02, 0.3), 2e-5, reference=1e-5)
    plain = tf.VascularExchange("IFNg", 0.02, 0.02, 0.3)
    medium = tf.Model(GRID, [SPECIES], [tf.Decay()]).medium()
    field = {"IFNg": jnp.zeros(GRID.shape)}
    for one, other in zip(grown.fitted(medium).rates(field, medium)["IFNg"], plain.fitted(medium).rates(field, medium)["IFNg"], strict=True):
        np.testing.assert_allclose(one, other * jnp.ones_like(one), rtol=1e-12)
    assert grown.label.endswith("by endothelial")


def test_what_is_refused():
    with pytest.raises(tf.InputError, match="reference density of CD8_T must be finite and above zero"):
        tf.PerCell("CD8_T", tf.Secretion("IFNg", 1.0, 5.0), reference=0.0)
    with pytest.raises(tf.InputError, match="density of CD8_T"):
        tf.Model(GRID, [SPECIES], [tf.PerCell("CD8_T", tf.Secretion("IFNg", 1.0, 5.0), np.ones((3, 3, 3)))])
    filtering = tf.VascularExchange("IFNg", 0.01, 0.02, 0.3, filtration=1e-3)
    with pytest.raises(tf.InputError, match="wide vessels and filtration belong to walls that stay"):
        tf.PerCell("endothelial", filtering)
