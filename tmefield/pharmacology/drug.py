"""A drug: what is known of it, and the pieces of a model that it is made of."""

from collections.abc import Sequence
from typing import Any

from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .. import library
from ..errors import InputError
from ..library.permeability import two_pore_permeability
from ..species import Species
from ..terms import AbstractTerm, Binding, Blockade, ReceptorUptake, VascularExchange
from .amounts import quantity
from .doses import Dose
from .kinetics import Absorption, AbstractKinetics, OneCompartment, TwoCompartment
from .occupancy import bound_fraction, receptor_occupancy
from .plasma import PlasmaCourse
from .values import complex_name, complex_values, drug_values, needed

EXTRAVASCULAR = ("sc", "im", "ip")


class Drug:
    """A drug with its numbers, and what it adds to a model: species, plasma course, terms. Each piece can be taken alone, or replaced by one's own.

    - One that *neutralises* its target binds it in the fluid: a species of its own, a second one that is the complex, and `Binding` between them.
    - One that *blocks* the target's receptor is a species of its own; `blockade()` goes into the target's `ReceptorUptake` and `Hill`.
    - One that *supplies* its target is that species: a cytokine given as a drug.
    - One with action *none* is carried and cleared.

    One drug molecule counts as one binding site.

    **Arguments**

    - `name`: of the species; short.
    - `action`: "neutralises", "blocks", "supplies" or "none".
    - `target`: the ligand, a species of the model; None for action "none".
    - `values`: any of `tmefield.library.drug_records.DRUG_PARAMETERS`, numbers in internal units (kDa, um2/s, 1/s, um/s, nM, 1/(nM s), L, L/s, kg) or text
      with units: `clearance="0.3 L/day"`. Diffusivity and permeability follow from the molecular weight where they are not given, the
      loss of the complex is the drug's own where it is not given. Two compartments where `peripheral_volume` is given.

    **Raises** `InputError` for an unknown action or value; and, where a number is needed that is not there, with the way to give it.
    """

    def __init__(self, name: str, action: str, target: str | None = None, **values: Any):
        self.name, self.action, self.target = name, action, target
        self.values = drug_values(name, action, target, values)

    @classmethod
    def from_library(cls, name: str, **values: Any) -> "Drug":
        """The drug of the library under this name or alias (`tmefield info NAME`); `values` take the place of the library's."""
        record = library.drug(name)
        return cls(record.id, record.action, record.target, **{**{key: one.internal for key, one in record.parameters.items()}, **values})

    def __getitem__(self, key: str) -> Any:
        """The number of this name, in its internal unit.

        **Raises** `InputError` where it is not known.
        """
        return needed(self.name, self.values, key)

    @property
    def carrier(self) -> str:
        """The species that carries the drug: the target itself where the drug supplies it."""
        return self.target if self.action == "supplies" and self.target is not None else self.name

    @property
    def complex(self) -> str:
        """The species of drug and ligand bound to each other.

        **Raises** `InputError` for a drug that does not neutralise its target.
        """
        if self.action != "neutralises":
            raise InputError(f"{self.name} forms no complex in the fluid: it has the action '{self.action}'")
        return complex_name(self.name, str(self.target))

    def species(self) -> list[Species]:
        """The drug, and the complex where there is one; of a drug that supplies its target, that species of the library."""
        if self.action == "supplies":
            return [Species.from_library(self.carrier)]
        own = Species(self.name, self["diffusivity"], self.values.get("decay", 0.0), self["molecular_weight"], "antibody")
        if self.action != "neutralises":
            return [own]
        bound = complex_values(self.name, str(self.target), self.values)
        return [own, Species(self.complex, bound["diffusivity"], bound["decay"], bound["molecular_weight"], "antibody")]

    def kinetics(self) -> AbstractKinetics:
        """The body: two compartments where `peripheral_volume` is known, else one."""
        if "peripheral_volume" in self.values:
            return TwoCompartment(self["volume"], self["clearance"], self["peripheral_volume"], self["intercompartmental_clearance"])
        return OneCompartment(self["volume"], self["clearance"])

    def plasma(self, doses: Sequence[Dose], body_weight: Any = None, body_surface: float | None = None, baseline: ArrayLike = 0.0) -> PlasmaCourse:
        """The plasma concentration after doses; `body_weight` in kg or as text ("70 kg"), `body_surface` in m2, where doses are per kg or m2.

        **Raises** `InputError` where volume, clearance, or for a dose under the skin its absorption, is not known.
        """
        body = {
            "molecular_weight": self.values.get("molecular_weight"),
            "body_weight": quantity(body_weight, "mass", "body_weight"),
            "body_surface": body_surface,
            "mass_per_unit": self.values.get("mass_per_IU"),
            "key": f"dose of {self.name}",
        }
        given = [dose.in_nmol(**body) for dose in doses]
        absorbed = {dose.route for dose in given} & set(EXTRAVASCULAR)
        absorption = {route: Absorption(self["absorption_rate"], self["bioavailability"]) for route in sorted(absorbed)}
        return PlasmaCourse(self.kinetics(), given, absorption, baseline)

    def terms(self, vessels: Any = None, plasma: Any = 0.0, **exchange: Any) -> list[AbstractTerm]:
        """The exchange of the drug with `vessels` at the concentration `plasma` (nothing where there are none), and its binding to the ligand.

        `vessels`, `plasma` and `exchange` as in `VascularExchange`. The complex leaves by its decay alone.
        """
        terms: list[AbstractTerm] = []
        if vessels is not None:
            terms.append(VascularExchange(self.carrier, vessels, self._permeability(), plasma, **exchange))
        if self.action == "neutralises":
            terms.append(Binding(str(self.target), self.name, self.complex, self["k_on"], self["k_on"] * self["K_D"]))
        return terms

    def _permeability(self) -> Any:
        if self.action != "supplies" or "permeability" in self.values:
            return self["permeability"]
        known = library.species(self.carrier).parameters.get("permeability")
        return two_pore_permeability(self["molecular_weight"]) if known is None else known.internal

    def blockade(self) -> Blockade:
        """What goes into `ReceptorUptake` and `Hill` of the target.

        **Raises** `InputError` for a drug that does not block a receptor.
        """
        if self.action != "blocks":
            raise InputError(f"{self.name} blocks no receptor: it has the action '{self.action}'")
        return Blockade(self.name, self["K_D"])

    def target_uptake(self, density: ArrayLike, receptors: ArrayLike, internalisation: ArrayLike, sink: str | None = None) -> ReceptorUptake:
        """The loss of a drug that blocks a receptor with that receptor, n R k_int A/(K_D + A); arguments as in `ReceptorUptake`."""
        return ReceptorUptake(self.name, density, receptors, internalisation, self.blockade().dissociation_constant, sink=sink)

    def occupancy(self, fields: Any) -> Float[Array, "..."]:
        """The share of the target that the drug holds, in every voxel of a solution or trajectory: of the receptor A/(K_D + A), of the ligand
        complex/(free + complex).

        **Raises** `InputError` for a drug that holds no target.
        """
        if self.action == "neutralises":
            return bound_fraction(fields[self.complex], fields[str(self.target)])
        return receptor_occupancy(fields[self.name], self.blockade().dissociation_constant)
