"""What happens to cells where they are, over a step: positive and conservative whatever its length.

Modified Patankar-Runge-Kutta of second order (Burchard, Deleersnijder & Meister 2003, doi:10.1016/S0168-9274(03)00101-6): what is lost is weighted with
the density at the end of the step, and what turns into something else arrives with the same weight.
"""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from .process import Transfer, Turnover

Densities = dict[str, Float[Array, "z y x"]]
Rates = tuple[dict[str, Turnover], tuple[Transfer, ...]]


def euler(rates: Rates, density: Densities, dt: Float[Array, ""]) -> Densities:
    """The first-order step, which is also the first stage of the second-order one: n' (1 + h L) = n + h P, transfers implicit."""
    turnover, transfers = rates
    diagonal = {name: 1 + dt * one.loss for name, one in turnover.items()}
    right = {name: density[name] + dt * one.production for name, one in turnover.items()}
    return _linked(diagonal, right, [Transfer(one.source, one.product, dt * one.coefficient) for one in transfers])


def react(rates: Callable[[Densities], Rates], density: Densities, dt: Float[Array, ""]) -> Densities:
    """The second-order step of `rates`, those of all processes together at given densities."""
    before = rates(density)
    stage = euler(before, density, dt)
    after = rates(stage)
    weight = {name: _ratio(density[name], stage[name]) for name in density}
    half = 0.5 * dt
    diagonal = {name: 1 + half * (before[0][name].loss * weight[name] + after[0][name].loss) for name in density}
    right = {name: density[name] + half * (before[0][name].production + after[0][name].production) for name in density}
    pairs = zip(before[1], after[1], strict=True)
    return _linked(diagonal, right, [Transfer(a.source, a.product, half * (a.coefficient * weight[a.source] + b.coefficient)) for a, b in pairs])


def _ratio(start: Float[Array, "z y x"], stage: Float[Array, "z y x"]) -> Float[Array, "z y x"]:
    """Start over stage; 1 where neither holds any cells."""
    there = stage > 0
    return jnp.where(there, start / jnp.where(there, stage, 1), 1)


def _linked(diagonal: Densities, right: Densities, transfers: Sequence[Transfer]) -> Densities:
    """The solution of diagonal_p x_p + sum of what leaves p - sum of what arrives in p = right_p, in every voxel, by elimination.

    The matrix is dominated by its diagonal in every column and has no positive entry beside it: no pivots, and a solution that is not negative.
    """
    names = list(diagonal)
    rows: dict[str, dict[str, Array]] = {name: {name: diagonal[name]} for name in names}
    for source, product, coefficient in transfers:
        rows[source][source] = rows[source][source] + coefficient
        rows[product][source] = rows[product].get(source, 0.0) - coefficient
    right = dict(right)
    for at, pivot in enumerate(names):
        for below in names[at + 1 :]:
            if pivot not in rows[below]:
                continue
            factor = rows[below].pop(pivot) / rows[pivot][pivot]
            for name, entry in rows[pivot].items():
                if name != pivot:
                    rows[below][name] = rows[below].get(name, 0.0) - factor * entry
            right[below] = right[below] - factor * right[pivot]
    found: Densities = {}
    for name in reversed(names):
        rest = right[name]
        for other, entry in rows[name].items():
            if other != name:
                rest = rest - entry * found[other]
        found[name] = rest / rows[name][name]
    return {name: found[name] for name in names}
