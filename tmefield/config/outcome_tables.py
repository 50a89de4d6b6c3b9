"""What a configuration of an outcome may say: a tumour among cells, treatments and arms."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from .. import units
from .cohort_tables import CohortTable
from .drug_tables import DrugNumbers, Repeated
from .quantities import Coordinate, Density, Duration, Fraction, Length, MemorySize, Production, Spacing, Text, bounded
from .table import Name, PathText, Table

MAX_CYTOKINES, MAX_TREATMENTS, MAX_ARMS = 32, 16, 200
MAX_OUTPUTS, MAX_STEPS = 1000, 20_000


class OutcomeGrid(Table):
    """The voxels and the box (z, y, x)."""

    spacing: Spacing
    size: tuple[Length, Length, Length]
    origin: tuple[Coordinate, Coordinate, Coordinate] = ("0 um", "0 um", "0 um")


class DrugGiven(DrugNumbers):
    """A drug in the plasma, and the edges that it holds off."""

    id: Name = Field(alias="drug")
    releases: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _something_is_given(self):
        if not self.doses and self.plasma_concentration is None:
            raise ValueError("nothing is given: add 'doses' or 'plasma_concentration'")
        return self


class DepotGiven(Repeated):
    """A cytokine made in the tissue at a rate, from `at` on for a `duration`."""

    depot: Name
    rate: Production
    within: Literal["tumour", "all"] = "tumour"
    duration: Duration | None = None

    @model_validator(mode="after")
    def _one_after_the_other(self):
        if self.every is not None and (self.duration is None or units.parse(self.duration, "time") >= units.parse(self.every, "time")):
            raise ValueError("a depot that is repeated needs a 'duration' shorter than 'every'")
        return self


def _treatment_tag(value: Any) -> str | None:
    if isinstance(value, DrugGiven | DepotGiven):
        return "treatment:drug" if isinstance(value, DrugGiven) else "treatment:depot"
    given = [name for name in ("drug", "depot") if isinstance(value, dict) and name in value]
    return f"treatment:{given[0]}" if len(given) == 1 else None


Treatment = Annotated[
    Annotated[DrugGiven, Tag("treatment:drug")] | Annotated[DepotGiven, Tag("treatment:depot")],
    Discriminator(_treatment_tag, custom_error_type="which", custom_error_message="expected a table with exactly one of the keys 'drug' or 'depot'"),
]


class OutcomeTable(Table):
    """A tumour of a radius around a centre, what is in and around it, what is given, and for how long it is followed."""

    cytokines: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_CYTOKINES)]
    duration: Duration
    output_every: Duration
    step: Duration = "12 h"
    radius: Length
    centre: tuple[Coordinate, Coordinate, Coordinate] = ("0 um", "0 um", "0 um")
    margin: Length = "20 um"
    sensitivity: Fraction = 1.0
    off: tuple[Name, ...] = ()
    cells: Annotated[dict[Name, tuple[Density, Density]], Field(min_length=1)]
    values: dict[Name, Text] = {}
    treatments: Annotated[dict[Name, Treatment], Field(max_length=MAX_TREATMENTS)] = {}
    arms: Annotated[dict[Name, dict[Name, Fraction]], Field(max_length=MAX_ARMS)] = {}

    @field_validator("cytokines")
    @classmethod
    def _different(cls, names):
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"{', '.join(doubled)} stands there twice")
        return names

    @model_validator(mode="after")
    def _times_fit(self):
        end, every, step = (units.parse(one, "time") for one in (self.duration, self.output_every, self.step))
        if every > end:
            raise ValueError(f"'output_every' ({self.output_every}) is longer than 'duration' ({self.duration})")
        if end / every > MAX_OUTPUTS:
            raise ValueError(f"'output_every' makes {end / every:.0f} outputs; at most {MAX_OUTPUTS}: take a longer one")
        if end / step > MAX_STEPS:
            raise ValueError(f"'step' makes {end / step:.0f} steps; at most {MAX_STEPS}: take a longer one, e.g. '12 h'")
        return self


class OutcomeSolver(Table):
    """How the equations are solved."""

    rtol: Annotated[float, bounded(low=1e-12, high=1e-2)] = 1e-4
    precision: Literal["float32", "float64"] = "float32"
    memory_limit: MemorySize | None = None


class OutcomeOutput(Table):
    """Where results go, and whether a picture is drawn; a relative folder is seen from the working directory."""

    folder: PathText = "tmefield-outcome"
    png: bool = True


class OutcomeConfig(Table):
    """A whole configuration of an outcome."""

    title: Annotated[str, Field(max_length=200)] = "Outcome of a tumour"
    grid: OutcomeGrid
    outcome: OutcomeTable
    cohort: CohortTable | None = None
    solver: OutcomeSolver = OutcomeSolver()
    output: OutcomeOutput = OutcomeOutput()


OUTCOME_TABLES: dict[str, type[Table]] = {"treatment:drug": DrugGiven, "treatment:depot": DepotGiven}
