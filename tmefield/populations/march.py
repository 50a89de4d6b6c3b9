"""Populations through time, with the cytokines at steady state in the middle of every step."""

import math
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from ..balance import Balance, fill_fixed, find_root, find_steady, implicit
from ..checks import as_parameter, concrete, increasing_times
from ..errors import InputError
from ..model import Model
from ..status import Status
from ..terms.term import Moment
from .course import PopulationCourse
from .movement import jumps, move, stages_for
from .population_model import PopulationModel
from .reaction import euler, react

HALF_A_DAY = 43200.0
MAX_NEWTON, MAX_ITERATIONS = 30, 200
NEGLIGIBLE = 1e-6
"""Of the highest concentration of a species: what a warm start need not resolve."""
BELOW_ZERO, ROUGH = 1e-3, 0.5


class Steps(eqx.Module):
    """Start and length of every step, s, and which output it leads to (-1: none)."""

    starts: Float[Array, " n"]
    lengths: Float[Array, " n"]
    outputs: Int[Array, " n"]


def evolve_populations(
    tissue: PopulationModel,
    initial: ArrayLike | Mapping[str, ArrayLike],
    times: Sequence[float] | np.ndarray,
    *,
    step: float = HALF_A_DAY,
    concentration: ArrayLike = 0.0,
    rtol: float = 1e-4,
    stages: Sequence[int] | None = None,
) -> PopulationCourse:
    """Densities of the populations from `initial` at times[0] to the other `times`, with the cytokines at steady state.

    Steps of equal length, at most `step`, between outputs and jumps of any rate (doses), each with its middle taken for the cytokines:

        n' = n(t + h/2) by a first-order step with the cytokines of the last one
        c  = steady state among n', at t + h/2
        n(t + h) = M(h/2) R(h) M(h/2) n(t)          with c

    R is what happens to cells where they are (`reaction`), M how they move (`movement`; Strang 1968, doi:10.1137/0705041). Second order in h. What grows,
    dies, enters and turns into something else leaves no density negative, and transfers and movement keep the number of cells, whatever the step.

    Differentiable in forward and reverse mode with respect to everything in the model; the numbers of steps and stages are held.

    **Arguments**

    - `tissue`: cells and cytokines.
    - `initial`: [population, z, y, x], or by name; cells/um3.
    - `times`: increasing times of output, s; the first is that of `initial`.
    - `step`: the longest step, s; half a day by default. Halve it to see what it costs.
    - `concentration`: where the search for the first steady state begins, nM.
    - `rtol`: of the steady solves.
    - `stages`: of the movement of each population in half a step (odd, from 3; 0 for none), where motilities are traced so that it cannot follow from them.

    **Returns** a `PopulationCourse`; it warns where a steady solve did not converge, a density went below zero, or a step changed a population by more
    than half of its greatest density.

    **Raises** `InputError` for times that do not increase, a step that is not above zero, and densities that do not fit.
    """
    moments = increasing_times(times)
    if not (np.isfinite(step) and step > 0):
        raise InputError(f"step must be above zero, in s; got {step!r}")
    model, tolerance = tissue.model, jnp.asarray(rtol, tissue.model.dtype)
    density = tissue.densities(initial)
    start = jnp.broadcast_to(as_parameter(concentration, "concentration", "nM", shapes=((), model.shape)).astype(model.dtype), model.shape)
    steps, longest = _steps(moments, model.jumps, step, model.dtype)
    if stages is None:
        stages = tuple(stages_for(one, model.grid, longest / 2) for one in tissue.populations)
    begin = jnp.asarray(moments, model.dtype)
    first = rest(tissue.cytokines(dict(zip(tissue.names, density, strict=True))), start, begin[0], tolerance)
    outcome = _march(tissue, density, first.concentration, steps, tolerance, tuple(stages), len(moments))
    fields, status = [first.concentration], [first.status]
    for index in range(1, len(moments)):
        among = tissue.cytokines(dict(zip(tissue.names, outcome.density[index], strict=True)))
        found = rest(among, fields[-1], begin[index], tolerance)
        fields.append(found.concentration)
        status.append(found.status)
    worst = jnp.max(jnp.stack([outcome.status, *status]), axis=0)
    course = PopulationCourse(tissue, begin, outcome.density, jnp.stack(fields), steps.starts + steps.lengths, outcome.cells, outcome.change, worst)
    _warn(course)
    return course


def _steps(times: np.ndarray, jumps_at: Sequence[float], step: float, dtype) -> tuple[Steps, float]:
    stops = np.unique([*times, *(one for one in jumps_at if times[0] < one < times[-1])])
    starts, lengths, outputs = [], [], []
    for here, there in pairwise(stops):
        count = max(1, math.ceil((there - here) / step * (1 - 1e-9)))
        starts += [here + k * (there - here) / count for k in range(count)]
        lengths += [(there - here) / count] * count
        outputs += [-1] * (count - 1) + [int(np.searchsorted(times, there)) if there in times else -1]
    return Steps(jnp.asarray(starts, dtype), jnp.asarray(lengths, dtype), jnp.asarray(outputs, jnp.int32)), max(lengths)


class Rest(NamedTuple):
    """A steady state and how its solve ended, per species."""

    concentration: Float[Array, "s z y x"]
    status: Int[Array, " s"]


