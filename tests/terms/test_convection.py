"""Solute carried through vessel walls by the fluid (Kedem-Katchalsky/Patlak), and out with the lymph."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.terms.wall_pieces import mean_decay

SHAPE = (1, 1, 4)
FIELD = jnp.zeros(SHAPE)
AT_START = tf.Moment(jnp.asarray(0.0), jnp.asarray(0.0))
ENTRIES = SimpleNamespace(voxel=np.array([0, 1, 2, 3]), segment=np.arange(4), area=np.array([10.0, 20.0, 5.0, 8.0]), path=np.array([4.0, 0.0, -1.0, 3.0]))


def medium(phi=0.5, diffusivity=20.0):
    return tf.Medium(jnp.asarray(phi), {"a": tf.Species("a", diffusivity)}, AT_START, 1000.0)


def rates(vessels, permeability, plasma, **convection):
    return tf.VascularExchange("a", vessels, permeability, plasma, **convection).rates({"a": FIELD}, medium())["a"]


@pytest.mark.parametrize("peclet", [-900.0, -3.0, -1e-3, 1e-6, 0.05, 2.0, 900.0])
def test_patlak(peclet):
    """alpha and beta of the wall, P 0.2 um/s, a tenth of the solute held back; no overflow at any Peclet number."""
    permeability = 0.2
    found = rates(0.02, permeability, 3.0, filtration=peclet * permeability / 0.9, reflection=0.1)
    alpha = 0.2 * (-peclet / np.expm1(-peclet) if abs(peclet) < 700 else max(peclet, 0))
    beta = 0.2 * (peclet / np.expm1(peclet) if abs(peclet) < 700 else max(-peclet, 0))
    np.testing.assert_allclose(found.production, 0.02 * alpha * 3.0, rtol=1e-12)
    np.testing.assert_allclose(found.loss, 0.02 * beta, rtol=1e-12)


def test_a_wall_that_lets_nothing_diffuse_still_filters():
    out, back = rates(0.02, 0.0, 3.0, filtration=0.3, reflection=0.2), rates(0.02, 0.0, 3.0, filtration=-0.3, reflection=0.2)
    assert (float(out.production), float(out.loss)) == (pytest.approx(0.02 * 0.24 * 3), 0.0)
    assert (float(back.production), float(back.loss)) == (0.0, pytest.approx(0.02 * 0.24))


def test_without_filtration_it_is_the_diffusive_exchange_to_the_last_bit():
    for vessels, still in ((ENTRIES, np.zeros(4)), (0.02, 0.0)):
        for one, other in zip(rates(vessels, 0.5, 2.0, filtration=still), rates(vessels, 0.5, 2.0), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("filtration", [0.7, -0.7, 1e-9])
def test_the_closure_carries_solute_with_the_fluid(filtration):
    """Wall and path in series: j = alpha c_p - beta c_w and, along the path, j = J_v (c_w - c e^-y)/(1 - e^-y), solved for j."""
    permeability, plasma, phi_d = 0.5, 2.0, 10.0
    found = rates(ENTRIES, permeability, plasma, filtration=np.full(4, filtration), reflection=0.3)
    pe = filtration * 0.7 / permeability
    alpha, beta = -permeability * pe / np.expm1(-pe), permeability * pe / np.expm1(pe)
    y = filtration * ENTRIES.path / phi_d
    with np.errstate(invalid="ignore"):
        resistance = np.where(y == 0, 0, -np.expm1(-y) / filtration)
    per_volume = ENTRIES.area / 1000.0 / (1 + beta * resistance)
    np.testing.assert_allclose(np.asarray(found.production).ravel(), per_volume * alpha * plasma, rtol=1e-10)
    np.testing.assert_allclose(np.asarray(found.loss).ravel(), per_volume * beta * np.exp(-y), rtol=1e-10)


def test_mean_decay_is_smooth_where_its_formula_changes():
    x = jnp.asarray([0.0, 1e-9, 0.0999999, 0.1000001, 3.0, 800.0])
    exact = np.array([1.0, *(-np.expm1(-np.asarray(x)[1:]) / np.asarray(x)[1:])])
    np.testing.assert_allclose(mean_decay(x), exact, rtol=1e-15)
    assert float(jax.grad(mean_decay)(jnp.asarray(0.0))) == -0.5
    first, second = (float(jax.grad(jax.grad(mean_decay))(x[i])) for i in (2, 3))
    assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "said"), [({"filtration": np.ones(3)}, "filtration through vessel walls has shape"), ({"reflection": 1.1}, "must lie between 0 and 1")]
)
def test_what_does_not_fit_is_refused(given, said):
    with pytest.raises(tf.InputError, match=said):
        tf.VascularExchange("a", ENTRIES, 0.5, **given)


def test_a_wall_too_permeable_is_refused_with_filtration_too():
    path = SimpleNamespace(voxel=np.array([0]), segment=np.array([0]), area=np.array([10.0]), path=np.array([-1.0]))
    with pytest.raises(tf.InputError, match="too permeable to a"):
        tf.Model(tf.Grid(SHAPE, 10.0), [tf.Species("a", 20.0)], [tf.VascularExchange("a", path, 100.0, filtration=np.array([0.1]))])


GRID = tf.Grid((8, 9, 10), 10.0)
NODES = np.array([[0.0, 20.0, 20.0], [100.0, 70.0, 60.0], [15.0, 90.0, 0.0], [80.0, 10.0, 80.0]])
LEVEL = 2.0


def carried(wall, reflection=0.0, initial=None):
    """A solute that vessels bring and lymph and fluid take, at phi 0.3, in the flow of the same fluid; one vessel wide, one thin and leaky."""
    vessels = tf.VesselNetwork(NODES, np.array([[0, 1], [2, 3]]), np.array([16.0, 4.0])).embed(GRID)
    rng = np.random.default_rng(3)
    fluid = tf.interstitial_flow(
        GRID,
        vessels,
        hydraulic_conductivity=rng.uniform(0.01, 0.05, GRID.shape),
        filtration_coefficient=np.array([1e-4, 3e-3]),
        vessel_pressure=np.array([900.0, 3000.0]),
        lymph_conductance=rng.uniform(0, 1e-5, GRID.shape),
        walls=tf.Walls(x=tf.FixedValue(0.0)),
    )
    terms = [tf.VascularExchange("a", vessels, 0.05, LEVEL, filtration=fluid.filtration, reflection=reflection), tf.LymphaticDrainage(fluid.drainage)]
    held = tf.FixedConcentration(vessels.lumen, LEVEL, sealed=True)
    return fluid, tf.Model(GRID, [tf.Species("a", 8.0)], terms, tf.Walls(x=wall), held, volume_fraction=0.3, flow=fluid.flow)


def test_fluid_of_one_concentration_leaves_it_everywhere():
    """Filtered, reabsorbed, drained and carried out through the walls: what comes in with the fluid goes with it, voxel by voxel."""
    fluid, model = carried(tf.Outflow())
    assert float(fluid.source.min()) < 0 < float(fluid.source.max()) and float(fluid.drainage.min()) >= 0
    solution = tf.solve_steady(model, rtol=1e-11)
    np.testing.assert_allclose(solution["a"], LEVEL, rtol=1e-9)
    assert abs(float(solution.budget.defect[0])) < 1e-10
    later = tf.evolve(model, LEVEL, [0.0, 500.0], method="tr-bdf2", fixed_steps=2)
    np.testing.assert_allclose(later["a"][-1], LEVEL, rtol=1e-9)


def test_walls_that_hold_solute_back_dilute_the_tissue():
    """With most of the solute held back less comes in with the fluid than goes with it; the budget still closes."""
    solution = tf.solve_steady(carried(tf.Outflow(), reflection=0.9)[1], rtol=1e-10)
    inside = np.asarray(solution["a"])[~np.asarray(solution.model.fixed.mask)]
    assert inside.min() > 0 and inside.max() < LEVEL
    assert abs(float(solution.budget.defect[0])) < 1e-9
    assert float(solution.budget.lost["lymphatic drainage"][0]) > 0


def test_walls_of_each_segment_have_their_own_permeability_and_reflection():
    """Two vessels in one network give what each gives alone with its own wall, and a value for a third is refused."""
    grid = tf.Grid((8, 8, 24), 5.0)
    nodes = np.array([[x, 20.0, z] for x in (30.0, 90.0) for z in (0.0, 40.0)])
    both = tf.VesselNetwork(nodes, np.array([[0, 1], [2, 3]]), np.array([3.0, 4.0])).embed(grid)
    of_second, permeability, reflection = both.segment == 1, np.array([0.1, 0.4]), np.array([0.2, 0.7])
    filtration = np.linspace(-0.3, 0.5, len(both.voxel))
    phi = tf.Medium(jnp.asarray(0.5), {"a": tf.Species("a", 20.0)}, AT_START, grid.voxel_volume)

    for fluid in (None, filtration):
        together = tf.VascularExchange("a", both, permeability, 1.0, filtration=fluid, reflection=reflection).coefficients(phi)
        for segment in (0, 1):
            alone = tf.VascularExchange("a", both, permeability[segment], 1.0, filtration=fluid, reflection=reflection[segment]).coefficients(phi)
            for one, other in zip(together, alone, strict=True):
                np.testing.assert_allclose(one[of_second == segment], other[of_second == segment], rtol=1e-12)
    with pytest.raises(tf.InputError, match=r"vascular permeability of a has shape \[3\], expected a number or \[2\]"):
        tf.VascularExchange("a", both, np.ones(3), 1.0)
