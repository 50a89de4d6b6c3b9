"""The mass budget over varied models: defect over income 1e-12 in float64 at rtol 1e-13, 1e-5 in float32."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from validation.problems.media import KINDS, draw_media

GRID = tf.Grid((5, 6, 7), (8.0, 10.0, 12.0))
RNG = np.random.default_rng(8)
CELLS, SINKS, VESSELS, D = (RNG.uniform(0, scale, GRID.shape) for scale in (1e-4, 1e-4, 1e-2, 60.0))
HELD = RNG.random(GRID.shape) < 0.1
# Name: diffusivity, decay, terms, walls, whether voxels are held at 0.05 nM.
MODELS = {
    "secretion and decay": (40.0, 2e-4, lambda s: [tf.Secretion(s, CELLS, 3.0)], tf.NoFlux(), False),
    "uptake": (12.0, 1e-5, lambda s: [tf.Secretion(s, CELLS, 0.3), tf.ReceptorUptake(s, SINKS, 4000.0, 5e-4, 0.05)], tf.Periodic(), False),
    "saturated uptake": (12.0, 1e-4, lambda s: [tf.Secretion(s, CELLS, 3.0), tf.ReceptorUptake(s, SINKS, 4000.0, 5e-4, 1e-3)], tf.NoFlux(), False),
    "vessels": (1 + D, 1e-4, lambda s: [tf.VascularExchange(s, VESSELS, 0.02, 0.3)], tf.NoFlux(), False),
    "fixed wall": (1 + D, 1e-3, lambda s: [tf.Secretion(s, CELLS, 3.0)], tf.Walls(z=tf.FixedValue(0.03)), False),
    "Robin wall": (1 + D, 1e-3, lambda s: [tf.Linear(1e-5, 1e-3, species=s)], tf.Walls(x=(tf.Robin(0.1, 0.02), tf.NoFlux())), False),
    "held voxels": (1 + D, 1e-3, lambda s: [tf.Secretion(s, CELLS, 1.0)], tf.NoFlux(), True),
    "diffusivities over four decades": (10.0 ** RNG.uniform(-1, 3, GRID.shape), 1e-3, lambda s: [tf.Secretion(s, CELLS, 1.0)], tf.NoFlux(), False),
}


@cache
def defects(single):
    species = [tf.Species(name, row[0], row[1]) for name, row in MODELS.items()]
    terms = [term for name, row in MODELS.items() for term in row[2](name)]
    held = np.stack([HELD if row[4] else np.zeros(GRID.shape, bool) for row in MODELS.values()])
    dtype = jnp.float32 if single else None
    model = tf.Model(
        GRID,
        species,
        [tf.Decay(), *terms],
        walls={name: row[3] for name, row in MODELS.items()},
        fixed=tf.FixedConcentration(held, 0.05),
        volume_fraction=0.3,
        dtype=dtype,
    )
    return tf.solve_steady(model, rtol=1e-6 if single else 1e-13).budget


@pytest.mark.parametrize("name", MODELS)
def test_closed_to_round_off_in_float64(name):
    assert abs(float(defects(False).defect[list(MODELS).index(name)])) < 1e-12


@pytest.mark.parametrize("name", MODELS)
def test_closed_to_1e5_in_float32(name):
    budget = defects(True)
    assert budget.defect.dtype == jnp.float32
    assert abs(float(budget.defect[list(MODELS).index(name)])) < 1e-5


def test_random_media_close_to_what_round_off_allows():
    """Where walls and held voxels exchange far more than they bring in net: 16 eps of what is exchanged, where the solver stops."""
    for start in range(20):
        _, model = draw_media(range(start, start + len(KINDS)), sources=True)
        budget = tf.solve_steady(model, rtol=1e-13, max_iterations=500).budget
        allowed = np.maximum(1e-12, 4 * np.asarray(budget.resolution))
        assert (np.abs(np.asarray(budget.defect)) < allowed).all(), (start, budget.defect, budget.resolution)
