"""A model with every term, wall kind and held voxels, as a function of its parameters: what derivatives are tested on."""

import jax.numpy as jnp
import numpy as np

import tmefield as tf

PARAMETERS = {
    "diffusivity": 40.0,
    "decay": 2e-4,
    "secretion rate": 2.0,
    "active fraction": 0.4,
    "receptors": 3000.0,
    "internalisation": 5e-4,
    "half saturation": 0.05,
    "permeability": 0.02,
    "plasma concentration": 0.03,
    "production": 1e-5,
    "loss": 3e-4,
    "volume fraction": 0.4,
    "transfer coefficient": 0.3,
    "outside concentration": 0.02,
    "wall value": 0.05,
    "held value": 0.04,
}


class EveryTerm:
    """Random cells and vessels on `grid`, drawn in a fixed order from `seed`; voxels `held` (an index) are held."""

    def __init__(self, grid, held, seed=0):
        rng = np.random.default_rng(seed)
        self.grid = grid
        self.secreting, self.consuming = rng.uniform(0, 1e-4, grid.shape), rng.uniform(0, 1e-4, grid.shape)
        self.vessels = rng.uniform(0, 0.02, grid.shape)
        self.weights = rng.normal(size=(2, *grid.shape))
        self.held = np.zeros(grid.shape, bool)
        self.held[held] = True
        self.rng = rng

    def model(self, values, secreting=None, consuming=None):
        """The model at `values`, in the order of `PARAMETERS`."""
        secreting, consuming = self.secreting if secreting is None else secreting, self.consuming if consuming is None else consuming
        p, ones = dict(zip(PARAMETERS, values, strict=True)), jnp.ones(self.grid.shape)
        species = [tf.Species("a", p["diffusivity"], p["decay"]), tf.Species("b", 15.0 * ones * p["diffusivity"] / 40.0, 1e-3)]
        terms = [
            tf.Decay(),
            tf.Secretion("a", secreting, p["secretion rate"], p["active fraction"]),
            tf.Secretion("b", consuming, p["secretion rate"]),
            tf.ReceptorUptake("a", consuming, p["receptors"], p["internalisation"], p["half saturation"]),
            tf.VascularExchange("a", self.vessels, p["permeability"], p["plasma concentration"]),
            tf.Linear(p["production"], p["loss"], species="b"),
        ]
        robin, fixed = tf.Robin(p["transfer coefficient"], p["outside concentration"]), (tf.FixedValue(p["wall value"]), tf.NoFlux())
        walls = {"a": tf.Walls(z=robin), "b": tf.Walls(x=fixed)}
        held = tf.FixedConcentration(self.held, p["held value"])
        return tf.Model(self.grid, species, terms, walls=walls, fixed=held, volume_fraction=p["volume fraction"])
