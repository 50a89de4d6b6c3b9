"""Neutralisation by an antibody in excess: what binding takes for good where complexes are cleared in place."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from .term import AbstractTerm, Medium, Rates, not_negative


class Neutralisation(AbstractTerm):
    """L = phi k_on A k_b/(k_b + k_off): ligand that an antibody of concentration A binds and that is cleared with it, at the rate k_b, before it is let go.

    `Binding` between ligand, antibody and complex, with the complex at steady state where it is made (it does not move before it is cleared or falls apart)
    and the antibody so much in excess that the ligand takes none of it away. The antibody's field is then its own, and the ligand's equation linear in it.
    With one place and all mixed it gives free/c_0 = k (k_b + k_off)/[k (k_b + k_off) + k_on A k_b] for a ligand lost at the rate k.

    **Arguments**

    - `ligand`, `antibody`: species of the model.
    - `on_rate`: k_on, 1/(nM s).
    - `off_rate`: k_off, 1/s.
    - `clearance`: k_b of the complex, 1/s. Where it is zero complexes fill up until binding takes nothing.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    antibody: str = eqx.field(static=True)
    on_rate: Float[Array, ""]
    off_rate: Float[Array, ""]
    clearance: Float[Array, ""]
    saturable: ClassVar[bool] = True

    def __init__(self, ligand: str, antibody: str, on_rate: ArrayLike, off_rate: ArrayLike, clearance: ArrayLike):
        self.acts_on, self.antibody = (ligand,), antibody
        self.on_rate = as_parameter(on_rate, f"binding rate of {antibody}", "1/(nM s)", shapes=((),))
        self.off_rate = as_parameter(off_rate, f"unbinding rate of {antibody}", "1/s", shapes=((),), positive=True)
        self.clearance = as_parameter(clearance, f"clearance of {ligand} bound to {antibody}", "1/s", shapes=((),))

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: the loss coefficient does not depend on the ligand itself."""
        return True

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractTerm`."""
        return (self.antibody,)

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"neutralisation by {self.antibody}"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        kept = self.clearance / (self.clearance + self.off_rate)
        loss = medium.volume_fraction * self.on_rate * kept * not_negative(concentration[self.antibody])
        return {self.acts_on[0]: Rates(jnp.zeros_like(kept), loss)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
