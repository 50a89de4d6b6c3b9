"""Numbers of a model by name."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.fitting.leaves import leaf_value

GRID = tf.Grid((2, 3, 4), 20.0)
MODEL = tf.Model(
    GRID,
    [tf.Species("IFNg", 40.0, 1e-4), tf.Species("IL10", 30.0, 2e-4)],
    [
        tf.Decay(),
        tf.Secretion("IFNg", 1e-4, 2.0, source="CD8_T", modulations=[tf.Modulation(tf.Hill("IL10", 8e-3), 0.0)]),
        tf.Secretion("IFNg", 1e-5, 3.0),
        tf.Secretion("IFNg", 1e-5, 4.0),
        tf.ReceptorUptake("IL10", 1e-4, 500.0, 1e-4, 0.1, sink="M2"),
    ],
    walls={"IFNg": tf.NoFlux(), "IL10": tf.Robin(0.1, 0.0)},
)


def test_names_are_those_of_species_and_budget():
    names = tf.leaf_names(MODEL)
    for name, value in {
        "IFNg.diffusivity": 40.0,
        "IL10.decay": 2e-4,
        "IFNg.secretion_by_CD8_T.rate": 2.0,
        "IFNg.secretion_by_CD8_T.modulations.0.hills.0.half_maximum": 8e-3,
        "IFNg.secretion.rate": 3.0,
        "IFNg.secretion_2.rate": 4.0,
        "IL10.uptake_by_M2.receptors": 500.0,
        "volume_fraction": 1.0,
    }.items():
        assert name in names
        assert float(leaf_value(MODEL, name)) == pytest.approx(value)
    assert any(name.startswith("IL10.walls.") for name in names)
    assert len(set(names)) == len(names)


def test_values_take_their_places():
    changed = tf.with_leaves(MODEL, {"IFNg.decay": 5e-4, "IFNg.secretion_by_CD8_T.density": np.full(GRID.shape, 7e-5)})
    assert float(changed.species[0].decay) == pytest.approx(5e-4) and float(MODEL.species[0].decay) == pytest.approx(1e-4)
    assert leaf_value(changed, "IFNg.secretion_by_CD8_T.density").shape == GRID.shape
    assert float(leaf_value(changed, "IL10.decay")) == pytest.approx(2e-4)


def test_a_wrong_name_says_which_was_meant():
    with pytest.raises(tf.InputError, match=r"no number 'IFNg\.decai'; did you mean IFNg\.decay"):
        tf.with_leaves(MODEL, {"IFNg.decai": 1.0})
