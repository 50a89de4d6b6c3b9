"""Rows: eight rates of two cytokines fitted from ten times off; beside it the same residuals in the hands of SciPy, with finite differences."""

import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from rows import Measured
from scipy.optimize import least_squares, minimize
from timing import Settings

import tmefield as tf

RATES = {"secretion_A": 2.0, "secretion_B": 5.0, "decay": 3e-4, "receptors": 3000.0}
SPECIES = ("one", "two")
POINTS, SIGMA, WRONG = 200, 0.1, 10.0
STEP = 1e-2  # of finite differences in the logarithm of a rate: in single precision the least error
CLOSE = 0.5  # loss above the least at which a rival has arrived: a quarter of what 95 % allow to one parameter


class _Enough(Exception):
    """A rival has arrived."""


def build(n: int) -> tuple[Callable[[dict], tf.Model], dict[str, float]]:
    """Two cytokines of two kinds of cells, taken up by a third, in a box of 640 um; and the true values."""
    grid = tf.Grid((n, n, n), 640.0 / n)
    z, y, x = grid.coordinates()
    rng = np.random.default_rng(4)

    def clusters(mean: float, count: int, width: float) -> np.ndarray:
        places = rng.uniform(0, 640, (count, 3))
        field = sum(np.exp(-((z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2) / (2 * width**2)) for a, b, c in places)
        return mean * np.asarray(field) / float(np.mean(field))

    cells = {"A": clusters(2e-5, 12, 40.0), "B": clusters(1e-5, 8, 40.0), "tumour": clusters(2e-4, 20, 60.0)}

    def model(values: dict) -> tf.Model:
        terms: list = [tf.Decay()]
        for name in SPECIES:
            terms += [tf.Secretion(name, cells[kind], values[f"secretion_{kind}_{name}"], source=kind) for kind in "AB"]
            terms.append(tf.ReceptorUptake(name, cells["tumour"], values[f"receptors_{name}"], 2e-4, 0.05))
        return tf.Model(grid, [tf.Species(name, 40.0, values[f"decay_{name}"]) for name in SPECIES], terms, dtype="float32")

    truth = {f"{key}_{name}": value * (1.0 if name == "one" else 1.5) for name in SPECIES for key, value in RATES.items()}
    return model, truth


def make(n: int) -> tuple[tf.Problem, dict[str, float]]:
    """The problem with noise in its data."""
    model, truth = build(n)
    solution = tf.solve_steady(model({name: jnp.asarray(value) for name, value in truth.items()}))
    places = np.random.default_rng(5).uniform(10, 630, (POINTS, 3))
    seen = []
    for k, name in enumerate(SPECIES):
        blank = tf.PointSamples(name, places, np.ones(POINTS), tf.Lognormal(SIGMA))
        exact = blank.predict(solution.model, solution.concentration, {})
        seen.append(tf.PointSamples(name, places, blank.noise.sample(jax.random.key(k), exact), tf.Lognormal(SIGMA)))
    free = [tf.FreeParameter(name, value * WRONG ** (-1) ** i) for i, (name, value) in enumerate(truth.items())]
    return tf.make_problem(model, free, seen), truth


def measure(settings: Settings) -> dict[str, Measured]:
    """All rows."""
    n = settings.size(64, 12)
    problem, _ = make(n)
    start = time.perf_counter()
    fit = tf.fit_problem(problem)
    cold = time.perf_counter() - start
    start = time.perf_counter()
    fit = tf.fit_problem(problem)
    warm = time.perf_counter() - start
    rivals = _rivals(problem, fit.progress.loss, settings.size(1000, 150))
    told = f"{n}^3, {problem.parameters.count} rates, {problem.data_count} data, {fit.progress.step} steps, {'converged' if fit.converged else 'not converged'}"
    lines = [f"{told}; warm {warm:.1f} s, with what the data can determine and the intervals"]
    rows = {"fit": Measured(cold, "", lines, {"cold": cold, "warm": warm})}
    for name, (seconds, solves, above) in rivals.items():
        line = f"{seconds:.1f} s, {solves} solves, loss {above:.2g} above ours" + ("" if above <= CLOSE else ": did not get there")
        rows[name] = Measured(seconds / warm, "our warm fit", [line], {"seconds": seconds, "solves": solves, "above": above})
    return rows


def _rivals(problem: tf.Problem, least: float, limit: int) -> dict[str, tuple[float, int, float]]:
    """Seconds, solves and loss above the least of each rival, until it is within `CLOSE` of the least, gives up, or has made `limit` solves."""
    residuals = eqx.filter_jit(lambda problem, z: problem.residuals(z)[0])
    z0 = np.asarray(problem.parameters.start(), float)
    jax.block_until_ready(residuals(problem, jnp.asarray(z0, jnp.float32)))
    least_of: dict[str, Any] = {}

    def counted(z: np.ndarray) -> np.ndarray:
        found = np.asarray(residuals(problem, jnp.asarray(z, jnp.float32)), float)
        found = np.where(np.isfinite(found), found, 1e3)
        least_of["solves"] += 1
        least_of["loss"] = min(least_of["loss"], 0.5 * float(found @ found))
        if least_of["loss"] <= least + CLOSE or least_of["solves"] >= limit:
            raise _Enough
        return found

    def loss(z: np.ndarray) -> float:
        return 0.5 * float(np.sum(counted(z) ** 2))

    methods = {
        "fit-least-squares": lambda: least_squares(counted, z0, method="trf", diff_step=STEP),
        "fit-lbfgsb": lambda: minimize(loss, z0, method="L-BFGS-B", options={"eps": STEP, "maxfun": limit}),
        "fit-nelder-mead": lambda: minimize(loss, z0, method="Nelder-Mead", options={"maxfev": limit}),
    }
    found = {}
    for name, method in methods.items():
        least_of.update(solves=0, loss=np.inf)
        start = time.perf_counter()
        try:
            method()
        except _Enough:
            pass
        found[name] = (time.perf_counter() - start, least_of["solves"], least_of["loss"] - least)
    return found
