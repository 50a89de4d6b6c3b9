"""Hill functions, the factors made of them, regulated secretion, blockade, and uptake at the surface of cells."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 2, 2), 10.0)
SMALL = (1, 1, 1)


def at(**levels):
    return {name: jnp.full(SMALL, value, dtype=float) for name, value in levels.items()}


def value(field):
    return float(field[0, 0, 0])


@pytest.mark.parametrize(("c", "n", "share"), [(0.0, 1.0, 0.0), (0.03, 1.0, 0.75), (0.01, 3.0, 0.5), (0.02, 2.0, 0.8), (1e9, 4.0, 1.0), (-0.01, 2.0, 0.0)])
def test_hill_by_hand(c, n, share):
    assert value(tf.Hill("a", 0.01, n)(at(a=c))) == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize("n", [1.0, 1.5, 4.0])
@pytest.mark.parametrize("c", [0.0, 1e-6, 0.02, 5.0, 1e8])
def test_the_slope_of_hill_is_right_everywhere(n, c):
    """n K^n c^(n-1)/(K^n + c^n)^2; at c = 0 it is 1/K for n = 1 and zero above."""
    half = 0.01
    expected = (1 / half if n == 1 else 0.0) if c == 0 else n * half**n * c ** (n - 1) / (half**n + c**n) ** 2
    found = jax.grad(lambda c: tf.Hill("a", half, n)({"a": c}))(jnp.asarray(c))
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12 / half)


def test_derivatives_in_exponent_and_half_maximum_are_finite_at_zero():
    for found in jax.grad(lambda n, k: tf.Hill("a", k, n)({"a": jnp.asarray(0.0)}), argnums=(0, 1))(2.0, 0.01):
        assert float(found) == 0


def test_modulations_raise_lower_and_gate():
    """IL-6 raises twofold at most, IL-10 lowers to nothing, TNF and IFN-g act together, lack of oxygen raises 7.15 times."""
    half = {"a": 0.01, "b": 0.01}
    assert value(tf.Modulation(tf.Hill("a", half["a"]), 2.0)(at(a=0.03))) == pytest.approx(1.75)
    assert value(tf.Modulation(tf.Hill("a", half["a"]), 0.0)(at(a=0.03))) == pytest.approx(0.25)
    gate = tf.Modulation([tf.Hill("a", half["a"]), tf.Hill("b", half["b"])], 5.0)
    assert value(gate(at(a=0.03, b=0.01))) == pytest.approx(1 + 4 * 0.75 * 0.5)
    assert value(gate(at(a=0.03, b=0.0))) == 1
    hypoxia = tf.Modulation(tf.Hill("O2", 1e4, 4.0), 1.0, basal=7.15)
    assert value(hypoxia(at(O2=0.0))) == pytest.approx(7.15)
    assert value(hypoxia(at(O2=1e4))) == pytest.approx((7.15 + 1) / 2)


def test_a_blocked_receptor_sees_less():
    """H(c/(1 + A/K_d)): with 100 K_d of drug it takes 101 times the ligand."""
    blocked = tf.Hill("a", 0.01, 1.0, tf.Blockade("drug", 1.0))
    assert value(blocked(at(a=1.01, drug=100.0))) == pytest.approx(0.5)
    assert blocked.reads == ("a", "drug")


def test_regulated_secretion():
    """n q f / 0.602214 times the factors."""
    edges = [tf.Modulation(tf.Hill("b", 0.01), 2.0), tf.Modulation(tf.Hill("c", 0.01), 0.0)]
    term = tf.Secretion("a", 1e-4, 6.02214076, 0.1, modulations=edges)
    assert (term.saturable, term.monotone, term.reads, term.drives) == (True, True, ("b", "c"), (("b", "a"), ("c", "a")))
    model = tf.Model(GRID, [tf.Species(name, 40.0, 1e-4) for name in "abc"], [term])
    made = model.rates(jnp.asarray([0.0, 0.03, 0.01])[:, None, None, None] * jnp.ones(model.shape)).production[0]
    np.testing.assert_allclose(made, 1e-4 * 1.75 * 0.5, rtol=1e-12)


def test_circles_are_known():
    """A cascade has one steady state; two species that act on each other, and one that acts on itself, may have several."""
    species = [tf.Species(name, 40.0, 1e-4) for name in "abc"]

    def by(product, *regulators):
        return tf.Secretion(product, 1e-4, 1.0, modulations=[tf.Modulation(tf.Hill(one, 0.01), 2.0) for one in regulators])

    def unique(*terms):
        return tf.Model(GRID, species, [tf.Decay(), *terms]).unique

    assert unique(by("a"), by("b", "a"), by("c", "a", "b"))
    assert not unique(by("a", "b"), by("b", "a"))
    assert not unique(by("a", "a"))
    assert not unique(by("a", "b"), by("b", "c"), by("c", "a"))


def test_blockade_of_uptake():
    """U = n k_endo R c/[K (1 + A/K_d) + c]/0.602214."""
    term = tf.ReceptorUptake("a", 1e-4, 6022.14076, 1e-3, 0.05, blockade=tf.Blockade("drug", 2.0))
    model = tf.Model(GRID, [tf.Species("a", 40.0), tf.Species("drug", 20.0)], [term])
    assert model.coupled and model.unique
    loss = model.rates(jnp.asarray([0.1, 20.0])[:, None, None, None] * jnp.ones(model.shape)).loss[0]
    np.testing.assert_allclose(loss, 1e-3 / (0.05 * 11 + 0.1), rtol=1e-12)


def test_the_constants_of_interleukin_2_in_both_forms():
    """k_on 111.6 /nM/h, k_off 0.83 /h, k_endo 4.6e-4 /s: K_M 22.28 pM and 0.03429 um3/s per receptor, K_D 7.44 pM and 0.10271 um3/s (k_on is 0.05148)."""
    for form, half, slope in (("K_M", 22.28e-3, 0.03429), ("K_D", 7.437e-3, 0.10271)):
        term = tf.ReceptorUptake.from_binding("a", 1.0, 1.0, 111.6 / 3600, 0.83 / 3600, 4.6e-4, form)
        assert float(term.half_saturation) == pytest.approx(half, rel=1e-3)
        assert float(4.6e-4 / 0.602214076 / term.half_saturation) == pytest.approx(slope, rel=1e-3)
    with pytest.raises(tf.InputError, match="K_M or K_D; got 'Km'"):
        tf.ReceptorUptake.from_binding("a", 1.0, 1.0, 1.0, 1.0, 1.0, "Km")


def per_cell(density, receptors, k_endo, half, c=0.0):
    """Uptake per cell and concentration, um3/s, of cells of 5 um in D = 10 um2/s."""
    model = tf.Model(GRID, [tf.Species("a", 10.0)], [tf.ReceptorUptake("a", density, receptors, k_endo, half, cell_radius=5.0)])
    return float(model.rates(jnp.full(model.shape, c)).loss[0, 0, 0, 0]) / density


def test_the_surface_of_a_cell_sees_less_than_its_surroundings():
    """k_D (c - c_s) = k_endo R c_s/(K + c_s), solved by hand for k_D = 4 pi D rho of a cell alone."""
    delivery, receptors, k_endo, half, c = 4 * np.pi * 10 * 5, 5e4, 4.6e-4, 22.28e-3, 0.1
    greatest = receptors * k_endo / 0.602214076
    roots = np.roots([delivery, delivery * (half - c) + greatest, -delivery * half * c])
    surface = roots[roots > 0][0]
    assert per_cell(1e-11, receptors, k_endo, half, c) == pytest.approx(greatest * surface / (half + surface) / c, rel=1e-3)


def test_uptake_at_the_surface_has_finite_derivatives_where_no_cell_is():
    density = jnp.asarray(np.array([0.0, 1e-4, 5e-3, 1e-3]).reshape(GRID.shape))

    def taken(density):
        model = tf.Model(GRID, [tf.Species("a", 10.0)], [tf.ReceptorUptake("a", density, 4000.0, 4.6e-4, 22.28e-3, cell_radius=5.0)])
        return model.rates(jnp.full(model.shape, 0.01)).loss.sum()

    assert np.isfinite(jax.grad(taken)(density)).all()


def test_wrong_values_are_refused():
    for call, said in (
        (lambda: tf.Hill("a", 0.0), "half maximum of the response to a must be finite and above zero"),
        (lambda: tf.Hill("a", 1.0, 0.5), "Hill exponent of the response to a must be finite and at least 1"),
        (lambda: tf.Modulation([], 1.0), "at least one Hill function"),
        (lambda: tf.Modulation(tf.Hill("a", 1.0), -1.0), "factor at saturating a must be finite and not negative"),
        (lambda: tf.Blockade("drug", 0.0), "dissociation constant of drug must be finite and above zero"),
        (lambda: tf.Model(GRID, [tf.Species("a", 1.0)], [tf.Secretion("a", 1.0, 1.0, modulations=[tf.Modulation(tf.Hill("b", 1.0), 2.0)])]), "reads b, but"),
    ):
        with pytest.raises(tf.InputError, match=said):
            call()


def test_parameters_are_leaves():
    """Half maximum, exponent, factors and dissociation constant can be replaced and differentiated."""
    edge = tf.Modulation(tf.Hill("a", 0.01, 2.0, tf.Blockade("drug", 1.0)), 3.0)
    assert len(jax.tree.leaves(eqx.filter(edge, eqx.is_inexact_array))) == 5
