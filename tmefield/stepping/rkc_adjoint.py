"""The recorded step of the explicit method, replayed and pulled back.

What a step leaves for its adjoint is Y_0 and d_1 .. d_{s-1}. The adjoint goes from the last stage to the first, a_j the adjoint of d_j, f that of F_0:

    a_{j-1} = mu_j a_j + nu_{j+1} a_{j+1} + A^T (m_j h a_j),   f = h (sum of (m_j + g_j) a_j)

where F is affine. What the parameters get is gathered as fields and summed after the last stage: a sum over the voxels in every stage
would cost more than the stage.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..dependence import depends_on
from ..linalg.stencil import Stencil, flux_divergence
from .explicit import Affine, Explicit, Fields, affine_at, change, derivative, flux
from .rkc import STAGE_COUNTS, Coefficients, stages_of
from .span import Span

Left = Float[Array, "slots s z y x"]


def replay(operator: Explicit, table: Coefficients, x: Float[Array, "s z y x"], span: Span, left: Left, at: Int[Array, ""]):
    """A step that leaves what its adjoint needs in `left` from index `at` on: Y_0, then d_1 .. d_{s-1}. Returns its end and `left`."""
    stages, y0 = stages_of(operator, span), tuple(x)
    count = jnp.asarray(STAGE_COUNTS, jnp.int32)[span.size]
    f0 = derivative(operator, y0, span.moment())
    first = tuple(table.at(span.size, 1)[2] * span.dt * f for f in f0)

    def turn(i, state):
        before, last, left = state
        left = _put(left, before, at + 2 * i + 1)
        last = jax.lax.optimization_barrier(stages.next(table.at(span.size, 2 * i + 2), before, last, y0, f0))
        left = _put(left, last, at + 2 * i + 2)
        before = jax.lax.optimization_barrier(stages.next(table.at(span.size, 2 * i + 3), last, before, y0, f0))
        return before, last, left

    start = (first, tuple(map(jnp.zeros_like, f0)), _put(left, y0, at))
    d, _, left = jax.lax.fori_loop(0, count // 2, turn, start)
    return x + jnp.stack(d), left


def _put(left: Left, fields: Fields, at: Int[Array, ""]) -> Left:
    return jax.lax.dynamic_update_index_in_dim(left, jnp.stack(fields), at, axis=0)


def pull_back(
    floating: Any, rest: Any, table: Coefficients, left: Left, at: Int[Array, ""], span: Span, adjoint: Float[Array, "s z y x"]
) -> tuple[Float[Array, "s z y x"], Any]:
    """The adjoint of a replayed step: of its start, and of the leaves `floating` of the operator (`rest` are the others)."""
    operator: Explicit = eqx.combine(floating, rest)
    y0 = tuple(left[at])
    sweep = _affine_sweep if operator.affine else _general_sweep
    a, f, to_start, to_operator = sweep(floating, rest, table, left, at, span, tuple(adjoint), y0)
    f = tuple(one + table.at(span.size, 1)[2] * span.dt * two for one, two in zip(f, a, strict=True))
    _, back = jax.vjp(lambda floating, y0: derivative(eqx.combine(floating, rest), y0, span.moment()), floating, y0)
    more_operator, more_start = back(f)
    return jnp.stack(_add(to_start, more_start)), _add(to_operator, more_operator)


def _add(one, two):
    return jax.tree.map(jnp.add, one, two)


def _affine_sweep(floating, rest, table: Coefficients, left: Left, at, span: Span, adjoint: Fields, y0: Fields):
    count, dt = jnp.asarray(STAGE_COUNTS, jnp.int32)[span.size], span.dt

    def folded(floating):
        return affine_at(eqx.combine(floating, rest), span.moment())

    affine, to_operator = jax.vjp(folded, floating)
    wanted = depends_on(folded, floating)

    def stage(i, state):
        a, b, f, gathered = state
        j = count - i
        mu, _, m, g, _ = table.at(span.size, j)
        nu = table.at(span.size, j + 1)[1]
        v = tuple((m * dt) * one / stored for one, stored in zip(a, affine.stored, strict=True))
        gathered = _add(gathered, _gather(affine, wanted, tuple(left[at + j - 1]), v))
        f = tuple(one + ((m + g) * dt) * two for one, two in zip(f, a, strict=True))
        back = tuple(_transposed(one, scale, u) for one, scale, u in zip(affine.stencils, affine.scale, v, strict=True))
        a, b = tuple(mu * one + nu * two + three for one, two, three in zip(a, b, back, strict=True)), a
        return jax.lax.optimization_barrier((a, b, f, gathered))

    nothing = tuple(map(jnp.zeros_like, y0))
    gathered = jax.tree.map(lambda one: jnp.zeros(one.shape, one.dtype), jax.eval_shape(lambda: _gather(affine, wanted, y0, y0)))
    a, _, f, gathered = jax.lax.fori_loop(0, count - 1, stage, (adjoint, nothing, nothing, gathered))
    return a, f, adjoint, to_operator(_gathered_to(affine, wanted, gathered))[0]


def _transposed(stencil: Stencil, scale, v):
    """A^T v of one species, v already divided by phi R."""
    if stencil.back is None:
        return flux(stencil, scale, v) - stencil.loss * v
    return jax.linear_transpose(lambda d: flux(stencil, scale, d), v)(v)[0] - stencil.loss * v


def _gather(affine: Affine, wanted: Affine, d: Fields, v: Fields) -> list:
    """What one stage adds, voxel by voxel or face by face, to the adjoints of the wanted leaves: scale or faces, loss, what is stored."""
    found = []
    for i, (u, w) in enumerate(zip(d, v, strict=True)):
        stencil, asked = affine.stencils[i], wanted.stencils[i]
        if wanted.scale[i]:
            found.append(w * flux_divergence(u, stencil.faces))
        elif any(asked.faces):
            found.append(jax.vjp(lambda faces, back, u=u: flux_divergence(u, faces, back), stencil.faces, stencil.back)[1](w))
        if asked.loss:
            found.append(-w * u)
    if any(wanted.stored):
        found += [-w * one for w, one, asked in zip(v, change(affine, d), wanted.stored, strict=True) if asked]
    return found


def _gathered_to(affine: Affine, wanted: Affine, gathered: list) -> Affine:
    """The gathered adjoints in the shape of the operator; zero where nothing is wanted, and for the source, which belongs to F_0."""
    result, items = jax.tree.map(jnp.zeros_like, affine), iter(gathered)
    for i in range(len(affine.stencils)):
        if wanted.scale[i]:
            result = eqx.tree_at(lambda r, i=i: r.scale[i], result, _sum(next(items)))
        elif any(wanted.stencils[i].faces):
            faces, back = next(items)
            result = eqx.tree_at(lambda r, i=i: r.stencils[i].faces, result, faces)
            result = result if back is None else eqx.tree_at(lambda r, i=i: r.stencils[i].back, result, back)
        if wanted.stencils[i].loss:
            result = eqx.tree_at(lambda r, i=i: r.stencils[i].loss, result, next(items))
    for i, asked in enumerate(wanted.stored):
        if asked:
            field = next(items)
            result = eqx.tree_at(lambda r, i=i: r.stored[i], result, _sum(field) if affine.stored[i].ndim == 0 else field)
    return result


def _sum(field: Float[Array, "z y x"]) -> Float[Array, ""]:
    return jnp.sum(jnp.sum(jnp.sum(field, axis=-1), axis=-1))


def _general_sweep(floating, rest, table: Coefficients, left: Left, at, span: Span, adjoint: Fields, y0: Fields):
    count, dt = jnp.asarray(STAGE_COUNTS, jnp.int32)[span.size], span.dt

    def stage(i, state):
        a, b, f, to_start, to_operator = state
        j = count - i
        mu, _, m, g, share = table.at(span.size, j)
        nu = table.at(span.size, j + 1)[1]
        stage_field = tuple(one + two for one, two in zip(y0, left[at + j - 1], strict=True))
        _, back = jax.vjp(lambda floating, y: derivative(eqx.combine(floating, rest), y, span.moment(share)), floating, stage_field)
        more_operator, more = back(tuple((m * dt) * one for one in a))
        f = tuple(one + (g * dt) * two for one, two in zip(f, a, strict=True))
        a, b = tuple(mu * one + nu * two + three for one, two, three in zip(a, b, more, strict=True)), a
        return jax.lax.optimization_barrier((a, b, f, _add(to_start, more), _add(to_operator, more_operator)))

    nothing = tuple(map(jnp.zeros_like, y0))
    start = (adjoint, nothing, nothing, adjoint, jax.tree.map(jnp.zeros_like, floating))
    a, _, f, to_start, to_operator = jax.lax.fori_loop(0, count - 1, stage, start)
    return a, f, to_start, to_operator
