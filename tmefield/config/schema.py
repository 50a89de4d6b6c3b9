"""What a configuration may say: frozen models that refuse unknown keys."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from .drug_tables import DrugTable
from .fit_tables import FIT_TABLES, FitTable
from .quantities import (
    Concentration,
    Coordinate,
    Density,
    Diffusivity,
    Distance,
    Duration,
    Fraction,
    HalfSaturation,
    Length,
    MemorySize,
    MolecularWeight,
    Permeability,
    PositiveFraction,
    Rate,
    Receptors,
    SecretionRate,
    SectionPermeability,
    Spacing,
    bounded,
)
from .readout_tables import ReadoutsTable
from .regulation_tables import RegulationTable
from .table import Name, PathText, Table, which
from .tissue_files import CellFile, LabelFile

MAX_SPECIES = 32
MAX_OUTPUTS = 10_000
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class GridTable(Table):
    """The voxels. The box is that of the vessels or cells, widened by `margin`, unless `size` is given."""

    spacing: Spacing
    size: tuple[Length, Length, Length] | None = None
    origin: tuple[Coordinate, Coordinate, Coordinate] | None = None
    margin: Distance = "0 um"

    @model_validator(mode="after")
    def _origin_needs_size(self):
        if self.origin is not None and self.size is None:
            raise ValueError("'origin' needs 'size' beside it (each three lengths in the order z, y, x)")
        return self


class VesselFile(Table):
    """A vessel network from a file."""

    file: PathText
    format: Literal["secomb", "dgf", "swc", "table", "branches", "vtk", "amira", "hdf5"] | None = None
    unit: Literal["um", "mm", "m"] | None = None
    scale: Annotated[float, bounded(high=1e6, above_low=True)] | None = None
    nodes: PathText | None = None
    vertex_parameters: tuple[Name, ...] | None = None
    segment_parameters: tuple[Name, ...] | None = None
    radius_field: Name | None = None
    is_diameter: bool = False
    merge_distance: Length | None = None
    close_loops_tol: Length | None = None
    default_radius: Length | None = None
    repair: bool = False
    clip: bool = False


class Bed(Table):
    """A synthetic capillary bed: mean spacing and diameter of the vessels."""

    spacing: Length = "75 um"
    diameter: Length = "8 um"
    seed: Seed = 1


class VesselBed(Table):
    """Vessels made by tmefield."""

    bed: Bed


class VesselCells(Table):
    """In a tissue section, cells of one type taken as vessels that cross it."""

    from_cells: Name


Vessels = Annotated[
    Annotated[VesselFile, Tag("vessels:file")] | Annotated[VesselBed, Tag("vessels:bed")] | Annotated[VesselCells, Tag("vessels:from_cells")],
    which("vessels", ("file", "bed", "from_cells")),
]


class Scatter(Table):
    """Cells scattered at random: mean density per type, and for those in `near_vessels` the distance over which it falls off."""

    densities: Annotated[dict[Name, Density], Field(min_length=1)]
    near_vessels: dict[Name, Length] = {}
    seed: Seed = 1


class ScatteredCells(Table):
    """Cells scattered by tmefield."""

    scatter: Scatter


class UniformCells(Table):
    """The same density of cells in every voxel."""

    uniform: Annotated[dict[Name, Density], Field(min_length=1)]


class Zones(Table):
    """Densities of one cell type in the zones of a spheroid, from inside out."""

    necrotic: Density = "0 /um3"
    core: Density = "0 /um3"
    rim: Density = "0 /um3"
    margin: Density = "0 /um3"
    stroma: Density = "0 /um3"


class Spheroid(Table):
    """A tumour spheroid: necrotic core, viable core, rim, invasive margin, stroma, each with its cells."""

    radius: Length
    necrotic_fraction: Annotated[float, bounded(high=0.95)] = 0.4
    rim_width: Length = "60 um"
    margin_width: Length = "60 um"
    irregularity: Annotated[float, bounded(high=0.3)] = 0.08
    patchiness: Annotated[float, bounded(high=1.5)] = 0.5
    centre: tuple[Coordinate, Coordinate, Coordinate] | None = None
    seed: Seed = 1
    composition: dict[Name, Zones] = {}


class SpheroidCells(Table):
    """A synthetic tumour."""

    spheroid: Spheroid


Cells = Annotated[
    Annotated[CellFile, Tag("cells:file")]
    | Annotated[ScatteredCells, Tag("cells:scatter")]
    | Annotated[UniformCells, Tag("cells:uniform")]
    | Annotated[SpheroidCells, Tag("cells:spheroid")],
    which("cells", ("file", "scatter", "uniform", "spheroid")),
]


class Section(Table):
    """A 2D tissue section as a thin grid. Nothing here has a default, since the results depend on every one."""

    thickness: Length
    cell_diameter: Length
    vessel_radius: Length
    permeability: SectionPermeability


class Tissue(Table):
    """The tissue itself."""

    volume_fraction: PositiveFraction = 1.0
    tumour_smoothing: Length = "20 um"
    labels: LabelFile | None = None


class FixedWall(Table):
    """A held concentration."""

    fixed: Concentration


class RobinWall(Table):
    """Exchange with the surroundings: flux out = robin (c - outside)."""

    robin: Permeability
    outside: Concentration = "0 nM"


Wall = Annotated[
    Annotated[Literal["no-flux", "periodic"], Tag("wall:text")] | Annotated[FixedWall, Tag("wall:fixed")] | Annotated[RobinWall, Tag("wall:robin")],
    which("wall", ("fixed", "robin"), text=True),
]


class WallsTable(Table):
    """Conditions at the walls; the most specific key wins."""

    all: Wall | None = None
    z: Wall | None = None
    y: Wall | None = None
    x: Wall | None = None
    z_lower: Wall | None = None
    z_upper: Wall | None = None
    y_lower: Wall | None = None
    y_upper: Wall | None = None
    x_lower: Wall | None = None
    x_upper: Wall | None = None


class SecretionTable(Table):
    """Secretion of one species by one cell type."""

    rate: SecretionRate
    active_fraction: Fraction = 1.0


def _secretion_tag(value: Any) -> str:
    return "secretion:off" if value is False else "secretion:table"


SecretionOrNone = Annotated[Annotated[SecretionTable, Tag("secretion:table")] | Annotated[Literal[False], Tag("secretion:off")], Discriminator(_secretion_tag)]


class SpeciesTable(Table):
    """One species: all of it from the library, unless said otherwise."""

    id: Name
    molecular_weight: MolecularWeight | None = None
    species_class: Literal["cytokine", "antibody", "oxygen"] | None = None
    diffusivity: Diffusivity | None = None
    decay: Rate | None = None
    plasma_concentration: Concentration | None = None
    permeability: Permeability | None = None
    secretion: dict[Name, SecretionOrNone] = {}
    uptake: bool = True
    receptors: dict[Name, Receptors] = {}
    internalisation: Rate | None = None
    half_saturation: HalfSaturation | None = None
    walls: WallsTable | None = None


class Solver(Table):
    """How the equations are solved."""

    rtol: Annotated[float, bounded(low=1e-13, high=1e-2)] = 1e-6
    precision: Literal["float32", "mixed", "float64"] = "float32"
    memory_limit: MemorySize | None = None


class Time(Table):
    """A run through time in place of the steady state: until `end` with output `every` so often, or at the given `times`."""

    end: Duration | None = None
    every: Duration | None = None
    times: Annotated[tuple[Duration, ...], Field(min_length=1, max_length=MAX_OUTPUTS)] | None = None
    initial: dict[Name, Concentration] = {}
    method: Literal["auto", "rkc", "tr-bdf2"] = "auto"
    rtol: Annotated[float, bounded(low=1e-10, high=0.1)] = 1e-3
    steady: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _output_is_given(self):
        if (self.times is None) == (self.end is None) or (self.end is None) != (self.every is None):
            raise ValueError("give either 'end' and 'every' (e.g. '6 h' and '30 min') or 'times' (e.g. ['1 min', '5 min'])")
        return self


class Output(Table):
    """What is written, and where; a relative folder is seen from the working directory."""

    folder: PathText = "tmefield-output"
    netcdf: bool = True
    png: bool = True
    vti: bool = False


class Config(Table):
    """A whole configuration."""

    title: Annotated[str, Field(max_length=200)] = "tmefield run"
    grid: GridTable
    vessels: Vessels | None = None
    cells: Cells | None = None
    section: Section | None = None
    tissue: Tissue = Tissue()
    walls: WallsTable = WallsTable()
    species: Annotated[tuple[SpeciesTable, ...], Field(min_length=1, max_length=MAX_SPECIES)]
    regulation: RegulationTable = RegulationTable()
    drugs: Annotated[tuple[DrugTable, ...], Field(max_length=MAX_SPECIES)] = ()
    readouts: ReadoutsTable = ReadoutsTable()
    solver: Solver = Solver()
    time: Time | None = None
    fit: FitTable | None = None
    output: Output = Output()

    @field_validator("species")
    @classmethod
    def _different_species(cls, species):
        ids = [one.id.casefold() for one in species]
        doubled = sorted({one.id for one in species if ids.count(one.id.casefold()) > 1})
        if doubled:
            raise ValueError(f"{', '.join(doubled)} stands there twice")
        return species

    @model_validator(mode="after")
    def _parts_fit(self):
        if isinstance(self.vessels, VesselCells) and (self.section is None or not isinstance(self.cells, CellFile)):
            raise ValueError("vessels.from_cells is for a tissue section: it needs [section] and [cells] with a file")
        if self.grid.size is None and not isinstance(self.vessels, VesselFile) and not isinstance(self.cells, CellFile):
            raise ValueError("grid.size is missing: without a file of vessels or cells the box must be given (three lengths in the order z, y, x)")
        if self.tissue.labels is not None and isinstance(self.cells, SpheroidCells):
            raise ValueError("tissue.labels does not go with cells.spheroid, which makes its own tissue")
        if self.cells is None and self.vessels is None:
            raise ValueError("neither [cells] nor [vessels] is given: nothing would secrete or exchange anything")
        if self.time is not None and self.solver.precision == "mixed":
            raise ValueError("solver.precision 'mixed' is for steady states; with [time] choose float32 or float64")
        return self


TABLES: dict[str, type[Table]] = {
    "vessels:file": VesselFile,
    "vessels:bed": VesselBed,
    "vessels:from_cells": VesselCells,
    "cells:file": CellFile,
    "cells:scatter": ScatteredCells,
    "cells:uniform": UniformCells,
    "cells:spheroid": SpheroidCells,
    "wall:fixed": FixedWall,
    "wall:robin": RobinWall,
    "secretion:table": SecretionTable,
    **FIT_TABLES,
}
