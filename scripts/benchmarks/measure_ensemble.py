"""Row: an ensemble of parameter sets in one vmapped call against a call each."""

import cases
import jax
import jax.numpy as jnp
import numpy as np
from rows import Measured
from timing import Settings, interleaved, timed

import tmefield as tf


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    members, n = settings.size(32, 8), settings.size(32, 16)
    case = cases.build("A", n)
    grid = tf.Grid(case.loss.shape, cases.SPACING)
    loss, source = jnp.asarray(case.loss, jnp.float32), jnp.asarray(case.production, jnp.float32)

    def member(diffusivity, decay, clearance):
        model = tf.Model(grid, [tf.Species("c", diffusivity, decay)], [tf.Decay(), tf.Linear(source, clearance * loss)])
        solution = tf.solve_steady(model)
        return solution.concentration, solution.stats.status, solution.stats.iterations

    # Spread over what a fit tries: a factor of ten in each rate, so that the members need different numbers of iterations.
    spread = [jnp.asarray(10 ** np.random.default_rng(seed).uniform(-0.5, 0.5, members), jnp.float32) for seed in range(3)]
    sets = (case.diffusivity * spread[0], cases.DECAY * spread[1], spread[2])
    together, alone = jax.jit(jax.vmap(member)), jax.jit(member)
    each = [tuple(one[i] for one in sets) for i in range(members)]
    calls = {"vmap": timed(lambda: together(*sets)), "calls": timed(lambda: [jax.block_until_ready(alone(*one)) for one in each])}
    for call in calls.values():
        call()
    seconds = interleaved(calls, settings.rounds)
    fields, status, iterations = together(*sets)
    difference = max(float(jnp.max(jnp.abs(fields[i] - alone(*one)[0])) / jnp.max(fields[i])) for i, one in enumerate(each))
    converged = int((np.asarray(status) == 0).sum())
    lines = [
        f"{members} members of case A at {n}^3: vmap {seconds['vmap']:.3f} s, calls {seconds['calls']:.3f} s; {converged} converged, "
        f"{int(iterations.min())} to {int(iterations.max())} iterations, largest difference between the two {difference:.0e}"
    ]
    numbers = {"seconds": seconds, "largest_difference": difference}
    return {"ensemble": Measured(seconds["vmap"] / seconds["calls"], f"{members} calls of the compiled solve", lines, numbers)}
