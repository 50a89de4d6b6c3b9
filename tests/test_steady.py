"""The steady solve as a user meets it: status, statistics, starts, number types, sizes."""

import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.steady import _solve

GRID = tf.Grid((6, 10, 12), (10.0, 10.0, 10.0))
RNG = np.random.default_rng(1)
DENSITY = RNG.uniform(0, 1e-4, GRID.shape)


def uptake_model(rate=1.0, receptors=3000.0, **options):
    species = tf.Species("a", 40.0, 1e-4)
    terms = [tf.Decay(), tf.Secretion("a", DENSITY, rate), tf.ReceptorUptake("a", DENSITY[::-1], receptors, 5e-4, 0.05)]
    return tf.Model(GRID, [species], terms, **options)


def test_a_result_says_how_far_to_trust_it():
    solution = tf.solve_steady(uptake_model(), rtol=1e-9)
    assert solution.status == tf.Status.CONVERGED
    assert bool(solution.converged)
    assert float(solution.stats.residual[0]) <= 1e-9
    assert 0 < int(solution.stats.iterations[0]) < 40
    assert int(solution.stats.steps) >= 2
    assert abs(float(solution.budget.defect[0])) < 1e-8
    assert solution["a"].shape == GRID.shape
    with pytest.raises(tf.InputError, match="no species 'b'"):
        solution["b"]


def test_the_residual_is_the_true_one():
    from tmefield.balance import Balance, residual

    model = uptake_model()
    solution = tf.solve_steady(model, rtol=1e-6)
    field = residual(Balance(model), solution.concentration)
    production, _ = model.rates(solution.concentration)
    assert float(solution.stats.residual[0]) == pytest.approx(float(jnp.linalg.norm(field) / jnp.linalg.norm(production)), rel=1e-6)


def test_an_iteration_limit_is_never_silent():
    with pytest.warns(UserWarning, match="a: stopped at the iteration limit"):
        solution = tf.solve_steady(uptake_model(), rtol=1e-12, max_steps=2)
    assert solution.status == tf.Status.ITERATION_LIMIT
    assert not bool(solution.converged)


def test_a_source_without_a_sink_is_not_called_converged():
    model = tf.Model(GRID, [tf.Species("a", 40.0)], [tf.Secretion("a", DENSITY, 1.0)])
    with pytest.warns(UserWarning, match="did not converge"):
        assert tf.solve_steady(model).status != tf.Status.CONVERGED


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("excess", [1.001, 10.0])
def test_production_beyond_saturated_uptake_is_not_called_converged(dtype, excess):
    """Receptors remove at most n R k_endo; a cell that makes more has no steady state, however small the backward error looks."""
    terms = [tf.Secretion("a", DENSITY, excess * 1.5), tf.ReceptorUptake("a", DENSITY, 3000.0, 5e-4, 0.05)]
    with pytest.warns(UserWarning, match="did not converge"):
        solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0)], terms, dtype=dtype))
    assert solution.status != tf.Status.CONVERGED


def test_production_just_below_saturated_uptake_is_solved():
    terms = [tf.Secretion("a", DENSITY, 0.999 * 1.5), tf.ReceptorUptake("a", DENSITY, 3000.0, 5e-4, 0.05)]
    solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0)], terms), rtol=1e-10)
    assert solution.status == tf.Status.CONVERGED
    assert float(solution.concentration.mean()) > 10.0


def test_no_source_gives_zero():
    solution = tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0, 1e-4)], [tf.Decay()]))
    assert solution.status == tf.Status.CONVERGED
    assert float(jnp.abs(solution.concentration).max()) == 0


def test_fields_are_positive_where_uptake_saturates():
    """Receptors that take up half of what is secreted at most: Picard's start keeps Newton on the positive side."""
    solution = tf.solve_steady(uptake_model(rate=20.0, receptors=20000.0), rtol=1e-10)
    assert solution.status == tf.Status.CONVERGED
    assert float(solution.concentration.min()) > 0
    assert float(solution.concentration.max()) > 10 * 0.05


