"""Which measurement next: the information that each candidate would add, before it is made."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import InputError
from .identifiability import LOOSEST, RESOLUTION, Identifiability, identifiability, information_by_observation
from .observations import AbstractObservation
from .parameters import Values
from .problem import Problem
from .result import Fit

Candidate = AbstractObservation | Sequence[AbstractObservation] | Mapping[str, float]
"""A measurement, several of them together, or parameters that would become known: name to standard deviation of u (ln x of a rate)."""


@dataclass(frozen=True, eq=False)
class Design:
    """What one candidate would do.

    - `name`: of the candidate; `information`: [n, n], what it adds, in u/scale.
    - `before`, `after`: by parameter of interest, standard deviation of u/scale without and with it; infinite where nothing fixes it.
    - `d_value`: ln det of the information with it, priors included (-inf where singular); `a_value`: sum of the variances of interest with it.
    - `resolves`: the sentences of the null directions of now that it takes away; `leaves`: those of now that it does not.
    """

    name: str
    information: Float[np.ndarray, "n n"]
    before: dict[str, float]
    after: dict[str, float]
    d_value: float
    a_value: float
    resolves: tuple[str, ...]
    leaves: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Geometric mean over the parameters of interest of sd after / sd before; 0 where one became finite, 1 where it stays infinite."""
        shares = [1.0 if math.isinf(after) else after / self.before[name] for name, after in self.after.items()]
        return 0.0 if min(shares) == 0 else math.exp(sum(map(math.log, shares)) / len(shares))


@dataclass(frozen=True, eq=False)
class Designs:
    """Candidates, the best first: least sum of variances of interest with it (`a_value`), then most information (`d_value`).

    - `now`: what is known without any of them; `interest`: names; `ranked`: the candidates.
    """

    now: Identifiability
    interest: tuple[str, ...]
    ranked: tuple[Design, ...]

    @property
    def best(self) -> Design:
        """The first of the ranked."""
        return self.ranked[0]

    def table(self) -> list[dict[str, Any]]:
        """One row a candidate, ready for JSON (None for what is infinite)."""
        return [
            {
                "candidate": one.name,
                "sd_before": {name: _finite(value) for name, value in one.before.items()},
                "sd_after": {name: _finite(value) for name, value in one.after.items()},
                "ratio": one.ratio,
                "d_value": _finite(one.d_value),
                "a_value": _finite(one.a_value),
                "resolves": list(one.resolves),
                "leaves": list(one.leaves),
            }
            for one in self.ranked
        ]

    def sentences(self) -> list[str]:
        """The ranking in words."""
        said = []
        for one in self.ranked:
            changes = ", ".join(f"{name} from {_sd(one.before[name])} to {_sd(sd)}" for name, sd in one.after.items())
            ending = "" if not one.resolves else f"; takes away that {' and that '.join(one.resolves)}"
            said.append(f"{one.name}: {changes}{ending}")
        return said


def rank_designs(known: Fit | Problem, candidates: Mapping[str, Candidate], interest: Sequence[str] | None = None, values: Values | None = None) -> Designs:
    """What each candidate would add to what is known: information adds up, I_total = I_now + I_candidate, with I = J^T W J as in `identifiability`.

    Data of the candidates are not looked at: any that their noise allows will do. sd = sqrt(diag(I_total^-1)) is the least that an unbiased estimate can have
    (Cramer & Rao); D- and A-optimality are ln det I and the sum of variances (Atkinson, Donev & Tobias 2007, ISBN 9780199296606). It is local: about
    the estimate of a `Fit`, or the starts of a `Problem` (or `values`). All candidates are read off the same solves, by one compiled program.

    **Arguments**

    - `known`: what is measured already.
    - `candidates`: by name, an observation, several, or a dict of parameters that would be known with these standard deviations of u.
    - `interest`: names of the parameters that one wants to know; all of them if not given.

    **Raises** `InputError` for none, for names that are no free numbers, and for observations that do not fit the models.
    """
    if isinstance(known, Fit):
        problem, at = known.problem, known.values if values is None else values
    else:
        problem, at = known, values
    if not candidates:
        raise InputError("there is no candidate to rank; give at least one observation")
    now = identifiability(problem, at)
    wanted = now.names if interest is None else tuple(interest)
    _check_names(wanted, now, "interest")
    added = _added(problem, candidates, at, now)
    found = [_design(name, added[name], now, wanted) for name in candidates]
    return Designs(now, wanted, tuple(sorted(found, key=lambda one: (one.a_value, -one.d_value))))


