"""What a configuration may say of a fit: what is free, what was measured, and when to stop."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from .quantities import Coordinate, Duration, Length, Text, bounded
from .table import Name, PathText, Table

MAX_FREE, MAX_DATA, MAX_STARTS, MAX_EDGES = 200, 1000, 256, 1000

TRANSFORM = Literal["log", "linear", "logit"]
Positive = Annotated[float, bounded(high=1e6, above_low=True)]


def _kinds(prefix: str, names: tuple[str, ...]) -> Discriminator:
    """Tells a table by its `kind`; tags start with `prefix:` and never show in messages."""

    def discriminate(value: Any) -> str | None:
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        return f"{prefix}:{kind}" if kind in names else None

    listed = ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"
    return Discriminator(discriminate, custom_error_type="which", custom_error_message=f"expected a table with kind = {listed}")


def _number_or_text(value: Any) -> Any:
    """A number, or text with a unit; what kind of quantity it is follows from the parameter's name when the model is known."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        raise ValueError(f"expected text with a unit, e.g. '0.2/h', or a number where the parameter has none; got {value!r}")
    return value


Quantity = Annotated[Text, BeforeValidator(_number_or_text)]


class PriorTable(Table):
    """A lognormal prior: ln x is normal about ln median with the standard deviation sigma."""

    median: Quantity
    sigma: Positive


def _prior_tag(value: Any) -> str:
    return "prior:text" if isinstance(value, str) else "prior:table"