def test_a_start_far_above_finds_the_same_field():
    """From hundreds of K_M above: the uptake law has a second root below -K_M, which no solve may end on."""
    species, open_tap = [tf.Species("a", 40.0, 1e-5)], [tf.Decay(), tf.Linear(1e-4)]
    without = tf.solve_steady(tf.Model(GRID, species, open_tap)).concentration
    assert float(without.min()) > 5.0
    sink = tf.ReceptorUptake("a", 0.602214076 * (RNG.random(GRID.shape) > 0.9), 3e-3, 1.0, 0.022)
    model = tf.Model(GRID, species, [*open_tap, sink])
    expected = tf.solve_steady(model, rtol=1e-10)
    found = tf.solve_steady(model, rtol=1e-10, initial=without)
    assert found.status == expected.status == tf.Status.CONVERGED
    assert float(found.concentration.min()) > 0
    np.testing.assert_allclose(found.concentration, expected.concentration, rtol=1e-7)


def test_walls_in_near_equilibrium_close_their_net_budget():
    """What comes in net is a thousandth of what goes both ways; float32 cannot see it, and says how much it can."""
    grid = tf.Grid((1, 24, 24), 5.0)

    def model(dtype):
        return tf.Model(grid, [tf.Species("a", 400.0, 1e-6)], [tf.Decay()], walls=tf.FixedValue(10.0), dtype=dtype)

    wide, narrow = tf.solve_steady(model(jnp.float64)), tf.solve_steady(model(jnp.float32))
    assert wide.status == narrow.status == tf.Status.CONVERGED
    assert abs(float(wide.budget.defect[0])) < 2e-6
    assert abs(float(narrow.budget.defect[0])) < float(narrow.budget.resolution[0])
    assert float(narrow.budget.resolution[0]) > 1e-3 > 1e-6 > float(wide.budget.resolution[0])


def ring(shape=(1, 14, 14)):
    """A closed ring around a pocket of 4 x 4 voxels."""
    mask = np.zeros(shape, bool)
    mask[0, 4:10, 4:10] = True
    mask[0, 5:9, 5:9] = False
    return mask


def outside_sources(shape=(1, 14, 14)):
    inner = np.zeros(shape)
    inner[0, :3] = 1e-4
    return tf.Linear(inner, 10 * inner)


def test_a_pocket_without_loss_is_pointed_out():
    grid = tf.Grid((1, 14, 14), 10.0)
    sealed = tf.FixedConcentration(ring(), 1.0, sealed=True)
    with pytest.warns(UserWarning, match=r"a: 16 voxels, the first at \[0, 5, 5\] .* are cut off from every sink"):
        tf.solve_steady(tf.Model(grid, [tf.Species("a", 40.0)], [outside_sources()], fixed=sealed))
    impermeable = np.where(ring(), 0.0, 40.0)
    with pytest.warns(UserWarning, match="a: 16 voxels"):
        tf.solve_steady(tf.Model(grid, [tf.Species("a", impermeable)], [outside_sources(), tf.Linear(0.0, 1e-3 * ring())]))


