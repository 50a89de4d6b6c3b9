"""The interstitial fluid: velocities from the pressures of the solve, by hand and against its sources; what is refused; derivatives."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield import units

GRID = tf.Grid((10, 12, 11), 10.0)
NODES = np.array([[0.0, 30.0, 20.0], [110.0, 80.0, 70.0], [20.0, 100.0, 30.0], [95.0, 15.0, 88.0]])
NETWORK = tf.VesselNetwork(NODES, np.array([[0, 1], [2, 3]]), np.array([6.0, 4.0]))
VESSELS = NETWORK.embed(GRID)
WIDE = tf.VesselNetwork(NODES, np.array([[0, 1], [2, 3]]), np.array([18.0, 4.0])).embed(GRID)
RNG = np.random.default_rng(0)
CONDUCTIVITY = RNG.uniform(0.01, 0.05, GRID.shape)
OPEN = tf.Walls(x=tf.FixedValue(0.0), y=(tf.Robin(1e-3, 200.0), tf.NoFlux()), z=tf.Periodic())


def fluid(vessels=VESSELS, walls=OPEN, conductivity=CONDUCTIVITY, coefficient=2e-4, **given):
    lymph = {"lymph_conductance": RNG.uniform(0, 2e-7, GRID.shape), "lymph_pressure": -300.0}
    settings = {"vessel_pressure": np.array([2500.0, 1500.0]), "reflection": 0.82, "plasma_oncotic_pressure": 2600.0, "tissue_oncotic_pressure": 1400.0}
    return tf.interstitial_flow(
        GRID, vessels, hydraulic_conductivity=conductivity, filtration_coefficient=coefficient, walls=walls, **{**lymph, **settings, **given}
    )


@pytest.mark.parametrize("vessels", [VESSELS, WIDE], ids=["thin", "wide"])
def test_the_divergence_is_the_sources_voxel_by_voxel(vessels):
    found = fluid(vessels)
    assert found.status == tf.Status.CONVERGED
    assert float(found.mismatch()) < 1e-10
    assert float(found.source.max()) > 0 and float(jnp.abs(found.divergence()).max()) > 0
    budget = found.budget()
    assert abs(float(budget["defect"])) < 1e-10
    assert float(budget["lower x wall"]) > 0 and float(budget["upper y wall"]) == 0
    assert float(budget["lower z wall"]) == pytest.approx(-float(budget["upper z wall"]))


def test_every_wall_filters_by_starling_with_the_closure():
    found = fluid()
    near = CONDUCTIVITY.ravel()[VESSELS.voxel]
    driving = np.array([2500.0, 1500.0])[VESSELS.segment] - 0.82 * 1200.0
    at_wall = np.asarray(found.pressure).ravel()[VESSELS.voxel] + np.asarray(found.filtration) * VESSELS.path / near
    np.testing.assert_allclose(found.filtration, 2e-4 * (driving - at_wall), rtol=1e-10)
    gathered = np.bincount(VESSELS.voxel, VESSELS.area * np.asarray(found.filtration), GRID.size).reshape(GRID.shape) / GRID.voxel_volume
    np.testing.assert_allclose(found.source, gathered, rtol=1e-12, atol=1e-18)


def test_no_fluid_moves_in_a_lumen_or_in_dense_tissue():
    dense = CONDUCTIVITY.copy()
    dense[2:4, 3:6, 8] = 0.0
    found = fluid(WIDE, conductivity=dense)
    still = WIDE.lumen | (dense == 0)
    for axis, u in enumerate(found.flow.on_faces(GRID.shape)):
        low, high = np.take(u, range(GRID.shape[axis]), axis), np.take(u, range(1, GRID.shape[axis] + 1), axis)
        assert not np.asarray(low)[still].any() and not np.asarray(high)[still].any()
    assert not np.asarray(found.pressure)[still].any()
    assert float(found.mismatch()) < 1e-10


def test_poiseuille_in_a_slab_by_hand():
    """Between walls at 1000 and 200 Pa, 100 um apart, nothing filters: u = K (1000 - 200)/100 everywhere."""
    grid = tf.Grid((1, 1, 10), 10.0)
    found = tf.interstitial_flow(
        grid,
        0.01,
        hydraulic_conductivity=0.03,
        filtration_coefficient=0.0,
        vessel_pressure=0.0,
        walls=tf.Walls(x=(tf.FixedValue(1000.0), tf.FixedValue(200.0))),
    )
    np.testing.assert_allclose(found.flow.x, 0.24, rtol=1e-10)
    np.testing.assert_allclose(found.pressure[0, 0], 1000 - 8 * grid.centres(2), rtol=1e-10)


def test_without_an_outlet_the_pressure_is_what_drives_it_even_below_zero():
    """Vessels of one effective pressure in closed tissue: no filtration is left, and the pressure is theirs."""
    found = tf.interstitial_flow(
        GRID, 0.01, hydraulic_conductivity=0.03, filtration_coefficient=1e-4, vessel_pressure=500.0, reflection=0.9, plasma_oncotic_pressure=1000.0
    )
    np.testing.assert_allclose(found.pressure, -400.0, rtol=1e-9)
    assert np.abs(found.filtration).max() < 1e-11


def test_derivatives():
    """With respect to K and L_p, against central differences."""

    @jax.jit
    def objective(p):
        found = fluid(conductivity=p[0] * jnp.asarray(CONDUCTIVITY), coefficient=p[1] * 2e-4, lymph_conductance=1e-7)
        return jnp.sum(found.flow.x**2) + 1e-6 * jnp.sum(found.pressure**2)

    at = jnp.asarray([1.0, 1.0])
    gradient = np.asarray(jax.grad(objective)(at))
    for i in range(2):
        h = 1e-4
        assert gradient[i] == pytest.approx(float(objective(at.at[i].add(h)) - objective(at.at[i].add(-h))) / (2 * h), rel=1e-6)


SEGMENTS = r"one for each of 2 segments"
REFUSED = [
    ({"vessel_pressure": np.ones(3)}, SEGMENTS),
    ({"vessels": 0.01, "vessel_pressure": np.ones(2)}, "per segment it needs an embedded network"),
    ({"reflection": 1.2}, "reflection must lie between 0 and 1"),
    ({"walls": tf.Outflow()}, "Outflow is no condition for a pressure"),
    ({"coefficient": -1.0}, "filtration_coefficient must be finite and not negative"),
    ({"vessels": NETWORK.embed(tf.Grid((10, 12, 11), 9.0), clip=True)}, "embed them again"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_what_does_not_fit_is_refused(given, said):
    with pytest.raises(tf.InputError, match=said):
        fluid(**given)


def test_walls_too_permeable_for_the_grid_are_refused():
    with pytest.raises(tf.InputError, match=r"too permeable to fluid for this grid"):
        fluid(tf.VesselNetwork(NODES, np.array([[0, 1], [2, 3]]), np.array([14.0, 4.0])).embed(GRID), coefficient=0.1)


def test_units_of_conductivities():
    """1 mmHg = 133.322 Pa; the tumour of Baxter & Jain: L_p 2.8e-7 cm/(mmHg s), K 4.13e-8 cm2/(mmHg s)."""
    assert units.MMHG == 133.322
    tumour = (2.8e-7 * units.CM_PER_MMHG_S, 4.13e-8 * units.CM2_PER_MMHG_S)
    assert tumour == pytest.approx((2.8e-7 * 0.01 / 133.322 * 1e6, 4.13e-8 * 1e-4 / 133.322 * 1e12), rel=1e-12)  # by way of m/(Pa s) and m2/(Pa s)


SINGLE = """
import jax, numpy as np, tmefield as tf
assert not jax.config.jax_enable_x64
grid = tf.Grid((10, 12, 11), 10.0)
nodes = np.array([[0.0, 30.0, 20.0], [110.0, 80.0, 70.0]])
vessels = tf.VesselNetwork(nodes, np.array([[0, 1]]), np.array([6.0])).embed(grid)
found = tf.interstitial_flow(grid, vessels, hydraulic_conductivity=0.03, filtration_coefficient=2e-4, vessel_pressure=2000.0,
    lymph_conductance=1e-7, walls=tf.Walls(x=tf.FixedValue(0.0)))
assert found.pressure.dtype == found.flow.x.dtype == np.float32
assert float(found.mismatch()) < 1e-5, float(found.mismatch())
solid = tf.VascularExchange("a", vessels, 0.1, 2.0, filtration=found.filtration)
terms, walls = [solid, tf.LymphaticDrainage(found.drainage)], tf.Walls(x=tf.Outflow())
model = tf.Model(grid, [tf.Species("a", 20.0)], terms, walls=walls, flow=found.flow, volume_fraction=0.3)
c = tf.solve_steady(model)["a"]
assert abs(c / 2 - 1).max() < 1e-4, abs(c / 2 - 1).max()
print("fine")
"""


def test_in_single_precision():
    done = subprocess.run([sys.executable, "-c", SINGLE], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"
