"""Linear balances: each correction solves for what the last one left, on one hierarchy of levels (iterative refinement).

The residual is computed in the type of the model and, where the balance is `mixed`, the correction in float32: the field ends as exact as the residual
(Higham 2002, Accuracy and Stability of Numerical Algorithms, doi:10.1137/1.9780898718027, chapter 12).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..linalg.krylov import conjugate_gradient
from ..linalg.multigrid import build_hierarchy, v_cycle
from ..linalg.stencil import Field
from ..transport.assemble import species_map
from .convergence import improves, inner_tolerance, settings_for, settled
from .equations import Balance, Measure, System, fill_fixed, judge, system, unknowns
from .info import BalanceInfo, describe
from .linear import Correction, to_single

LOWEST = 2e-6  # residual reduction that a correction in float32 may be asked for


class _State(NamedTuple):
    """Where the refinement of a species stands; of all species, with a leading axis."""

    x: Array
    measure: Measure
    iterations: Array
    steps: Array
    ended: Array
    breakdown: Array


def refine(
    balance: Balance, x: Float[Array, "s z y x"] | None, rtol, max_steps, max_iterations, *, from_start: bool, negligible: Float[Array, " s"] | None
) -> tuple[Float[Array, "s z y x"], BalanceInfo]:
    """Solve F(x) = 0 for a balance that is linear and symmetric, each species by itself and to its own tolerance; arguments as of `find_root`."""
    transport, model = balance.model.transport(), balance.model
    x = None if x is None else unknowns(transport, x)
    production, loss = balance.rates(fill_fixed(transport, jnp.zeros(model.shape, model.dtype) if x is None else x))
    small = None if negligible is None else jnp.min(loss, axis=(1, 2, 3)) * negligible
    limits = rtol, max_steps, max_iterations

    def one(arguments) -> tuple[_State, Array]:
        batched, start, made, lost, small = arguments
        equations = system(transport, batched, made, lost)
        first = judge(equations, start)
        settings = settings_for(first.size, *limits, from_start=from_start, negligible=small)
        correct = _corrections(equations, transport.grid.spacing, settings.max_iterations, settings.once, mixed=balance.mixed)

        def unfinished(state: _State):
            return ~settled(state.measure, settings) & ~state.ended & ~state.breakdown & (state.steps < settings.max_steps)

        def step(state: _State) -> _State:
            wanted = jnp.where(unfinished(state), inner_tolerance(state.measure, settings, loose=0.0), 2)  # a member of an ensemble may have ended
            found = correct(state.x, state.measure, wanted)
            new = judge(equations, found.field)
            better = improves(new, state.measure)
            # By a branch, which copies; a choice voxel by voxel reads both.
            x, kept = jax.lax.cond(better, lambda: (found.field, new), lambda: (state.x, state.measure))
            return _State(x, kept, state.iterations + found.iterations, state.steps + 1, ~better, found.breakdown)

        none, no = jnp.zeros((), jnp.int32), jnp.zeros((), bool)
        begin = _State(jnp.zeros_like(made) if start is None else start, first, none, none, no, no)
        return jax.lax.while_loop(unfinished, step, begin), first.size

    end, sizes = species_map(one, (transport.batched(), x, production, loss, small))
    settings = settings_for(sizes, *limits, from_start=from_start, negligible=small)
    return end.x, describe(balance, transport, end.x, end.measure, settings, end._replace(steps=jnp.max(end.steps)))


def _corrections(equations: System, spacing: tuple[float, float, float], max_iterations: Array, once: Array, *, mixed: bool):
    """(field, its measure, tolerance) -> the field with A^-1 of what it left added, by multigrid-preconditioned conjugate gradients, the levels built once.

    In float32 what is left is scaled to the middle of the range.
    """
    operator = to_single(equations.operator) if mixed else equations.operator
    hierarchy = build_hierarchy(operator, spacing)

    def solve(b: Field, rtol: Array, size: Array, start: Field | None = None):
        cycle = partial(v_cycle, hierarchy, once=once)
        return conjugate_gradient(operator.apply, cycle, b, rtol=rtol, max_iterations=max_iterations, start=start, size=size)

    def correct(x: Field, measure: Measure, wanted: Array) -> Correction:
        if not mixed:
            found = solve(measure.left, wanted, measure.size, x)
            return Correction(found.x, found.iterations, found.breakdown)
        scale = jnp.max(jnp.abs(measure.left))
        scale = jnp.where(scale > 0, scale, 1)
        found = solve(to_single(measure.left / scale), to_single(jnp.maximum(wanted, LOWEST)), to_single(measure.size / scale))
        return Correction(x + found.x.astype(x.dtype) * scale, found.iterations, found.breakdown)

    return correct
