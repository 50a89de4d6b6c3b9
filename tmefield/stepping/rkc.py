"""One step of the second-order Runge-Kutta-Chebyshev method: explicit, with a stability limit that grows with the square of the stages.

Sommeijer, Shampine & Verwer 1998, J. Comput. Appl. Math. 88:315, doi:10.1016/S0377-0427(97)00219-7. In the increments
d_j = Y_j - Y_0 the stages read

    d_1 = m_1 h F_0,   d_j = mu_j d_{j-1} + nu_j d_{j-2} + m_j h F(Y_0 + d_{j-1}) + g_j h F_0,

and where F is affine F(Y_0 + d) = F_0 + A d: then neither Y_0 nor the production is read again, and float32 keeps small increments.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .explicit import Affine, Explicit, Fields, affine_at, change, derivative
from .span import Span

DAMPING = 2 / 13
REACH = 2 / 3 * (1 - 2 / 15 * DAMPING)
# Odd, because two stages make one turn of the loop, and denser where a stage more is a greater share.
STAGE_COUNTS = np.array([*range(3, 32, 2), *range(35, 64, 4), *range(69, 112, 6), *range(121, 202, 10)])


class Coefficients(NamedTuple):
    """Of stage j in a row [j]: mu, nu, m, g and the time c of the stage before it, in steps."""

    table: Float[Array, "counts stages 5"]

    def at(self, size, stage) -> Float[Array, "5"]:
        """The row of a stage of the method with STAGE_COUNTS[size] stages."""
        return self.table[size, stage]


def coefficients(dtype) -> Coefficients:
    """The coefficients of all methods, computed in double precision on the host (ibid., 2)."""
    table = np.zeros((STAGE_COUNTS.size, STAGE_COUNTS[-1] + 2, 5))  # zeros after the last stage of each
    for row, s in zip(table, STAGE_COUNTS.tolist(), strict=True):
        w0 = 1 + DAMPING / s**2
        t, dt, ddt = _chebyshev(s, w0)
        w1 = dt[s] / ddt[s]
        b = np.empty(s + 1)
        b[2:] = ddt[2:] / dt[2:] ** 2
        b[:2] = b[2]
        a = 1 - b * t
        c = np.empty(s + 1)
        c[2:] = w1 * ddt[2:] / dt[2:]
        c[0], c[1] = 0, c[2] / dt[2]
        j = np.arange(2, s + 1)
        m = 2 * b[j] * w1 / b[j - 1]
        row[1, 2] = b[1] * w1
        row[2 : s + 1] = np.stack([2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2], m, -a[j - 1] * m, c[j - 1]], axis=1)
    return Coefficients(jnp.asarray(table, dtype))


def _chebyshev(s: int, w: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T_j(w) and its first two derivatives for j = 0..s."""
    t, dt, ddt = np.zeros((3, s + 1))
    t[:2], dt[1] = (1, w), 1
    for j in range(2, s + 1):
        t[j] = 2 * w * t[j - 1] - t[j - 2]
        dt[j] = 2 * t[j - 1] + 2 * w * dt[j - 1] - dt[j - 2]
        ddt[j] = 4 * dt[j - 1] + 2 * w * ddt[j - 1] - ddt[j - 2]
    return t, dt, ddt


def longest_step(radius: Float[Array, ""]) -> Float[Array, ""]:
    """The step (s) that the greatest number of stages makes stable at this spectral radius."""
    return REACH * float(STAGE_COUNTS[-1] ** 2 - 1) / jnp.maximum(radius, jnp.finfo(radius.dtype).tiny)


def stages_for(dt: Float[Array, ""], radius: Float[Array, ""]) -> Int[Array, ""]:
    """The index of the smallest method that is stable for a step `dt`."""
    reaches = jnp.asarray(REACH * (STAGE_COUNTS**2 - 1), dt.dtype)
    return jnp.minimum(jnp.sum(reaches < dt * radius, dtype=jnp.int32), STAGE_COUNTS.size - 1)


class Stages(NamedTuple):
    """How to evaluate the stages of one step: with the rates folded in (`affine`) or anew each time."""

    operator: Explicit
    affine: Affine | None
    span: Span

    def slope(self, d: Fields, y0: Fields, share) -> Fields:
        """A d where affine, else F(Y_0 + d) at this share of the step."""
        if self.affine is not None:
            return change(self.affine, d)
        return derivative(self.operator, tuple(a + b for a, b in zip(y0, d, strict=True)), self.span.moment(share))

    def next(self, row: Float[Array, "5"], before: Fields, last: Fields, y0: Fields, f0: Fields) -> Fields:
        """d_j from d_{j-1} and d_{j-2}."""
        mu, nu, m, g, share = row
        dt = self.span.dt
        weight = m + g if self.affine is not None else g
        slopes = self.slope(before, y0, share)
        return tuple(mu * a + nu * b + (m * dt) * s + (weight * dt) * f for a, b, s, f in zip(before, last, slopes, f0, strict=True))


def stages_of(operator: Explicit, span: Span) -> Stages:
    """The stages of one step, with the rates folded in where they hold for all of it."""
    return Stages(operator, affine_at(operator, span.moment()) if operator.affine else None, span)


def increment(stages: Stages, table: Coefficients, y0: Fields, f0: Fields) -> Fields:
    """d_s, what one step adds to `y0`; `f0` is dc/dt at its start.

    Two stages make one turn, so that each result falls into the array of the value it replaces; the barrier keeps XLA from
    computing the first stage again inside the second.
    """
    size, dt = stages.span.size, stages.span.dt
    count = jnp.asarray(STAGE_COUNTS, jnp.int32)[size]

    def turn(i, pair):
        before, last = pair
        last = jax.lax.optimization_barrier(stages.next(table.at(size, 2 * i + 2), before, last, y0, f0))
        before = jax.lax.optimization_barrier(stages.next(table.at(size, 2 * i + 3), last, before, y0, f0))
        return before, last

    first = tuple(table.at(size, 1)[2] * dt * f for f in f0)
    return jax.lax.fori_loop(0, count // 2, turn, (first, tuple(map(jnp.zeros_like, f0))))[0]


def error_estimate(d: Fields, f0: Fields, f1: Fields, dt: Float[Array, ""]) -> Float[Array, " s"]:
    """The largest local error of each species, nM (ibid., 3): 0.8 (y_n - y_{n+1}) + 0.4 h (F_n + F_{n+1})."""
    return jnp.stack([jnp.max(jnp.abs(0.4 * dt * (a + b) - 0.8 * u)) for u, a, b in zip(d, f0, f1, strict=True)])
