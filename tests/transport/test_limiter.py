"""The second-order correction: its weight, conservation, positivity, order, derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import flowing
import tmefield as tf
from flowing import SHAPE, random_flow, random_model
from tmefield.transport.limiter import SMOOTH, limited_step

LENGTH = 100.0
WAVE = 2 * np.pi / LENGTH


def test_the_limited_step():
    def step(ahead, behind, own=0.0):
        return float(limited_step(*(jnp.asarray(v) for v in (ahead, behind, own))))

    assert step(0.2, 0.2) == pytest.approx(0.2)
    assert step(0.3, -0.1) == step(-0.1, 0.2) == step(0.0, 0.0) == step(0.0, 0.1) == 0
    weight = 2 * 0.3 * 0.1 / (0.3**2 + 0.1**2)
    assert step(0.3, 0.1) == step(0.1, 0.3) == pytest.approx(weight**2 * (2 - weight) * 0.2)
    assert step(-0.3, -0.1) == -step(0.3, 0.1)
    assert step(1e-4, -0.5e-4, own=1.0) == pytest.approx(0.25e-4, rel=1e-3)  # a smooth maximum of a field of 1
    assert step(30.0, 10.0, 5.0) == pytest.approx(10 * step(3.0, 1.0, 0.5))


def test_the_limited_step_is_continuously_differentiable():
    points = np.random.default_rng(0).uniform(-0.2, 0.2, (4000, 2))
    slope = jax.vmap(jax.grad(lambda p: limited_step(p[0], p[1], jnp.asarray(1.0))))
    gap = 1e-7
    there, here = (np.asarray(slope(jnp.asarray(points + shift))) for shift in (gap, 0.0))
    assert np.abs(there - here).max() < 1e-4  # a kink would make this a jump of order one somewhere


@pytest.mark.parametrize("held", [None, "open", "sealed"])
def test_it_conserves_and_leaves_held_voxels_alone(held):
    mask = np.random.default_rng(5).random(SHAPE) < 0.2
    fixed = None if held is None else tf.FixedConcentration(mask, 0.6, sealed=held == "sealed")
    transport = random_model(fixed=fixed).transport()
    c = jnp.asarray(np.random.default_rng(6).random((2, *SHAPE)))
    correction = np.asarray(transport.correction(c))
    assert np.abs(correction).max() > 1e-3
    np.testing.assert_allclose(correction.sum((1, 2, 3)), 0, atol=1e-15)
    if held is not None:
        assert not correction[:, mask].any()
        np.testing.assert_array_equal(transport.correction(jnp.where(mask, 0, c)), correction)  # whatever stands in them


def test_a_sealed_voxel_does_not_show_through_its_closed_faces():
    mask = np.zeros(SHAPE, bool)
    mask[1, 1, 1] = True
    c = jnp.asarray(np.random.default_rng(6).random((2, *SHAPE)))
    low, high = (random_model(fixed=tf.FixedConcentration(mask, value, sealed=True)).transport().correction(c) for value in (0.0, 50.0))
    np.testing.assert_array_equal(low, high)


@eqx.filter_jit
def correct(model, c):
    return model.transport().correction(c)


def test_an_empty_voxel_gives_nothing():
    """No concentration can become negative, whatever the flow: where c = 0 nothing leaves, and no voxel gives more than a multiple of what it holds."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        model = random_model(seed, size=10.0 ** rng.uniform(-2, 2))
        c = jnp.asarray(rng.random(SHAPE) ** 6 * (rng.random(SHAPE) > 0.4))
        channel, correction = flowing.channel_of(model), correct(model, jnp.stack([c, c]))[0]
        f = np.asarray(channel.stencil.apply(c) + correction - channel.production)
        assert f[np.asarray(c) == 0].max() <= 0
        assert (f <= 2.1 * np.asarray(channel.stencil.diagonal() * c)).all()


def cellular(cells, diffusivity):
    """A periodic square of vortices in a wind, a smooth field, and the production that makes it the steady field."""
    h = LENGTH / cells
    grid = tf.Grid((1, cells, cells), (1.0, h, h))
    (yc, xc), (yf, xf) = ((f(1)[:, None], f(2)[None]) for f in (grid.centres, grid.edges))

    def stream(y, x):
        return 4 * np.sin(WAVE * x) * np.sin(WAVE * y) + 0.1 * x - 0.05 * y

    def field(y, x):
        return 2 + np.sin(WAVE * x + 0.3) * np.cos(WAVE * y)

    def medium(y, x):
        return diffusivity * (1 + 0.5 * np.sin(WAVE * x) * np.sin(WAVE * y))

    def flux_y(y, x):
        velocity = 4 * WAVE * np.cos(WAVE * x) * np.sin(WAVE * y) + 0.1
        return velocity * field(y, x) + medium(y, x) * WAVE * np.sin(WAVE * x + 0.3) * np.sin(WAVE * y)

    def flux_x(y, x):
        velocity = -4 * WAVE * np.sin(WAVE * x) * np.cos(WAVE * y) + 0.05
        return velocity * field(y, x) - medium(y, x) * WAVE * np.cos(WAVE * x + 0.3) * np.cos(WAVE * y)

    points, weights = np.polynomial.legendre.leggauss(4)
    fluxes_y = sum(w / 2 * flux_y(yf, xc + h / 2 * p) for p, w in zip(points, weights, strict=True))
    fluxes_x = sum(w / 2 * flux_x(yc + h / 2 * p, xf) for p, w in zip(points, weights, strict=True))
    exact = field(yc, xc)
    production = np.diff(fluxes_y, axis=0) / h + np.diff(fluxes_x, axis=1) / h + 0.02 * exact
    offset = max(0.0, -production.min())
    flow = tf.Flow(y=(np.diff(stream(yf, xf), axis=1) / h)[None], x=(-np.diff(stream(yf, xf), axis=0) / h)[None])
    species = tf.Species("c", medium(yc, xc)[None] * np.ones(grid.shape))
    terms = [tf.Linear((production + offset)[None], (0.02 + offset / exact)[None])]
    return tf.Model(grid, [species], terms, walls=tf.Walls(y=tf.Periodic(), x=tf.Periodic()), flow=flow), exact


