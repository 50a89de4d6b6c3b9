"""Forcing that jumps or bends: steps end there, and the field follows the exact solution of the well-mixed equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 1, 4), 10.0)
LOSS = 2e-3
METHODS = ("rkc", "tr-bdf2")


def level(times, dose, *, begin, end, loss=LOSS):
    """dc/dt = dose - loss c while begin < t < end, -loss c otherwise; c(0) = 0."""
    during = dose / loss * -np.expm1(-loss * np.clip(np.asarray(times) - begin, 0, end - begin))
    return during * np.exp(-loss * np.clip(np.asarray(times) - end, 0, None))


def infusion(dose, begin=100.0, end=130.0):
    course = tf.TimeCourse([begin, end], [dose, 0.0])
    before = tf.TimeCourse([0.0, begin], [0.0, 1.0])
    term = tf.Scheduled(tf.Scheduled(tf.Linear(production=1.0), course), before)
    return tf.Model(GRID, [tf.Species("a", 40.0, LOSS)], [tf.Decay(), term])


@pytest.mark.parametrize("method", METHODS)
def test_a_short_infusion_is_hit_exactly(method):
    """Thirty seconds in half an hour, between two outputs: no step misses it or smears it."""
    times = [0.0, 50.0, 115.0, 1000.0, 1800.0]
    trajectory = tf.evolve(infusion(0.02), 0.0, times, method=method, rtol=1e-6)
    assert trajectory.status == tf.Status.CONVERGED
    exact = level(times, 0.02, begin=100.0, end=130.0)
    np.testing.assert_allclose(trajectory["a"][:, 0, 0, 1], exact, rtol=2e-4, atol=1e-12)
    assert float(trajectory["a"][1, 0, 0, 1]) == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_second_order_across_a_jump(method):
    errors = []
    for steps in (4, 8, 16):
        trajectory = tf.evolve(infusion(0.02), 0.0, [0.0, 500.0], method=method, rtol=1e-10, fixed_steps=steps)
        errors.append(abs(float(trajectory["a"][-1, 0, 0, 0]) - level(500.0, 0.02, begin=100.0, end=130.0)))
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("method", METHODS)
def test_plasma_that_falls_exponentially(method):
    """dc/dt = E (c_p(t) - c) with c_p = c_0 2^(-t/T) until 600 s, constant after."""
    exchange, half = 2e-3, 300.0
    plasma = tf.TimeCourse([0.0, 600.0], [1.0, 0.25], "exponential")
    one = tf.Model(GRID, [tf.Species("a", 40.0)], [tf.VascularExchange("a", 0.02, 0.1, plasma)])
    times = np.array([0.0, 300.0, 600.0, 1500.0])
    trajectory = tf.evolve(one, 0.0, times, method=method, rtol=1e-5)
    k = np.log(2) / half
    falling = exchange / (exchange - k) * (np.exp(-k * times[:3]) - np.exp(-exchange * times[:3]))
    last = 0.25 + (falling[2] - 0.25) * np.exp(-exchange * 900.0)
    np.testing.assert_allclose(trajectory["a"][:, 0, 0, 2], [*falling, last], rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_of_a_dose(method):
    """What comes is proportional to the dose: gradient = value/dose, in both modes, to the tolerance of the solves."""

    def end(dose):
        return tf.evolve(infusion(dose), 0.0, [0.0, 500.0], method=method, rtol=1e-8, fixed_steps=8)["a"][-1, 0, 0, 0]

    value, forward = jax.jvp(end, (jnp.asarray(0.02),), (jnp.asarray(1.0),))
    assert float(jax.grad(end)(jnp.asarray(0.02))) == pytest.approx(float(forward), rel=1e-10)
    assert float(forward) == pytest.approx(float(value) / 0.02, rel=1e-7)


def test_a_saturable_pulse_in_both_methods():
    """Time and concentration together in the rates: the methods agree."""
    pulse = tf.Scheduled(tf.ReceptorUptake("a", 1e-4, 3e4, 5e-4, 0.3), tf.TimeCourse([0.0, 200.0, 400.0], [0.0, 1.0, 0.0], "linear"))
    one = tf.Model(GRID, [tf.Species("a", 40.0, LOSS)], [tf.Decay(), pulse])
    fields = [tf.evolve(one, 1.0, [0.0, 250.0, 600.0], method=m, rtol=1e-6).concentration for m in METHODS]
    np.testing.assert_allclose(fields[0], fields[1], rtol=1e-4)
    assert float(fields[0][-1, 0, 0, 0, 0]) < 0.95 * np.exp(-LOSS * 600)


def test_flow_in_both_methods_and_where_the_explicit_one_is_refused():
    """The limited flux of the flow enters the explicit stages too; beyond a cell Peclet number of 2 it is the implicit method's."""
    grid = tf.Grid((1, 1, 24), 10.0)
    start = (1 + np.cos(2 * np.pi * grid.centres(2) / 240.0))[None, None, None]

    def flowing(speed):
        return tf.Model(grid, [tf.Species("a", 40.0)], [tf.Decay()], walls=tf.Walls(x=tf.Periodic()), flow=tf.Flow(x=speed))

    fields = [tf.evolve(flowing(2.0), start, [0.0, 60.0], method=m, rtol=1e-9, fixed_steps=400).concentration[-1] for m in METHODS]
    np.testing.assert_allclose(fields[0], fields[1], atol=1e-5)
    assert float(jnp.abs(fields[0] - jnp.asarray(start)).max()) > 0.3
    with pytest.raises(tf.InputError, match="cell Peclet number of 10, above 2"):
        tf.evolve(flowing(40.0), start, [0.0, 60.0], method="rkc")
    assert tf.evolve(flowing(40.0), start, [0.0, 6.0]).method == "tr-bdf2"


def test_fixed_steps_that_blow_up_in_a_flow_say_so():
    """A cell Peclet number of 2 and five long explicit steps: their stages suffice for diffusion, not for the flow."""
    grid = tf.Grid((1, 1, 64), 10.0)
    x = np.arange(64)
    start = (1 + 0.5 * np.sin(2 * np.pi * x / 64) + 0.01 * np.cos(2 * np.pi * 9 * x / 64))[None, None, None]
    model = tf.Model(grid, [tf.Species("a", 10.0)], [], walls=tf.Walls(x=tf.Periodic()), flow=tf.Flow(x=2.0))
    with pytest.warns(UserWarning, match="error as large as the field"):
        trajectory = tf.evolve(model, start, [0.0, 3000.0], method="rkc", fixed_steps=5)
    assert trajectory.status == tf.Status.UNRESOLVED
