"""Order of accuracy in space: manufactured solutions, each wall kind, constant and varying diffusivity, linear and saturable loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from exact import NANOMOLAR

CELLS = (12, 24, 48)
LENGTH = 100.0
WAVE = np.pi / LENGTH


def waves(kind, coordinates):
    """The manufactured field: compatible with the wall kind on all six walls."""
    turn = {"no-flux": jnp.cos, "periodic": lambda s: jnp.cos(2 * s), "fixed": jnp.sin, "robin": jnp.sin}[kind]
    z, y, x = (turn(WAVE * c) for c in coordinates)
    return 2.0 + z * y * x


def diffusivity(coordinates, *, varying):
    z, y, x = coordinates
    bump = 0.5 * jnp.cos(2 * WAVE * z) * jnp.cos(2 * WAVE * y) * jnp.cos(2 * WAVE * x) if varying else 0.0
    return 40.0 * (1 + bump)


def loss_of(c, *, saturable):
    return 0.05 * c / (1.5 + c) if saturable else 0.02 * c


def source(kind, coordinates, *, varying, saturable):
    """Loss - div(D grad c) of the manufactured field, by automatic differentiation at one point."""

    def balance(point):
        gradient = jax.grad(lambda p: waves(kind, p))

        def flux(p):
            return diffusivity(p, varying=varying) * gradient(p)

        divergence = jnp.trace(jax.jacfwd(flux)(point))
        return loss_of(waves(kind, point), saturable=saturable) - divergence

    points = jnp.stack(jnp.broadcast_arrays(*(jnp.asarray(c) * jnp.ones((1, 1, 1)) for c in coordinates)), -1)
    return jax.vmap(balance)(points.reshape(-1, 3)).reshape(points.shape[:-1])


def robin_walls(grid, transfer):
    """Robin walls whose outside value makes the manufactured field exact: outside = c - D/transfer dc/dn_inward."""
    z, y, x = (jnp.asarray(grid.centres(axis)) for axis in range(3))
    planes = {"z": (y, x), "y": (z, x), "x": (z, y)}
    sides = {}
    for axis, (a, b) in planes.items():
        # On every wall the field is 2, its outward derivative -WAVE sin(a) sin(b) for the product of sines.
        outward = -WAVE * jnp.sin(WAVE * a)[:, None] * jnp.sin(WAVE * b)[None, :]
        sides[axis] = tf.Robin(transfer, 2.0 + 40.0 / transfer * outward)
    return tf.Walls(**sides)


def error(kind, cells, *, varying, saturable):
    grid = tf.Grid((cells,) * 3, (LENGTH / cells,) * 3)
    coordinates = grid.coordinates()
    walls = {"no-flux": tf.NoFlux(), "periodic": tf.Periodic(), "fixed": tf.FixedValue(2.0)}.get(kind) or robin_walls(grid, 3.0)
    d = np.asarray(diffusivity(coordinates, varying=varying)) * np.ones(grid.shape)
    production = source(kind, coordinates, varying=varying, saturable=saturable)
    offset = max(0.0, -float(production.min())) + 0.01  # a production has to be positive: the offset leaves as an extra fixed sink
    species = tf.Species("c", d if varying else 40.0)
    loss = tf.ReceptorUptake("c", NANOMOLAR * 0.05, 1.0, 1.0, 1.5) if saturable else tf.Linear(loss=0.02)
    extra = offset / np.asarray(waves(kind, coordinates))
    model = tf.Model(grid, [species], [loss, tf.Linear(production + offset, extra)], walls=walls)
    solution = tf.solve_steady(model, rtol=1e-10)
    assert solution.status == tf.Status.CONVERGED
    difference = np.asarray(solution["c"]) - np.asarray(waves(kind, coordinates))
    return np.sqrt((difference**2).mean())


@pytest.mark.parametrize(
    ("kind", "varying", "saturable"),
    [
        ("no-flux", True, False),
        ("periodic", True, True),
        ("fixed", True, False),
        ("fixed", False, True),
        ("robin", False, False),
        ("robin", False, True),
    ],
)
def test_second_order_in_space(kind, varying, saturable):
    errors = [error(kind, cells, varying=varying, saturable=saturable) for cells in CELLS]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert abs(orders[-1] - 2) < 0.1, (errors, orders)
    assert abs(orders[0] - 2) < 0.25, (errors, orders)
