"""A transient against other solvers: SciPy's BDF on an independent matrix, and py-pde where it is installed."""

import numpy as np
import pytest

import independent
import tmefield as tf
from exact import NANOMOLAR

GRID = tf.Grid((4, 6, 9), (8.0, 5.0, 10.0))
TIMES = (0.0, 20.0, 100.0, 400.0)
RNG = np.random.default_rng(11)
D, LOSS, PRODUCTION, PHI = (RNG.uniform(*bounds, GRID.shape) for bounds in ((5, 60), (0, 1e-2), (0, 1e-2), (0.2, 1)))
UPTAKE, HALF_SATURATION = RNG.uniform(0, 1e-2, GRID.shape), 0.2
START = 0.5 + 0.2 * np.cos(0.05 * GRID.coordinates()[2]) * np.ones(GRID.shape)


def test_onset_against_bdf():
    """Random medium, saturable uptake, Robin and fixed walls; the steps halved and extrapolated, so that what remains is beyond second order."""
    walls = tf.Walls(z=(tf.Robin(0.7, 1.5), tf.NoFlux()), x=(tf.NoFlux(), tf.FixedValue(0.5)))
    terms = [tf.Linear(PRODUCTION, LOSS), tf.ReceptorUptake("c", NANOMOLAR * UPTAKE, 1.0, 1.0, HALF_SATURATION)]
    model = tf.Model(GRID, [tf.Species("c", D)], terms, walls=walls, volume_fraction=PHI)
    fields = [np.asarray(tf.evolve(model, START[None], TIMES, method="tr-bdf2", fixed_steps=steps, rtol=1e-11)["c"]) for steps in (40, 80)]
    found = (4 * fields[1] - fields[0]) / 3
    options = {"walls": [(0, False, 0.7, 1.5), (2, True, np.inf, 0.5)], "uptake": UPTAKE, "half_saturation": HALF_SATURATION}
    expected = independent.march(GRID.shape, GRID.spacing, D * PHI, LOSS, PRODUCTION, PHI, START, TIMES, **options)
    assert np.abs(found - expected).max() < 1e-6 * expected.max()
    assert np.abs(fields[1] - expected).max() < 1e-4 * expected.max()


def test_onset_against_py_pde():
    """A section with decay and a local source, no-flux walls, one diffusivity: the same grid, py-pde's adaptive Runge-Kutta."""
    pde = pytest.importorskip("pde")
    shape, spacing, diffusivity, decay = (12, 16), 10.0, 40.0, 1e-3
    production = np.zeros(shape)
    production[3:6, 4:9] = 1e-3
    grid = tf.Grid((1, *shape), spacing)
    model = tf.Model(grid, [tf.Species("c", diffusivity, decay)], [tf.Decay(), tf.Linear(production[None])])
    fields = [np.asarray(tf.evolve(model, 0.0, [0.0, 300.0], method="tr-bdf2", fixed_steps=steps, rtol=1e-11)["c"])[-1, 0] for steps in (40, 80)]
    box = pde.CartesianGrid([[0, spacing * n] for n in shape], shape)
    rule = f"{diffusivity} * laplace(c) - {decay} * c + s"
    other = pde.PDE({"c": rule}, bc={"derivative": 0}, consts={"s": pde.ScalarField(box, production)})
    expected = other.solve(pde.ScalarField(box, 0.0), t_range=300.0, dt=0.1, adaptive=True, tolerance=1e-9, solver="runge-kutta", backend="numpy", tracker=None)
    assert np.abs((4 * fields[1] - fields[0]) / 3 - expected.data).max() < 1e-5 * expected.data.max()
