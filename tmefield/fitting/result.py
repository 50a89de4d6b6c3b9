"""What comes out of a fit."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import NumericsError
from ..model import Model
from ..status import Status
from .identifiability import LOOSEST, Identifiability, identifiability, table
from .intervals import Interval, intervals
from .problem import Problem, predictions
from .reach import WIDE, open_sides

POOR = 2.0
"""Chi^2 per degree of freedom above which noise and model do not explain the data."""

STUCK = "stuck away from a minimum, at the edge of what can be solved"


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a fit stands after a step.

    - `step`; `history`: loss r.r/2 of the best start after each step; `loss`, `gradient` (its greatest component), `z`: of the best start.
    - `losses`: of every start; `seconds`: so far; `converged`, `reason`: whether the best start has converged, and why it ended.
    """

    step: int
    history: tuple[float, ...]
    loss: float
    gradient: float
    losses: tuple[float, ...]
    seconds: float
    z: np.ndarray | None
    converged: bool
    reason: str


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimates, and how far to trust them.

    - `values`: by parameter, in internal units; `intervals`: of each that is a number (`Interval`); `identifiability`: at the estimate.
    - `chi2`: sum of squared residuals of the data; `freedom`: data less parameters, data that may lie below detection counted as their squared residuals are
      on average (`AbstractNoise.expected_square`), to the nearest whole number; `warnings`: what one has to know.
    - `predictions`, `residuals`: by observation; `progress`: how it got there (converged, steps, losses of all starts, seconds).
    """

    problem: Problem
    progress: Progress
    values: dict[str, Any]
    intervals: dict[str, Interval]
    identifiability: Identifiability | None
    chi2: float
    freedom: int
    predictions: dict[str, np.ndarray]
    residuals: dict[str, np.ndarray]
    inflation: float = 1.0
    warnings: tuple[str, ...] = field(default=())

    @property
    def converged(self) -> bool:
        """Whether the best start met the tolerance."""
        return self.progress.converged

    @property
    def z(self) -> Float[Array, " n"]:
        """The estimate in the optimiser's coordinate."""
        return jnp.asarray(self.progress.z)

    def models(self) -> dict[str | None, Model]:
        """The models at the estimate, by image (None where there is one)."""
        return self.problem.models(self.problem.parameters.values(self.z))

    def summary(self) -> dict[str, Any]:
        """All of it ready for JSON, but for fields and data."""
        found = self.identifiability
        return {
            "converged": self.converged,
            "reason": self.progress.reason,
            "steps": self.progress.step,
            "loss": self.progress.loss,
            "chi2": self.chi2,
            "degrees_of_freedom": self.freedom,
            "losses_of_starts": list(self.progress.losses),
            "parameters": {name: one.summary() for name, one in self.intervals.items()},
            "spectrum": [] if found is None else table(self.problem.parameters, found),
            "undetermined": [] if found is None else found.words(),
            "suggestions": [] if found is None else found.suggestions(),
            "warnings": list(self.warnings),
        }


def conclude(problem: Problem, progress: Progress, *, rescale: bool = False) -> Fit:
    """The fit at the vector that an optimiser found: predictions, residuals, information, intervals and warnings.

    **Raises** `NumericsError` where the model cannot be solved there.
    """
    free, z = problem.parameters, jnp.asarray(progress.z)
    values = free.values(z)
    predicted, status = predictions(problem, z)
    if int(status) != int(Status.CONVERGED):
        raise NumericsError(f"the model cannot be solved at the estimate: {Status(int(status)).explanation}")
    read, off, counted = {}, {}, 0.0
    for one, p in zip(problem.observations, predicted, strict=True):
        read[one.name] = np.asarray(p)
        off[one.name] = np.asarray(one.noise.residuals(p, one.data))
        counted += float(one.noise.expected_square(p).sum())
    chi2 = float(sum((one.astype(np.float64) ** 2).sum() for one in off.values()))
    freedom = round(counted) - len(free.numbers)
    inflation = max(chi2 / freedom, 0.0) if rescale and freedom > 0 else 1.0
    numbers = tuple(one for one in free.all if one.shape == ())
    found = identifiability(problem, values) if numbers else None
    places = dict(zip([one.name for one in numbers], free.numbers, strict=True))
    u = free.natural(z)
    at, free_at = ({name: float(vector[place]) for name, place in places.items()} for vector in (u, z))
    loose = {} if found is None else open_sides(problem, z, progress.loss, _wide(found, inflation), inflation)
    told = {} if found is None else intervals(found, numbers, at, free_at, inflation, loose)
    said = _warnings(progress, told, found, chi2, freedom, rescale)
    said += [
        f"{name}: a factor of ten {' and '.join(sides)} its estimate fits the data as well, so that there is no interval; fix it, or add what depends on it"
        for name, sides in loose.items()
    ]
    for one in said:
        warnings.warn(one, stacklevel=3)
    plain = {name: float(value) if value.ndim == 0 else np.asarray(value) for name, value in values.items()}
    return Fit(problem, progress, plain, told, found, chi2, freedom, read, off, inflation, tuple(said))


def _wide(found: Identifiability, inflation: float) -> list[tuple[str, float]]:
    """Parameters whose interval is wide, but for those that have none already."""
    return [(name, float(scale)) for name, sd, scale in zip(found.names, found.deviations(inflation), found.scales, strict=True) if WIDE < sd <= LOOSEST]


def _warnings(progress: Progress, told: dict[str, Interval], found: Identifiability | None, chi2: float, freedom: int, rescale: bool) -> list[str]:
    remedy = "take another start, or bounds that keep it solvable" if progress.reason == STUCK else "allow more steps"
    said = [] if progress.converged else [f"the fit has not converged: {progress.reason} (gradient {progress.gradient:.1e}); {remedy}"]
    bound = [name for name, one in told.items() if one.status == "at bound"]
    if bound:
        said.append(f"at their bounds: {', '.join(bound)}; no interval is told, widen the bounds if they are not meant")
    if found is not None and found.undetermined and found.undetermined_parameters():
        said += [*found.words(), *found.suggestions()]
    if not rescale and freedom > 0 and chi2 / freedom > POOR:
        said.append(
            f"chi^2 is {chi2 / freedom:.2g} per degree of freedom: the noise is larger than given or the model does not explain the data; "
            "intervals are too narrow (rescale=True widens them)"
        )
    return said
