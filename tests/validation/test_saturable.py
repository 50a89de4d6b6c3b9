"""Steady fields under saturable uptake (V6, V7, P4, P5, P8, P9): against closed forms, quadrature and published values."""

import numpy as np
import pytest

import tmefield as tf
from validation.problems import radial, saturable


@pytest.mark.parametrize("sharp", [False, True])
def test_niches_converge_and_balance(sharp):
    *_, solution = radial.niches(sharp)
    assert solution.status == tf.Status.CONVERGED
    assert np.abs(np.asarray(solution.budget.defect)).max() < 1e-8


def test_nothing_reaches_beyond_a_sharp_niche():
    rate, uptake, spacing = saturable.NICHES[0]
    r, solution = saturable.niche(rate, uptake, spacing)
    edge = saturable.exact.zero_order_radius(rate=rate, uptake=uptake)
    field = np.asarray(solution["c"])
    assert field.min() >= -1e-8 * field.max()  # the tolerance of the solve
    assert field[r > 1.1 * edge].max() < 1e-6 * field.max()


def test_an_anoxic_core_is_empty():
    x, fields, solution = radial.spheroids()
    assert solution.status == tf.Status.CONVERGED
    for radius, field in zip(radial.SPHEROIDS[1:], fields[1:], strict=True):
        core = radial.exact.anoxic_radius(radius, diffusivity=radial.OXYGEN, supply=radial.SUPPLY, consumption=radial.CONSUMPTION)
        assert field[radius * x < 0.9 * core].max() < 1e-4 * radial.SUPPLY