def orders(diffusivity, order):
    errors = []
    for cells in (16, 32, 64):
        model, exact = cellular(cells, diffusivity)
        errors.append(np.sqrt(((flowing.steady(model, order=order)[0] - exact) ** 2).mean()))
    return np.log2(np.array(errors[:-1]) / errors[1:]), errors


def test_first_order_without_the_correction_where_nothing_diffuses():
    found, _ = orders(0.0, 1)
    assert 0.8 < found[-1] < 1.1


@pytest.mark.parametrize("diffusivity", [0.0, 0.5, 20.0])
def test_second_order_with_it_at_any_peclet_number(diffusivity):
    found, errors = orders(diffusivity, 2)
    assert found.min() > 1.85, (found, errors)


def test_a_front_stays_within_its_bounds_and_sharper():
    """A jump carried across the grid at an angle: never negative, no more above what comes in than is tolerated, and narrower than upwind alone."""
    cells = 40
    inflow = np.where(np.arange(cells)[None] < cells // 4, 1.0, 0.0)
    walls = tf.Walls(y=(tf.Robin(0.0, inflow), tf.Outflow()), x=(tf.Robin(0.0, 1.0), tf.Outflow()))
    model = tf.Model(tf.Grid((1, cells, cells), 1.0), [tf.Species("c", 0.0)], [], walls=walls, flow=tf.Flow(y=1.0, x=0.5))
    width = {}
    for order in (1, 2):
        field = flowing.steady(model, order=order, tolerance=1e-9)[0]
        assert field.min() > -1e-9
        assert field.max() < 1 + SMOOTH / 2
        width[order] = float((field * (1 - field)).sum())
    assert width[2] < 0.5 * width[1]


def roughness(model_and_field):
    model, c = model_and_field
    correction = model.transport().correction(c)
    return (correction**2).sum() + correction[0, 0].sum()


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_it_is_traced_in_either_number_type_without_nan(dtype):
    mask = np.zeros(SHAPE, bool)
    mask[1, 1, 1] = True
    model = random_model(fixed=tf.FixedConcentration(mask, 0.0), dtype=dtype)
    for c in (jnp.zeros(model.shape, dtype), jnp.full(model.shape, 0.3, dtype)):
        value, slope = eqx.filter_jit(eqx.filter_value_and_grad(roughness))((model, c))
        leaves = jax.tree.leaves(eqx.filter(slope, eqx.is_inexact_array))
        assert value.dtype == dtype
        assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_it_maps_over_fields():
    model = random_model()
    c = jnp.asarray(np.random.default_rng(2).random((3, 2, *SHAPE)))
    together = jax.vmap(lambda one: correct(model, one))(c)
    np.testing.assert_allclose(together[1], correct(model, c[1]), rtol=1e-14, atol=1e-16)


def test_its_derivatives_by_taylor_remainder():
    """With respect to the field, the velocities and the diffusivity, at once."""
    model = random_model(flow=random_flow(at_rest=0.0))
    rng = np.random.default_rng(8)
    c, weights = (jnp.asarray(rng.random(model.shape) + 0.5) for _ in range(2))
    moved = random_flow(9)
    direction = (moved.z * 0.3, moved.y * 0.3, moved.x * 0.3), jnp.asarray(rng.random(SHAPE)), jnp.asarray(rng.random(model.shape))

    @jax.jit
    def value(flow, d, c):
        changed = eqx.tree_at(lambda m: (m.flow.z, m.flow.y, m.flow.x, m.species[0].diffusivity), model, (*flow, d))
        transport = changed.transport()
        channel = transport.channel(flowing.only(transport.batched()))
        first = channel.stencil.apply(c[0]) - channel.production
        return (weights * transport.correction(c)).sum() + (weights[0] * first).sum()

    point = (model.flow.z, model.flow.y, model.flow.x), model.species[0].diffusivity + 1.0, c
    base, slope = jax.jvp(value, point, direction)
    back = jax.tree.map(lambda g, d: (g * d).sum(), jax.grad(value, (0, 1, 2))(*point), direction)
    assert float(sum(jax.tree.leaves(back))) == pytest.approx(float(slope), rel=1e-12)
    steps = 2.0 ** -np.arange(8, 13)
    remainders = [abs(float(value(*jax.tree.map(lambda p, d, h=h: p + h * d, point, direction)) - base - h * slope)) for h in steps]
    assert np.log2(np.array(remainders[:-1]) / remainders[1:]).min() > 1.9
