"""Noise: residuals against the likelihoods of SciPy, information against its definition, draws, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import tmefield as tf

P = jnp.asarray([0.4, 1.0, 2.5, 7.0])


def half_square(noise, p, d):
    return np.asarray(noise.residuals(p, d)) ** 2 / 2


@pytest.mark.parametrize(
    ("noise", "data", "minus_log"),
    [
        (tf.Gaussian(0.5), [0.1, 1.2, 2.0, 8.0], lambda p, d: -stats.norm.logpdf(d, p, 0.5)),
        (tf.Lognormal(0.2), [0.3, 1.2, 2.0, 8.0], lambda p, d: -stats.lognorm.logpdf(d, 0.2, scale=p)),
        (tf.Poisson(), [0.0, 1.0, 3.0, 12.0], lambda p, d: -stats.poisson.logpmf(d, p)),
        (tf.Gaussian(0.5, limit=1.0), [1.0, 1.0, 1.0, 1.0], lambda p, d: -stats.norm.logcdf(1.0, p, 0.5)),
        (tf.Lognormal(0.3, limit=1.0), [0.0, 1.0, 0.5, 1.0], lambda p, d: -stats.norm.logcdf(np.log(1.0), np.log(p), 0.3)),
    ],
)
def test_residuals_are_the_likelihood(noise, data, minus_log):
    """Differences between two predictions, so that constants drop out."""
    data, other = jnp.asarray(data), 1.3 * P
    expected = minus_log(np.asarray(other), np.asarray(data)) - minus_log(np.asarray(P), np.asarray(data))
    np.testing.assert_allclose(half_square(noise, other, data) - half_square(noise, P, data), expected, rtol=1e-9)


def test_counts_near_their_mean_keep_value_and_slope():
    """Where the prediction meets the count the root of the deviance would have no derivative."""
    d = jnp.asarray([9.0])
    for x in (0.0, 0.9e-3, 1.1e-3, -0.9e-3):
        p = d * (1 + x)
        exact = np.sign(x) * np.sqrt(2 * (p - d + d * np.log(d / p)))
        np.testing.assert_allclose(tf.Poisson().residuals(p, d), exact, atol=1e-9)
    slope = jax.grad(lambda p: tf.Poisson().residuals(p[None], d)[0])(jnp.asarray(9.0))
    assert float(slope) == pytest.approx(1 / 3)


def test_many_counts_keep_their_residual_in_single_precision():
    """A million counts and predictions about one standard deviation off; and predictions of next to nothing."""
    d = np.full(6, 1e6)
    p = np.float32(d * (1 + np.array([-2e-3, -1.1e-3, 1.05e-3, 1.2e-3, 5e-3, 0.9])))
    x = (p.astype(float) - d) / d
    found = tf.Poisson(np.float32(1)).residuals(jnp.asarray(p), jnp.asarray(d, jnp.float32))
    np.testing.assert_allclose(found, np.sign(x) * np.sqrt(2 * d * (x - np.log1p(x))), rtol=3e-4)
    nothing = tf.Poisson().residuals(jnp.asarray([1e-20, 0.0]), jnp.asarray([5.0, 0.0]))
    np.testing.assert_allclose(nothing, [-np.sqrt(2 * (5 * np.log(5e20) - 5)), 0.0], atol=1e-9)


def test_scaled_counts_are_whole_in_single_precision():
    """54321 counts of 0.7 units each, whose product rounds."""
    counts = np.array([54321.0, 12345.0, 99999.0])
    for unit in (0.7, 0.3, 1.1):
        tf.Poisson(np.float32(1 / unit)).check(jnp.asarray(counts * unit, jnp.float32), "counts")
    with pytest.raises(tf.InputError, match="whole numbers"):
        tf.Poisson(np.float32(1)).check(jnp.asarray([100.5], jnp.float32), "counts")


def test_information_about_next_to_nothing_is_a_number_in_single_precision():
    """Before a front arrives, predictions lie far below every limit: such data tell nothing, which is 0, not NaN or infinite."""
    p = jnp.asarray([0.0, 1e-25, 1e-3], jnp.float32)
    below = tf.Lognormal(np.float32(0.1), limit=np.float32(1e-3)).information(p)
    assert np.asarray(below)[:2].tolist() == [0.0, 0.0] and float(below[2]) > 0
    assert np.isfinite(tf.Lognormal(np.float32(0.1)).information(p)).all()


def test_draws_below_a_limit_that_rounds_up_stay_below_it():
    """0.1 in single precision lies above 0.1 in double."""
    drawn = tf.Lognormal(0.1, limit=0.1).sample(jax.random.key(0), jnp.full(3, 1e-3, jnp.float32))
    assert bool((drawn.astype(float) <= 0.1).all())


@pytest.mark.parametrize("noise", [tf.Gaussian(0.5), tf.Lognormal(0.3), tf.Poisson(), tf.Gaussian(0.8, limit=1.5), tf.Lognormal(0.4, limit=1.2)])
def test_information_is_the_mean_square_of_the_score(noise):
    """I = E[(d ln L/dp)^2], over 200,000 draws."""
    p = jnp.asarray([2.0])
    data = noise.sample(jax.random.key(1), jnp.full(200_000, 2.0))
    slope = jax.grad(lambda p, d: noise.residuals(p[None], d[None])[0] ** 2 / 2)
    score = jax.vmap(lambda d: slope(p[0], d))(data)
    assert float(jnp.mean(score**2)) == pytest.approx(float(noise.information(p)[0]), rel=0.02)


@pytest.mark.parametrize("noise", [tf.Lognormal(0.3), tf.Poisson(50.0), tf.Gaussian(0.8, limit=1.5), tf.Lognormal(0.4, limit=4.0)])
def test_squares_of_residuals_have_their_mean(noise):
    """Over 200,000 draws; 1 but where a limit hides some of them. The deviance of a hundred counts is 1 but for a sixth of a hundredth."""
    p = jnp.full(200_000, 2.0)
    found = noise.residuals(p, noise.sample(jax.random.key(2), p)) ** 2
    assert float(found.mean()) == pytest.approx(float(noise.expected_square(p)[0]), rel=0.02, abs=0.003)


@pytest.mark.parametrize(
    ("noise", "data", "said"),
    [
        (tf.Lognormal(0.1), [1.0, 0.0], "zero or negative"),
        (tf.Lognormal(0.1, limit=2.0), [1.0, 2.0], "all 2 data lie at or below the detection limit"),
        (tf.Gaussian(0.1, limit=2.0), [1.0, 2.0], "fix nothing"),
        (tf.Gaussian(np.ones(3)), [1.0, 2.0], "3 standard deviations for 2 data"),
        (tf.Poisson(), [1.5, 2.0], "whole numbers"),
    ],
)
def test_data_that_cannot_be(noise, data, said):
    with pytest.raises(tf.InputError, match=said):
        tf.PointSamples("a", [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], data, noise)


def test_no_noise_is_refused():
    with pytest.raises(tf.InputError, match="above zero"):
        tf.Gaussian(0.0)
