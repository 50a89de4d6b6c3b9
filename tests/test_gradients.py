"""Exact derivatives of steady fields: against central differences and by the Taylor remainder, in float64."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from every_term import PARAMETERS, EveryTerm
from tmefield.balance import Balance, solve_jacobian

GRID = tf.Grid((4, 6, 8), (10.0, 12.0, 8.0))
CASE = EveryTerm(GRID, np.s_[1, 2:4, 5])
RNG, SECRETING, WEIGHTS, model = CASE.rng, CASE.secreting, CASE.weights, CASE.model


@jax.jit
def objective(values):
    c = tf.solve_steady(model(values), rtol=1e-13).concentration
    return jnp.sum(WEIGHTS * c) + 3.0 * jnp.sum(c**2)


@pytest.fixture(scope="module")
def values():
    return jnp.asarray(list(PARAMETERS.values()))


@pytest.fixture(scope="module")
def gradient(values):
    return np.asarray(jax.grad(objective)(values))


@pytest.mark.parametrize("name", PARAMETERS)
def test_reverse_mode_against_central_differences(values, gradient, name):
    index = list(PARAMETERS).index(name)
    steps = [values[index] * relative for relative in (1e-3, 5e-4)]
    first, second = ((objective(values.at[index].add(h)) - objective(values.at[index].add(-h))) / (2 * h) for h in steps)
    extrapolated = float((4 * second - first) / 3)  # the h^2 error of both removed
    assert gradient[index] == pytest.approx(extrapolated, rel=1e-6)
    assert gradient[index] != 0


def test_forward_mode_equals_reverse_mode(values, gradient):
    forward = np.asarray(jax.jacfwd(objective)(values))
    np.testing.assert_allclose(forward, gradient, rtol=1e-9)


def test_taylor_remainders(values, gradient):
    """|f(p + e d) - f(p)| falls as e, |f(p + e d) - f(p) - e g.d| as e^2."""
    direction = values * jnp.asarray(RNG.normal(size=values.size))
    start, slope = objective(values), float(gradient @ np.asarray(direction))
    sizes = [0.01 / 2**i for i in range(4)]
    zeroth = [abs(float(objective(values + e * direction) - start)) for e in sizes]
    first = [abs(float(objective(values + e * direction) - start) - e * slope) for e in sizes]
    assert np.log2(np.array(zeroth[:-1]) / zeroth[1:]) == pytest.approx(1.0, abs=0.1)
    assert np.log2(np.array(first[:-1]) / first[1:]) == pytest.approx(2.0, abs=0.1)


def test_second_derivatives(values):
    """A Hessian-vector product against differences of gradients: the derivative rule is itself differentiable."""
    direction = jnp.zeros_like(values).at[0].set(values[0]).at[6].set(values[6])
    gradient = jax.jit(jax.grad(objective))
    product = np.asarray(jax.jvp(gradient, (values,), (direction,))[1])
    h = 1e-4
    differences = np.asarray((gradient(values + h * direction) - gradient(values - h * direction)) / (2 * h))
    np.testing.assert_allclose(product, differences, rtol=1e-5, atol=1e-8 * np.abs(product).max())


def test_a_field_is_differentiable_voxel_by_voxel(values):
    """The gradient with respect to a whole field of densities, checked in a random direction."""

    def loss(density):
        changed = eqx.tree_at(lambda m: m.terms[1].density, model(values), density)
        return jnp.sum(tf.solve_steady(changed, rtol=1e-13).concentration ** 2)

    density = jnp.asarray(SECRETING)
    direction = jnp.asarray(RNG.normal(size=GRID.shape)) * 1e-6
    gradient = jax.grad(loss)(density)
    difference = (loss(density + direction) - loss(density - direction)) / 2
    assert float(jnp.sum(gradient * direction)) == pytest.approx(float(difference), rel=1e-7)


def test_vmap_gives_the_serial_answers(values):
    batch = values[None, :] * jnp.linspace(0.8, 1.2, 3)[:, None]
    together = jax.vmap(objective)(batch)
    serial = jnp.stack([objective(one) for one in batch])
    np.testing.assert_allclose(together, serial, rtol=1e-10)


def test_gradients_in_float32(values, gradient):
    """Single precision gives the same gradient to 0.2 %."""

    def single(v):
        one = model(v)
        narrow = tf.Model(one.grid, one.species, one.terms, dict(zip(one.names, one.walls, strict=True)), one.fixed, one.volume_fraction, dtype=jnp.float32)
        c = tf.solve_steady(narrow, rtol=1e-6).concentration
        assert c.dtype == jnp.float32
        return jnp.sum(WEIGHTS.astype(np.float32) * c) + 3 * jnp.sum(c**2)

    np.testing.assert_allclose(np.asarray(jax.grad(single)(values)), gradient, rtol=2e-3)


def test_through_real_vessels():
    """Permeability, plasma concentration and the diffusivity in the closure of an embedded network, thin and wide vessels, lumen sealed."""
    grid = tf.Grid((8, 8, 8), 10.0)
    nodes = np.array([[0.0, 40.0, 41.0], [80.0, 42.0, 40.0], [13.0, 9.0, 0.0], [15.0, 70.0, 80.0]])
    network = tf.VesselNetwork(nodes, np.array([[0, 1], [2, 3]]), np.array([18.0, 4.0]))
    vessels = network.embed(grid)
    assert 0 < vessels.lumen.sum() < 200

    def mean(p):
        fixed = tf.FixedConcentration(vessels.lumen, p[2], sealed=True)
        terms = [tf.Decay(), tf.Linear(1e-6), tf.VascularExchange("a", vessels, p[1], p[2])]
        solution = tf.solve_steady(tf.Model(grid, [tf.Species("a", p[0], 1e-4)], terms, fixed=fixed), rtol=1e-13)
        return jnp.sum(jnp.asarray(WEIGHTS[0, 0, 0, 0]) * solution.concentration) + jnp.sum(solution.concentration**2)

    mean = jax.jit(mean)
    p = jnp.asarray([40.0, 0.5, 0.3])
    gradient = np.asarray(jax.grad(mean)(p))
    for index in range(3):
        h = 1e-4 * p[index]
        difference = float((mean(p.at[index].add(h)) - mean(p.at[index].add(-h))) / (2 * h))
        assert gradient[index] == pytest.approx(difference, rel=1e-6)


def test_a_derivative_whose_solve_breaks_down_is_nan():
    """Without any loss the Jacobian is singular: its solve cannot succeed, and must not pass for a number."""
    singular = tf.Model(tf.Grid((6, 6, 6), 10.0), [tf.Species("a", 40.0)], [tf.Decay()])
    found = solve_jacobian(Balance(singular), jnp.zeros(singular.shape), jnp.ones(singular.shape), 1e-8)
    assert bool(jnp.isnan(found).all())


def test_a_closed_voxel_beside_a_vessel_gives_no_nan():
    class Wall:
        voxel, segment, area, path = np.array([3, 5]), np.array([0, 1]), np.array([50.0, 50.0]), np.array([2.0, 2.0])

    grid = tf.Grid((1, 1, 8), 10.0)

    def total(p):
        d = jnp.full(grid.shape, 40.0).at[0, 0, 3].set(0.0) * p[0]
        terms = [tf.Decay(), tf.VascularExchange("a", Wall(), p[1], 1.0)]
        return tf.solve_steady(tf.Model(grid, [tf.Species("a", d, 1e-3)], terms), rtol=1e-13).concentration.sum()

    assert np.isfinite(np.asarray(jax.grad(total)(jnp.asarray([1.0, 0.1])))).all()
