"""A term around another: what it is, is what the inner one is."""

import equinox as eqx

from .term import AbstractTerm, Medium


class AbstractWrapper(AbstractTerm):
    """A term that changes the size of the rates of `term`, and nothing else of it: a subclass gives `rates` and `label`."""

    term: eqx.AbstractVar[AbstractTerm]

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
    def local(self) -> bool:
        """See `AbstractTerm`."""
        return self.term.local

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return self.term.jumps

    def fitted(self, medium: Medium) -> AbstractTerm:
        """See `AbstractTerm`."""
        return eqx.tree_at(lambda one: one.term, self, self.term.fitted(medium))

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        self.term.check(shape, medium)


def unwrapped(term: AbstractTerm) -> AbstractTerm:
    """The mechanism itself, out of whatever is wrapped around it."""
    while isinstance(term, AbstractWrapper):
        term = term.term
    return term
