"""What the data can determine: Fisher information, its directions, and what they mean in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ..errors import InputError, NumericsError
from ..status import Status
from .parameters import Parameters, Values
from .problem import Problem, sensitivities

LOOSEST = math.log(10) / 1.96
"""Greatest standard deviation of u = ln x of what counts as determined: a factor of ten either way at 95 %."""

RESOLUTION = 1e-12
"""Least eigenvalue, as a share of the greatest, that is more than round-off."""

ALONE = 0.9
"""Share of a parameter's own axis that lies in the undetermined directions from which on it is undetermined by itself."""

PART = 0.1
"""Least component of a direction, as a share of its greatest, that is named."""

EQUAL = 0.1
"""Components that differ by less are called equal."""


@dataclass(frozen=True, eq=False)
class Identifiability:
    """The Fisher information of the data about u (ln x of a rate), I = J^T W J: J the derivatives of the predictions, W the information of each datum.

    - `names`, `units`: of the parameters that are numbers, in order; `scales`: units of u (1 of a logarithm).
    - `information`: [n, n] in u/scale; of the data alone, without priors. `prior`: the same of the priors.
    - `touched`: whether any prediction depends on the parameter at all.
    - `measured`: names of parameters of the measurement (gain, recovery) among them.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    scales: Float[np.ndarray, " n"]
    information: Float[np.ndarray, "n n"]
    prior: Float[np.ndarray, "n n"]
    touched: tuple[bool, ...]
    measured: tuple[str, ...] = ()

    @cached_property
    def eigenvalues(self) -> Float[np.ndarray, " n"]:
        """Eigenvalues of the information, greatest first; 1/sqrt of one is the standard deviation along its direction."""
        return np.maximum(self._spectrum[0], 0.0)

    @property
    def directions(self) -> Float[np.ndarray, "n n"]:
        """Directions of unit length in u/scale, [parameter, direction], in the order of the eigenvalues; the greatest component is positive."""
        return self._spectrum[1]

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.information)
        values, vectors = values[::-1], vectors[:, ::-1]
        signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(values))])
        return values, vectors * signs

    @property
    def undetermined(self) -> tuple[int, ...]:
        """Numbers of the directions that the data do not fix: wider than a factor of ten either way at 95 %, or lost in round-off."""
        floor = max(1 / LOOSEST**2, RESOLUTION * float(self.eigenvalues[0]))
        return tuple(int(i) for i in np.flatnonzero(self.eigenvalues < floor))

    def deviations(self, inflation: float = 1.0) -> Float[np.ndarray, " n"]:
        """Standard deviation of each u/scale from data and priors (Cramer & Rao's bound); infinite where neither fixes it."""
        return np.sqrt(np.maximum(np.diag(self.covariance(inflation)), 0.0))

    def covariance(self, inflation: float = 1.0) -> Float[np.ndarray, "n n"]:
        """Inverse of data's and priors' information; infinite variances where it is singular.

        Where the variances of the data are `inflation` times those given, but the priors are as wide as they say, the estimate scatters by
        (I + P)^-1 (inflation I + P) (I + P)^-1.
        """
        values, vectors = np.linalg.eigh(self.information + self.prior)
        lost = values <= RESOLUTION * max(float(values[-1]), 0.0)
        inverse = (vectors / np.where(lost, 1.0, values)) @ vectors.T
        if inflation != 1.0:
            inverse = inverse @ (inflation * self.information + self.prior) @ inverse
        open_ended = (np.abs(vectors[:, lost]) > 1e-3).any(axis=1)
        inverse[open_ended, :] = inverse[:, open_ended] = 0.0
        inverse[open_ended, open_ended] = np.inf
        return inverse

    def undetermined_parameters(self) -> tuple[str, ...]:
        """Parameters that neither data nor priors fix within a factor of ten."""
        return tuple(name for name, sd in zip(self.names, self.deviations(), strict=True) if not sd <= LOOSEST)

    def words(self) -> list[str]:
        """What the data do not fix, one sentence a direction."""
        return [self._sentence(one) for one in self.loose_directions()]

    def loose_directions(self) -> list[Float[np.ndarray, " n"]]:
        """The undetermined directions as few words tell them: parameters that are undetermined by themselves, then combinations of the others.

        Eigenvectors are orthogonal, so that one undetermined parameter would show in all others.
        """
        space = self.directions[:, list(self.undetermined)]
        alone = np.flatnonzero((space**2).sum(axis=1) > ALONE)
        found = [np.eye(len(self.names))[i] for i in alone]
        rest = np.array(space)
        rest[alone] = 0.0
        left, _, _ = np.linalg.svd(rest, full_matrices=False)
        for k in range(space.shape[1] - len(alone)):
            found.append(left[:, k] * np.sign(left[np.argmax(np.abs(left[:, k])), k]))
        return found

    def _sentence(self, direction: np.ndarray) -> str:
        parts = [(self.names[i], float(direction[i])) for i in np.flatnonzero(np.abs(direction) > PART * np.abs(direction).max())]
        if len(parts) == 1:
            name = parts[0][0]
            if not self.touched[self.names.index(name)]:
                return f"{name}: nothing that was measured depends on it"
            return f"{name}: the data do not determine it within a factor of ten either way"
        listed, size = [name for name, _ in parts], max(abs(share) for _, share in parts)
        if all(abs(share - size) <= EQUAL * size for _, share in parts):
            ratios = ", ".join(f"{name}/{listed[-1]}" for name in listed[:-1])
            return f"{_and(listed)} multiplied together by any one factor predict the same data: only their ratios are fixed ({ratios})"
        pieces = ", ".join(f"{name} {'up' if share > 0 else 'down'} {abs(share) / size:.2g}" for name, share in parts)
        return f"the data do not fix how {_and(listed)} change together (per unit of their logarithms: {pieces})"

    def suggestions(self) -> list[str]:
        """What to add so that the data fix what they do not."""
        said: list[str] = []
        for direction in self.loose_directions():
            parts = [self.names[k] for k in np.flatnonzero(np.abs(direction) > PART * np.abs(direction).max())]
            if len(parts) > 1 and any(_is(name, unit, "diffusivity", "um2/s") for name, unit in self._with_units(parts)):
                said.append("fix the diffusivity at a known value, give it a prior, or add a second time: a steady profile knows ratios to it only")
            elif any(name in self.measured for name in parts):
                said.append("add one absolute concentration (an assay in pg/mL): gain and offset take the absolute scale out of intensities")
            elif any(_is(name, unit, "permeability", "um/s") for name, unit in self._with_units(parts)):
                said.append("add a tracer that comes from the plasma only, such as IgG of known plasma concentration, beside vessels")
            else:
                said.append(f"fix {parts[-1]}, give it a prior, or add a measurement that depends on {_and(parts)} in another way")
        return list(dict.fromkeys(said))

    def _with_units(self, names: Sequence[str]) -> list[tuple[str, str]]:
        return [(name, self.units[self.names.index(name)]) for name in names]


def identifiability(problem: Problem, values: Values | None = None) -> Identifiability:
    """The information that the observations of a problem hold about its parameters, at these values (the starts if not given); no data are needed.

    Fields among the parameters are held.

    **Raises** `InputError` where no parameter is a number, `NumericsError` where the model cannot be solved at these values.
    """
    names, scales, each, touched = information_by_observation(problem, values)
    numbers = [one for one in problem.parameters.all if one.shape == ()]
    sigmas = [None if one.prior is None else one.prior.sigma for one in numbers]
    prior = np.diag([0.0 if sigma is None else 1 / sigma**2 for sigma in sigmas])
    measured = tuple(dict.fromkeys(name for one in problem.observations for name in one.uses))
    return Identifiability(names, tuple(one.unit for one in numbers), scales, each.sum(axis=0), prior, touched, measured)


def information_by_observation(problem: Problem, values: Values | None = None) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, tuple[bool, ...]]:
    """Names and scales of the parameters that are numbers, the information [observation, n, n] of each observation by itself, and what any of them touches.

    **Raises** `InputError` where no parameter is a number, `NumericsError` where the model cannot be solved at these values.
    """
    free = problem.parameters
    u = free.natural(free.start() if values is None else free.free({**{one.name: jnp.asarray(one.start) for one in free.all}, **values}))
    places = list(free.numbers)
    if not places:
        raise InputError("every free parameter is a field: identifiability is told of numbers only")
    predicted, slopes, status = sensitivities(problem, u)
    if int(status) != int(Status.CONVERGED):
        raise NumericsError(
            f"the model cannot be solved at these values, so nothing can be said of what data determine there: {Status(int(status)).explanation}"
        )
    predicted, slopes = np.asarray(predicted, np.float64), np.asarray(slopes, np.float64)
    numbers = [one for one in free.all if one.shape == ()]
    scales = np.array([1.0 if one.transform != "linear" else abs(float(one.start)) or 1.0 for one in numbers])
    jacobian = slopes[:, places] * scales
    each = []
    for one, p, rows in zip(problem.observations, _split(problem, predicted), _split(problem, jacobian), strict=True):
        weights = np.asarray(one.noise.information(jnp.asarray(p)))
        each.append(rows.T @ (weights[:, None] * rows))
    return tuple(one.name for one in numbers), scales, np.stack(each), tuple(bool(one) for one in (jacobian != 0).any(axis=0))


def _split(problem: Problem, data: np.ndarray) -> list[np.ndarray]:
    return np.split(data, np.cumsum([one.data.size for one in problem.observations])[:-1])


def _is(name: str, unit: str, word: str, its_unit: str) -> bool:
    return unit == its_unit or word in name.casefold().split(".")[-1]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def table(parameters: Parameters, found: Identifiability) -> list[dict[str, Any]]:
    """The spectrum ready for JSON: of each direction its standard deviation and its components."""
    determined = set(range(len(found.names))) - set(found.undetermined)
    return [
        {
            "eigenvalue": float(value),
            "determined": i in determined,
            "direction": {name: float(share) for name, share in zip(found.names, found.directions[:, i], strict=True)},
        }
        for i, value in enumerate(found.eigenvalues)
    ]
