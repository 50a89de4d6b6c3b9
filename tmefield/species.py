"""A diffusing species: its transport parameters, and what kind of substance it is."""

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .checks import as_parameter
from .errors import InputError


class Species(eqx.Module):
    """A solute of the interstitial fluid, or what is bound in the tissue.

    **Arguments**

    - `name`: short identifier, the key under which terms and outputs know the species.
    - `diffusivity`: effective diffusivity D in the pore fluid, um2/s; a number or a field [z, y, x]. Not for what is immobile.
    - `decay`: extracellular decay rate k, 1/s, used by `Decay`.
    - `molecular_weight`: kDa, for mass concentrations; None where it is not known.
    - `species_class`: "cytokine", "antibody" or "oxygen": decides which mean concentrations are plausible.
    - `retardation`: R = (free + bound)/free for reversible binding to the matrix at equilibrium, 1 + S/K_d with S the density of sites in the fluid, nM; a
      number or a field [z, y, x]. It multiplies what a change of c stores, phi R dc/dt, and nothing else: the steady field is unchanged, bound ligand
      being neither lost nor taken up. c is the free concentration; the tissue holds phi R c.
    - `immobile`: True for what is bound in the tissue (a store in the matrix, receptors on cells): it neither diffuses nor goes with a flow nor
      through walls, and c counts it per volume of interstitial fluid all the same.

    **Raises** `InputError` for an empty name, a negative or non-finite rate, a retardation below 1, a diffusivity that is missing, or
    given for what is immobile.
    """

    name: str = eqx.field(static=True)
    diffusivity: Float[Array, "..."]
    decay: Float[Array, "..."]
    molecular_weight: float | None = eqx.field(static=True)
    species_class: str = eqx.field(static=True)
    retardation: Float[Array, "..."] | None
    immobile: bool = eqx.field(static=True)

    def __init__(
        self,
        name: str,
        diffusivity: ArrayLike | None = None,
        decay: ArrayLike = 0.0,
        molecular_weight: float | None = None,
        species_class: str = "cytokine",
        retardation: ArrayLike | None = None,
        immobile: bool = False,
    ):
        if not isinstance(name, str) or not name:
            raise InputError(f"a species needs a name; got {name!r}")
        if species_class not in ("cytokine", "antibody", "oxygen"):
            raise InputError(f"{name}: species_class must be cytokine, antibody or oxygen; got {species_class!r}")
        if molecular_weight is not None and not molecular_weight > 0:
            raise InputError(f"{name}: molecular_weight must be above zero (kDa); got {molecular_weight!r}")
        if immobile and diffusivity is not None:
            raise InputError(f"{name} is immobile and takes no diffusivity; leave it out")
        if not immobile and diffusivity is None:
            raise InputError(f"{name}: diffusivity is missing (um2/s); immobile=True is for what does not move")
        self.name = name
        self.diffusivity = as_parameter(0.0 if diffusivity is None else diffusivity, f"diffusivity of {name}", "um2/s")
        self.decay = as_parameter(decay, f"decay of {name}", "1/s")
        self.molecular_weight = molecular_weight
        self.species_class = species_class
        self.retardation = None if retardation is None else as_parameter(retardation, f"retardation of {name} (1 is no binding)", "1", at_least=1.0)
        self.immobile = immobile

    @classmethod
    def from_library(cls, name: str) -> "Species":
        """The species of the library under this name or alias, with its default parameters (see `tmefield info NAME`)."""
        from .library import species as lookup

        record = lookup(name)
        value = {key: parameter.internal for key, parameter in record.parameters.items() if key in ("diffusivity", "decay", "molecular_weight")}
        return cls(record.id, value["diffusivity"], value.get("decay", 0.0), value.get("molecular_weight"), record.species_class)
