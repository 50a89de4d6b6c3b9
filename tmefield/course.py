"""A quantity given at some times: an infusion, a pulse of secretion, a concentration in the blood plasma."""

from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .checks import as_parameter
from .errors import InputError

KINDS = ("constant", "linear", "exponential")


class AbstractCourse(eqx.Module):
    """A quantity in time, known beforehand: of one point in space, the same whatever the fields do."""

    @property
    @abstractmethod
    def jumps(self) -> tuple[float, ...]:
        """Times at which the course jumps or bends, s: time steps end there."""

    @abstractmethod
    def at(self, time: Float[Array, ""], within: Float[Array, ""]) -> Float[Array, ""]:
        """The value at `time` of the piece that holds around `within` (s): one side or the other where the course jumps at `time` itself."""


class TimeCourse(AbstractCourse):
    """Values at times, and what holds between them; before the first time the first value, after the last time the last.

    Between t_i and t_{i+1}: "constant" holds v_i, "linear" joins the values, "exponential" joins their logarithms,
    v_i (v_{i+1}/v_i)^((t - t_i)/(t_{i+1} - t_i)), as plasma concentrations fall.

    **Arguments**

    - `times`: increasing, s; static.
    - `values`: not negative (above zero for "exponential"), in the unit of what they stand for; differentiable.
    - `between`: "constant", "linear" or "exponential".

    **Raises** `InputError` for times that do not increase, or values that do not fit them.
    """

    times: tuple[float, ...] = eqx.field(static=True)
    values: Float[Array, " n"]
    between: str = eqx.field(static=True)

    def __init__(self, times: Sequence[float] | np.ndarray, values: ArrayLike | Sequence[ArrayLike], between: str = "constant"):
        given = np.asarray(times, dtype=float)
        if given.ndim != 1 or given.size < 1 or not np.isfinite(given).all() or (np.diff(given) <= 0).any():
            raise InputError(f"times of a TimeCourse must be finite, increasing numbers in s; got {times!r}")
        if between not in KINDS:
            raise InputError(f"between of a TimeCourse must be {', '.join(KINDS)}; got {between!r}")
        self.times = tuple(float(time) for time in given)
        unit = "the unit of what they stand for"
        self.values = as_parameter(values, "values of a TimeCourse", unit, shapes=((given.size,),), positive=between == "exponential")
        self.between = between

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractCourse`."""
        return self.times

    def at(self, time: Float[Array, ""], within: Float[Array, ""]) -> Float[Array, ""]:
        """See `AbstractCourse`."""
        dtype = self.values.dtype
        times = jnp.asarray(self.times, dtype)
        piece = jnp.sum(times <= within, dtype=jnp.int32) - 1
        low = jnp.clip(piece, 0, len(self.times) - 1)
        if self.between == "constant":
            return self.values[low]
        high = jnp.clip(piece + 1, 0, len(self.times) - 1)
        inside = high > low
        share = jnp.where(inside, (time - times[low]) / jnp.where(inside, times[high] - times[low], 1), 0)
        if self.between == "linear":
            return self.values[low] + share * (self.values[high] - self.values[low])
        return self.values[low] * jnp.exp(share * jnp.log(self.values[high] / self.values[low]))


class ScaledCourse(AbstractCourse):
    """factor times another course: a dose that is given in part.

    **Arguments**

    - `course`: the quantity at factor 1.
    - `factor`: not negative; differentiable.
    """

    course: AbstractCourse
    factor: Float[Array, ""]

    def __init__(self, course: AbstractCourse, factor: ArrayLike):
        self.course = course
        self.factor = as_parameter(factor, "factor on a course", "1", shapes=((),))

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractCourse`."""
        return self.course.jumps

    def at(self, time: Float[Array, ""], within: Float[Array, ""]) -> Float[Array, ""]:
        """See `AbstractCourse`."""
        return self.factor * self.course.at(time, within)


class SummedCourse(AbstractCourse):
    """baseline + the sum of other courses: what the plasma holds anyway, and what is given.

    **Arguments**

    - `courses`: what adds up.
    - `baseline`: not negative, in the unit of the courses; differentiable.
    """

    courses: tuple[AbstractCourse, ...]
    baseline: Float[Array, ""]

    def __init__(self, courses: Sequence[AbstractCourse], baseline: ArrayLike = 0.0):
        self.courses = tuple(courses)
        self.baseline = as_parameter(baseline, "baseline of a course", "the unit of the course", shapes=((),))

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractCourse`."""
        return tuple(sorted({when for one in self.courses for when in one.jumps}))

    def at(self, time: Float[Array, ""], within: Float[Array, ""]) -> Float[Array, ""]:
        """See `AbstractCourse`."""
        return self.baseline + sum((one.at(time, within) for one in self.courses), jnp.zeros_like(self.baseline))