@pytest.mark.parametrize("what", ["decay", "open faces", "open wall"])
def test_a_pocket_with_a_way_out_is_not(what):
    grid = tf.Grid((1, 14, 14), 10.0)
    fixed = tf.FixedConcentration(ring(), 1.0, sealed=what != "open faces")
    walls = tf.Walls(z=tf.FixedValue(0.1)) if what == "open wall" else tf.NoFlux()
    species = tf.Species("a", 40.0, 1e-4 if what == "decay" else 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = tf.solve_steady(tf.Model(grid, [species], [tf.Decay(), outside_sources()], fixed=fixed, walls=walls))
    assert solution.status == tf.Status.CONVERGED


def test_a_term_reads_its_own_species_only():
    class Nosy(tf.AbstractTerm):
        acts_on = ("a",)
        saturable = True
        label = "nosy"

        def rates(self, concentration, medium):
            return {"a": tf.Rates(jnp.zeros(()), concentration["b"])}

        def check(self, shape, medium):
            pass

    with pytest.raises(tf.InputError, match="reads the concentration of b, which stands neither in its acts_on nor in its reads"):
        tf.solve_steady(tf.Model(GRID, [tf.Species("a", 1.0), tf.Species("b", 1.0)], [Nosy()]))


def test_a_warm_start_saves_iterations():
    model = uptake_model()
    cold = tf.solve_steady(model, rtol=1e-9)
    warm = tf.solve_steady(uptake_model(rate=1.001), rtol=1e-9, initial=cold.concentration)
    again = tf.solve_steady(model, rtol=1e-9, initial=cold.concentration)
    np.testing.assert_allclose(warm.concentration, tf.solve_steady(uptake_model(rate=1.001), rtol=1e-9).concentration, rtol=1e-7)
    assert int(again.stats.iterations[0]) == 0
    assert int(warm.stats.iterations[0]) < int(cold.stats.iterations[0])


def test_new_values_compile_nothing_anew():
    tf.solve_steady(uptake_model())
    before = _solve._cached._cache_size()
    tf.solve_steady(uptake_model(rate=3.3, receptors=100.0), rtol=1e-4, max_steps=30)
    changed = eqx.tree_at(lambda m: m.species[0].diffusivity, uptake_model(), jnp.asarray(7.0))
    tf.solve_steady(changed)
    assert _solve._cached._cache_size() == before


def test_arguments_are_checked():
    with pytest.raises(tf.InputError, match="rtol"):
        tf.solve_steady(uptake_model(), rtol=0.0)
    with pytest.raises(tf.InputError, match=r"initial has shape \[2, 2, 2\]"):
        tf.solve_steady(uptake_model(), initial=np.zeros((2, 2, 2)))
    with pytest.raises(tf.InputError, match="initial must be finite and not negative"):
        tf.solve_steady(uptake_model(), initial=np.full((1, *GRID.shape), -1.0))


def test_float32_reaches_its_round_off_and_says_so():
    wide = tf.solve_steady(uptake_model(), rtol=1e-10)
    narrow = tf.solve_steady(uptake_model(dtype=jnp.float32), rtol=1e-6)
    assert narrow.status == tf.Status.CONVERGED
    assert float(narrow.stats.backward_error[0]) < 1e-6
    error = np.abs(np.asarray(narrow.concentration) - np.asarray(wide.concentration)).max() / np.asarray(wide.concentration).max()
    assert error < 1e-5
    assert abs(float(narrow.budget.defect[0])) < 1e-5


SIZES = [
    ((1, 8, 8), (5.0, 5.0, 5.0)),
    ((1, 1, 40), (5.0, 5.0, 5.0)),
    ((3, 17, 31), (5.0, 5.0, 5.0)),
    ((1, 64, 64), (4.0, 4.0, 4.0)),
    ((8, 24, 24), (40.0, 5.0, 5.0)),
    ((25, 25, 25), (5.0, 5.0, 5.0)),
]


@pytest.mark.parametrize(("shape", "spacing"), SIZES, ids=[str(shape) for shape, _ in SIZES])
def test_any_size_and_anisotropy_converges_in_few_iterations(shape, spacing):
    rng = np.random.default_rng(0)
    model = tf.Model(tf.Grid(shape, spacing), [tf.Species("a", 40.0, 1e-5)], [tf.Decay(), tf.Linear(rng.uniform(0, 1, shape), rng.uniform(0, 1e-4, shape))])
    solution = tf.solve_steady(model, rtol=1e-8)
    assert solution.status == tf.Status.CONVERGED
    assert int(solution.stats.iterations[0]) <= 14


def test_decay_does_not_depend_on_the_volume_fraction():
    """Decay happens in the fluid: the relaxation time 1/k is that of every phi."""
    for phi in (1.0, 0.3):
        model = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Linear(production=1e-4)], volume_fraction=phi)
        assert float(tf.solve_steady(model).relaxation_time()[0]) == pytest.approx(1000.0, rel=1e-4)


def test_secretion_against_decay_goes_as_one_over_the_volume_fraction():
    fields = []
    for phi in (1.0, 0.25):
        model = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 1e-4, 2.0)], volume_fraction=phi)
        fields.append(float(tf.solve_steady(model, rtol=1e-12).concentration.mean()))
    assert fields[0] == pytest.approx(1e-4 * 2.0 / 0.602214076 / 1e-3, rel=1e-10)
    assert fields[1] == pytest.approx(4 * fields[0], rel=1e-10)


def test_uptake_alone_does_not_feel_the_volume_fraction():
    fields = []
    for phi in (1.0, 0.25):
        terms = [tf.Secretion("a", 1e-4, 0.5), tf.ReceptorUptake("a", 1e-4, 3000.0, 5e-4, 0.05)]
        fields.append(float(tf.solve_steady(tf.Model(GRID, [tf.Species("a", 40.0)], terms, volume_fraction=phi), rtol=1e-12).concentration.mean()))
    assert fields[0] == pytest.approx(0.05 * 0.5 / (3000.0 * 5e-4 - 0.5), rel=1e-9)
    assert fields[1] == pytest.approx(fields[0], rel=1e-9)


