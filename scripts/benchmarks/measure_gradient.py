"""Rows: what a gradient costs, of a steady and of a transient loss, with respect to a rate and to a source map."""

import cases
import jax
import jax.numpy as jnp
import ours
from rows import Measured
from timing import Settings, interleaved, timed

import tmefield as tf


def measure(settings: Settings) -> dict[str, Measured]:
    """Both rows."""
    n = settings.size(100, 24)
    case = cases.build("A", n)
    steady = _ratio(settings, case, lambda model: tf.solve_steady(model).concentration, compiled=True)
    smaller = settings.size(64, 24)
    options = next((one for one in ours.transient_options() if one.get("rtol") == 1e-3), {})
    times = (0.0, 1.0, 5.0, 60.0)
    transient = _ratio(settings, cases.build("A", smaller), lambda model: tf.evolve(model, 0.0, times, **options).concentration[-1], compiled=False)
    return {
        "gradient-steady": _row(steady, f"{n}^3, case A, mean of the field, with respect to the decay rate and the source map, rtol 1e-6"),
        "gradient-transient": _row(transient, f"{smaller}^3, onset of case A over an hour, mean of the last field, {ours.said(options) or 'default steps'}"),
    }


def _ratio(settings: Settings, case: cases.Case, fields, *, compiled: bool) -> dict[str, float]:
    grid = tf.Grid(case.loss.shape, cases.SPACING)
    loss = jnp.asarray(case.loss, jnp.float32)

    def mean(decay, source):
        model = tf.Model(grid, [tf.Species("c", case.diffusivity, decay)], [tf.Decay(), tf.Linear(source, loss)])
        return jnp.mean(fields(model))

    forward, gradient = mean, jax.value_and_grad(mean, argnums=(0, 1))
    if compiled:
        forward, gradient = jax.jit(forward), jax.jit(gradient)
    decay, source = jnp.asarray(cases.DECAY, jnp.float32), jnp.asarray(case.production, jnp.float32)
    calls = {"forward": timed(lambda: forward(decay, source)), "gradient": timed(lambda: gradient(decay, source))}
    for call in calls.values():
        call()
    return interleaved(calls, settings.rounds)


def _row(seconds: dict[str, float], what: str) -> Measured:
    line = f"{what}: forward {seconds['forward']:.3f} s, value and gradient {seconds['gradient']:.3f} s"
    return Measured(seconds["gradient"] / seconds["forward"], "the forward call alone", [line], {"seconds": seconds})
