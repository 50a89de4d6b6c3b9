"""Two species bind reversibly: soluble receptors and decoys, an antibody and its ligand, a ligand and sites of the matrix."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from .term import AbstractTerm, Medium, Rates, not_negative


class Binding(AbstractTerm):
    """a + b <-> ab in the fluid:

        P_a = P_b = phi k_off ab,   P_ab = phi k_on a b,   L_a = phi k_on b,   L_b = phi k_on a,   L_ab = phi k_off

    Below a concentration of zero, where an iterate may stand for a moment, a partner counts as absent. Where one partner is in such excess that binding does
    not change it, two `Conversion` say the same in proportion, and the solve is cheaper.

    **Arguments**

    - `a`, `b`: the partners; with `Species(..., immobile=True)` sites of the matrix.
    - `complex`: what they form (immobile where a partner is).
    - `on_rate`: k_on, 1/(nM s); a number or a field [z, y, x].
    - `off_rate`: k_off, 1/s; a number or a field [z, y, x].
    - `label`: its name in the budget; "binding of A and B" if not given.

    **Raises** `InputError` where the three are not different species, or a mobile complex holds an immobile partner.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    on_rate: Float[Array, "..."]
    off_rate: Float[Array, "..."]
    title: str = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(self, a: str, b: str, complex: str, on_rate: ArrayLike, off_rate: ArrayLike, label: str | None = None):
        if len({a, b, complex}) < 3:
            raise InputError(f"a Binding needs three different species; got {a}, {b} and {complex}")
        self.acts_on = (a, b, complex)
        self.title = f"binding of {a} and {b}" if label is None else label
        self.on_rate = as_parameter(on_rate, f"on rate of the {self.title}", "1/(nM s)")
        self.off_rate = as_parameter(off_rate, f"off rate of the {self.title}", "1/s")

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: with the two others held, each is lost in proportion."""
        return True

    @property
    def converts(self) -> bool:
        """See `AbstractTerm`."""
        return True

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return self.title

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        one, other, both = self.acts_on
        a, b, ab = (not_negative(concentration[name]) for name in self.acts_on)
        on, off = medium.volume_fraction * self.on_rate, medium.volume_fraction * self.off_rate
        return {one: Rates(off * ab, on * b), other: Rates(off * ab, on * a), both: Rates(on * a * b, off)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.on_rate, f"on rate of the {self.title}", "1/(nM s)", shapes=((), shape))
        as_parameter(self.off_rate, f"off rate of the {self.title}", "1/s", shapes=((), shape))
        one, other, both = (medium.species[name] for name in self.acts_on)
        if (one.immobile or other.immobile) and not both.immobile:
            raise InputError(f"{both.name} holds {one.name if one.immobile else other.name}, which is immobile: it has to be immobile too")
