"""The numbers of each species: from the library, with what the configuration says instead."""

from collections.abc import Collection
from dataclasses import dataclass

from .. import library, units
from ..errors import InputError
from ..library.permeability import two_pore_permeability
from ..library.plausibility import check_secretion
from .problems import did_you_mean
from .schema import Config, SpeciesTable


@dataclass(frozen=True)
class SpeciesValues:
    """One species in internal units.

    - `diffusivity` um2/s, `decay` 1/s, `molecular_weight` kDa, `plasma_concentration` nM, `permeability` um/s.
    - `secretion`: per cell type (molecules/cell/s of an active cell, active fraction).
    - `receptors`: per cell type, molecules/cell; with `internalisation` 1/s and `half_saturation` nM.
    """

    id: str
    name: str
    species_class: str
    molecular_weight: float
    diffusivity: float
    decay: float
    plasma_concentration: float
    permeability: float
    secretion: dict[str, tuple[float, float]]
    receptors: dict[str, float]
    internalisation: float
    half_saturation: float


def cell_id(name: str) -> str:
    """The library's name of a cell type, or the name itself where the library does not know it."""
    try:
        return library.cell_type(name).id
    except InputError:
        return name


def species_id(name: str) -> str:
    """The library's id of a species, or the name itself where the library does not know it."""
    try:
        return library.species(name).id
    except InputError:
        return name


def species_values(config: Config, present: Collection[str]) -> tuple[SpeciesValues, ...]:
    """The numbers of every species for the cell types that are `present`.

    **Raises** `InputError` for an implausible secretion rate, for a species that lacks a number which the library does not
    have, and for a cell type that is neither present nor in the library.
    """
    return tuple(_resolve(table, f"species[{index}] ({table.id})", config, present) for index, table in enumerate(config.species))


def _record(table: SpeciesTable) -> library.SpeciesRecord | None:
    try:
        return library.species(table.id)
    except InputError:
        return None


def _resolve(table: SpeciesTable, where: str, config: Config, present: Collection[str]) -> SpeciesValues:
    record = _record(table)
    known = {key: parameter.internal for key, parameter in record.parameters.items()} if record else {}
    weight = _given(table.molecular_weight, "molecular_weight", known.get("molecular_weight"))

    def number(key: str, kind: str, otherwise: float | None = None) -> float:
        value = _given(getattr(table, key), kind, known.get(key, otherwise), weight)
        if value is None:
            raise InputError(f"{where}.{key} is missing: the library has no value for it")
        return value

    weight = number("molecular_weight", "molecular_weight")
    receptors = _receptors(table, record, where, present)
    internalisation, half_saturation = _binding(table, record, known, weight, where, bool(receptors))
    return SpeciesValues(
        id=record.id if record else table.id,
        name=record.name if record else table.id,
        species_class=table.species_class or (record.species_class if record else "cytokine"),
        molecular_weight=weight,
        diffusivity=number("diffusivity", "diffusivity"),
        decay=number("decay", "rate"),
        plasma_concentration=number("plasma_concentration", "concentration", 0.0),
        permeability=_permeability(table, config, known, weight),
        secretion=_secretion(table, record, weight, where, present),
        receptors=receptors,
        internalisation=internalisation,
        half_saturation=half_saturation,
    )


def _given(value: object, kind: str, otherwise: float | None, molecular_weight: float | None = None) -> float | None:
    if value is None:
        return otherwise
    return units.parse(value, kind, molecular_weight=molecular_weight if kind == "concentration" else None)  # type: ignore[arg-type]


def _permeability(table: SpeciesTable, config: Config, known: dict[str, float], weight: float) -> float:
    if table.permeability is not None:
        return units.parse(table.permeability, "permeability")
    if config.section is not None and config.section.permeability != "library":
        return units.parse(config.section.permeability, "permeability")
    return known.get("permeability") or two_pore_permeability(weight)


def most_permeable(config: Config) -> tuple[str, float]:
    """The species with the largest P/(phi D), and that number in 1/um."""
    found = [("", 0.0)]
    for table in config.species:
        record = _record(table)
        known = {key: parameter.internal for key, parameter in record.parameters.items()} if record else {}
        weight = _given(table.molecular_weight, "molecular_weight", known.get("molecular_weight"))
        diffusivity = _given(table.diffusivity, "diffusivity", known.get("diffusivity"))
        if weight and diffusivity:
            found.append((record.id if record else table.id, _permeability(table, config, known, weight) / (config.tissue.volume_fraction * diffusivity)))
    return max(found, key=lambda one: one[1])


def check_cell(name: str, where: str, present: Collection[str]) -> str:
    """The library's name of a cell type, which has to be known there or be among the cells."""
    cell = cell_id(name)
    if cell not in present and cell not in library.cell_type_ids():
        raise InputError(f"{where}: no cell type '{name}' among the cells or in the library{did_you_mean(name, [*present, *library.cell_type_ids()])}")
    return cell


def _secretion(
    table: SpeciesTable, record: library.SpeciesRecord | None, weight: float, where: str, present: Collection[str]
) -> dict[str, tuple[float, float]]:
    rates = {}
    if record is not None:
        rates = {cell: (entry.rate.internal, entry.active_fraction.internal) for cell, entry in record.secretion.items()}
    for name, given in table.secretion.items():
        key = f"{where}.secretion.{name}"
        cell = check_cell(name, key, present)
        if given is False:
            rates.pop(cell, None)
        else:
            rates[cell] = (units.parse(given.rate, "secretion", key=f"{key}.rate", molecular_weight=weight), given.active_fraction)
    for cell, (rate, _) in rates.items():
        check_secretion(rate, where=f"{where}.secretion.{cell}.rate")
    return {cell: (rate, fraction) for cell, (rate, fraction) in rates.items() if cell in present and rate * fraction > 0}


def _receptors(table: SpeciesTable, record: library.SpeciesRecord | None, where: str, present: Collection[str]) -> dict[str, float]:
    if not table.uptake:
        return {}
    counts = {cell: parameter.internal for cell, parameter in record.receptors.items()} if record and takes_up(table, record) else {}
    for name, given in table.receptors.items():
        key = f"{where}.receptors.{name}"
        cell = check_cell(name, key, present)
        counts[cell] = 0.0 if given is False else units.parse(given, "count", key=key)
    return {cell: count for cell, count in counts.items() if cell in present and count > 0}


def takes_up(table: SpeciesTable, record: library.SpeciesRecord) -> bool:
    """Whether the binding constants of the library, with those that are given, suffice for the receptors of the library to act by default."""
    internalised = table.internalisation is not None or "k_endo" in record.parameters
    return internalised and (table.half_saturation is not None or {"k_on", "K_D"} <= set(record.parameters))


def _binding(
    table: SpeciesTable, record: library.SpeciesRecord | None, known: dict[str, float], weight: float, where: str, needed: bool
) -> tuple[float, float]:
    """Internalisation rate, 1/s, and K_M = (k_off + k_endo)/k_on, nM; zero where nothing takes the species up."""
    if not needed:
        return 0.0, 1.0
    internalisation = _given(table.internalisation, "rate", known.get("k_endo"))
    half_saturation = _given(table.half_saturation, "concentration", None, weight)
    if half_saturation is None and internalisation is not None and {"k_on", "K_D"} <= set(known):
        half_saturation = known["K_D"] + internalisation / known["k_on"]
    for key, value in (("internalisation", internalisation), ("half_saturation", half_saturation)):
        if value is None:
            raise InputError(f"{where}.{key} is missing: cells take {table.id} up, and the library has no value for it")
    return internalisation, half_saturation  # type: ignore[return-value]
