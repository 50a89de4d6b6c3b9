"""Second order for the flow: what an upwind flux lacks, limited so that no concentration becomes negative."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..linalg.stencil import Field, face_sum
from .faces import neighbours

# Differences below this share of the concentration itself are taken as smooth: they cannot make it negative, and a limiter that acts on
# them would flatten true maxima and keep an iteration from converging (Venkatakrishnan 1995, doi:10.1006/jcph.1995.1084).
SMOOTH = 1e-2


def limited_step(ahead: Array, behind: Array, own: Array) -> Array:
    """The step of c across a face, seen from the upwind cell of value `own`: the mean of the steps ahead and behind, times a weight.

    The weight is w^2 (2 - w), w = 2 (a b + e)/(a^2 + b^2 + 2 e) not below 0, e = (SMOOTH own)^2. w is that of van Albada, van Leer &
    Roberts (1982, Astron. Astrophys. 108, 76): 1 to second order where c is smooth, 0 at an extremum; the cubic joins the zero branch with a continuous
    derivative. An empty cell gives nothing, and no cell more than a fixed multiple of what it holds.
    """
    tolerated = (SMOOTH * own) ** 2
    size = ahead**2 + behind**2 + 2 * tolerated
    agree = jnp.maximum(2 * (ahead * behind + tolerated) / jnp.where(size > 0, size, 1), 0)
    return agree**2 * (2 - agree) * (ahead + behind) / 2


def antidiffusion(c: Field, axis: int, rate: Array, drift: Array, wall_steps: tuple[Array, Array], wrap: Array | None, open_faces: Array | None) -> Array:
    """The flux, towards increasing index, that takes the artificial diffusion `rate` of the upwind flux off again, on the faces along an axis.

    `drift` tells the direction of the flow; `wall_steps` are the steps of c at the lower and upper wall, in the length of a voxel; `wrap` is 1
    where the axis closes to a ring and 0 where it does not, None where no species' axis does; c does not step across faces where `open_faces`
    is 0.
    """
    cells, ring = c.shape[axis], wrap is not None
    low, high = neighbours(c, axis, periodic=ring)
    steps = high - low if open_faces is None else (high - low) * open_faces
    lower, upper = wall_steps
    if wrap is not None:
        across = jax.lax.slice_in_dim(steps, cells - 1, cells, axis=axis)
        steps = jax.lax.slice_in_dim(steps, 0, cells - 1, axis=axis)
        lower, upper = lower + wrap * (across - lower), upper + wrap * (across - upper)
    padded = jnp.concatenate([lower, steps, upper], axis=axis)
    if ring:
        padded = jnp.concatenate([padded, jax.lax.slice_in_dim(padded, 1, 2, axis=axis)], axis=axis)
    count = low.shape[axis]
    before, here, after = (jax.lax.slice_in_dim(padded, start, start + count, axis=axis) for start in range(3))
    forward = drift > 0
    return rate * limited_step(here, jnp.where(forward, before, after), jnp.where(forward, low, high))


def divergence(fluxes: tuple[Array, ...], shape: tuple[int, ...]) -> Field:
    """What fluxes towards increasing index take from each cell, less what they bring."""
    return face_sum(fluxes, shape, tuple(-flux for flux in fluxes))
