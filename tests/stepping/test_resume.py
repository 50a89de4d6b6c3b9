"""A run that stops and goes on is the run that never stopped, bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.stepping.march import MarchState, advance_interval, begin, field_of
from tmefield.stepping.prepare import settings_for
from tmefield.stepping.run import METHODS

GRID = tf.Grid((2, 4, 6), 10.0)
RNG = np.random.default_rng(3)
DENSITY = RNG.uniform(0, 1e-4, GRID.shape)
TIMES = [0.0, 20.0, 50.0, 120.0, 300.0, 700.0, 1000.0]


def model():
    pulse = tf.Scheduled(tf.Secretion("a", DENSITY, 5.0), tf.TimeCourse([0.0, 80.0, 400.0], [1.0, 0.2, 1.0]))
    return tf.Model(GRID, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), pulse, tf.ReceptorUptake("a", DENSITY, 3e3, 5e-4, 0.1)])


def saved_and_read_back(state: MarchState) -> MarchState:
    """Through bytes, as a file would keep it."""
    leaves, tree = jax.tree.flatten(state)
    copies = [jnp.asarray(np.frombuffer(np.asarray(leaf).tobytes(), np.asarray(leaf).dtype).reshape(np.shape(leaf))) for leaf in leaves]
    return jax.tree.unflatten(tree, copies)


@pytest.mark.parametrize("method", ["rkc", "tr-bdf2"])
def test_five_splits_are_bitwise_equal(method):
    one = model()
    start = jnp.zeros(one.shape)
    settings = settings_for(one, start, np.asarray(TIMES), rtol=1e-4, atol=None, steady=(), max_steps=1000, fixed_steps=None)
    whole = [begin(one, start, TIMES[0], settings)]
    for time in TIMES[1:]:
        whole.append(advance_interval(one, whole[-1], time, settings, METHODS[method]))
    assert whole[-1].time == TIMES[-1]
    assert int(whole[-1].progress.status.max()) == 0
    for split in range(1, 6):
        state = saved_and_read_back(whole[split])
        for time in TIMES[split + 1 :]:
            state = advance_interval(one, state, time, settings, METHODS[method])
        for kept, again in zip(jax.tree.leaves(whole[-1]), jax.tree.leaves(state), strict=True):
            np.testing.assert_array_equal(kept, again)


def test_interval_by_interval_is_the_whole_run():
    """The same steps as `evolve`; the two programs may round differently."""
    one = model()
    trajectory = tf.evolve(one, 0.0, TIMES, method="rkc", rtol=1e-4)
    start = jnp.zeros(one.shape)
    settings = settings_for(one, start, np.asarray(TIMES), rtol=1e-4, atol=None, steady=(), max_steps=1000, fixed_steps=None)
    state = begin(one, start, TIMES[0], settings)
    for index, time in enumerate(TIMES[1:], start=1):
        state = advance_interval(one, state, time, settings, METHODS["rkc"])
        np.testing.assert_allclose(field_of(one, state), trajectory.concentration[index], rtol=1e-10)
    assert int(state.progress.steps) == int(trajectory.stats.steps)


def test_time_runs_forwards():
    one = model()
    start = jnp.zeros(one.shape)
    settings = settings_for(one, start, np.asarray(TIMES), rtol=1e-4, atol=None, steady=(), max_steps=1000, fixed_steps=None)
    with pytest.raises(tf.InputError, match="t_next must lie after"):
        advance_interval(one, begin(one, start, 10.0, settings), 10.0, settings, METHODS["rkc"])
