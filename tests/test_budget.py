"""The mass budget: made = lost + out through walls + into fixed voxels, per species and term."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((5, 8, 9), (8.0, 10.0, 12.0))
RNG = np.random.default_rng(2)
CELLS, SINKS, WALLS = (RNG.uniform(0, 1e-4, GRID.shape) for _ in range(3))


def everything(dtype=None):
    held = np.zeros(GRID.shape, bool)
    held[2, 3:5, 4] = True
    species = [tf.Species("a", 40.0, 2e-4), tf.Species("b", 12.0, 1e-3)]
    terms = [
        tf.Decay(),
        tf.Secretion("a", CELLS, 3.0, source="CD8_T"),
        tf.Secretion("b", CELLS, 0.1, source="M2"),
        tf.ReceptorUptake("a", SINKS, 5000.0, 5e-4, 0.05, sink="tumour"),
        tf.VascularExchange("a", 100 * WALLS, 0.01, 0.02),
        tf.Linear(1e-6, 1e-5),
    ]
    walls = {"a": tf.Walls(z=tf.Robin(0.1, 0.01), x=(tf.FixedValue(0.03), tf.NoFlux())), "b": tf.NoFlux()}
    return tf.Model(GRID, species, terms, walls=walls, fixed=tf.FixedConcentration(held, 0.05), volume_fraction=0.5, dtype=dtype)


@pytest.fixture(scope="module")
def solution():
    return tf.solve_steady(everything(), rtol=1e-13)


def test_closed_to_round_off_in_float64(solution):
    assert np.abs(np.asarray(solution.budget.defect)).max() < 1e-12


def test_closed_to_1e5_in_float32():
    defect = tf.solve_steady(everything(jnp.float32), rtol=1e-6).budget.defect
    assert defect.dtype == jnp.float32
    assert np.abs(np.asarray(defect)).max() < 1e-5


def test_the_entries_are_what_the_field_says(solution):
    budget, free = solution.budget, ~np.asarray(solution.model.fixed.mask)
    a = np.asarray(solution["a"])
    volume = GRID.voxel_volume
    assert float(budget.made["secretion by CD8_T"][0]) == pytest.approx(3.0 * CELLS[free].sum() * volume, rel=1e-12)
    assert float(budget.made["secretion by CD8_T"][1]) == 0
    assert float(budget.lost["decay"][0]) == pytest.approx(0.5 * 2e-4 * a[free].sum() * volume * 0.602214076, rel=1e-12)
    taken = 5000.0 * 5e-4 * (SINKS * a / (0.05 + a))[free].sum() * volume
    assert float(budget.lost["uptake by tumour"][0]) == pytest.approx(taken, rel=1e-12)
    assert set(budget.walls) == {"lower z wall", "upper z wall", "lower x wall"}
    assert float(budget.walls["lower x wall"][1]) == 0


def test_income_counts_what_flows_in(solution):
    budget = solution.budget
    outward = np.array([float(flow[0]) for flow in budget.walls.values()] + [float(budget.fixed[0])])
    made = sum(float(values[0]) for values in budget.made.values())
    assert float(budget.income[0]) == pytest.approx(made - outward[outward < 0].sum(), rel=1e-12)


def test_the_budget_reads_as_text(solution):
    text = "\n".join(solution.budget.lines())
    assert "made by secretion by CD8_T" in text
    assert "out through lower x wall" in text
    assert "into fixed voxels" in text


def test_a_wrong_field_does_not_close():
    from tmefield.budget import mass_budget

    model = everything()
    wrong = 1.01 * tf.solve_steady(model, rtol=1e-12).concentration
    assert np.abs(np.asarray(mass_budget(model, wrong).defect)).min() > 1e-4
