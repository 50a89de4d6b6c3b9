"""Random media for the tests of positivity: one shape and a fixed kind of wall per species, so that every draw uses the same compiled program."""

from typing import NamedTuple

import numpy as np

import tmefield as tf

GRID = tf.Grid((3, 4, 5), (8.0, 4.0, 10.0))
KINDS = ("no-flux", "fixed", "Robin", "periodic", "mixed")


class Medium(NamedTuple):
    """A medium, its walls, and the bounds that walls and held voxels set to a field without sources."""

    diffusivity: np.ndarray
    loss: np.ndarray
    production: np.ndarray
    held: np.ndarray
    value: np.ndarray
    walls: tf.Walls
    lowest: float
    highest: float

    @property
    def lossless(self) -> bool:
        """Whether nothing is lost anywhere."""
        return not self.loss.any()


def draw_medium(seed, kind, *, sources):
    """A medium from a seed: diffusivities over up to four decades, losses 0 to 1e3/s, in half of all cases voxels held at values up to 5 nM."""
    rng = np.random.default_rng(seed)
    shape = GRID.shape
    diffusivity = 10.0 ** (rng.uniform(-1, 2) + 4 * rng.random() * (rng.random(shape) < 0.5))
    loss = np.where(rng.random(shape) < rng.random(), 10.0 ** rng.uniform(-4, 3, shape), 0.0)
    held = rng.random(shape) < rng.choice([0.0, 0.15])
    value = rng.uniform(0, 5, shape)
    walls, outside = _walls(kind, rng)
    if rng.random() < 0.3:
        loss = np.zeros(shape)
    if not (loss.any() or held.any() or outside):
        loss[0, 0, 0] = 1.0  # a sink, without which there is no steady field
    production = 10.0 ** rng.uniform(-4, 1, shape) * (rng.random(shape) < 0.3) if sources else np.zeros(shape)
    bounds = [*value[held], *outside] or [0.0]
    return Medium(diffusivity, loss, production, held, value, walls, float(min(bounds)), float(max(bounds)))


def _walls(kind, rng):
    """Walls of a kind, with the values outside those that exchange."""
    outside = [float(v) for v in rng.uniform(0, 5, 6)]
    transfer = 10.0 ** rng.uniform(-2, 2, 6)
    if kind in ("no-flux", "periodic"):
        wall = tf.NoFlux() if kind == "no-flux" else tf.Periodic()
        return tf.Walls(z=wall, y=wall, x=wall), []
    if kind == "mixed":
        return tf.Walls(z=(tf.FixedValue(outside[0]), tf.NoFlux()), y=(tf.NoFlux(), tf.Robin(transfer[3], outside[3])), x=tf.Periodic()), [
            outside[0],
            outside[3],
        ]
    sides = [tf.FixedValue(o) if kind == "fixed" else tf.Robin(t, o) for t, o in zip(transfer, outside, strict=True)]
    return tf.Walls(z=(sides[0], sides[1]), y=(sides[2], sides[3]), x=(sides[4], sides[5])), outside


def draw_media(seeds, *, sources):
    """One medium for every kind of wall, and a model with a species for each."""
    media = [draw_medium(seed, kind, sources=sources) for seed, kind in zip(seeds, KINDS, strict=True)]
    species = [tf.Species(kind, medium.diffusivity) for kind, medium in zip(KINDS, media, strict=True)]
    rates = tf.Linear(np.stack([m.production for m in media]), np.stack([m.loss for m in media]))
    fixed = tf.FixedConcentration(np.stack([m.held for m in media]), np.stack([m.value for m in media]))
    return media, tf.Model(GRID, species, [rates], walls={kind: medium.walls for kind, medium in zip(KINDS, media, strict=True)}, fixed=fixed)
