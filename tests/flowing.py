"""Random models with a flow, and a second solver for their steady fields on SciPy's sparse matrices."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, gmres, splu

import tmefield as tf

SHAPE, SPACING = (3, 4, 5), (8.0, 10.0, 12.0)
GRID = tf.Grid(SHAPE, SPACING)
OPEN = {"z": tf.Robin(0.2, 0.7), "y": (tf.FixedValue(0.4), tf.Robin(0.0, 0.3)), "x": tf.Periodic()}


def random_flow(seed=0, *, periodic=(False, False, True), closed=(), size=1.0, at_rest=0.1):
    """Velocities of either sign, their divergence anything; 0 on the walls of the `closed` axes and, in a share `at_rest`, anywhere."""
    rng = np.random.default_rng(seed)
    fields = []
    for axis in range(3):
        u = rng.normal(0, size, tuple(n + (a == axis) for a, n in enumerate(SHAPE)))
        u[rng.random(u.shape) < at_rest] = 0
        u = np.moveaxis(u, axis, 0)
        if periodic[axis]:
            u[-1] = u[0]
        if axis in closed:
            u[0] = u[-1] = 0
        fields.append(np.moveaxis(u, 0, axis))
    return tf.Flow(*fields)


def random_model(seed=0, *, fixed=None, walls=None, flow=None, dtype=None, size=1.0):
    rng = np.random.default_rng(seed + 100)
    d = rng.uniform(0, 40, SHAPE) * (rng.random(SHAPE) > 0.1)
    terms = [tf.Linear(rng.uniform(0, 1e-2, SHAPE), rng.uniform(1e-3, 1e-2, SHAPE))]
    walls = tf.Walls(**OPEN) if walls is None else walls
    return tf.Model(
        GRID,
        [tf.Species("a", d), tf.Species("b", 5.0)],
        terms,
        walls=walls,
        fixed=fixed,
        flow=random_flow(seed, size=size) if flow is None else flow,
        dtype=dtype,
    )


def only(batched, index=0):
    """The slice of one species."""
    return jax.tree.map(lambda leaf: leaf[index], batched)


@eqx.filter_jit
def channel_of(model, index=0):
    """The transport operator of one species."""
    transport = model.transport()
    return transport.channel(only(transport.batched(), index))


def matrix_of(stencil):
    """The sparse matrix of a stencil, from its rates."""
    shape = stencil.loss.shape
    index = np.arange(stencil.loss.size).reshape(shape)
    back = stencil.faces if stencil.back is None else stencil.back
    matrix = sp.diags_array(np.asarray(stencil.diagonal()).ravel()).tocsr()
    for axis in range(3):
        if shape[axis] > 1:
            faces = stencil.faces[axis].shape[axis]
            low = np.take(index, np.arange(faces), axis).ravel()
            high = np.take(index, (np.arange(faces) + 1) % shape[axis], axis).ravel()
            for row, column, rate in ((high, low, stencil.faces[axis]), (low, high, back[axis])):
                matrix = matrix - sp.coo_array((np.asarray(rate).ravel(), (row, column)), shape=matrix.shape).tocsr()
    return matrix


@eqx.filter_jit
def residual(model, x, order):
    """F of the first species, zero in held voxels; `order` 2 with the correction, 1 without."""
    transport, channel = model.transport(), channel_of(model)
    others = jnp.zeros((transport.count - 1, *x.shape), x.dtype)
    production, loss = (rate[0] for rate in model.rates(jnp.concatenate([x[None], others])))
    free = jnp.ones(x.shape, x.dtype) if channel.free is None else channel.free.astype(x.dtype)
    f = channel.stencil.apply(x * free) + free * (loss * x - production) - channel.production
    return f + (order - 1) * transport.correction(jnp.concatenate([(x * free)[None], others]))[0]


@eqx.filter_jit
def slope(model, x, order, v):
    return jax.jvp(lambda u: residual(model, u, order), (x,), (v,))[1]


def steady(model, *, order=2, tolerance=1e-11, steps=200):
    """The steady field of the first species by implicit steps in time that lengthen as the residual falls, so that they end as Newton's.

    GMRES solves each, with the factorised first-order operator before it. Newton's steps alone wander on a front that nothing diffuses: an iterate
    at which F' is near singular has GMRES stall, and round-off decides whether one is met.
    """
    shape = model.grid.shape
    channel, loss = channel_of(model), model.rates(jnp.zeros(model.shape)).loss[0]
    held = np.zeros(shape, bool) if channel.free is None else ~np.asarray(channel.free)
    local = sp.diags_array(np.where(held, 1.0, np.asarray(loss)).ravel())
    matrix = matrix_of(channel.stencil) + local
    flow = zip((model.flow.z, model.flow.y, model.flow.x), model.grid.spacing, strict=True)
    carried = sum(np.abs(np.asarray(velocity)).max() / h for velocity, h in flow)  # 1/s, the greatest share of a voxel that the flow may take along
    order = jnp.asarray(float(order))
    x = np.zeros(shape)
    scale = np.abs(np.asarray(residual(model, jnp.asarray(x), order))).max()
    for _ in range(steps):
        f = np.asarray(residual(model, jnp.asarray(x), order))
        left = np.abs(f).max() / scale
        if left < tolerance:
            return np.where(held, 0 if model.fixed is None else np.asarray(model.transport().value)[0], x)
        shift = carried * left
        factors = splu((matrix + shift * sp.eye_array(x.size)).tocsc())

        def apply(v, x=x, shift=shift):
            v = v.reshape(shape).astype(float)
            return (np.asarray(slope(model, jnp.asarray(x), order, jnp.asarray(v))) + (held + shift) * v).ravel()

        before = LinearOperator((x.size, x.size), factors.solve)
        step, _ = gmres(LinearOperator((x.size, x.size), apply), -f.ravel(), M=before, rtol=1e-3, atol=0.0, restart=60, maxiter=3)
        x = x + step.reshape(shape)
    raise AssertionError(f"no convergence: residual {left:.1e}")
