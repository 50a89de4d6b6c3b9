"""From the tables of a fit to free parameters, observations and settings, on the model that the configuration builds."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import units
from ..errors import InputError
from ..library.prior import Prior
from .fit_data import observations_of
from .fit_leaves import Meaning, meaning
from .fit_tables import FitTable, FreeTable, PriorTable
from .parameters import species_id
from .prepare import Inputs
from .timing import schedule

TIME_RTOL = 1e-4
SHARES = ("recovery", "spillover", "misassigned")
"""Numbers of a measurement that lie between 0 and 1."""


@dataclass(frozen=True)
class FitPlan:
    """Arguments of `tmefield.fit` but for the model.

    - `parameters`, `observations`; `meanings`: by parameter, what it is.
    - `problem`: tolerances and initial fields; `settings`: of the search.
    """

    parameters: list
    observations: list
    meanings: dict[str, Meaning]
    problem: dict[str, Any]
    settings: dict[str, Any]


def fit_plan(inputs: Inputs, model: Any) -> FitPlan:
    """What `[fit]` asks for, with every value in internal units.

    **Raises** `InputError` or `FileError`, each naming the table and the key, for unknown names, values that do not fit, and bad data.
    """
    table = inputs.loaded.config.fit
    if table is None:
        raise InputError(
            f"{inputs.loaded.source}: there is no [fit] table: say what is free ([[fit.free]]) and what was measured ([[fit.data]]); see docs/fitting.md"
        )
    observations = observations_of(inputs)
    measured = _measured(observations)
    parameters, meanings = [], {}
    for index, free in enumerate(table.free):
        where = f"{inputs.loaded.source}: fit.free[{index}] ({free.name})"
        try:
            parameter, own = _free(inputs, model, free, measured)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        parameters.append(parameter)
        meanings[parameter.name] = own
    plan, solver = schedule(inputs), inputs.loaded.config.solver
    initial = np.zeros(len(inputs.species)) if plan is None else plan.initial
    problem = {
        "initial": np.broadcast_to(initial[:, None, None, None], (len(inputs.species), *inputs.grid.shape)),
        "rtol": solver.rtol,
        "time_rtol": TIME_RTOL if plan is None else min(plan.rtol, TIME_RTOL),
    }
    return FitPlan(parameters, observations, meanings, problem, _settings(table))


def numbers_of(model: Any) -> list[tuple[str, float, str]]:
    """Name, value and unit of every leaf that is a single number and may be free; for `tmefield fit --list`."""
    from ..fitting.leaves import leaf_names, leaf_value

    found = ((name, np.asarray(leaf_value(model, name))) for name in leaf_names(model))
    return [(name, float(value), meaning(name).unit) for name, value in found if value.ndim == 0]


def _settings(table: FitTable) -> dict[str, Any]:
    from ..fitting.optimisers import LBFGS, Adam, LevenbergMarquardt

    kinds: dict[str, Any] = {"levenberg-marquardt": LevenbergMarquardt, "lbfgs": LBFGS, "adam": Adam}
    chosen = table.optimiser if table.optimiser != "auto" else "levenberg-marquardt" if len(table.free) <= _few() else "lbfgs"
    tolerance = {} if table.tolerance is None else {"tolerance": table.tolerance}
    limits = {"max_steps": table.max_steps, "max_seconds": table.max_seconds, "rescale": table.rescale}
    return {"optimiser": kinds[chosen](**tolerance), "starts": table.starts, "seed": table.seed, **limits}


def _measured(observations: list) -> dict[str, str]:
    """What each number of the measurements that is free is there: the gain of an image, the recovery of a probe."""
    roles = (*SHARES, "gain", "offset", "half_maximum", "exponent")
    return {name: role for one in observations for role in roles if isinstance(name := getattr(one, role, None), str)}


def _few() -> int:
    from ..fitting.fit import FEW

    return FEW


def _free(inputs: Inputs, model: Any, table: FreeTable, measured: dict[str, str]) -> tuple[Any, Meaning]:
    from ..fitting.parameters import FreeParameter

    if table.name in measured and not table.leaves:
        own, leaves, present = meaning(measured[table.name]), (), None
        transform = table.transform or ("logit" if measured[table.name] in SHARES else "log")
    else:
        leaves = tuple(_canonical(one) for one in table.leaves or (table.name,))
        own, present = _common(leaves), _present(model, leaves)
        transform = table.transform or "log"

    def number(key: str, value: Any) -> float:
        weight = next((one.molecular_weight for one in inputs.species if leaves and one.id == leaves[0].partition(".")[0]), None)
        return units.parse(value, own.kind, key=key, molecular_weight=weight)

    if table.start is None and present is None:
        raise InputError("start is missing: a number of the measurement has no value in the configuration")
    prior = _prior(table, leaves, own, number)
    parameter = FreeParameter(
        table.name if table.leaves or not leaves else leaves[0],
        start=present if table.start is None and present is not None else number("start", table.start),
        transform=transform,
        lower=None if table.lower is None else number("lower", table.lower),
        upper=None if table.upper is None else number("upper", table.upper),
        prior=prior,
        leaves=leaves,
        unit=own.unit,
        source=own.known.source if table.prior == "library" and own.known is not None else "",
    )
    return parameter, own


def _canonical(name: str) -> str:
    """The leaf's name with the library's id of the species."""
    species, dot, rest = name.partition(".")
    return f"{species_id(species)}{dot}{rest}"


def _common(leaves: tuple[str, ...]) -> Meaning:
    """What leaves that share a value are.

    **Raises** `InputError` where they are not of one kind.
    """
    all_of_them = [meaning(one) for one in leaves]
    other = next((leaf for leaf, one in zip(leaves, all_of_them, strict=True) if one.kind != all_of_them[0].kind), None)
    if other is not None:
        raise InputError(f"leaves: {leaves[0]} and {other} are not of one kind, so they cannot share a value")
    first = all_of_them[0]
    # One value has no counterpart in the library where its leaves have different ones there.
    alike = all(_in_library(one) == _in_library(first) for one in all_of_them)
    return first if alike else replace(first, known=None)


def _in_library(own: Meaning) -> tuple | None:
    """Value and range of the library's entry."""
    return None if own.known is None else (own.known.internal, own.known.range)


