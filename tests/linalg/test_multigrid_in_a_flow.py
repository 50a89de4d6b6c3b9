"""The cycle as preconditioner where rates across a face differ: a flow through the box and one along closed streamlines."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import flowing
import tmefield as tf
from tmefield.linalg.apart import hidden_one
from tmefield.linalg.bicgstab import bicgstab
from tmefield.linalg.multigrid import build_hierarchy, transposed, v_cycle
from tmefield.linalg.reductions import total

GRID = tf.Grid((1, 128, 128), 1.0)
THROUGH = tf.Walls(y=(tf.FixedValue(0.0), tf.Outflow()), x=(tf.FixedValue(0.0), tf.Outflow()))


def vortex(grid):
    """Divergence-free, at rest on the walls, fastest velocity 1."""
    y, x = (2 * grid.edges(axis) / grid.extent[axis] - 1 for axis in (1, 2))
    psi = (1 - x[None] ** 2) * (1 - y[:, None] ** 2)
    v, u = np.diff(psi, axis=1)[None], -np.diff(psi, axis=0)[None]
    top = max(np.abs(v).max(), np.abs(u).max())
    return tf.Flow(y=v / top, x=u / top)


@jax.jit
def half_steps(operator, hierarchy, b):
    """Of stabilised bi-conjugate gradients to 1e-8."""
    once = hidden_one()
    result = bicgstab(
        lambda v: operator.apply(v[0])[None],
        lambda v: v_cycle(hierarchy, v[0], once)[None],
        b,
        inner=lambda p, q: total(p * q),
        rtol=jnp.full(1, 1e-8),
        max_iterations=jnp.asarray(200, jnp.int32),
    )
    return result.iterations[0], jnp.linalg.norm(operator.apply(result.x[0]) - b[0]) / jnp.linalg.norm(b)


@pytest.mark.parametrize(
    ("kind", "peclet", "most"),
    [("through", 0.1, 12), ("through", 1.0, 14), ("through", 10.0, 21), ("vortex", 0.1, 12), ("vortex", 1.0, 12), ("vortex", 3.0, 23), ("vortex", 10.0, 50)],
)
def test_iterations_in_a_flow(kind, peclet, most):
    flow, walls = (tf.Flow(y=0.7, x=1.0), THROUGH) if kind == "through" else (vortex(GRID), tf.NoFlux())
    model = tf.Model(GRID, [tf.Species("a", 1 / peclet, 1e-3 / peclet)], [], walls=walls, flow=flow)
    stencil = flowing.channel_of(model).stencil
    operator = type(stencil)(stencil.faces, stencil.loss + 1e-3 / peclet, stencil.back)
    b = jnp.asarray(np.random.default_rng(0).normal(size=model.shape))
    hierarchy = jax.jit(build_hierarchy, static_argnums=1)(operator, GRID.spacing)
    for one, levels in ((operator, hierarchy), (operator.transposed(), transposed(hierarchy))):
        count, residual = half_steps(one, levels, b)
        assert count <= most
        assert residual <= 2e-8


@pytest.mark.parametrize("kind", ["through", "vortex"])
def test_the_cycle_of_the_transposed_hierarchy_is_the_transposed_cycle(kind):
    grid = tf.Grid((1, 32, 24), 1.0)
    flow, walls = (tf.Flow(y=0.7, x=1.0), THROUGH) if kind == "through" else (vortex(grid), tf.NoFlux())
    stencil = flowing.channel_of(tf.Model(grid, [tf.Species("a", 0.5)], [], flow=flow, walls=walls)).stencil
    operator = type(stencil)(stencil.faces, stencil.loss + 1e-3, stencil.back)
    u, w = (jnp.asarray(np.random.default_rng(seed).normal(size=grid.shape)) for seed in (1, 2))

    @jax.jit
    def both(u, w):
        once, hierarchy = hidden_one(), build_hierarchy(operator, grid.spacing)
        return jnp.sum(v_cycle(hierarchy, u, once) * w), jnp.sum(v_cycle(transposed(hierarchy), w, once) * u)

    one, other = both(u, w)
    assert float(one) == pytest.approx(float(other), rel=1e-11)
