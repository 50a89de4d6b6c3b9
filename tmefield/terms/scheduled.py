"""A mechanism that is switched on and off, or turned up and down, in time."""

from collections.abc import Mapping

from jaxtyping import Array, Float

from ..course import AbstractCourse
from .term import AbstractTerm, Medium, Rates
from .wrapper import AbstractWrapper


class Scheduled(AbstractWrapper):
    """Production and loss of `term`, times the value of `course` (1) at the moment: an infusion, a pulse of secretion.

    **Arguments**

    - `term`: any mechanism.
    - `course`: the factor, a `TimeCourse`.
    """

    term: AbstractTerm
    course: AbstractCourse

    def __init__(self, term: AbstractTerm, course: AbstractCourse):
        self.term, self.course = term, course

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return tuple(sorted({*self.term.jumps, *self.course.jumps}))

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"scheduled {self.term.label}"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        factor = self.course.at(medium.moment.time, medium.moment.within)
        return {name: Rates(factor * one.production, factor * one.loss) for name, one in self.term.rates(concentration, medium).items()}