class FreeTable(Table):
    """A number that the fit may change."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    start: Quantity | None = None
    lower: Quantity | None = None
    upper: Quantity | None = None
    transform: TRANSFORM | None = None
    prior: Annotated[Annotated[Literal["library"], Tag("prior:text")] | Annotated[PriorTable, Tag("prior:table")], Discriminator(_prior_tag)] | None = None
    leaves: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _both_bounds(self):
        if (self.lower is None) != (self.upper is None):
            raise ValueError("give both 'lower' and 'upper', or neither")
        return self


class LognormalTable(Table):
    """ln d = ln p + sigma e: scatter by a factor; 10 % is sigma = 0.1."""

    kind: Literal["lognormal"]
    sigma: Positive


class GaussianTable(Table):
    """d = p + sd e; `sd` with its unit, or left out where a column `sem` holds one for each datum."""

    kind: Literal["gaussian"]
    sd: Text | None = None


class PoissonTable(Table):
    """Counts, whose mean is the concentration over that which one count stands for (`count`, e.g. "2 pM")."""

    kind: Literal["poisson"]
    count: Text


NoiseTable = Annotated[
    Annotated[LognormalTable, Tag("noise:lognormal")] | Annotated[GaussianTable, Tag("noise:gaussian")] | Annotated[PoissonTable, Tag("noise:poisson")],
    _kinds("noise", ("lognormal", "gaussian", "poisson")),
]


class DataTable(Table):
    """What every kind of measurement has: whose, from which file, in which unit, how it scatters."""

    species: Name
    file: PathText
    unit: Name | None = None
    noise: NoiseTable
    limit: Text | None = None
    name: Name | None = None
    time_unit: Name | None = None
    at: Duration | None = None
    encoding: Name | None = None

    @model_validator(mode="after")
    def _units_are_given(self):
        columns, noise = self.columns, self.noise  # type: ignore[attr-defined]
        if isinstance(self, MarkerTable):
            if self.unit is not None or isinstance(noise, PoissonTable):
                raise ValueError("intensities have no unit, and no poisson noise: what one count stands for depends on their gain")
        elif isinstance(noise, PoissonTable):
            if self.unit is not None or self.limit is not None:
                raise ValueError("counts have no unit and no limit of detection; noise.count says which concentration one count stands for, e.g. '2 pM'")
        elif self.unit is None:
            raise ValueError('\'unit\' is missing: say in what the data are, e.g. "pM", "nM" or "pg/mL"')
        if isinstance(noise, GaussianTable) and (noise.sd is None) == (columns.sem is None):
            raise ValueError("gaussian noise needs either noise.sd (e.g. '5 pM') or a column: columns.sem")
        if not isinstance(noise, GaussianTable) and columns.sem is not None:
            raise ValueError('columns.sem goes with noise = { kind = "gaussian" }')
        if columns.time is not None and (self.time_unit is None or self.at is not None):
            raise ValueError("columns.time needs 'time_unit' (e.g. \"min\" or \"h\"), and no 'at' beside it")
        if columns.time is None and self.time_unit is not None:
            raise ValueError("'time_unit' goes with columns.time; for one time of all data write at = \"2 h\"")
        return self


def _scale_is_given(table):
    if (table.length_unit is None) == (table.pixel_size is None):
        raise ValueError("give either 'length_unit' (\"um\" or \"mm\") or 'pixel_size' (e.g. '0.5 um'): files do not say in what positions are")
    return table


class PointColumns(Table):
    """Names of columns (CSV), variables (NetCDF), or obs columns, genes and obsm entries such as "spatial[0]" (h5ad)."""

    x: Name
    y: Name
    z: Name | None = None
    value: Name
    sem: Name | None = None
    time: Name | None = None


class PointsTable(DataTable):
    """Concentrations at points, such as cells."""

    kind: Literal["points"]
    columns: PointColumns
    length_unit: Literal["um", "mm"] | None = None
    pixel_size: Length | None = None

    _scaled = model_validator(mode="after")(_scale_is_given)


class MarkerColumns(PointColumns):
    """As for points; `responds` is 1 for cells that can respond and 0 for others."""

    responds: Name | None = None


class MarkerTable(DataTable):
    """Intensities of a marker in the cells of an image: a response of the cells, scaled and shifted by the microscope."""

    kind: Literal["marker"]
    columns: MarkerColumns
    length_unit: Literal["um", "mm"] | None = None
    pixel_size: Length | None = None
    half_maximum: Text
    exponent: float | Name = 1.0
    gain: float | Name
    offset: float | Name = 0.0
    spillover: float | Name = 0.0
    misassigned: float | Name = 0.0
    contact: Length | None = None
    blur: Length | None = None
    thickness: Length | None = None

    _scaled = model_validator(mode="after")(_scale_is_given)


class ProfileColumns(Table):
    """Names of columns or variables; `distance` lies in the bin that a row is of."""

    distance: Name
    value: Name
    sem: Name | None = None
    time: Name | None = None


class PointTarget(Table):
    """Distance to a point, in the order z, y, x."""

    point: tuple[Coordinate, Coordinate, Coordinate]


def _target_tag(value: Any) -> str:
    return "target:text" if isinstance(value, str) else "target:point"


class ProfileTable(DataTable):
    """Means between `edges` of distance to vessels, to a cell type, to the edge of the tumour (negative inside), or to a point."""

    kind: Literal["profile"]
    columns: ProfileColumns
    distance: Annotated[Annotated[Name, Tag("target:text")] | Annotated[PointTarget, Tag("target:point")], Discriminator(_target_tag)]
    edges: Annotated[tuple[Coordinate, ...], Field(min_length=2, max_length=MAX_EDGES)]
    length_unit: Literal["um", "mm"]
    where: Literal["all", "stroma", "tumour"] = "all"


class AssayColumns(Table):
    """Names of columns or variables."""

    value: Name
    sem: Name | None = None
    time: Name | None = None


class BoxRegion(Table):
    """A box, corners in the order z, y, x."""

    lower: tuple[Coordinate, Coordinate, Coordinate]
    upper: tuple[Coordinate, Coordinate, Coordinate]


def _region_tag(value: Any) -> str:
    return "region:text" if isinstance(value, str) else "region:box"


class AssayTable(DataTable):
    """ELISA of a biopsy, or of interstitial fluid; through a probe with its recovery."""

    kind: Literal["assay"]
    columns: AssayColumns
    region: Annotated[Annotated[Name, Tag("region:text")] | Annotated[BoxRegion, Tag("region:box")], Discriminator(_region_tag)] = "all"
    sample: Literal["biopsy", "fluid"] = "biopsy"
    latent: tuple[Name, ...] = ()
    recovery: float | Name = 1.0


AnyData = Annotated[
    Annotated[PointsTable, Tag("data:points")]
    | Annotated[ProfileTable, Tag("data:profile")]
    | Annotated[AssayTable, Tag("data:assay")]
    | Annotated[MarkerTable, Tag("data:marker")],
    _kinds("data", ("points", "profile", "assay", "marker")),
]


class FitTable(Table):
    """A fit of numbers of the model to measurements."""

    free: Annotated[tuple[FreeTable, ...], Field(min_length=1, max_length=MAX_FREE)]
    data: Annotated[tuple[AnyData, ...], Field(min_length=1, max_length=MAX_DATA)]
    optimiser: Literal["auto", "levenberg-marquardt", "lbfgs", "adam"] = "auto"
    tolerance: Annotated[float, bounded(high=0.1, above_low=True)] | None = None
    starts: Annotated[int, Field(ge=1, le=MAX_STARTS)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 200
    max_seconds: Annotated[float, bounded(high=1e8, above_low=True)] | None = None
    rescale: bool = False


FIT_TABLES: dict[str, type[Table]] = {
    "prior:table": PriorTable,
    "noise:lognormal": LognormalTable,
    "noise:gaussian": GaussianTable,
    "noise:poisson": PoissonTable,
    "data:points": PointsTable,
    "data:profile": ProfileTable,
    "data:assay": AssayTable,
    "data:marker": MarkerTable,
    "target:point": PointTarget,
    "region:box": BoxRegion,
}
