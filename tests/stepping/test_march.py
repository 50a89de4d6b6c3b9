"""The transient: order in time, tolerance, exact cases, the steady state as its limit, limits and wrong arguments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf

GRID = tf.Grid((1, 1, 16), (10.0, 10.0, 10.0))
X = GRID.centres(2)
DIFFUSIVITY, DECAY = 40.0, 1e-3
WAVE = np.pi / 160.0
START = (1 + np.cos(WAVE * X))[None, None, None, :]
METHODS = ("rkc", "tr-bdf2")


def model(diffusivity=DIFFUSIVITY, decay=DECAY, receptors=None):
    uptake = [] if receptors is None else [tf.ReceptorUptake("a", 1e-4, receptors, 5e-4, 0.3)]
    return tf.Model(GRID, [tf.Species("a", diffusivity, decay)], [tf.Decay(), *uptake])


def discrete_mode(t):
    """The exact solution of the semi-discrete problem: one cosine, decaying with the grid's own eigenvalue."""
    rate = DIFFUSIVITY * 4 / 100.0 * np.sin(WAVE * 5.0) ** 2
    return np.exp(-DECAY * t) * (1 + np.exp(-rate * t) * np.cos(WAVE * X))


# The error constant of the explicit method varies with its number of stages: its order shows where that stays the same (three).
@pytest.mark.parametrize(("method", "coarsest"), [("rkc", 200), ("tr-bdf2", 8)])
def test_second_order_in_time(method, coarsest):
    errors, estimates = [], []
    for steps in (coarsest, 2 * coarsest, 4 * coarsest):
        trajectory = tf.evolve(model(), START, [0.0, 400.0, 1000.0], method=method, fixed_steps=steps, rtol=1e-10)
        errors.append(np.abs(np.asarray(trajectory["a"])[-1, 0, 0] - discrete_mode(1000.0)).max())
        estimates.append(float(trajectory.stats.error.sum()))
        assert trajectory.status == tf.Status.CONVERGED
        assert trajectory.method == method
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(2.0, abs=0.1)
    assert all(estimate > error for estimate, error in zip(estimates, errors, strict=True))


@pytest.mark.parametrize(("method", "coarsest"), [("rkc", 480), ("tr-bdf2", 32)])
def test_second_order_with_saturable_uptake(method, coarsest):
    """Against the explicit method with steps of 0.04 s."""
    strong = model(receptors=3e4)
    counts = (coarsest, 2 * coarsest, 4 * coarsest)
    fields = [np.asarray(tf.evolve(strong, START, [0.0, 600.0], method=method, fixed_steps=n, rtol=1e-10)["a"])[-1] for n in counts]
    exact = np.asarray(tf.evolve(strong, START, [0.0, 600.0], method="rkc", fixed_steps=64 * 240, rtol=1e-10, max_steps=20_000)["a"])[-1]
    errors = [np.abs(field - exact).max() for field in fields]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_the_error_follows_the_tolerance(method):
    """The controller bounds the local error: the error at the end stays below a few tolerances, falls with them, and costs more steps."""
    errors, steps = [], []
    for rtol in (1e-2, 1e-3, 1e-4, 1e-5):
        trajectory = tf.evolve(model(), START, [0.0, 400.0, 1000.0], method=method, rtol=rtol)
        assert trajectory.status == tf.Status.CONVERGED
        field = np.asarray(trajectory["a"])
        errors.append(max(np.abs(field[i, 0, 0] - discrete_mode(t)).max() for i, t in ((1, 400.0), (2, 1000.0))))
        steps.append(int(trajectory.stats.steps))
    assert errors[0] < 2e-3
    assert errors[1] < 4e-4
    assert errors[3] < 0.1 * errors[0]
    assert steps == sorted(steps)
    assert steps[1] < 50


@pytest.mark.parametrize("method", METHODS)
def test_a_start_from_zero_needs_no_absolute_tolerance(method):
    one = tf.Model(GRID, [tf.Species("a", 40.0, 1e-2)], [tf.Decay(), tf.Linear(production=1e-3)])
    trajectory = tf.evolve(one, 0.0, [0.0, 10.0, 300.0], method=method)
    np.testing.assert_allclose(trajectory["a"][:, 0, 0, 3], 0.1 * -np.expm1(-1e-2 * np.array([0.0, 10.0, 300.0])), rtol=2e-3)
    assert int(trajectory.stats.steps) < 60


def test_output_times_and_start():
    trajectory = tf.evolve(model(), START, [100.0, 200.0, 700.0], fixed_steps=20, method="tr-bdf2")
    assert trajectory.concentration.shape == (3, 1, 1, 1, 16)
    np.testing.assert_allclose(trajectory.concentration[0], START)
    np.testing.assert_allclose(trajectory.times, [100.0, 200.0, 700.0])
    np.testing.assert_allclose(np.asarray(trajectory["a"])[1, 0, 0], discrete_mode(100.0), rtol=5e-4)
    assert int(trajectory.stats.steps) == 40


