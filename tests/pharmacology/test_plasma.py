"""Plasma courses: conservation, a numerical solution, derivatives, and steps that end on doses."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import tmefield as tf

HOUR, DAY = 3600.0, 86400.0
ONE = tf.OneCompartment("4.5 L", "0.23 L/day")
TWO = tf.TwoCompartment("3.5 L", "0.3 L/day", "2.9 L", "0.2 L/day")
ABSORPTION = tf.Absorption("0.282/day", 0.744)
DOSES = [
    *tf.Dose(100.0, duration="1 h").repeated("7 day", 3),
    tf.Dose(50.0, at="3 day"),
    tf.Dose(80.0, at="5 day", route="sc"),
]
COURSE = tf.PlasmaCourse(TWO, DOSES, {"sc": ABSORPTION}, baseline=0.01)


def at(course, time, within=None):
    return float(course.at(jnp.asarray(float(time)), jnp.asarray(float(time if within is None else within))))


def numerical(kinetics, course, times):
    """Two compartments and a depot by SciPy, piece by piece between the jumps."""
    if isinstance(kinetics, tf.OneCompartment):
        v1, cl, v2, q = float(kinetics.volume), float(kinetics.clearance), 1.0, 0.0
    else:
        v1, cl, v2, q = (float(one) for one in (kinetics.central_volume, kinetics.clearance, kinetics.peripheral_volume, kinetics.intercompartmental_clearance))
    ka, f = float(ABSORPTION.rate), float(ABSORPTION.bioavailability)
    state, found, stops = np.zeros(3), {}, sorted({*course.jumps, *times})
    for here, there in pairwise(stops):
        found[here] = state[0]
        for amount, start, length, route in zip(course.amounts, course.starts, course.durations, course.routes, strict=True):
            if start == here and length == 0:
                state = state + np.array([float(amount) / v1, 0, 0] if route == "iv" else [0, 0, f * float(amount)])
        pieces = zip(course.amounts, course.starts, course.durations, strict=True)
        rate = sum(float(amount) / length for amount, start, length in pieces if length > 0 and start <= here < start + length)

        def slope(_, y, rate=rate):
            flow = q * (y[0] - y[1])
            return [(rate + ka * y[2] - cl * y[0] - flow) / v1, flow / v2, -ka * y[2]]

        state = solve_ivp(slope, (here, there), state, rtol=1e-12, atol=1e-14, method="DOP853").y[:, -1]
        found[there] = state[0]
    return np.array([found[time] for time in times]) + float(course.baseline)


@pytest.mark.parametrize("kinetics", [ONE, TWO], ids=["one", "two"])
def test_against_a_numerical_solution(kinetics):
    course = tf.PlasmaCourse(kinetics, DOSES, {"sc": ABSORPTION}, baseline=0.01)
    times = [0.3 * HOUR, HOUR, 2 * DAY, 4 * DAY, 5.5 * DAY, 7.02 * DAY, 13 * DAY, 14.5 * DAY, 40 * DAY]
    np.testing.assert_allclose([at(course, time) for time in times], numerical(kinetics, course, times), rtol=1e-8)


@pytest.mark.parametrize("dose", [tf.Dose(30.0), tf.Dose(30.0, duration=2 * DAY), tf.Dose(30.0, route="sc")], ids=["bolus", "infusion", "absorbed"])
@pytest.mark.parametrize("kinetics", [ONE, TWO, tf.BiExponential(0.36, "0.0537/min", 0.013, "0.00815/min")], ids=["one", "two", "exponentials"])
def test_the_area_is_what_is_cleared(kinetics, dose):
    """AUC = F D/CL, by quadrature of the course itself to where nothing is left, and by `area`."""
    course = tf.PlasmaCourse(kinetics, [dose], {"sc": ABSORPTION})
    a, rate = (np.asarray(one) for one in kinetics.response())
    share = 0.744 if dose.route == "sc" else 1.0
    expected = share * 30.0 * (a / rate).sum()
    if hasattr(kinetics, "clearance"):
        assert expected == pytest.approx(share * 30.0 / float(kinetics.clearance), rel=1e-12)
    longest = 40 / min(*rate, 0.282 / DAY)
    knots = np.array(sorted({0.0, *((2 * DAY,) if dose.duration else ()), *np.geomspace(60.0, longest, 60)}))
    points, weights = np.polynomial.legendre.leggauss(20)
    times = 0.5 * (knots[1:] + knots[:-1])[:, None] + 0.5 * np.diff(knots)[:, None] * points
    levels = jax.vmap(lambda t: course.at(t, t))(jnp.asarray(times.ravel()))
    area = (0.5 * np.diff(knots)[:, None] * weights * np.asarray(levels).reshape(times.shape)).sum()
    assert area == pytest.approx(expected, rel=1e-10)
    assert float(course.area) == pytest.approx(expected, rel=1e-12)


def test_absorption_as_fast_as_elimination():
    """k_a = CL/V has its own closed form, D k t exp(-k t)/V, and the course runs through it smoothly."""
    rate = 0.5 / HOUR
    course = tf.PlasmaCourse(tf.OneCompartment(2.0, 2.0 * rate), [tf.Dose(10.0, route="ip")], {"ip": tf.Absorption(rate)})
    near = tf.PlasmaCourse(tf.OneCompartment(2.0, 2.0 * rate * (1 + 1e-7)), [tf.Dose(10.0, route="ip")], {"ip": tf.Absorption(rate)})
    for time in (HOUR, 10 * HOUR):
        expected = 5.0 * rate * time * np.exp(-rate * time)
        assert at(course, time) == pytest.approx(expected, rel=1e-13)
        assert at(near, time) == pytest.approx(expected, rel=1e-6)


def test_a_dose_counts_from_its_own_side():
    course = tf.PlasmaCourse(ONE, [tf.Dose(9.0, at=100.0)], baseline=0.5)
    assert at(course, 100.0, within=99.0) == 0.5
    assert at(course, 100.0, within=101.0) == pytest.approx(0.5 + 9.0 / 4.5)
    assert course.jumps == (100.0,)
    assert COURSE.jumps == (0.0, HOUR, 3 * DAY, 5 * DAY, 7 * DAY, 7 * DAY + HOUR, 14 * DAY, 14 * DAY + HOUR)


def test_derivatives_in_dose_volume_and_clearance():
    def level(dose, volume, clearance, absorbed):
        doses = [tf.Dose(dose, duration="1 h"), tf.Dose(2 * dose, at="1 day", route="sc")]
        course = tf.PlasmaCourse(tf.TwoCompartment(volume, clearance, 2.9, 2e-6), doses, {"sc": tf.Absorption(absorbed, 0.7)})
        return course.at(jnp.asarray(2 * DAY), jnp.asarray(2 * DAY))

    values = (100.0, 3.5, 3.5e-6, 3e-6)
    gradient = jax.grad(level, argnums=(0, 1, 2, 3))(*(jnp.asarray(one) for one in values))
    for index, value in enumerate(values):
        ends = []
        for sign in (1, -1):
            moved = list(values)
            moved[index] = value * (1 + sign * 1e-5)
            ends.append(float(level(*(jnp.asarray(one) for one in moved))))
        assert float(gradient[index]) == pytest.approx((ends[0] - ends[1]) / (2e-5 * value), rel=1e-7)
    assert float(gradient[0]) == pytest.approx(float(level(*(jnp.asarray(one) for one in values))) / 100.0, rel=1e-12)


def test_a_loading_dose_before_the_run_and_single_precision():
    course = tf.PlasmaCourse(TWO, [tf.Dose(100.0, at="-28 day"), tf.Dose(100.0)])
    last = tf.PlasmaCourse(TWO, [tf.Dose(100.0)])
    assert at(course, 28 * DAY) == pytest.approx(at(last, 28 * DAY) + at(last, 56 * DAY), rel=1e-12)
    single = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), course)
    value = single.at(jnp.asarray(28 * DAY, jnp.float32), jnp.asarray(28 * DAY, jnp.float32))
    assert value.dtype == jnp.float32
    assert float(value) == pytest.approx(at(course, 28 * DAY), rel=1e-5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: tf.OneCompartment(0.0, 1e-6), "volume of distribution must be finite and above zero"),
        (lambda: tf.OneCompartment(3.0, -1e-6), "clearance must be finite and above zero"),
        (lambda: tf.OneCompartment("3.5 mg", 1e-6), "volume of distribution: 'mg' is not the unit"),
        (lambda: tf.TwoCompartment(3.0, 1e-6, 2.0, 0.0), "intercompartmental clearance"),
        (lambda: tf.BiExponential(0.0, 1e-3, 0.0, 1e-4), "both zero"),
        (lambda: tf.Absorption(1e-5, 1.2), "bioavailability must lie between 0 and 1"),
        (lambda: tf.Dose(-1.0), "must not be negative"),
        (lambda: tf.Dose(1.0, duration=-1.0), "must not be negative"),
        (lambda: tf.Dose(1.0, route="sc", duration=60.0), "has no duration"),
        (lambda: tf.Dose(1.0).repeated("0 day", 2), "interval above zero"),
        (lambda: tf.PlasmaCourse(ONE, []), "at least one Dose"),
        (lambda: tf.PlasmaCourse(ONE, [tf.Dose("8 mg/kg")]), "not in nmol yet"),
        (lambda: tf.PlasmaCourse(ONE, [tf.Dose(1.0, route="sc")]), "needs its absorption.*absorption={'sc'"),
    ],
)
def test_wrong_courses_name_the_remedy(make, says):
    with pytest.raises(tf.InputError, match=says):
        make()
