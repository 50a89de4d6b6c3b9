"""How well a fitted model predicts images that it has not seen, beside predictions that know nothing of diffusion."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from ..errors import InputError, NumericsError
from .descent import descend
from .nulls import distance_only, distances_of, kind_of, residuals_of, well_mixed
from .observations import AbstractObservation
from .observations.observation import Numbers
from .parameters import FreeParameter
from .problem import ModelSource, Problem, make_problem, predictions

MODEL, MIXED, DISTANCE, SHUFFLED = "model", "well-mixed", "distance only", "shuffled labels"

CLEAR = 2.0
"""Standard errors of a difference of scores from which on it counts."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Scores on what was left out: mean over the data of -r^2/2, the logarithm of the predictive density less that of a perfect prediction; 0 is best, and
    data that scatter about a true prediction as their noise says have -1/2.

    - `groups`: the images left out together, one group after the other; `counts`: data in each.
    - `scores`: [groups] by "model", "well-mixed", "distance only" (where distances are known) and "shuffled labels" (where a function makes them; the mean).
    - `shuffles`: [shuffle, groups]; `values`: the model's estimates without each group; `converged`: whether those fits met their tolerance.
    """

    groups: tuple[tuple[Any, ...], ...]
    counts: tuple[int, ...]
    scores: dict[str, Float[np.ndarray, " g"]]
    shuffles: Float[np.ndarray, "k g"]
    values: tuple[dict[str, float], ...]
    converged: tuple[bool, ...]

    def score(self, name: str = MODEL) -> float:
        """Mean over all data."""
        return float(np.average(self.scores[name], weights=self.counts))

    def difference(self, null: str) -> tuple[float, float]:
        """Score of the model less that of a null, and the standard error of that: from group to group; infinite with fewer than three groups."""
        differences = self.scores[MODEL] - self.scores[null]
        error = float(differences.std(ddof=1) / np.sqrt(differences.size)) if differences.size > 2 else np.inf
        return self.score() - self.score(null), error

    def better_than(self, null: str) -> bool:
        """Whether the model predicts better by more than two standard errors; than shuffled labels: better than every one of them as well."""
        gain, error = self.difference(null)
        clear = gain > CLEAR * error
        if null == SHUFFLED:
            return clear and bool((np.average(self.shuffles, axis=1, weights=self.counts) < self.score()).all())
        return clear

    def sentences(self) -> list[str]:
        """One sentence for each null: how the model stands to it."""
        said = []
        for null in self.scores:
            if null == MODEL:
                continue
            gain, error = self.difference(null)
            numbers = f"score {self.score():.3g} against {self.score(null):.3g} a datum, difference {gain:.2g}"
            if not np.isfinite(error):
                said.append(f"whether the model is better than {null} cannot be told from {len(self.groups)} groups, it takes three: {numbers}")
                continue
            verdict = "better" if self.better_than(null) else "not better"
            said.append(f"the model is {verdict} than {null}: {numbers} +- {error:.2g} over {len(self.groups)} groups")
        return said


def cross_validate(
    source: ModelSource,
    parameters: Sequence[FreeParameter],
    observations: Sequence[AbstractObservation],
    *,
    groups: Sequence[Sequence[str]] | None = None,
    distances: Mapping[str, Numbers] | None = None,
    permuted: Callable[[np.random.Generator], ModelSource] | None = None,
    permutations: int = 5,
    seed: int = 0,
    initial: ArrayLike | Mapping[str, ArrayLike] = 0.0,
    rtol: float = 1e-6,
    time_rtol: float = 1e-4,
) -> CrossValidation:
    """Leave images out, group by group; fit the rest by Levenberg-Marquardt; score what was left out, for the model and for three nulls.

    - well-mixed: each kind of measurement has one level everywhere, that of the images that are left in.
    - distance only: a + b exp(-d/L) of the distance d to the nearest source, fitted to the images that are left in.
    - shuffled labels: the model with its cells' types permuted, fitted and scored likewise.

    One compiled program serves every group, and every shuffle where sources are dicts of models (a function of values is compiled again for each).

    **Arguments**

    - `source`, `parameters`, `observations`, `initial`, `rtol`, `time_rtol`: see `fit`; two images at least. A parameter that only the image left out knows
      stays at its start or prior.
    - `groups`: names of images that go together (the sections of one patient); each image by itself if not given.
    - `distances`: by name of an observation, the distance of each datum to its nearest source, um; profiles by distance bring their own.
    - `permuted`: from a random generator to a source with permuted labels; `permutations`: how often.

    **Raises** `InputError` for fewer than two groups, groups that are no partition of the images, and a kind of measurement that stands in one group
    alone; `NumericsError` where a fit cannot be solved.
    """
    problem = make_problem(source, parameters, observations, initial=initial, rtol=rtol, time_rtol=time_rtol)
    chosen = tuple(tuple(one) for one in groups) if groups is not None else tuple((image,) for image in problem.images)
    _check_groups(problem, chosen)
    if permuted is not None and permutations < 1:
        raise InputError(f"permutations must be at least 1; got {permutations!r}")
    seen, known = problem.observations, distances_of(problem.observations, distances)
    counted = [[one.image not in group for one in seen] for group in chosen]
    model, values, converged = _model_scores(problem, counted)
    scores = {MODEL: model, MIXED: np.array([_score(seen, inside, well_mixed(seen, inside)) for inside in counted])}
    if known is not None:
        scores[DISTANCE] = np.array([_score(seen, inside, distance_only(seen, inside, known)) for inside in counted])
    shuffles = np.zeros((0, len(chosen)))
    if permuted is not None:
        random = np.random.default_rng(seed)
        others = (make_problem(permuted(random), parameters, observations, initial=initial, rtol=rtol, time_rtol=time_rtol) for _ in range(permutations))
        shuffles = np.stack([_model_scores(one, counted)[0] for one in others])
        scores[SHUFFLED] = shuffles.mean(axis=0)
    counts = tuple(sum(one.data.size for one, inside in zip(seen, own, strict=True) if not inside) for own in counted)
    return CrossValidation(chosen, counts, scores, shuffles, tuple(values), tuple(converged))


def _model_scores(problem: Problem, counted: list[list[bool]]) -> tuple[np.ndarray, list[dict[str, float]], list[bool]]:
    scores, values, converged = [], [], []
    start = problem.parameters.start()
    for inside in counted:
        mask = np.repeat(inside, [one.data.size for one in problem.observations])
        point = descend(replace(problem, counted=jnp.asarray(mask)), start)
        if not np.isfinite(float(point.loss)):
            raise NumericsError("the model cannot be solved at the start of a fit; take another start, or bounds that keep it solvable")
        predicted, _ = predictions(problem, point.z)
        scores.append(_score(problem.observations, inside, [np.asarray(one) for one in predicted]))
        found = problem.parameters.values(point.z)
        values.append({one.name: float(found[one.name]) for one in problem.parameters.all if one.shape == ()})
        converged.append(bool(point.converged))
    return np.array(scores), values, converged


def _score(observations: Sequence[AbstractObservation], counted: list[bool], predicted: list[np.ndarray]) -> float:
    left_out = [residuals_of(one, p) for one, p, inside in zip(observations, predicted, counted, strict=True) if not inside]
    return float(np.mean(-0.5 * np.concatenate(left_out) ** 2))


def _check_groups(problem: Problem, groups: tuple[tuple[Any, ...], ...]) -> None:
    listed = [image for group in groups for image in group]
    if len(groups) < 2 or not all(groups):
        raise InputError(f"leaving out takes at least two groups of images; got {[list(group) for group in groups]}")
    if len(set(listed)) != len(listed) or set(listed) != set(problem.images):
        raise InputError(f"groups must hold each image once; got {listed} of the images {', '.join(map(str, problem.images))}")
    for one in problem.observations:
        own = next(group for group in groups if one.image in group)
        if all(other.image in own for other in problem.observations if kind_of(other) == kind_of(one)):
            raise InputError(f"{one.name}: nothing of its kind ({', '.join(kind_of(one))}) stands in another group, so nothing but the model could predict it")