def _present(model: Any, leaves: tuple[str, ...]) -> float:
    """The value that the configuration gives, of the first leaf.

    **Raises** `InputError` for a name that the model does not have (with the nearest), and for a field.
    """
    from ..fitting.leaves import leaf_value

    values = []
    for leaf in leaves:
        try:
            values.append(np.asarray(leaf_value(model, leaf)))
        except InputError as error:
            text = str(error)
            raise InputError(text if "did you mean" in text else f"the model has no number '{leaf}'; 'tmefield fit CONFIG --list' prints all of them") from None
    for leaf, value in zip(leaves, values, strict=True):
        if value.ndim:
            raise InputError(
                f"{leaf} is a field [{', '.join(map(str, value.shape))}]; only numbers can be free here (in Python: FreeParameter(smoothness=...))"
            )
    return float(values[0])


def _prior(table: FreeTable, leaves: tuple[str, ...], own: Meaning, number: Any) -> Prior | None:
    if table.prior is None:
        return None
    if isinstance(table.prior, PriorTable):
        return Prior("lognormal", number("prior.median", table.prior.median), sigma=table.prior.sigma)
    found = {meaning(one).known.prior() if meaning(one).known else None for one in leaves}  # type: ignore[union-attr]
    if len(found) != 1:
        raise InputError("prior: the library knows different ranges for its leaves; give prior = { median = ..., sigma = ... }")
    prior = found.pop() if found else None
    if prior is None:
        raise InputError("prior: the library has no range for it; give prior = { median = ..., sigma = ... }, or leave the prior out")
    return prior
