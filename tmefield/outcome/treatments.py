"""What can be given: drugs through the vessels, and cytokines put into the tissue."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .. import library, units
from ..checks import as_parameter
from ..course import AbstractCourse, ScaledCourse, TimeCourse
from ..errors import InputError
from ..pharmacology.drug import Drug
from ..pharmacology.occupancy import receptor_occupancy
from ..regulation import RegulationEdge, RegulationNetwork
from ..species import Species
from ..terms import AbstractTerm, Blockade, Linear, Neutralisation, PerCell, Scheduled, VascularExchange
from .signals import ENDOTHELIUM, WALL_PER_CELL


class AbstractTreatment(eqx.Module):
    """Something that an arm gives in full (dose 1), in part, or not at all (dose 0): the tissue is made of the same pieces in every arm, so that all share
    one compilation and the dose can be differentiated.
    """

    def needs(self, network: RegulationNetwork) -> tuple[str, ...]:
        """Cytokines and populations that the tissue has to have for it to act."""
        return ()

    @property
    def species(self) -> tuple[Species, ...]:
        """Species of its own that it brings into the model."""
        return ()

    @property
    def blockades(self) -> dict[str, Blockade]:
        """By ligand, the blockade of its receptor."""
        return {}

    def plasma(self, dose: Float[Array, ""]) -> dict[str, AbstractCourse]:
        """By cytokine, what this dose adds to its plasma."""
        return {}

    def regulated(self, network: RegulationNetwork) -> RegulationNetwork:
        """The network with what the treatment does to it."""
        return network

    def occupancy(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."] | None:
        """The share of its target that it holds, 0 to 1, at these concentrations (nM); None for one that holds nothing."""
        return None

    @abstractmethod
    def terms(self, dose: Float[Array, ""]) -> list[AbstractTerm]:
        """Terms at this dose."""


class DrugTreatment(AbstractTreatment):
    """A drug in the plasma, which reaches the tissue through its vessels: it binds its cytokine, blocks its receptor, is the cytokine itself, or releases
    CTL from a checkpoint. One that binds counts as in excess and its complexes as cleared where they are made (`Neutralisation`).

    **Arguments**

    - `drug`: what it is and does.
    - `course`: the plasma concentration at dose 1, nM, in time (`drug.plasma(doses)`, or a `TimeCourse`); of a drug that supplies a cytokine what it adds.
    - `releases`: edges of the network that the drug holds off, as an antibody against PD-1 does "PD_L1-killing": their ligand counts as c/(1 + A/K_D).
      PD-L1 rises with its inducer far below saturation, so that this is what competition with PD-L1 comes to.
    - `dissociation_constant`: K_D of `releases`, nM.

    **Raises** `InputError` for a drug of action "none" that releases nothing, for `releases` of a drug of another action, and for `releases` without a K_D.
    """

    drug: Drug = eqx.field(static=True)
    course: AbstractCourse
    releases: tuple[str, ...] = eqx.field(static=True)
    dissociation_constant: Float[Array, ""]

    def __init__(self, drug: Drug, course: AbstractCourse, releases: Sequence[str] = (), dissociation_constant: float | None = None):
        if drug.action == "none" and not releases:
            raise InputError(f'{drug.name} acts on nothing: name the edges that it holds off, releases=["PD_L1-killing"], and dissociation_constant (nM)')
        if drug.action != "none" and releases:
            raise InputError(f"{drug.name} {drug.action} {drug.target}: releases are for a drug of action 'none'")
        if bool(releases) != (dissociation_constant is not None):
            raise InputError(f"{drug.name}: releases and dissociation_constant belong together")
        self.drug, self.course, self.releases = drug, course, tuple(releases)
        self.dissociation_constant = as_parameter(dissociation_constant or 1.0, f"dissociation constant of {drug.name}", "nM", shapes=((),), positive=True)

    @classmethod
    def held(
        cls, drug: str | Drug, plasma: str | float, *, since: float = 0.0, releases: Sequence[str] = (), dissociation_constant: str | float | None = None
    ) -> "DrugTreatment":
        """A drug, by the library's name or as it is, at one plasma concentration.

        - `plasma`, `dissociation_constant`: text with a unit, or nM; `since`: from when on, s.

        **Raises** `InputError` as the class, for a name that the library does not have and units that do not fit.
        """
        one = Drug.from_library(drug) if isinstance(drug, str) else drug

        def number(value: str | float, key: str) -> float:
            return units.parse(value, "concentration", key=key, molecular_weight=one.values.get("molecular_weight")) if isinstance(value, str) else value

        level = number(plasma, "plasma")
        constant = None if dissociation_constant is None else number(dissociation_constant, "dissociation_constant")
        course = TimeCourse([0.0, since], [0.0, level]) if since > 0 else TimeCourse([0.0], [level])
        return cls(one, course, releases, constant)

    def needs(self, network: RegulationNetwork) -> tuple[str, ...]:
        """See `AbstractTreatment`."""
        target = () if self.drug.target is None else (self.drug.target,)
        return (*target, *(ligand for id in self._held_off(network) for ligand in network.edge(id).ligands))

    @property
    def species(self) -> tuple[Species, ...]:
        """See `AbstractTreatment`."""
        return () if self.drug.action == "supplies" else (self.drug.species()[0],)

    @property
    def blockades(self) -> dict[str, Blockade]:
        """See `AbstractTreatment`."""
        return {str(self.drug.target): self.drug.blockade()} if self.drug.action == "blocks" else {}

    def plasma(self, dose: Float[Array, ""]) -> dict[str, AbstractCourse]:
        """See `AbstractTreatment`."""
        return {self.drug.carrier: ScaledCourse(self.course, dose)} if self.drug.action == "supplies" else {}

    def regulated(self, network: RegulationNetwork) -> RegulationNetwork:
        """See `AbstractTreatment`."""
        if self.drug.action == "blocks":
            rival = RegulationEdge(f"{self.drug.name}-receptor", self.drug.name, str(self.drug.target), self.drug["K_D"], 0.0, kind="receptor")
            return network.with_edge(rival)
        for id in self._held_off(network):
            network = network.with_edge(RegulationEdge(f"{self.drug.name}-{id}", self.drug.name, id, self.dissociation_constant, 0.0, kind="receptor"))
        return network

    def occupancy(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."] | None:
        """A/(K + A): of receptor and checkpoint with K = K_D, as if no ligand competed; of a ligand that is neutralised with K = K_D + k_b/k_on, the share that
        is bound while complexes are cleared at the rate k_b. A cytokine that is given holds nothing.
        """
        drug = self.drug
        if drug.action == "supplies":
            return None
        if drug.action == "blocks":
            return drug.occupancy(concentration)
        half = drug["K_D"] + self._complex_decay / drug["k_on"] if drug.action == "neutralises" else self.dissociation_constant
        return receptor_occupancy(concentration[drug.name], half)

    @property
    def _complex_decay(self) -> float:
        """k_b, 1/s."""
        return self.drug.values.get("complex_decay", self.drug["decay"])

    def _held_off(self, network: RegulationNetwork) -> tuple[str, ...]:
        """Edges of the network that the drug holds off, of an effect its parts; none of those that are switched off.

        **Raises** `InputError` for an edge that neither the network nor the library has.
        """
        there = [library.edge(name).id if name not in network.ids else name for name in self.releases]
        return tuple(dict.fromkeys(id for name in there if name in network.ids for id in (name, *network.edge(name).edges) if id in network.ids))

    def terms(self, dose: Float[Array, ""]) -> list[AbstractTerm]:
        """See `AbstractTreatment`."""
        if self.drug.action == "supplies":
            return []
        drug = self.drug
        exchange = VascularExchange(drug.name, WALL_PER_CELL, drug["permeability"], ScaledCourse(self.course, dose))
        found: list[AbstractTerm] = [PerCell(ENDOTHELIUM, exchange)]
        if drug.action == "neutralises":
            found.append(Neutralisation(str(drug.target), drug.name, drug["k_on"], drug["k_on"] * drug["K_D"], self._complex_decay))
        return found


class Depot(AbstractTreatment):
    """A cytokine put into the tissue, or made there by an inflammation: P = dose x course x where, nM/s.

    **Arguments**

    - `cytokine`: what.
    - `where`: production at dose and course 1, nM/s, a number or a field [z, y, x].
    - `course`: a factor in time.
    """

    cytokine: str = eqx.field(static=True)
    where: Float[Array, "..."]
    course: AbstractCourse

    def __init__(self, cytokine: str, where: ArrayLike, course: AbstractCourse):
        self.cytokine, self.course = cytokine, course
        self.where = as_parameter(where, f"depot of {cytokine}", "nM/s")

    def needs(self, network: RegulationNetwork) -> tuple[str, ...]:
        """See `AbstractTreatment`."""
        return (self.cytokine,)

    def terms(self, dose: Float[Array, ""]) -> list[AbstractTerm]:
        """See `AbstractTreatment`."""
        return [Scheduled(term=Linear(self.where, species=self.cytokine), course=ScaledCourse(self.course, dose))]
