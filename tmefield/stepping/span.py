"""One time step as data: what is recorded of it, and all that a replay needs."""

from typing import NamedTuple

from jaxtyping import Array, Float, Int

from ..terms.term import Moment


class Span(NamedTuple):
    """A step.

    - `start`, `dt`: s.
    - `within`: a time inside the stretch without jumps that holds the step.
    - `size`: index of the number of stages (explicit method), else 0.
    """

    start: Float[Array, "..."]
    dt: Float[Array, "..."]
    within: Float[Array, "..."]
    size: Int[Array, "..."]

    def moment(self, share: float | Float[Array, ""] = 0.0) -> Moment:
        """The moment this share of the step after its start."""
        return Moment(self.start + share * self.dt, self.within)
