"""The order in time of each integrator, on problems whose exact solution in time is known."""

from functools import cache

import numpy as np
from scipy.linalg import expm
from scipy.special import lambertw

import independent
import tmefield as tf
from exact import NANOMOLAR

# Each integrator with its numbers of steps; those of the explicit one are so short that every step takes the same two stages, whose error constant is one.
METHODS = {"rkc": (400, 800, 1600, 3200), "tr-bdf2": (8, 16, 32, 64)}
PROBLEMS = ("one cosine", "saturable uptake", "random medium")

GRID = tf.Grid((1, 1, 16), 10.0)
X = GRID.centres(2)
DIFFUSIVITY, DECAY, DURATION = 40.0, 1e-3, 400.0
MODE = np.pi / 160.0
GREATEST, HALF_SATURATION = 4e-3, 0.5
RNG = np.random.default_rng(3)
MEDIUM = RNG.uniform(2, 30, GRID.shape)
LOSS, PRODUCTION = RNG.uniform(0, 5e-3, GRID.shape), RNG.uniform(0, 5e-3, GRID.shape)


def _model():
    """The three problems as three species."""
    species = [tf.Species("one cosine", DIFFUSIVITY, DECAY), tf.Species("saturable uptake", DIFFUSIVITY), tf.Species("random medium", MEDIUM)]
    terms = [
        tf.Decay(),
        tf.ReceptorUptake("saturable uptake", NANOMOLAR * GREATEST, 1.0, 1.0, HALF_SATURATION),
        tf.Linear(PRODUCTION, LOSS, species="random medium"),
    ]
    return tf.Model(GRID, species, terms)


def _start():
    cosine = 1 + np.cos(MODE * X)
    return np.stack([cosine, np.ones_like(X), cosine])[:, None, None]


@cache
def _exact_end():
    """The exact solutions in time of the discrete problems in space: the grid's own eigenvalue, Lambert's W, a matrix exponential."""
    rate = DIFFUSIVITY * 4 / 100.0 * np.sin(MODE * 5.0) ** 2
    cosine = np.exp(-DECAY * DURATION) * (1 + np.exp(-rate * DURATION) * np.cos(MODE * X))
    uptake = HALF_SATURATION * lambertw(np.exp((1 - GREATEST * DURATION) / HALF_SATURATION) / HALF_SATURATION).real
    matrix, right = independent.assemble(GRID.shape, GRID.spacing, MEDIUM, LOSS, PRODUCTION)
    steady = np.linalg.solve(matrix.toarray(), right)
    medium = steady + expm(-DURATION * matrix.toarray()) @ (_start()[2, 0, 0] - steady)
    return np.stack([cosine, np.full_like(X, uptake), medium])[:, None, None]


@cache
def _end(method, steps):
    return np.asarray(tf.evolve(_model(), _start(), [0.0, DURATION], method=method, fixed_steps=steps, rtol=1e-10).concentration)[-1]


def errors(method, problem):
    """Numbers of equal steps and the largest error at the end."""
    index = PROBLEMS.index(problem)
    return METHODS[method], np.array([np.abs(_end(method, steps) - _exact_end())[index].max() for steps in METHODS[method]])
