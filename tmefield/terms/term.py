"""What a term is: one local mechanism, in production/loss form."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..species import Species


def not_negative(concentration: Float[Array, "..."]) -> Float[Array, "..."]:
    """The concentration, zero where an iterate stands below zero for a moment; its derivative at zero is one (half of it in `maximum`)."""
    return jnp.where(concentration < 0, 0, concentration)


class Rates(NamedTuple):
    """What a term does to one species, per volume of tissue: `production` P, nM/s, and `loss` coefficient L, 1/s.

    Both are numbers or fields [z, y, x] and not negative; the balance reads P - L c.
    """

    production: Float[Array, "..."]
    loss: Float[Array, "..."]


class Moment(eqx.Module):
    """When rates are asked for: at `time` (s), inside the time step around `within` (s).

    Forcing may jump at `time` itself; `within` then says which side is meant, since no step reaches across a jump.
    """

    time: Float[Array, ""]
    within: Float[Array, ""]


class Medium(eqx.Module):
    """What a term may know of its surroundings: the fluid's volume fraction, the species, the time, the voxel volume (um3)."""

    volume_fraction: Float[Array, "..."]
    species: dict[str, Species]
    moment: Moment
    voxel_volume: float = eqx.field(static=True)


class AbstractTerm(eqx.Module):
    """A local mechanism that makes or removes species.

    A new mechanism is a subclass in a file of its own: `acts_on` names the species it changes (empty: every species),
    `saturable` says whether its rates depend on concentrations, and `rates` gives them. `reads` names further species whose
    concentrations the rates depend on: then species have to be solved together. `jumps` are times (s) at which the rates jump.
    """

    acts_on: eqx.AbstractVar[tuple[str, ...]]
    saturable: eqx.AbstractVar[bool]

    @property
    def monotone(self) -> bool:
        """Whether the term leaves one steady state of each species that it acts on while all others are held.

        So where what it makes of a species does not rise, and what it takes does not fall, with that species' own concentration. Otherwise, and where
        species act on each other in a circle (`drives`), the steady solve follows pseudo-time from its start, since there may be several.
        """
        return not self.saturable

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """Pairs (a, b) of different species: the rates of b depend on the concentration of a. Only for a term that names what it acts on."""
        if not self.saturable:
            return ()
        return tuple((a, b) for b in self.acts_on for a in dict.fromkeys((*self.reads, *self.acts_on)) if a != b)

    @property
    def converts(self) -> bool:
        """Whether the term only turns species into others: what it makes of one it takes of another, in proportion or by mass action.

        Species that act on each other in a circle of such terms alone count as having one steady state. In proportion, no more comes out of a circle
        than goes in, and there is but one; a single reversible binding in a mixed volume has one whatever its rates (Craciun & Feinberg 2006,
        doi:10.1137/050634177). Of several bindings that share partners, with conversions between their complexes, that is not proven.
        """
        return False

    @property
    def local(self) -> bool:
        """Whether the rates in a voxel depend on the concentrations in that voxel alone."""
        return True

    def fitted(self, medium: Medium) -> "AbstractTerm":
        """The term as it serves in this medium; a model asks for it once."""
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """Species, beside those it acts on, on whose concentrations the rates depend."""
        return ()

    @property
    def jumps(self) -> tuple[float, ...]:
        """Times at which the rates jump, s."""
        return ()

    @property
    @abstractmethod
    def label(self) -> str:
        """The name under which the mass budget lists this term."""

    @abstractmethod
    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """Production and loss for each species that the term changes, at the given concentrations (nM)."""

    @abstractmethod
    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """Raise `InputError` where the term does not fit a grid of this shape or these species."""
