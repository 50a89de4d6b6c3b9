"""A small tissue of three cytokines that the tests of outcomes share: compiled once."""

import numpy as np

import tmefield as tf

DAY = 86400.0
GRID = tf.Grid((4, 4, 4), 60.0)
CELLS = {"tumour": (2e-4, 0.0), "CD8_T": (3e-6, 2e-5), "M2": (3e-5, 1e-6), "endothelial": (5e-6, 1e-5)}
TIMES = np.array([0.0, 3.0, 6.0]) * DAY


def treatments():
    """An antibody against PD-1 in the plasma at a given level, and IFN-g put into the tissue from day 1 to 4."""
    antibody = tf.Drug.from_library("anti-PD1")
    course = tf.TimeCourse([0.0, 1 * DAY], [0.0, 50.0])
    release = tf.DrugTreatment(antibody, course, releases=["PD_L1-killing"], dissociation_constant=0.029)
    pulse = tf.TimeCourse([0.0, 1 * DAY, 4 * DAY], [0.0, 1.0, 0.0])
    return {"anti-PD1": release, "IFNg": tf.Depot("IFNg", 1e-4, pulse)}


def tissue(**changes):
    """The tissue, one eighth of a small tumour."""
    given = {"cytokines": ("IFNg", "IL10", "TGFb"), "treatments": treatments(), "dtype": "float64"} | changes
    return tf.ImmuneTissue(GRID, tf.around_tumour(GRID, 120.0, CELLS), **given)