def _added(problem: Problem, candidates: Mapping[str, Candidate], values: Values | None, now: Identifiability) -> dict[str, np.ndarray]:
    """Information that each candidate adds; all measurements are read off the same solves."""
    added = {name: _known(name, one, now) for name, one in candidates.items() if isinstance(one, Mapping)}
    owners: list[str] = []
    seen: list[AbstractObservation] = []
    for name, candidate in candidates.items():
        if not isinstance(candidate, Mapping):
            own = (candidate,) if isinstance(candidate, AbstractObservation) else tuple(candidate)
            _check_observations(problem, name, own)
            owners += [name] * len(own)
            seen += own
    if seen:
        _, _, each, _ = information_by_observation(replace(problem, observations=tuple(seen)), values)
        added |= {name: each[[owner == name for owner in owners]].sum(axis=0) for name in owners}
    return added


def _known(name: str, candidate: Mapping[str, float], now: Identifiability) -> np.ndarray:
    """The information of parameters that would be known with these standard deviations of u."""
    _check_names(candidate, now, name)
    if not all(sd > 0 for sd in candidate.values()):
        raise InputError(f"{name}: standard deviations must be above zero; got {dict(candidate)}")
    return np.diag([(scale / candidate[one]) ** 2 if one in candidate else 0.0 for one, scale in zip(now.names, now.scales, strict=True)])


def _check_observations(problem: Problem, name: str, seen: Sequence[AbstractObservation]) -> None:
    models = problem.models(problem.parameters.values(problem.parameters.start()))
    if not seen:
        raise InputError(f"{name}: there is no observation in it")
    for one in seen:
        if one.image not in models:
            raise InputError(f"{name}: {one.name} belongs to image {one.image!r}; the models are {', '.join(map(str, models))}")
        missing = [use for use in one.uses if use not in problem.parameters.names]
        if missing:
            raise InputError(f"{name}: {one.name} uses {', '.join(missing)}, which is no free parameter")
        one.check(models[one.image])


def _design(name: str, added: np.ndarray, now: Identifiability, interest: tuple[str, ...]) -> Design:
    then = replace(now, information=now.information + added)
    before, after = ({one: float(found.deviations()[now.names.index(one)]) for one in interest} for found in (now, then))
    spectrum = np.linalg.eigvalsh(then.information + then.prior)
    singular = spectrum[0] <= RESOLUTION * spectrum[-1]
    nulls = zip(now.loose_directions(), now.words(), strict=True)
    resolves, leaves = [], []
    for direction, words in nulls:
        (resolves if _along(then.information, direction) <= LOOSEST else leaves).append(words)
    d_value = -math.inf if singular else float(np.log(spectrum).sum())
    return Design(name, added, before, after, d_value, sum(sd**2 for sd in after.values()), tuple(resolves), tuple(leaves))


def _along(information: np.ndarray, direction: np.ndarray) -> float:
    """Standard deviation along a direction, all others left free: sqrt(v^T I^-1 v)."""
    values, vectors = np.linalg.eigh(information)
    shares = (vectors.T @ direction) ** 2
    lost = values <= RESOLUTION * values[-1]
    if shares[lost].sum() > 1e-6:
        return math.inf
    return math.sqrt(float((shares[~lost] / values[~lost]).sum()))


def _check_names(names: Any, now: Identifiability, who: str) -> None:
    unknown = [one for one in names if one not in now.names]
    if unknown or not names:
        raise InputError(f"{who}: {', '.join(unknown) or 'nothing'} is no free number; there are {', '.join(now.names)}")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _sd(value: float) -> str:
    return "undetermined" if not value <= LOOSEST else f"sd {value:.2g}"