@pytest.mark.parametrize("method", METHODS)
def test_the_limit_is_the_steady_state(method):
    """Walls, a fixed voxel, uneven volume fraction and saturable uptake."""
    grid = tf.Grid((4, 6, 6), (10.0, 10.0, 10.0))
    rng = np.random.default_rng(0)
    density = rng.uniform(0, 1e-4, grid.shape)
    held = np.zeros(grid.shape, bool)
    held[1, 2, 3] = True
    terms = [tf.Decay(), tf.Secretion("a", density, 1.0), tf.ReceptorUptake("a", density, 3000.0, 5e-4, 0.05)]
    walls = tf.Walls(z=tf.Periodic(), x=(tf.Robin(0.1, 0.02), tf.NoFlux()))
    phi = rng.uniform(0.2, 0.8, grid.shape)
    diffusivity = rng.uniform(20.0, 60.0, grid.shape)
    one = tf.Model(grid, [tf.Species("a", diffusivity, 1e-3)], terms, walls=walls, fixed=tf.FixedConcentration(held, 0.1), volume_fraction=phi)
    steady = tf.solve_steady(one, rtol=1e-11)
    end = tf.evolve(one, 0.0, [0.0, 1e3, 3e4], method=method, rtol=1e-5)
    np.testing.assert_allclose(end.concentration[-1], steady.concentration, rtol=2e-5)
    np.testing.assert_allclose(end.concentration[:, 0, 1, 2, 3], 0.1)


@pytest.mark.parametrize("method", METHODS)
def test_a_sharp_peak_stays_positive(method):
    """A single voxel's worth of solute: long steps would undershoot; such a step is redone."""
    peak = np.zeros((1, *GRID.shape))
    peak[..., 8] = 1.0
    trajectory = tf.evolve(model(), peak, [0.0, 1.0, 30.0, 300.0], method=method, rtol=1e-2)
    assert trajectory.status == tf.Status.CONVERGED
    largest = np.asarray(trajectory.concentration).max(axis=(1, 2, 3, 4))
    assert (np.asarray(trajectory.stats.minimum)[:, 0] >= -1.1e-2 * largest).all()
    mass = np.asarray(trajectory.concentration).sum(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(mass, np.exp(-DECAY * np.array([0.0, 1.0, 30.0, 300.0])), rtol=1e-3)


def test_long_steps_through_strong_uptake_end_at_zero():
    """Uptake far faster than a step: the undershoot of the trapezoidal half must not fall onto the law's other branch."""
    strong = tf.Model(GRID, [tf.Species("a", 40.0)], [tf.ReceptorUptake("a", 0.602214076, 3e-3, 1.0, 0.02)])
    trajectory = tf.evolve(strong, START, [0.0, 3600.0], method="tr-bdf2", fixed_steps=10, rtol=1e-4)
    assert trajectory.status == tf.Status.CONVERGED
    assert float(jnp.abs(trajectory.concentration[-1]).max()) < 1e-6


def test_a_field_that_turns_negative_is_reported():
    """One long fixed step from a sharp peak: the trapezoidal half undershoots, and the result says so."""
    peak = np.zeros((1, *GRID.shape))
    peak[..., 8] = 1.0
    with pytest.warns(UserWarning, match="a went below zero"):
        trajectory = tf.evolve(model(), peak, [0.0, 30.0], method="tr-bdf2", fixed_steps=1)
    assert float(trajectory.stats.minimum[0, 0]) == 0
    assert float(trajectory.stats.minimum[1, 0]) < 0
    assert float(trajectory.stats.minimum[1, 0]) == float(trajectory.concentration[1].min())


def test_the_step_limit_is_a_status_and_leaves_no_number():
    with pytest.warns(UserWarning, match="step limit"):
        trajectory = tf.evolve(model(), START, [0.0, 1.0, 1e4], max_steps=8, method="rkc", rtol=1e-5)
    assert trajectory.status == tf.Status.STEP_LIMIT
    assert int(trajectory.stats.steps) + int(trajectory.stats.rejected) == 8
    assert np.isfinite(np.asarray(trajectory.concentration[:2])).all()
    assert np.isnan(np.asarray(trajectory.concentration[2])).all()


def test_a_tolerance_below_round_off_ends_with_a_status():
    """float32 cannot have 1e-12: the steps shrink until the smallest, never for ever."""
    narrow = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Linear(1e-3)], dtype=jnp.float32)
    with pytest.warns(UserWarning):
        trajectory = tf.evolve(narrow, START, [0.0, 1000.0], method="rkc", rtol=1e-12, max_steps=20_000)
    assert trajectory.status in (tf.Status.SMALLEST_STEP, tf.Status.STEP_LIMIT)


