"""Time courses: pieces, sides of a jump, derivatives, wrong use."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

TIMES, VALUES = (10.0, 20.0, 40.0), (1.0, 3.0, 2.0)


def at(course, time, within=None):
    return float(course.at(jnp.asarray(time), jnp.asarray(time if within is None else within)))


def test_constant_pieces_pick_their_side():
    course = tf.TimeCourse(TIMES, VALUES)
    assert [at(course, t) for t in (0.0, 15.0, 30.0, 99.0)] == [1.0, 1.0, 3.0, 2.0]
    assert at(course, 20.0, within=19.0) == 1.0
    assert at(course, 20.0, within=21.0) == 3.0


def test_linear_and_exponential_pieces():
    for between, expected in (("linear", 2.5), ("exponential", 3 * (2 / 3) ** 0.5)):
        course = tf.TimeCourse(TIMES, VALUES, between)
        assert at(course, 30.0) == pytest.approx(expected, rel=1e-14)
        assert [at(course, t) for t in (0.0, 99.0)] == [1.0, 2.0]
        assert at(course, 20.0, within=19.0) == pytest.approx(3.0, rel=1e-14)
        assert at(course, 20.0, within=21.0) == pytest.approx(3.0, rel=1e-14)


@pytest.mark.parametrize("between", ["constant", "linear", "exponential"])
def test_values_are_differentiable(between):
    def value(values):
        return tf.TimeCourse(TIMES, values, between).at(jnp.asarray(25.0), jnp.asarray(25.0))

    values = jnp.asarray(VALUES)
    gradient = np.asarray(jax.grad(value)(values))
    h = 1e-6
    difference = [float(value(values.at[i].add(h)) - value(values.at[i].add(-h))) / (2 * h) for i in range(3)]
    np.testing.assert_allclose(gradient, difference, atol=1e-8)


def test_courses_in_part_and_together():
    """baseline + half of one + another, with the jumps of both."""
    one, other = tf.TimeCourse(TIMES, VALUES), tf.TimeCourse([0.0, 25.0], [0.0, 5.0])
    both = tf.SummedCourse([tf.ScaledCourse(one, 0.5), other], 0.25)
    assert both.jumps == (0.0, 10.0, 20.0, 25.0, 40.0)
    assert [at(both, t) for t in (5.0, 22.0, 30.0)] == [0.75, 1.75, 6.75]
    assert at(tf.SummedCourse([], 2.0), 1.0) == 2.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([0.0, 0.0], [1.0, 1.0]), "increasing"),
        (([0.0, np.inf], [1.0, 1.0]), "finite"),
        (([0.0, 1.0], [1.0]), "shape"),
        (([0.0, 1.0], [1.0, -1.0]), "not negative"),
        (([0.0, 1.0], [1.0, 0.0], "exponential"), "above zero"),
        (([0.0, 1.0], [1.0, 0.0], "cubic"), "between"),
    ],
)
def test_wrong_courses_are_refused(arguments, said):
    with pytest.raises(tf.InputError, match=said):
        tf.TimeCourse(*arguments)
