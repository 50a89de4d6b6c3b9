"""What is wrong with the cohort of a configuration, and the spread that it means."""

import math
from typing import TYPE_CHECKING

from .. import library, units
from ..errors import InputError
from ..library.prior import Prior
from .cohort_tables import CohortTable
from .outcome_checks import Problems, arm_names, value_of
from .problems import did_you_mean

if TYPE_CHECKING:
    from .outcome_tables import OutcomeConfig, OutcomeTable

OF_CELLS = "cells."


def cohort_problems(config: "OutcomeConfig") -> Problems:
    """(key, message) of every mistake in [cohort]; none where there is no such table."""
    if config.cohort is None:
        return []
    table = config.cohort
    found = spread_of(table)[1]
    places = places_of(table)
    if not places:
        found.append(("cohort", "nothing differs between the tumours: name keys in 'spread', [cohort.lognormal] or [cohort.uniform]"))
    for key, where in places.items():
        found += [(where[0], words) for words in _clashes(key, where, config.outcome)]
    names = arm_names(config.outcome)
    if table.drivers_of not in names:
        found.append(("cohort.drivers_of", f"no such arm{did_you_mean(table.drivers_of, names)}"))
    return found


def places_of(table: CohortTable) -> dict[str, list[str]]:
    """Where each key that differs stands; more than one place is a mistake."""
    found: dict[str, list[str]] = {}
    for index, key in enumerate(table.spread):
        found.setdefault(key, []).append(f"cohort.spread[{index}]")
    for name in ("lognormal", "uniform"):
        for key in getattr(table, name):
            found.setdefault(key, []).append(f"cohort.{name}.{key}")
    return found


def _clashes(key: str, where: list[str], outcome: "OutcomeTable") -> list[str]:
    """What else in the file says something of the value of this key, or makes it have no effect."""
    found = []
    if len(where) > 1:
        found.append(f"'{key}' stands in {where[1]} too: keep one of them")
    if key in outcome.values:
        found.append(f"outcome.values gives '{key}' as well, which the spread would replace: leave one of them out")
    edge = key.rpartition(".")[0]
    if edge and edge in {id for name in outcome.off for id in _edges_of(name)}:
        found.append(f"outcome.off switches '{edge}' off, and its values would switch it on again: leave one of them out")
    head = key.split(".")[0]
    if head in library.species_ids() and head not in outcome.cytokines:
        found.append(f"{head} is not among outcome.cytokines{did_you_mean(head, outcome.cytokines)}")
    if key.startswith(OF_CELLS) and key.removeprefix(OF_CELLS) not in outcome.cells:
        found.append(f"no such population in [outcome.cells]{did_you_mean(key.removeprefix(OF_CELLS), outcome.cells)}")
    return found


def _edges_of(name: str) -> tuple[str, ...]:
    try:
        edge = library.edge(name)
    except InputError:
        return ()  # told where it stands, in outcome.off
    return (edge.id, *getattr(edge, "edges", ()))


def spread_of(table: CohortTable) -> tuple[dict[str, Prior], Problems]:
    """The distribution of every key, in internal units, and what is wrong with them."""
    priors: dict[str, Prior] = {}
    found: Problems = []
    for index, key in enumerate(table.spread):
        try:
            priors[key] = _of_library(key)
        except InputError as error:
            found.append((f"cohort.spread[{index}]", str(error)))
    for key, (median, sigma) in table.lognormal.items():
        try:
            priors[key] = _lognormal(key, median, sigma)
        except InputError as error:
            found.append((f"cohort.lognormal.{key}", str(error)))
    for key, (low, high) in table.uniform.items():
        try:
            priors[key] = _uniform(key, low, high)
        except InputError as error:
            found.append((f"cohort.uniform.{key}", str(error)))
    return priors, found


def _of_library(key: str) -> Prior:
    from ..outcome.values import known_value

    remedy = f'give one of your own, [cohort.lognormal] "{key}" = [median, standard deviation of the logarithm] or [cohort.uniform] "{key}" = [least, most]'
    if key.startswith(OF_CELLS):
        raise InputError(f"the library has no spread of '{key}': {remedy}")
    known, _ = known_value(key)
    prior = None if known is None else known.prior()
    if prior is None:
        raise InputError(f"the library states no range of '{key}': leave it out, or {remedy}")
    return prior


def _number(key: str, given: str | float) -> float:
    """A value in its internal unit; of cells a factor on their density."""
    if not key.startswith(OF_CELLS):
        return value_of(key, given)
    factor = units.parse(given, "number")
    if factor < 0:
        raise InputError(f"must not be negative; got {given!r}")
    return factor


def _lognormal(key: str, median: str | float, sigma: float) -> Prior:
    middle = _number(key, median)
    if not middle > 0:
        raise InputError(f"the median has to be above zero; got {median!r}")
    if not (math.isfinite(sigma) and 0 < sigma <= 5):
        raise InputError(f"the standard deviation of the logarithm lies above 0 and up to 5 (0.7: two thirds within twofold); got {sigma!r}")
    return Prior("lognormal", middle, sigma)


def _uniform(key: str, low: str | float, high: str | float) -> Prior:
    ends = _number(key, low), _number(key, high)
    if not ends[0] < ends[1]:
        raise InputError(f"the least has to be below the most; got {low!r} and {high!r}")
    return Prior("uniform", 0.5 * (ends[0] + ends[1]), bounds=ends)


def kind_of(key: str) -> str:
    """The kind of the unit (`units.KINDS`) of the values of a key."""
    from ..outcome.values import known_value

    return "number" if key.startswith(OF_CELLS) else known_value(key)[1]
