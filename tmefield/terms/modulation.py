"""How concentrations turn rates up and down: Hill functions, receptor blockade, and the factors made of them."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from .term import not_negative

LARGEST_LOGARITHM = 40.0
"""Of (c/K)^(n - 1): H is 1 to the last bit from there, and its derivative zero."""


class Blockade(eqx.Module):
    """A drug at equilibrium with the receptor of a ligand, competing for it: the ligand counts as c/(1 + A/K_d), A the drug's concentration.

    **Arguments**

    - `drug`: the species that blocks.
    - `dissociation_constant`: K_d of drug and receptor, nM.
    """

    drug: str = eqx.field(static=True)
    dissociation_constant: Float[Array, ""]

    def __init__(self, drug: str, dissociation_constant: ArrayLike):
        self.drug = drug
        self.dissociation_constant = as_parameter(dissociation_constant, f"dissociation constant of {drug}", "nM", shapes=((),), positive=True)

    def factor(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."]:
        """1 + A/K_d."""
        return 1 + not_negative(concentration[self.drug]) / self.dissociation_constant


class Hill(eqx.Module):
    """H(c) = c^n/(K^n + c^n), the share of the greatest response; zero below c = 0, where an iterate may stand for a moment.

    **Arguments**

    - `species`: the ligand.
    - `half_maximum`: K, the EC50 or IC50, nM.
    - `exponent`: n, at least 1.
    - `blockade`: a drug that competes for the receptor: H(c/(1 + A/K_d)).
    - `edge`: id of the edge of the regulation network that it belongs to, for reports.

    **Raises** `InputError` for an exponent below 1 (the response would rise without bound at c = 0) or a half maximum that is not above zero.
    """

    species: str = eqx.field(static=True)
    half_maximum: Float[Array, ""]
    exponent: Float[Array, ""]
    blockade: Blockade | None
    edge: str = eqx.field(static=True)

    def __init__(self, species: str, half_maximum: ArrayLike, exponent: ArrayLike = 1.0, blockade: Blockade | None = None, edge: str = ""):
        self.species, self.edge = species, edge
        self.half_maximum = as_parameter(half_maximum, f"half maximum of the response to {species}", "nM", shapes=((),), positive=True)
        self.exponent = as_parameter(exponent, f"Hill exponent of the response to {species}", "1", shapes=((),), at_least=1.0)
        self.blockade = blockade

    @property
    def reads(self) -> tuple[str, ...]:
        """The ligand, and the drug that blocks it."""
        return (self.species,) if self.blockade is None else (self.species, self.blockade.drug)

    def __call__(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."]:
        """H at these concentrations (nM)."""
        x = not_negative(concentration[self.species]) / self.half_maximum
        if self.blockade is not None:
            x = x / self.blockade.factor(concentration)
        # x^n as x times x^(n - 1): so the slope at x = 0 is right for n = 1 too.
        power = jnp.minimum((self.exponent - 1) * jnp.log(jnp.where(x > 0, x, 1)), LARGEST_LOGARITHM)
        p = x * jnp.where(x > 0, jnp.exp(power), jnp.where(self.exponent > 1, 0.0, 1.0))
        return p / (1 + p)


class Modulation(eqx.Module):
    """A factor on a rate: basal + (saturated - basal) H, H the product of Hill functions (an AND gate where there are several).

    With basal 1: `saturated` above 1 raises the rate, below 1 lowers it; 0 is 1/(1 + (c/K)^n). What a *lack* raises has `basal` above 1 and `saturated` 1:
    so hypoxia, which raises VEGF 7.15 times, is `Modulation(Hill("O2", K), saturated=1, basal=7.15)`.

    **Arguments**

    - `hill`: one `Hill`, or several whose product counts.
    - `saturated`: the factor at saturating ligand, E_max.
    - `basal`: the factor without ligand.

    **Raises** `InputError` for a negative factor.
    """

    hills: tuple[Hill, ...]
    saturated: Float[Array, ""]
    basal: Float[Array, ""]

    def __init__(self, hill: Hill | Sequence[Hill], saturated: ArrayLike, basal: ArrayLike = 1.0):
        self.hills = (hill,) if isinstance(hill, Hill) else tuple(hill)
        if not self.hills:
            raise InputError("a Modulation needs at least one Hill function")
        who = " and ".join(one.species for one in self.hills)
        self.saturated = as_parameter(saturated, f"factor at saturating {who}", "1", shapes=((),))
        self.basal = as_parameter(basal, f"factor without {who}", "1", shapes=((),))

    @property
    def reads(self) -> tuple[str, ...]:
        """Every species that it depends on."""
        return tuple(dict.fromkeys(name for one in self.hills for name in one.reads))

    def __call__(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."]:
        """The factor at these concentrations (nM)."""
        share = self.hills[0](concentration)
        for one in self.hills[1:]:
            share = share * one(concentration)
        return self.basal + (self.saturated - self.basal) * share
