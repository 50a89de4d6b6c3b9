"""What a profile at the start tells: who progresses, and who responds to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

DRAWS = 1000
LEAST = 1e-12
"""What a level counts as at least, before its logarithm."""
ALIKE = 1e-5
"""Levels that lie within this share of each other differ by round-off or by how far a solve went: they tell nothing."""


@dataclass(frozen=True)
class Prediction:
    """How well a profile tells two outcomes apart on patients that were left out: area under the ROC curve, with its central 95 % by drawing patients again.

    `by_chance`: the area at 97.5 % of what outcomes dealt out at random give by the same procedure.
    """

    auc: float
    interval: tuple[float, float]
    by_chance: float
    positives: int
    patients: int


def cross_validated_auc(
    profile: Mapping[str, Sequence[float] | np.ndarray], outcome: Sequence[bool] | np.ndarray, *, folds: int = 5, shuffles: int = 400, seed: int = 0
) -> Prediction:
    """Logistic regression (ridge of strength 1) of an outcome on the standardised logarithms of a profile, on folds that keep the shares of both outcomes.

    - `profile`: by name, a level for each patient, not negative.
    - `outcome`: whether each patient has it.
    - `shuffles`: how often outcomes are dealt out at random; fewer than 40 cannot tell 97.5 %.

    Needs scikit-learn: `pip install 'tmefield[cohort]'`.

    **Raises** `InputError` where one of the outcomes has fewer patients than there are folds.
    """
    levels, had = logarithms(profile), np.asarray(outcome, bool)
    rarer = int(min(had.sum(), (~had).sum()))
    if rarer < folds:
        raise InputError(f"{folds} folds need {folds} patients of each outcome at least; there are {int(had.sum())} with it and {int((~had).sum())} without")
    score = _left_out(levels, had, folds, seed)
    auc = float(_area(had, score))
    stream = np.random.default_rng(seed)
    rows: list[np.ndarray] = []
    while len(rows) < DRAWS:
        drawn = stream.integers(0, len(had), len(had))
        if 0 < had[drawn].sum() < len(had):
            rows.append(drawn)
    again = np.stack(rows)
    dealt = []
    for index in range(shuffles):
        other = stream.permutation(had)
        dealt.append(_area(other, _left_out(levels, other, folds, seed + index)))
    low, high = np.quantile(_area(had[again], score[again]), [0.025, 0.975])
    return Prediction(auc, (float(low), float(high)), float(np.quantile(dealt, 0.975)), int(had.sum()), len(had))


def _area(had: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Area under the ROC curve along the last axis: the share of pairs of one with and one without in which the score is higher with, ties by half (Mann and
    Whitney).
    """
    from scipy.stats import rankdata

    positives, count = had.sum(axis=-1), had.shape[-1]
    ranks = (rankdata(score, axis=-1) * had).sum(axis=-1)
    return np.asarray((ranks - positives * (positives + 1) / 2) / (positives * (count - positives)))


def _left_out(levels: np.ndarray, had: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """For each patient the chance of the outcome by a regression that did not see it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, solver="newton-cholesky"))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(regression, levels, had, cv=split, method="predict_proba"))[:, 1]


def logarithms(profile: Mapping[str, Sequence[float] | np.ndarray]) -> np.ndarray:
    """Natural logarithms [patient, level]; what is below 1e-12 counts as that.

    **Raises** `InputError` for negative levels and columns of different length.
    """
    columns = [np.asarray(column, float) for column in profile.values()]
    if not columns or len({len(column) for column in columns}) != 1:
        raise InputError(f"a profile needs a level for each patient under every name; got {', '.join(profile) or 'none'}")
    if any((column < 0).any() for column in columns):
        raise InputError("levels of a profile must not be negative")
    return np.log(np.maximum(np.stack(columns, axis=1), LEAST))


@dataclass(frozen=True)
class Slope:
    """What e-fold more of a level goes with, in logarithms of the endpoint, and the central 95 % by drawing patients again.

    `prognostic`: the change of the endpoint without treatment. `predictive`: the change of the treatment's effect, ln(treated/untreated), the interaction of
    arm and level.
    """

    level: str
    arm: str
    prognostic: float
    prognostic_interval: tuple[float, float]
    predictive: float
    predictive_interval: tuple[float, float]


def effects(
    profile: Mapping[str, Sequence[float] | np.ndarray],
    control: Sequence[float] | np.ndarray,
    arms: Mapping[str, Sequence[float] | np.ndarray],
    *,
    seed: int = 0,
) -> list[Slope]:
    """Prognostic and predictive slopes of every level for every arm: least squares of ln y on the level alone, each patient in both arms.

    With y_0 without and y_1 with treatment, ln y_0 = a + p x and ln y_1 - ln y_0 = b + q x; p is prognostic, q predictive. In a trial, where a patient is in
    one arm only, q is the interaction of arm and level. Levels that are alike in all patients (within 1e-5) are left out.

    - `control`: the endpoint of each patient without treatment, above zero; `arms`: with each treatment.

    **Raises** `InputError` for endpoints that are not above zero or of another number of patients.
    """
    levels = logarithms(profile)
    untreated = np.asarray(control, float)
    treated = {name: np.asarray(column, float) for name, column in arms.items()}
    if any(len(column) != len(levels) or not (column > 0).all() for column in (untreated, *treated.values())):
        raise InputError(f"effects need an endpoint above zero for each of the {len(levels)} patients in every arm")
    again = np.random.default_rng(seed).integers(0, len(levels), (DRAWS, len(levels)))
    found = []
    for index, level in enumerate(profile):
        x = levels[:, index]
        if np.ptp(x) < ALIKE:
            continue
        prognostic = _slope(x, np.log(untreated), again)
        for arm, column in treated.items():
            found.append(Slope(level, arm, *prognostic, *_slope(x, np.log(column / untreated), again)))
    return found


def _slope(x: np.ndarray, y: np.ndarray, again: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Slope of y on x, and its interval over those of the rows `again` in which x differs."""
    again = again[np.ptp(x[again], axis=1) >= ALIKE]
    a, b = x[again] - x[again].mean(axis=1, keepdims=True), y[again] - y[again].mean(axis=1, keepdims=True)
    low, high = np.quantile((a * b).sum(axis=1) / (a**2).sum(axis=1), [0.025, 0.975])
    return float(np.dot(x - x.mean(), y - y.mean()) / np.dot(x - x.mean(), x - x.mean())), (float(low), float(high))
