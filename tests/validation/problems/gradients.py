"""V12: how the field of a point source answers to its rate, the decay and the diffusivity, by automatic differentiation."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import corner_source, open_walls, radius_from_corner
from validation.problems.result import Result, Row

GRID = tf.Grid((40, 40, 40), 8.0)
PARAMETERS = {"dlnc_dlnq": 10.0, "dlnc_dlnk": 1e-3, "dlnc_dlnD": 10.0}
PLACES, SHELL = (50.0, 150.0), 8.0


def solve(logarithms):
    """The steady field of an eighth of a point source for the logarithms of rate (1/s), decay (1/s) and diffusivity (um2/s)."""
    rate, decay, diffusivity = jnp.exp(logarithms)
    unit = jnp.asarray(corner_source(GRID, 1.0))
    walls = open_walls(GRID, diffusivity, jnp.sqrt(decay / diffusivity))
    model = tf.Model(GRID, [tf.Species("c", diffusivity, decay)], [tf.Decay(), tf.Linear(unit * rate)], walls=walls)
    return tf.solve_steady(model, rtol=1e-12)["c"]


def start():
    """The logarithms of the tabulated parameters."""
    return jnp.log(jnp.asarray(list(PARAMETERS.values())))


@jax.jit
def field_and_derivatives(logarithms):
    """The field and its derivatives in forward mode, along one parameter after the other."""
    return jax.lax.map(lambda direction: jax.jvp(solve, (logarithms,), (direction,)), jnp.eye(3))


def shell_weights(place):
    """Equal weights on the voxels of a shell around the source, zero elsewhere."""
    near = np.abs(radius_from_corner(GRID) - place) < SHELL
    return jnp.asarray(near / near.sum())


@jax.jit
def log_mean(logarithms, weights):
    """Weighted mean of ln c, the number that reverse mode differentiates."""
    return jnp.sum(weights * jnp.log(solve(logarithms)))


@cache
def sensitivities() -> Result:
    """V12: d ln c/d ln p at 50 and 150 um, the straight line through the shell's voxels read at the place."""
    fields, changes = map(np.asarray, field_and_derivatives(start()))
    r, rows = radius_from_corner(GRID), []
    for place in PLACES:
        near = np.abs(r - place) < SHELL
        ratio = place / 100.0 / 2  # r over twice the decay length
        for quantity, field, change, value in zip(PARAMETERS, fields, changes, (1.0, -ratio, ratio - 1), strict=True):
            line = np.polyfit(r[near] - place, (change / field)[near], 1)
            rows.append(Row(quantity, f"r {place:g} um", value, float(line[1]), 0.01))
    return Result(tuple(rows))


def analytic_model(logarithms, place):
    """ln c of the closed form, to be differentiated."""
    rate, decay, diffusivity = jnp.exp(logarithms)
    return jnp.log(exact.point_source(place, rate=rate, decay=decay, diffusivity=diffusivity))