def test_the_relaxation_time_is_the_slowest_mode():
    """Between absorbing z walls the slowest mode decays with k + D (pi/L)^2, within the grid's own error of it."""
    grid = tf.Grid((16, 4, 4), (5.0, 5.0, 5.0))
    walls = tf.Walls(z=tf.FixedValue(0.0))
    model = tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Linear(production=1e-4)], walls=walls)
    rate = 1e-3 + 40.0 * (np.pi / 80.0) ** 2
    assert float(tf.solve_steady(model).relaxation_time()[0]) == pytest.approx(1 / rate, rel=0.01)


def test_solving_inside_jit_warns_about_nothing_and_carries_the_status():
    @jax.jit
    def run(rate):
        solution = tf.solve_steady(uptake_model(rate=rate), max_steps=1)
        return solution.stats.status

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert int(run(1.0)[0]) == int(tf.Status.ITERATION_LIMIT)


def test_a_solve_inside_a_callers_jit_keeps_its_sweeps_apart():
    """Limits are constants there; a branch that the compiler could see through would vanish, and with it a factor of five in time."""
    grid = tf.Grid((16, 16, 16), 10.0)
    production = jnp.asarray(np.random.default_rng(0).uniform(0, 1, grid.shape))
    model = tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Linear(production)])
    inside = jax.jit(lambda decay: tf.solve_steady(eqx.tree_at(lambda m: m.species[0].decay, model, decay)).concentration)
    branches = inside.lower(jnp.asarray(1e-3)).compile().as_text().count("conditional(")
    assert branches >= 8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hole", [False, True])
def test_a_sealed_wall_through_the_box_costs_no_iterations(dtype, hole):
    """Closed faces are jumps without end: a correction may not pass them."""
    plane = np.zeros((16, 16, 16), bool)
    plane[:, :, 7] = True
    plane[7:9, 7:9, 7] = not hole
    source = np.random.default_rng(0).uniform(0, 1e-3, plane.shape)
    one = tf.Model(
        tf.Grid(plane.shape, 10.0),
        [tf.Species("a", 100.0, 1e-4)],
        [tf.Decay(), tf.Linear(source)],
        fixed=tf.FixedConcentration(plane, 0.0, sealed=True),
        dtype=dtype,
    )
    solution = tf.solve_steady(one)
    assert solution.status == tf.Status.CONVERGED
    assert int(solution.stats.iterations[0]) <= 10
    assert abs(float(solution.budget.defect[0])) <= 1e-5


def test_a_negative_field_is_never_called_converged():
    """However exactly it solves the equations."""
    one = tf.Model(tf.Grid((4, 4, 4), 10.0), [tf.Species("a", 40.0)], [tf.Linear(jnp.asarray(0.0), 0.1), Negative()], dtype=np.float64)
    with pytest.warns(UserWarning, match="negative"):
        assert tf.solve_steady(one).status == tf.Status.NEGATIVE


class Negative(tf.AbstractTerm):
    """A term that takes without regard to what is there."""

    acts_on = ("a",)
    saturable = False
    label = "taking"

    def rates(self, concentration, medium):
        return {"a": tf.Rates(-jnp.ones(()), jnp.zeros(()))}

    def check(self, shape, medium):
        pass


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
def test_a_rough_high_start_is_not_an_excuse(rtol):
    """The residual is below the tolerance of the solution's own sources, whatever the start left."""
    cells = np.full((8, 8, 8), 1e-5)
    one = tf.Model(
        tf.Grid(cells.shape, 10.0),
        [tf.Species("a", 40.0, 1e-4)],
        [tf.Decay(), tf.Linear(1e-6), tf.ReceptorUptake("a", cells, 3e3, 3e-4, 0.1)],
        dtype=np.float64,
    )
    start = 1e3 * np.abs(np.random.default_rng(0).normal(size=one.shape))
    solution = tf.solve_steady(one, rtol=rtol, initial=start)
    assert solution.status == tf.Status.CONVERGED
    assert float(solution.stats.residual[0]) <= rtol
    assert abs(float(solution.budget.defect[0])) <= rtol
