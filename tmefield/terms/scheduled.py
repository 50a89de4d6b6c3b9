"""A mechanism that is switched on and off, or turned up and down, in time."""

from collections.abc import Mapping

from jaxtyping import Array, Float

from ..course import AbstractCourse
from .term import AbstractTerm, Medium, Rates


class Scheduled(AbstractTerm):
    """Production and loss of `term`, times the value of `course` (1) at the moment: an infusion, a pulse of secretion.

    **Arguments**

    - `term`: any mechanism.
    - `course`: the factor, a `TimeCourse`.
    """

    term: AbstractTerm
    course: AbstractCourse

    @property
    def acts_on(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `AbstractTerm`."""
        return self.term.acts_on

    @property
    def saturable(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `AbstractTerm`."""
        return self.term.saturable

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractTerm`."""
        return self.term.reads

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`."""
        return self.term.monotone

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """See `AbstractTerm`."""
        return self.term.drives

    @property
    def converts(self) -> bool:
        """See `AbstractTerm`."""
        return self.term.converts

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

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        self.term.check(shape, medium)