@eqx.filter_jit
def rest(model: Model, start: Float[Array, "s z y x"], time: Float[Array, ""], rtol: Float[Array, ""]) -> Rest:
    """The steady state at a moment, searched from `start` wherever it is."""
    balance = Balance(model, moment=Moment(time, time))
    limits = jnp.asarray(100, jnp.int32), jnp.asarray(MAX_ITERATIONS, jnp.int32)
    root, info = find_steady(*jax.lax.stop_gradient((balance, start, rtol, *limits)))
    return Rest(fill_fixed(model.transport(), implicit(root, balance, rtol)), info.status)


def _followed(model: Model, start: Array, time: Array, rtol: Array) -> Rest:
    """The same close to `start`: Newton's method from there."""
    balance = Balance(model, moment=Moment(time, time))
    limits = jnp.asarray(MAX_NEWTON, jnp.int32), jnp.asarray(MAX_ITERATIONS, jnp.int32)
    small = NEGLIGIBLE * jnp.max(jnp.abs(jax.lax.stop_gradient(start)), axis=(1, 2, 3))
    frozen = jax.lax.stop_gradient((balance, start, rtol))
    root, info = find_root(*frozen, *limits, negligible=small)
    return Rest(fill_fixed(model.transport(), implicit(root, balance, rtol)), info.status)


class _Carry(NamedTuple):
    density: Float[Array, "p z y x"]
    concentration: Float[Array, "s z y x"]
    status: Int[Array, " s"]
    peak: Float[Array, " p"]
    outputs: Float[Array, "t p z y x"]


class _Outcome(NamedTuple):
    density: Float[Array, "t p z y x"]
    cells: Float[Array, "n p"]
    change: Float[Array, "n p"]
    status: Int[Array, " s"]


@eqx.filter_jit
def _march(tissue: PopulationModel, density: Array, concentration: Array, steps: Steps, rtol: Array, stages: tuple[int, ...], count: int) -> _Outcome:
    volume = tissue.model.grid.voxel_volume

    def one(carry: _Carry, here: Steps):
        new, found, changed = _step(tissue, carry.density, carry.concentration, here.starts, here.lengths, rtol, stages)
        peak = jnp.maximum(carry.peak, jnp.max(new, axis=(1, 2, 3)))
        at = jnp.maximum(here.outputs, 0)
        outputs = jnp.where(here.outputs >= 0, carry.outputs.at[at].set(new), carry.outputs)
        status = jnp.maximum(carry.status, found.status)
        return _Carry(new, found.concentration, status, peak, outputs), (volume * jnp.sum(new, axis=(1, 2, 3)), changed)

    blank = jnp.zeros((count, *density.shape), density.dtype).at[0].set(density)
    nothing = jnp.zeros(len(tissue.model.names), jnp.int32)
    end, (cells, changed) = jax.lax.scan(jax.checkpoint(one), _Carry(density, concentration, nothing, jnp.max(density, axis=(1, 2, 3)), blank), steps)
    return _Outcome(end.outputs, cells, changed / jnp.where(end.peak > 0, end.peak, 1)[None], end.status)


def _step(tissue: PopulationModel, density: Array, concentration: Array, time: Array, dt: Array, rtol: Array, stages: tuple[int, ...]):
    """Densities after a step, the cytokines in its middle, and the greatest change of each population, cells/um3."""
    names, half = tissue.names, 0.5 * dt
    start = dict(zip(names, density, strict=True))

    def moved(cells: dict[str, Array], around, length: Array) -> dict[str, Array]:
        found = {}
        for one, count in zip(tissue.populations, stages, strict=True):
            here = cells[one.name]
            found[one.name] = move(jumps(one, around, tissue.model.grid), here, length, count) if count else here
        return found

    before = tissue.around(start, concentration)
    middle = moved(euler(tissue.rates(before), start, half), before, half)
    found = _followed(tissue.cytokines(middle), concentration, time + half, rtol)
    around = tissue.around(middle, found.concentration)
    cells = moved(start, around, half)
    cells = react(lambda here: tissue.rates(tissue.around(here, found.concentration)), cells, dt)
    cells = moved(cells, around, half)
    new = jnp.stack([cells[name] for name in names])
    return new, found, jnp.max(jnp.abs(new - density), axis=(1, 2, 3))


def _warn(course: PopulationCourse) -> None:
    """Warnings where the course is not to be trusted; silent while values are traced."""
    status, density, change = (concrete(one) for one in (course.status, course.density, course.change))
    if status is None or density is None or change is None:
        return
    for name, code in zip(course.tissue.model.names, status, strict=True):
        if code != int(Status.CONVERGED):
            warnings.warn(f"{name}: a steady state among the cells was not found ({Status(int(code)).explanation})", stacklevel=3)
    lowest, highest = density.min(axis=(0, 2, 3, 4)), density.max(axis=(0, 2, 3, 4))
    for name, low, high, most in zip(course.tissue.names, lowest, highest, change.max(axis=0), strict=True):
        if low < -BELOW_ZERO * high:
            warnings.warn(f"{name} went below zero by {-low / high:.1e} of its greatest density: take a shorter step", stacklevel=3)
        if most > ROUGH:
            warnings.warn(f"{name} changed by {100 * most:.0f} % of its greatest density in one step: take a shorter step", stacklevel=3)
