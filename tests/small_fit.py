"""A small model to fit: two kinds of secreting cells, saturable uptake, decay."""

import jax
import jax.numpy as jnp
import numpy as np

import tmefield as tf

GRID = tf.Grid((6, 6, 6), 60.0)
TRUTH = {"a.diffusivity": 40.0, "a.decay": 1e-3, "a.secretion_by_A.rate": 2.0, "a.secretion_by_B.rate": 4.0, "a.uptake.receptors": 10000.0}
UNITS = {"a.diffusivity": "um2/s", "a.decay": "1/s", "a.uptake.receptors": "molecules/cell"}
_random = np.random.default_rng(2)
POINTS = _random.uniform(30.0, 330.0, (60, 3))
_PLACES = _random.uniform(size=(3, *GRID.shape)) < 0.1
DENSITIES = 2e-4 * _PLACES


def model() -> tf.Model:
    """The model with its true values."""
    return tf.Model(
        GRID,
        [tf.Species("a", TRUTH["a.diffusivity"], TRUTH["a.decay"], 17.0)],
        [
            tf.Decay(),
            tf.Secretion("a", DENSITIES[0], TRUTH["a.secretion_by_A.rate"], source="A"),
            tf.Secretion("a", DENSITIES[1], TRUTH["a.secretion_by_B.rate"], source="B"),
            tf.ReceptorUptake("a", DENSITIES[2], TRUTH["a.uptake.receptors"], 1e-3, 0.2),
        ],
    )


def samples(sigma: float = 0.1, noise: float = 0.0, seed: int = 0, times=None) -> tf.PointSamples:
    """Concentrations at the points, with lognormal noise drawn about them; steady, or at times after nothing."""
    true = model()
    if times is None:
        field = tf.solve_steady(true, rtol=1e-10).concentration[None]
    else:
        field = tf.evolve(true, 0.0, [0.0, *times], rtol=1e-6).concentration[1:]
    empty = tf.PointSamples("a", POINTS, np.ones(len(POINTS) * len(field)), tf.Lognormal(sigma), times=times)
    exact = jnp.concatenate([empty.predict(true, one, {}) for one in field])
    data = exact * jnp.exp(noise * jax.random.normal(jax.random.key(seed), exact.shape, exact.dtype))
    return tf.PointSamples("a", POINTS, np.asarray(data), tf.Lognormal(sigma), times=times)


def free(*names: str, wrong: float = 1.0) -> list[tf.FreeParameter]:
    """Free parameters that start `wrong` times and a `wrong`-th of the truth in turn."""
    return [tf.FreeParameter(name, TRUTH[name] * wrong ** (-1) ** i, unit=UNITS.get(name, "molecules/cell/s")) for i, name in enumerate(names)]


RATES = tuple(name for name in TRUTH if name != "a.diffusivity")
