"""Steady fields in a flow: V11, a jump carried round a bend (Smith & Hutton 1982), order of accuracy in 3D, budget, derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import exact
import tmefield as tf

V11 = {"source": 1e-3, "velocity": 0.17, "diffusivity": 10.0, "decay": 1e-3}


def plane_source(velocity, axis="x", rtol=1e-10):
    """A plane source in the middle of a row of voxels of 4 um, exact values on the walls; V11 turned into any direction."""
    cells, h, centre = 301, 4.0, 150
    place = "zyx".index(axis)
    shape = tuple(cells if a == place else 1 for a in range(3))
    parameters = V11 | {"velocity": abs(velocity)}
    distance, walls = (np.sign(velocity) * (np.asarray(index) - centre) * h for index in (np.arange(cells), (-0.5, cells - 0.5)))
    values = exact.plane_source_in_flow(walls, **parameters)
    production = np.zeros(cells)
    production[centre] = V11["source"] / exact.NANOMOLAR / h
    model = tf.Model(
        tf.Grid(shape, tuple(h if a == place else 1.0 for a in range(3))),
        [tf.Species("c", V11["diffusivity"], V11["decay"])],
        [tf.Decay(), tf.Linear(production.reshape(shape))],
        walls=tf.Walls(**{axis: tuple(tf.FixedValue(value) for value in values)}),
        flow=tf.Flow(**{axis: velocity}),
    )
    return distance, np.asarray(tf.solve_steady(model, rtol=rtol)["c"]).ravel()


@pytest.mark.parametrize(("axis", "velocity"), [("x", 0.17), ("x", -0.17), ("y", 0.17), ("z", 0.17)])
def test_a_plane_source_in_a_flow(axis, velocity):
    """V11: the reach down and up the flow and the concentration at the source, 1 %."""
    distance, field = plane_source(velocity, axis)
    for index, (reach, side) in enumerate(zip((216.2440474841, 46.24404748407), (1, -1), strict=True)):
        assert exact.advection_reach(**{k: v for k, v in V11.items() if k != "source"})[index] == pytest.approx(reach, rel=1e-9)
        near, far = (field[np.argmin(abs(distance - side * place))] for place in (20.0, 100.0))
        assert 80.0 / np.log(near / far) == pytest.approx(reach, rel=0.01)
    assert field[distance == 0][0] * 1e3 == pytest.approx(6.326150019777, rel=0.01)
    np.testing.assert_allclose(field, exact.plane_source_in_flow(distance, **V11), rtol=0.01)


def bend(cells, diffusivity):
    """A flow in at the left half of the floor and out at the right half, in a box of 2 x 1: a front comes in and has to come out as it was."""
    h = 1.0 / cells
    grid = tf.Grid((1, cells, 2 * cells), (1.0, h, h), (0.0, 0.0, -1.0))
    y, x = grid.edges(1)[:, None], grid.edges(2)[None]
    stream = (1 - x**2) * (1 - y**2)  # constant along the flow
    flow = tf.Flow(y=np.diff(stream, axis=1)[None] / h, x=-np.diff(stream, axis=0)[None] / h)
    centres = grid.centres(2)
    profile = 1 + np.tanh(10 * (1 - 2 * np.abs(centres)))
    walls = tf.Walls(y=(tf.Robin(0.0, np.where(centres < 0, profile, 0.0)[None]), tf.NoFlux()))
    model = tf.Model(grid, [tf.Species("c", diffusivity)], [], walls=walls, flow=flow)
    return model, profile[cells:]


def test_a_front_is_carried_round_a_bend():
    """Smith & Hutton (1982, Numer. Heat Transfer 5, 439), without diffusion: the profile that left is the one that came in."""
    model, profile = bend(20, 0.0)
    field = np.asarray(tf.solve_steady(model, rtol=1e-8)["c"])[0]
    error = np.abs(field[0, 20:] - profile)
    assert error.mean() < 0.06
    assert field.min() > -1e-6
    assert field.max() < 2.01


def ducts(cells, diffusivity):
    """A smooth field in a box with a swirl and a through flow whose divergence does not vanish, and the production that keeps it."""
    length = 100.0
    wave = 2 * np.pi / length
    shape, spacing = (cells, cells, cells // 2), (length / cells, length / cells, 2 * length / cells)
    grid = tf.Grid(shape, spacing)
    zc, yc, xc = grid.coordinates()
    zf, yf, xf = grid.edges(0)[:, None, None], grid.edges(1)[None, :, None], grid.edges(2)[None, None, :]

    def field(z, y, x):
        return 2 + 0.5 * jnp.sin(wave * x + 0.3) * jnp.cos(wave * y) + 0.3 * jnp.cos(wave * z + 0.1)

    def velocity(z, y, x):
        swirl = jnp.sin(wave * z), jnp.cos(wave * y)
        return (
            0.3 + 0.2 * jnp.cos(wave * y) * swirl[0],
            -0.3 * jnp.cos(wave * z) * jnp.sin(wave * y) + 0.1,
            0.2 * jnp.sin(wave * x) * swirl[1] - 0.1,
        )

    def medium(z, y, x):
        return diffusivity * (1 + 0.5 * jnp.sin(wave * x) * jnp.sin(wave * y) * jnp.sin(wave * z))

    def balance(point):
        def flux(p):
            return jnp.stack(velocity(*p)) * field(*p) - medium(*p) * jax.grad(lambda q: field(*q))(p)

        return jnp.trace(jax.jacfwd(flux)(point)) + 0.02 * field(*point)

    points = jnp.stack(jnp.broadcast_arrays(*(jnp.asarray(c) * jnp.ones((1, 1, 1)) for c in (zc, yc, xc))), -1)
    production = np.asarray(jax.vmap(balance)(points.reshape(-1, 3)).reshape(shape))
    solution = np.asarray(field(*(jnp.asarray(c) * jnp.ones((1, 1, 1)) for c in (zc, yc, xc))))
    offset = max(0.0, -production.min())
    ones = [jnp.ones(tuple(n + (a == axis) for a, n in enumerate(shape))) for axis in range(3)]
    flow = tf.Flow(
        z=velocity(zf * ones[0], yc * ones[0], xc * ones[0])[0],
        y=velocity(zc * ones[1], yf * ones[1], xc * ones[1])[1],
        x=velocity(zc * ones[2], yc * ones[2], xf * ones[2])[2],
    )
    d = np.asarray(medium(*(jnp.asarray(c) * jnp.ones((1, 1, 1)) for c in (zc, yc, xc))))
    terms = [tf.Linear(production + offset, 0.02 + offset / solution)]
    return tf.Model(grid, [tf.Species("c", d)], terms, walls=tf.Periodic(), flow=flow), solution


@pytest.mark.parametrize("diffusivity", [0.1, 20.0])
def test_second_order_in_three_dimensions(diffusivity):
    errors = []
    for cells in (12, 24, 48):
        model, solution = ducts(cells, diffusivity)
        errors.append(float(np.sqrt(((np.asarray(tf.solve_steady(model, rtol=1e-9)["c"]) - solution) ** 2).mean())))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    # With next to no diffusion the limiter still acts on the coarser grids: as it lets go, the error falls faster than the square.
    assert orders[-1] > 1.75, (errors, orders)
    assert orders.mean() == pytest.approx(2, abs=0.25), (errors, orders)


def tissue(velocity=0.5, diffusivity=10.0, rate=1e-3):
    """A small tissue with a wind that leaks: variable medium, uptake that saturates, a vessel, every kind of open wall."""
    rng = np.random.default_rng(3)
    grid = tf.Grid((3, 6, 8), (10.0, 10.0, 12.0))
    held = np.zeros(grid.shape, bool)
    held[1, 3, 2] = True
    wind = tf.Flow(
        z=velocity * np.pad(rng.uniform(0.1, 0.3, (2, 6, 8)), ((1, 1), (0, 0), (0, 0))),
        y=velocity * rng.uniform(0.3, 1.0, (3, 7, 8)),
        x=velocity * rng.uniform(0.5, 1.0, (3, 6, 9)),
    )
    walls = tf.Walls(y=(tf.Robin(0.1, 0.02), tf.Robin(0.0, 0.0)), x=(tf.FixedValue(0.05), tf.Outflow()))
    terms = [tf.Linear(rate * rng.uniform(0, 1, grid.shape), 1e-4), tf.ReceptorUptake("c", 1e-4, 5000.0, 5e-4, 0.05)]
    species = tf.Species("c", diffusivity * rng.uniform(0.5, 2.0, grid.shape))
    return tf.Model(grid, [species], terms, walls=walls, fixed=tf.FixedConcentration(held, 0.2), flow=wind)


def test_the_budget_closes():
    solution = tf.solve_steady(tissue(), rtol=1e-13)
    assert abs(float(solution.budget.defect[0])) < 1e-12
    assert float(solution.budget.walls["upper x wall"][0]) > 0


@pytest.mark.parametrize("what", ["velocity", "diffusivity", "source"])
def test_derivatives_by_taylor_remainder(what):
    """|f(p + e d) - f(p)| falls as e, |f(p + e d) - f(p) - e g.d| as e^2, f a sum over the steady field."""
    model = tissue()
    places = {
        "velocity": lambda m: (m.flow.z, m.flow.y, m.flow.x),
        "diffusivity": lambda m: (m.species[0].diffusivity,),
        "source": lambda m: (m.terms[0].production,),
    }
    where = places[what]
    rng = np.random.default_rng(7)
    values = where(model)
    direction = tuple(value * jnp.asarray(rng.uniform(-1, 1, value.shape)) for value in values)
    weights = jnp.asarray(rng.uniform(0.5, 1, model.shape))

    def objective(leaves):
        return jnp.sum(weights * tf.solve_steady(eqx.tree_at(where, model, leaves), rtol=1e-13).concentration)

    start, gradient = jax.value_and_grad(objective)(values)
    slope = sum(float(jnp.sum(g * d)) for g, d in zip(gradient, direction, strict=True))
    sizes = [0.2 / 2**i for i in range(4)]
    moved = [float(objective(tuple(v + e * d for v, d in zip(values, direction, strict=True))) - start) for e in sizes]
    zeroth, first = np.abs(moved), np.abs([m - e * slope for m, e in zip(moved, sizes, strict=True)])
    assert np.log2(zeroth[:-1] / zeroth[1:]).min() > 0.9
    assert np.log2(first[:-1] / first[1:]).min() > 1.9
