"""Receptors that their ligand brings up: the bistable switch of the receptor of interleukin 2 (Busse et al. 2010), voxel by voxel and in a niche."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import tmefield as tf
from tmefield.units import NANOMOLAR

HOUR = 3600.0
PER_HOUR = {
    "on_rate": 111.6,
    "off_rate": 0.83,
    "synthesis": 150.0,
    "induced_synthesis": 3000.0,
    "turnover": 0.64,
    "internalisation": 1.7,
    "recycling": 9.0,
    "degradation": 5.0,
}
RATES = {name: value / HOUR for name, value in PER_HOUR.items()}
# Concentrations of interleukin 2, pM, on both sides of the turning points.
LEVELS = {3.0: np.array([5.0, 13.1, 13.25, 50.0, 92.5, 93.8, 200.0]), 2.0: np.array([5.0, 13.73, 13.88, 17.0, 20.66, 20.88, 200.0])}
BISTABLE = {3.0: (13.171, 93.156), 2.0: (13.801, 20.772)}
STEPS = 600


def steady_complexes(level, exponent):
    """Complexes per cell at a concentration (pM), from the equation of the steady state; from few to many."""
    lost = 0.64 * (0.83 + 1.7) / (111.6 * 1e-3 * level) + 1.7 * 5 / 14

    def balance(c):
        return 150 + 3000 * c**exponent / (1000.0**exponent + c**exponent) - lost * c

    grid = np.geomspace(1, 1e5, 4001)
    values = balance(grid)
    return [brentq(balance, grid[i], grid[i + 1]) for i in np.flatnonzero(values[:-1] * values[1:] < 0)]


def pools(exponent=3.0, density=1e-4, **more):
    return tf.ReceptorPools("IL2", "IL2R", density, half_maximum=1000.0, exponent=exponent, **{**RATES, **more})


def at_levels(exponent, density=1e-4, volume_fraction=0.3):
    """One voxel for each level, at which interleukin 2 is held."""
    levels = LEVELS[exponent]
    own = pools(exponent, np.broadcast_to(density, (1, 1, levels.size)))
    grid = tf.Grid((1, 1, levels.size), 10.0)
    held = np.zeros((4, *grid.shape), bool)
    held[0] = True
    fixed = tf.FixedConcentration(held, np.broadcast_to(1e-3 * levels, held.shape))
    return own, tf.Model(grid, [tf.Species("IL2", 10.0), *own.species], [own], fixed=fixed, volume_fraction=volume_fraction)


def start(own, model, **numbers):
    given = own.concentrations(**numbers, volume_fraction=model.volume_fraction)
    return np.stack([np.broadcast_to(np.asarray(given.get(name, 0.0)), model.grid.shape) for name in model.names])


FEW, MANY = {"free": 234.0}, {"free": 500.0, "bound": 5000.0, "inside": 600.0}


@pytest.mark.parametrize("exponent", [3.0, 2.0])
@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["few", "many"])
def test_the_switch_ends_on_the_branch_of_its_start_and_jumps_at_the_turning_points(exponent, numbers):
    own, model = at_levels(exponent)
    assert not model.unique
    solution = tf.solve_steady(model, initial=start(own, model, **numbers), rtol=1e-8, max_steps=STEPS)
    assert solution.status == tf.Status.CONVERGED
    found = np.asarray(own.per_cell(solution)["bound"])[0, 0]
    low, high = BISTABLE[exponent]
    for level, bound in zip(LEVELS[exponent], found, strict=True):
        branches = steady_complexes(level, exponent)
        assert len(branches) == (3 if low < level < high else 1)
        assert bound == pytest.approx(branches[0] if numbers is FEW else branches[-1], rel=0.01), level
    inside, free = (np.asarray(own.per_cell(solution)[pool])[0, 0] for pool in ("inside", "free"))
    np.testing.assert_allclose(inside, 1.7 * found / 14, rtol=1e-5)
    np.testing.assert_allclose(free, (0.83 + 1.7) * found / (111.6e-3 * LEVELS[exponent]), rtol=1e-5)


def test_the_turning_points_are_those_published():
    """C = 1212.5 and 298.9 where c as a function of C turns."""
    c = np.linspace(100, 3000, 290001)
    level = 1e3 * 0.64 * (0.83 + 1.7) / 111.6 / ((150 + 3000 * c**3 / (1000.0**3 + c**3)) / c - 1.7 * 5 / 14)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(level)))) + 1
    np.testing.assert_allclose(c[turns], [298.9, 1212.5], rtol=1e-3)
    np.testing.assert_allclose(level[turns], [93.156, 13.171], rtol=1e-4)


def test_numbers_per_cell_do_not_depend_on_density_and_fluid():
    """No more than on the grid: cells are what they are; where there are none, there are no receptors."""
    found = []
    for density, fluid in ((1e-4, 0.3), (np.array([[[0.0, 1e-5, 1e-5, 1e-5, 5e-5, 5e-5, 5e-4]]]), 1.0)):
        own, model = at_levels(3.0, density, fluid)
        solution = tf.solve_steady(model, initial=start(own, model, **MANY), rtol=1e-8, max_steps=STEPS)
        assert solution.status == tf.Status.CONVERGED
        found.append(np.asarray(own.per_cell(solution)["bound"])[0, 0])
    assert found[1][0] == 0
    np.testing.assert_allclose(found[1][1:], found[0][1:], rtol=1e-4)


def test_a_run_through_time_follows_the_equations():
    """Against the ordinary differential equations of a cell, as interleukin 2 is held."""
    from scipy.integrate import solve_ivp

    own, model = at_levels(3.0)
    hours = np.array([0.0, 2.0, 10.0])
    trajectory = tf.evolve(model, start(own, model, **FEW), HOUR * hours, rtol=1e-5)
    assert trajectory.status == tf.Status.CONVERGED
    for i, level in ((3, 50.0), (6, 200.0)):

        def change(_, y, c=1e-3 * level):
            r, b, e = y
            made = 150 + 3000 * b**3 / (1000.0**3 + b**3)
            return [made - 111.6 * c * r + 0.83 * b - 0.64 * r + 9 * e, 111.6 * c * r - (0.83 + 1.7) * b, 1.7 * b - 14 * e]

        expected = solve_ivp(change, (0, 10), [234.0, 0.0, 0.0], method="LSODA", t_eval=hours, rtol=1e-9, atol=1e-9).y
        numbers = own.per_cell(trajectory)
        for pool, values in zip(("free", "bound", "inside"), expected, strict=True):
            np.testing.assert_allclose(np.asarray(numbers[pool])[:, 0, 0, i], values, rtol=2e-3, atol=0.1)


def test_a_niche_of_cells_switched_on_takes_what_a_source_secretes():
    """A secreting layer in cells that begin with few receptors: those beside it switch on and shield the rest (as Treg do)."""
    own, source = pools(), np.zeros((1, 1, 24))
    source[0, 0, 0] = 1e-3
    model = tf.Model(tf.Grid(source.shape, 10.0), [tf.Species("IL2", 10.0), *own.species], [tf.Linear(source, species="IL2"), own], dtype=np.float32)
    solution = tf.solve_steady(model, initial=start(own, model, **FEW), max_steps=STEPS)
    assert solution.status == tf.Status.CONVERGED
    bound = np.asarray(own.per_cell(solution)["bound"])[0, 0]
    assert bound[0] > 1212.5
    assert (bound[6:] < 298.9).all()
    taken = 1e-4 * RATES["internalisation"] * bound.sum() / NANOMOLAR
    assert taken == pytest.approx(1e-3, rel=1e-4)


def test_derivative_with_respect_to_the_rates():
    def objective(values):
        own = pools(internalisation=values[0], induced_synthesis=values[1])
        source = jnp.full((1, 1, 3), 3e-5)
        model = tf.Model(tf.Grid(source.shape, 10.0), [tf.Species("IL2", 10.0, 1e-4), *own.species], [tf.Decay(), tf.Linear(source, species="IL2"), own])
        return jnp.sum(tf.solve_steady(model, rtol=1e-11, max_steps=STEPS)["IL2"])

    at = jnp.asarray([RATES["internalisation"], RATES["induced_synthesis"]])
    both = jax.jit(jax.value_and_grad(objective))
    gradient = np.asarray(both(at)[1])
    for i in range(2):
        h = 1e-4 * at[i]
        assert gradient[i] == pytest.approx(float(both(at.at[i].add(h))[0] - both(at.at[i].add(-h))[0]) / (2 * float(h)), rel=1e-4)


def test_wrong_use_is_refused():
    own = pools()
    mobile = [tf.Species(one.name, 1.0) for one in own.species]
    with pytest.raises(tf.InputError, match=r"IL2R_free, IL2R_bound, IL2R_inside must be immobile.*pools.species"):
        tf.Model(tf.Grid((1, 1, 2), 10.0), [tf.Species("IL2", 10.0), *mobile], [own])
    with pytest.raises(tf.InputError, match=r"turnover of IL2R must be finite and above zero .1/s."):
        pools(turnover=0.0)
    with pytest.raises(tf.InputError, match="density of cells with IL2R has shape"):
        tf.Model(tf.Grid((1, 1, 2), 10.0), [tf.Species("IL2", 10.0), *own.species], [pools(density=np.ones(3))])
    assert own.label == "IL2R"
