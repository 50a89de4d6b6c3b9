"""What the library holds: values with unit, range, source and how sure we are of them."""

from dataclasses import dataclass, field

from .. import units
from ..errors import InputError
from .prior import Prior

MARKS = {
    "measured": "read in the paper that measured it",
    "model": "used by published models",
    "recalled": "from memory of the literature, to be checked",
    "computed": "follows from the formula named with it",
    "label": "read in the product information of a drug",
}
CONFIDENCES = ("low", "low-med", "med", "med-high", "high")
SPECIES_CLASSES = ("cytokine", "antibody", "oxygen")


@dataclass(frozen=True)
class Alternative:
    """Another value of the same quantity in the literature; shown to the person, never averaged in."""

    value: float
    unit: str
    source: str
    mark: str
    confidence: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Parameter:
    """One quantity of the library.

    - `value`, `range` (or None) in `unit`; `kind` is one of `units.KINDS`.
    - `source`: DOI or PMID, or repository and file; `mark`: one of `MARKS`; `confidence`: one of `CONFIDENCES`, or None.
    - `molecular_weight`: kDa, set where the unit is by mass.
    - `distribution`: one of `prior.DISTRIBUTIONS`, or None where no spread is known; `sigma` of ln x where it is lognormal.
    """

    value: float
    unit: str
    kind: str
    source: str
    mark: str
    range: tuple[float, float] | None = None
    confidence: str | None = None
    note: str = ""
    alternatives: tuple[Alternative, ...] = ()
    molecular_weight: float | None = None
    distribution: str | None = None
    sigma: float | None = None

    @property
    def internal(self) -> float:
        """The value in the internal unit of its kind (`units.KINDS`)."""
        return self._internal(self.value)

    def prior(self) -> Prior | None:
        """The distribution to sample or to fit from, in the internal unit; None where no spread is known (a value that is then held fixed)."""
        if self.distribution is None:
            return None
        if self.distribution == "lognormal":
            return Prior("lognormal", self.internal, self.sigma)
        assert self.range is not None
        lower, upper = (self._internal(end) for end in self.range)
        return Prior("uniform", 0.5 * (lower + upper), bounds=(lower, upper))

    def _internal(self, value: float) -> float:
        return units.to_internal(value, self.unit, self.kind, self.molecular_weight)


@dataclass(frozen=True)
class SecretionRecord:
    """What a cell type secretes: `rate` of an active cell times `active_fraction`, the share of cells active at one time.

    For a rate that is the mean over a population the fraction is 1: the mean already contains it.
    """

    rate: Parameter
    active_fraction: Parameter


@dataclass(frozen=True)
class SpeciesRecord:
    """A soluble species with its sources; `parameters` by name, `receptors` and `secretion` by cell type."""

    id: str
    name: str
    species_class: str
    aliases: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    receptors: dict[str, Parameter] = field(default_factory=dict)
    secretion: dict[str, SecretionRecord] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def half_saturation(self) -> float:
        """K_M = (k_off + k_endo)/k_on with k_off = K_D k_on, nM: where receptor uptake is half of its greatest.

        **Raises** `InputError` where the library has no binding constants for this species.
        """
        missing = [key for key in ("K_D", "k_on", "k_endo") if key not in self.parameters]
        if missing:
            raise InputError(f"{self.id}: no half saturation, since the library has no {', '.join(missing)}")
        affinity, on_rate, internalisation = (self.parameters[key].internal for key in ("K_D", "k_on", "k_endo"))
        return affinity + internalisation / on_rate


@dataclass(frozen=True)
class CellTypeRecord:
    """A cell type; `diameter` and `density` are None where no sourced value is known."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    diameter: Parameter | None = None
    density: Parameter | None = None
    notes: tuple[str, ...] = ()
