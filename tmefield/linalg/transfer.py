"""Between two levels: which cells join, how residuals are summed and corrections interpolated.

Quantities are extensive: loss, conductance and residual of a coarse cell are sums over its children, so a last cell with
one child (an odd number of cells) needs no special case. Everything about places is static NumPy.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .stencil import Field, Stencil, all_faces, is_periodic, is_uniform


@dataclass(frozen=True)
class Coarsening:
    """The step from a level to the next coarser one: `centres` of the fine cells per axis, and the axes that are halved."""

    centres: tuple[tuple[float, ...], ...]
    axes: tuple[int, ...]

    @cached_property
    def coarse_centres(self) -> tuple[tuple[float, ...], ...]:
        """Centres of the coarse cells per axis: the mean of the children's."""
        return tuple(_pair_means(c) if axis in self.axes else c for axis, c in enumerate(self.centres))

    def is_even(self, shape: tuple[int, ...]) -> bool:
        """Whether all coarse cells are alike: each has all its children."""
        return all(shape[axis] % 2 == 0 for axis in self.axes)

    def face_ratio(self, axis: int) -> np.ndarray:
        """Fine over coarse distance between the centres on both sides of each interior coarse face."""
        fine, coarse = np.asarray(self.centres[axis]), np.asarray(self.coarse_centres[axis])
        return (fine[2::2] - fine[1:-1:2]) / np.diff(coarse)

    def weights(self, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Linear weights of the lower neighbour for first children, of the upper neighbour for second ones."""
        fine, coarse = np.asarray(self.centres[axis]), np.asarray(self.coarse_centres[axis])
        gap = np.diff(coarse)
        lower, upper = np.full(coarse.size, 0.25), np.full(coarse.size, 0.25)
        lower[1:] = (coarse[1:] - fine[2::2]) / gap
        seconds = fine[1::2]
        upper[: min(seconds.size, gap.size)] = ((seconds - coarse[: seconds.size])[: gap.size]) / gap[: seconds.size]
        return lower, upper


def _pair_means(centres: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(centres[i : i + 2]) / len(centres[i : i + 2]) for i in range(0, len(centres), 2))


def plan(shape: tuple[int, ...], spacing: tuple[float, ...], *, coarsest: int) -> tuple[Coarsening, ...]:
    """The coarsenings of a box down to at most `coarsest` cells.

    Only the axes whose cells are within a factor 1.5 of the shortest side are halved (semi-coarsening): a point smoother
    damps errors along the strongly coupled axes alone, so those have to be coarsened first. Axes of one cell are done.
    """
    centres = tuple(tuple(((np.arange(n) + 0.5) * h).tolist()) for n, h in zip(shape, spacing, strict=True))
    widths, steps = list(spacing), []
    while math.prod(len(c) for c in centres) > coarsest:
        shortest = min(w for w, c in zip(widths, centres, strict=True) if len(c) > 1)
        axes = tuple(a for a in range(3) if len(centres[a]) > 1 and widths[a] < 1.5 * shortest)
        step = Coarsening(centres, axes)
        steps.append(step)
        centres = step.coarse_centres
        widths = [2 * w if a in axes else w for a, w in enumerate(widths)]
    return tuple(steps)


def _pad_even(array: Array, axis: int) -> Array:
    if array.shape[axis] % 2 == 0:
        return array
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, 1)
    return jnp.pad(array, widths)


def sum_pairs(array: Array, axes: tuple[int, ...]) -> Array:
    """The sum over the children of each coarse cell.

    Strided slices added up: on the CPU six times faster than a mean over a reshaped array.
    """
    for axis in axes:
        array = _pad_even(array, axis)
    offsets = [(0, 1) if axis in axes else (0,) for axis in range(array.ndim)]
    steps = [2 if axis in axes else 1 for axis in range(array.ndim)]
    parts = [array[tuple(slice(o, None, s) for o, s in zip((i, j, k), steps, strict=True))] for i in offsets[0] for j in offsets[1] for k in offsets[2]]
    return sum(parts[1:], parts[0])


def coarsen_operator(operator: Stencil, step: Coarsening) -> Stencil:
    """The coarse operator: Galerkin with constant interpolation, its conductances scaled by the distance of the centres.

    Of two different rates across a face, the difference is a drift and keeps its size; their mean is a conductance, as much of it as leaves
    both rates positive (upwind).
    """
    shape, loss = operator.loss.shape, sum_pairs(operator.loss, step.axes)
    if operator.back is None:
        return Stencil(tuple(_coarsen_faces(f, axis, shape, step) for axis, f in enumerate(operator.faces)), loss)
    forward, backward = [], []
    for axis, (there, back) in enumerate(zip(operator.faces, operator.back, strict=True)):
        drift = _coarsen_faces(there - back, axis, shape, step, drift=True)
        mean = jnp.maximum(_coarsen_faces((there + back) / 2, axis, shape, step), jnp.abs(drift) / 2)
        forward.append(mean + drift / 2)
        backward.append(mean - drift / 2)
    return Stencil(tuple(forward), loss, tuple(backward))


def _coarsen_faces(faces: Array, axis: int, shape: tuple[int, ...], step: Coarsening, *, drift: bool = False) -> Array:
    across = tuple(other for other in step.axes if other != axis)
    if is_uniform(faces):
        if step.is_even(shape):
            return 2.0 ** len(across) * (0.5 if axis in step.axes and not drift else 1.0) * faces
        faces = all_faces(faces, axis, shape)
    if axis not in step.axes:
        return sum_pairs(faces, across)
    cells = shape[axis]
    ratio = jnp.ones_like(step.face_ratio(axis), faces.dtype) if drift else jnp.asarray(step.face_ratio(axis), faces.dtype)
    inner = jax.lax.slice_in_dim(faces, 1, cells - 1, 2, axis=axis) if cells > 2 else jax.lax.slice_in_dim(faces, 0, 0, axis=axis)
    inner = inner * ratio.reshape([-1 if a == axis else 1 for a in range(3)])
    if is_periodic(faces, axis, cells) and cells > 2:
        inner = jnp.concatenate([inner, (1.0 if drift else 0.5) * jax.lax.slice_in_dim(faces, cells - 1, cells, axis=axis)], axis=axis)
    return sum_pairs(inner, across)


def prolong(e: Field, step: Coarsening, shape: tuple[int, ...], periodic: tuple[bool, ...]) -> Float[Array, "fine_z fine_y fine_x"]:
    """Interpolate a coarse correction linearly to the fine cells, axis by axis, constant beyond the walls.

    x first, while there is least to do: doubling the contiguous axis is not vectorised.
    """
    for axis in reversed(step.axes):
        cells = e.shape[axis]
        widths = [(0, 0)] * 3
        widths[axis] = (1, 1)
        wide = jnp.pad(e, widths, mode="wrap" if periodic[axis] else "edge")
        below, above = (jax.lax.slice_in_dim(wide, start, start + cells, axis=axis) for start in (0, 2))
        lower, upper = (_as_factor(w, axis, e.dtype) for w in step.weights(axis))
        first, second = e + lower * (below - e), e + upper * (above - e)
        both = list(e.shape)
        both[axis] *= 2
        e = jax.lax.slice_in_dim(jnp.stack([first, second], axis=axis + 1).reshape(both), 0, shape[axis], axis=axis)
    return e


def repeat_pairs(e: Field, step: Coarsening, shape: tuple[int, ...]) -> Float[Array, "fine_z fine_y fine_x"]:
    """Give the value of a coarse cell to its children: the transpose of `sum_pairs`."""
    for axis in step.axes:
        e = jax.lax.slice_in_dim(jnp.repeat(e, 2, axis=axis), 0, shape[axis], axis=axis)
    return e


def _as_factor(weights: np.ndarray, axis: int, dtype) -> Array:
    """Weights along an axis, as one number where they are all the same (nothing to load in the inner loop)."""
    if np.allclose(weights, weights[0]):
        return jnp.asarray(weights[0], dtype)
    return jnp.asarray(weights, dtype).reshape([-1 if a == axis else 1 for a in range(3)])
