"""How cells move over a step: random walk and drift between neighbouring voxels, into the room that is there.

A second-order Runge-Kutta-Legendre step (Meyer, Balsara & Aslam 2014, doi:10.1016/j.jcp.2013.08.021): stages that reach (s^2 + s - 2)/4 explicit steps.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..checks import concrete
from ..errors import InputError
from ..grid import Grid
from .population import Population
from .process import Surroundings, modulated

SMALL, LARGE = 1e-2, 50.0
"""Of the Peclet number of a face: below the series, beyond the limit."""


class Jumps(NamedTuple):
    """Rates at which a cell jumps over the faces of each axis, 1/s: `up` to the voxel of the higher index, `down` from it."""

    up: tuple[Float[Array, "..."], ...]
    down: tuple[Float[Array, "..."], ...]


def jumps(population: Population, around: Surroundings, grid: Grid) -> Jumps:
    """The rates of a population, with D its motility and psi the sum of chi m H over what attracts it:

        up = D/h^2 B(-p) room(upper),  down = D/h^2 B(p) room(lower),  p = (psi(upper) - psi(lower))/D,  B(p) = p/(e^p - 1)

    (Scharfetter & Gummel 1969, doi:10.1109/T-ED.1969.16566: second order where the drift over a voxel is small against D, never negative; the room of the
    target as in Painter & Hillen 2002, Can. Appl. Math. Q. 10:501).
    """
    motility = modulated(population.motility, population.motility_modulations, around)
    psi = jnp.zeros(grid.shape, population.motility.dtype)
    for one in population.attractions:
        psi = psi + modulated(one.sensitivity, one.modulations, around) * one.hill(around.levels)
    motility, room = jnp.broadcast_to(motility, grid.shape), jnp.broadcast_to(around.room, grid.shape)
    up, down = [], []
    for axis, spacing in enumerate(grid.spacing):
        lower, upper = _ends(motility, axis)
        d = 0.5 * (lower + upper)
        p = jnp.diff(psi, axis=axis) / jnp.where(d > 0, d, 1)
        lower_room, upper_room = _ends(room, axis)
        rate = d / spacing**2
        up.append(rate * _bernoulli(-p) * upper_room)
        down.append(rate * _bernoulli(p) * lower_room)
    return Jumps(tuple(up), tuple(down))


def stages_for(population: Population, grid: Grid, dt: float) -> int:
    """Stages with which a step of `dt` (s) is stable and does not overshoot, from the greatest rates that the population can have; 0 if it does not move.

    **Raises** `InputError` where its values are being traced, so that no number can follow from them.
    """
    greatest = population.motility
    for one in population.motility_modulations:
        greatest = greatest * jnp.maximum(one.saturated, one.basal)
    for one in population.attractions:
        pull = jnp.abs(one.sensitivity)
        for factor in one.modulations:
            pull = pull * jnp.maximum(factor.saturated, factor.basal)
        greatest = greatest + pull
    known = concrete(jax.lax.stop_gradient(greatest))
    if known is None:
        raise InputError(f"the motility of {population.name} is not known inside a compiled function: give stages= (see evolve_populations)")
    if not known > 0:
        return 0
    steps = dt * float(known) * sum(2 / spacing**2 for length, spacing in zip(grid.shape, grid.spacing, strict=True) if length > 1)
    least = (math.sqrt(9 + 16 * steps) - 1) / 2
    return max(3, math.ceil(least) | 1)


def move(rates: Jumps, density: Float[Array, "z y x"], dt: Float[Array, ""], stages: int) -> Float[Array, "z y x"]:
    """The density after `dt` (s), in an odd number of stages from three on; what leaves a voxel arrives in another."""
    weight = 4 / (stages**2 + stages - 2)
    first = dt * _gain(rates, density)
    before, now = density, density + (weight / 3) * first
    b = [1 / 3, 1 / 3, *((j * j + j - 2) / (2 * j * (j + 1)) for j in range(2, stages + 1))]
    table = []
    for j in range(2, stages + 1):
        mu, nu = (2 * j - 1) / j * b[j] / b[j - 1], -(j - 1) / j * b[j] / b[j - 2]
        table.append((mu, nu, mu * weight, -(1 - b[j - 1]) * mu * weight))

    def stage(carry, row):
        before, now = carry
        mu, nu, scaled, back = row
        new = mu * now + nu * before + (1 - mu - nu) * density + scaled * dt * _gain(rates, now) + back * first
        return (now, new), None

    rows = jnp.asarray(table, density.dtype)
    return jax.lax.scan(stage, (before, now), rows)[0][1]


def _gain(rates: Jumps, density: Float[Array, "z y x"]) -> Float[Array, "z y x"]:
    total = jnp.zeros_like(density)
    for axis, (up, down) in enumerate(zip(rates.up, rates.down, strict=True)):
        lower, upper = _ends(density, axis)
        across = [(0, 0)] * 3
        across[axis] = (1, 1)
        total = total - jnp.diff(jnp.pad(up * lower - down * upper, across), axis=axis)
    return total


def _ends(field: Float[Array, "z y x"], axis: int) -> tuple[Array, Array]:
    """The voxels below and above each face of an axis."""
    count = field.shape[axis]
    return jax.lax.slice_in_dim(field, 0, count - 1, axis=axis), jax.lax.slice_in_dim(field, 1, count, axis=axis)


def _bernoulli(p: Float[Array, "..."]) -> Float[Array, "..."]:
    """p/(e^p - 1)."""
    bounded = jnp.clip(p, -LARGE, LARGE)
    small = jnp.abs(bounded) < SMALL
    safe = jnp.where(small, 1.0, bounded)
    exact = safe / jnp.expm1(safe)
    near = 1 - bounded / 2 + bounded**2 / 12 - bounded**4 / 720
    # Beyond the bound B is -p or nothing.
    return jnp.where(small, near, exact) + jnp.maximum(-LARGE - p, 0)