@pytest.mark.parametrize("method", METHODS)
def test_single_precision_follows_double(method):
    """rtol 1e-3 in float32: the same field within the tolerance, about the same steps."""
    narrow = tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay()], dtype=jnp.float32)
    single = tf.evolve(narrow, START, [0.0, 400.0, 1000.0], method=method)
    double = tf.evolve(model(), START, [0.0, 400.0, 1000.0], method=method)
    assert single.concentration.dtype == jnp.float32
    assert single.status == tf.Status.CONVERGED
    np.testing.assert_allclose(single.concentration, double.concentration, atol=1e-4)
    assert abs(int(single.stats.steps) - int(double.stats.steps)) <= 2


def test_the_choice_of_the_method_is_reported_and_sensible():
    """Mild diffusion: explicit. A binding reaction of 1e3 /s in an hour-long run: implicit."""
    assert tf.evolve(model(), START, [0.0, 100.0]).method == "rkc"
    stiff = tf.Model(GRID, [tf.Species("a", 40.0, 1e3)], [tf.Decay(), tf.Linear(1e-3)])
    assert tf.evolve(stiff, 0.0, [0.0, 3600.0]).method == "tr-bdf2"


def test_the_choice_inside_a_compiled_function():
    """Where the model's values are not known, the choice is made by the compiled program."""

    def end(decay):
        trajectory = tf.evolve(tf.Model(GRID, [tf.Species("a", 40.0, decay)], [tf.Decay(), tf.Linear(1e-3)]), 0.0, [0.0, 3600.0])
        return trajectory.concentration[-1, 0, 0, 0, 0], trajectory.stats.method

    end = jax.jit(end)
    assert int(end(1e-3)[1]) == 0
    value, chosen = end(1e3)
    assert int(chosen) == 1
    assert float(value) == pytest.approx(1e-6, rel=1e-3)


def test_vmap_gives_the_serial_answers():
    def end(decay):
        one = tf.Model(GRID, [tf.Species("a", 40.0, decay)], [tf.Decay()])
        trajectory = tf.evolve(one, START, [0.0, 300.0], method="rkc")
        return trajectory.concentration[-1], trajectory.stats.steps, trajectory.stats.status

    decays = jnp.asarray([1e-4, 1e-3, 3e-2])
    together = jax.vmap(end)(decays)
    for i, decay in enumerate(decays):
        alone = end(decay)
        np.testing.assert_allclose(together[0][i], alone[0], rtol=1e-12)
        assert int(together[1][i]) == int(alone[1])
    assert len({int(steps) for steps in together[1]}) > 1


@pytest.mark.parametrize(
    ("times", "initial", "options", "said"),
    [
        ([0.0], 0.0, {}, "at least two"),
        ([0.0, 5.0, 5.0], 0.0, {}, "increasing"),
        ([0.0, np.nan], 0.0, {}, "finite"),
        ([0.0, 1.0], np.zeros((1, 2, 3)), {}, "initial has shape"),
        ([0.0, 1.0], -1.0, {}, "initial must be"),
        ([0.0, 1.0], 0.0, {"method": "euler"}, "method must be auto"),
        ([0.0, 1.0], 0.0, {"rtol": 0.0}, "rtol must lie"),
        ([0.0, 1.0], 0.0, {"atol": -1.0}, "atol must be"),
        ([0.0, 1.0], 0.0, {"fixed_steps": 0}, "fixed_steps must be"),
        ([0.0, 1.0], 0.0, {"max_steps": 0}, "max_steps must be"),
        ([0.0, 1.0], 0.0, {"steady": ("a",)}, "steady must name some"),
        ([0.0, 1.0], 0.0, {"steady": ("b",)}, "steady must name some"),
    ],
)
def test_bad_arguments_are_refused(times, initial, options, said):
    with pytest.raises(tf.InputError, match=said):
        tf.evolve(model(), initial, times, **options)


def test_a_stiff_voxel_far_away_does_not_hide_a_change_in_float32():
    """One empty voxel that loses 1e6/s: what round-off allows is judged row by row, else nothing that happens elsewhere would count."""
    grid = tf.Grid((1, 1, 64), 10.0)
    loss = np.zeros(grid.shape)
    loss[..., -1] = 1e6
    start = np.exp(-(((np.arange(64) - 12) / 5.0) ** 2))[None, None, None]
    ends = []
    for dtype in (jnp.float32, jnp.float64):
        stiff = tf.Model(grid, [tf.Species("a", 1.0)], [tf.Linear(0.0, loss)], dtype=dtype)
        ends.append(np.asarray(tf.evolve(stiff, start, [0.0, 2500.0], method="tr-bdf2")["a"][-1]))
    assert ends[1].max() < 0.5
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)
