"""Neutralisation by an antibody in excess: the closed form of a mixed volume, and full binding where complexes stay."""

import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 1, 4), 10.0)
K, ON, OFF, ANTIBODY = 1.65e-4, 1e-3, 1e-4, 10.0  # of the reference case V10: 1/s, 1/(nM s), 1/s, nM


def free(clearance, volume_fraction=1.0):
    species = [tf.Species("L", 26.0, K), tf.Species("A", 10.0)]
    terms = [tf.Decay(), tf.Linear(1e-3 * K * volume_fraction, species="L"), tf.VascularExchange("A", 0.01, 10.0, ANTIBODY)]
    model = tf.Model(GRID, species, [*terms, tf.Neutralisation("L", "A", ON, OFF, clearance)], volume_fraction=volume_fraction)
    solution = tf.solve_steady(model, 1e-10)
    assert not np.any(np.asarray(solution.status))
    return np.asarray(solution["L"]) / 1e-3


@pytest.mark.parametrize(("clearance", "expected"), [(K, 0.025816), (1e-6, 0.624977), (0.0, 1.0)])
def test_closed_form(clearance, expected):
    """free/c_0 of V10: 0.025816 where the complex is cleared as the ligand, 0.624977 at 1e-6/s, 1 where it stays."""
    np.testing.assert_allclose(free(clearance), expected, rtol=1e-3)
    np.testing.assert_allclose(free(clearance, 0.2), free(clearance), rtol=1e-6)


def test_what_is_refused():
    with pytest.raises(tf.InputError, match="unbinding rate of A"):
        tf.Neutralisation("L", "A", ON, 0.0, K)
    with pytest.raises(tf.InputError, match="B"):
        tf.Model(GRID, [tf.Species("L", 26.0, K)], [tf.Decay(), tf.Neutralisation("L", "B", ON, OFF, K)])
