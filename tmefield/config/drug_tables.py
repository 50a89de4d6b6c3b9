"""What a configuration may say about a drug: what is given, and numbers in place of the library's."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .quantities import (
    Concentration,
    Coordinate,
    Diffusivity,
    Duration,
    Fraction,
    Length,
    MolecularWeight,
    Permeability,
    Rate,
    Text,
    bounded,
    quantity,
)
from .table import Name, Table

MAX_DOSES = 1000
VALUES = (
    *("molecular_weight", "diffusivity", "decay", "permeability", "K_D", "k_on", "complex_decay", "volume", "clearance", "peripheral_volume"),
    *("intercompartmental_clearance", "absorption_rate", "bioavailability", "mass_per_IU"),
)
"""Keys that take the place of the library's values."""

Count = Annotated[int, Field(ge=1, le=MAX_DOSES)]
Volume = Annotated[Text, quantity("distribution_volume", positive=True, maximum=1e4)]
Clearance = Annotated[Text, quantity("clearance", positive=True, maximum=10.0)]
Mass = Annotated[Text, quantity("mass", positive=True, maximum=1e3)]
OnRate = Annotated[Text, quantity("on_rate", positive=True)]
PositiveRate = Annotated[Text, quantity("rate", positive=True, maximum=1e4)]
Affinity = Annotated[Text, quantity("concentration", positive=True, maximum=1e7)]


def _moment(value: Any) -> Any:
    """A time, which may lie before the start of the run."""
    from .. import units

    if not isinstance(value, str) or abs(units.parse(value, "time")) > 1e10:
        raise ValueError(f"expected a time with its unit, e.g. '14 day'; got {value!r}")
    return value


Moment = Annotated[str, BeforeValidator(_moment)]


class Repeated(Table):
    """When something is given, and how often again."""

    at: Moment = "0 s"
    every: Duration | None = None
    count: Count = 1

    @model_validator(mode="after")
    def _both_or_neither(self):
        if (self.every is None) != (self.count == 1):
            raise ValueError("a schedule takes 'every' and 'count' together, e.g. every = '28 day', count = 3")
        return self


def _amount(value: Any) -> Any:
    """Number and unit; what they are in nmol follows later from the weight, the body and the product."""
    from ..pharmacology.amounts import dose_amount

    dose_amount(value, molecular_weight=1.0, body_weight=1.0, body_surface=1.0, mass_per_unit=1.0, key=None)
    return value


Amount = Annotated[str, BeforeValidator(_amount)]


class DoseTable(Repeated):
    """A dose into the blood or, absorbed from there, elsewhere into the body."""

    amount: Amount
    route: Literal["iv", "sc", "im", "ip"] = "iv"
    duration: Duration | None = None


class InjectionTable(Repeated):
    """A needle in the tissue: an amount in a ball around a position (z, y, x)."""

    amount: Amount
    position: tuple[Coordinate, Coordinate, Coordinate]
    radius: Length
    duration: Duration = "60 s"


class DrugNumbers(Table):
    """What a drug is, the body that it is given to, and its doses into the plasma: all of it from the library, unless said otherwise."""

    id: Name
    molecular_weight: MolecularWeight | None = None
    action: Literal["neutralises", "blocks", "supplies", "none"] | None = None
    target: Name | None = None
    doses: Annotated[tuple[DoseTable, ...], Field(max_length=MAX_DOSES)] = ()
    plasma_concentration: Concentration | None = None
    body_weight: Mass | None = None
    body_surface: Annotated[float, bounded(high=10.0, above_low=True)] | None = None
    diffusivity: Diffusivity | None = None
    decay: Rate | None = None
    permeability: Permeability | None = None
    K_D: Affinity | None = None
    k_on: OnRate | None = None
    complex_decay: Rate | None = None
    volume: Volume | None = None
    clearance: Clearance | None = None
    peripheral_volume: Volume | None = None
    intercompartmental_clearance: Clearance | None = None
    absorption_rate: PositiveRate | None = None
    bioavailability: Fraction | None = None
    mass_per_IU: Mass | None = None

    @model_validator(mode="after")
    def _doses_or_level(self):
        if self.doses and self.plasma_concentration is not None:
            raise ValueError("give 'doses' or 'plasma_concentration' (held for ever), not both")
        return self


class DrugTable(DrugNumbers):
    """One drug."""

    injections: Annotated[tuple[InjectionTable, ...], Field(max_length=MAX_DOSES)] = ()
    target_mediated_loss: bool = False

    @model_validator(mode="after")
    def _something_is_given(self):
        if not self.doses and not self.injections and self.plasma_concentration is None:
            raise ValueError("nothing is given: add 'doses', 'injections' or 'plasma_concentration'")
        return self
