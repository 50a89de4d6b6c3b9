"""V12 beyond the table: the gradients of the closed form itself, and of a field against central differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from validation.problems import gradients


@pytest.mark.parametrize(("place", "expected"), [(50.0, (1.0, -0.25, -0.75)), (150.0, (1.0, -0.75, -0.25))])
def test_sensitivities_of_the_closed_form(place, expected):
    np.testing.assert_allclose(jax.grad(gradients.analytic_model)(gradients.start(), place), expected, rtol=1e-6)


def test_reverse_mode_against_central_differences():
    start, weights = gradients.start(), gradients.shell_weights(50.0)
    gradient = np.asarray(jax.grad(gradients.log_mean)(start, weights))
    for index in range(3):
        step = jnp.zeros(3).at[index].set(1e-3)
        differences = [float(gradients.log_mean(start + s * step, weights) - gradients.log_mean(start - s * step, weights)) / (2e-3 * s) for s in (1.0, 2.0)]
        assert gradient[index] == pytest.approx((4 * differences[0] - differences[1]) / 3, rel=1e-6, abs=1e-9)
