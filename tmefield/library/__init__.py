"""Species and cell types with sourced values, `species("IFNg")`, `cell_type("CD8_T")`, drugs, `drug("tocilizumab")`, and what regulates what:
`edges()`, `effects()`; rates of populations of cells, `population_rate("kill_rate_CTL")`.

The values stand in the TOML files of `species/`, `cells/` and `drugs/`, in `network.toml`, `effects.toml` and `populations.toml`; `sources.toml` spells out
the repositories that they name.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ..errors import InputError
from .drug_records import DrugRecord as DrugRecord
from .drug_records import read_drug
from .edge_reading import read_edges, read_effects
from .edges import Edge as Edge
from .edges import Effect as Effect
from .edges import Input as Input
from .naming import plain, spelling_slip
from .population_records import PopulationRate as PopulationRate
from .population_records import read_population_rates
from .prior import Prior as Prior
from .reading import read_cell_type, read_sources, read_species
from .records import MARKS as MARKS
from .records import Alternative as Alternative
from .records import CellTypeRecord as CellTypeRecord
from .records import Parameter as Parameter
from .records import SecretionRecord as SecretionRecord
from .records import SpeciesRecord as SpeciesRecord

_FOLDER = Path(__file__).parent
# In the order of the sheet, producers of the tumour first.
_SPECIES = ("IL6", "TNF", "IFNg", "IL10", "TGFb", "IL2", "IL12", "IL1b", "VEGF", "CXCL12", "CXCL13", "CCL21", "CCL2", "CCL5", "IgG", "O2")
_CELL_TYPES = (
    *("tumour", "CAF", "iCAF", "myCAF", "CD8_T", "CD4_T", "Tfh", "Treg", "NK", "M1", "M2", "monocyte"),
    *("DC", "B", "Breg", "plasma_cell", "FRC", "endothelial"),
)

_DRUGS = (
    *("tocilizumab", "siltuximab", "infliximab", "fresolimumab", "LY2382770", "anti-IL10R", "anti-PD1"),
    *("aldesleukin", "IFNg1b", "rhIL12"),
)


def species_ids() -> tuple[str, ...]:
    """Ids of all species."""
    return _SPECIES


def cell_type_ids() -> tuple[str, ...]:
    """Ids of all cell types."""
    return _CELL_TYPES


def drug_ids() -> tuple[str, ...]:
    """Ids of all drugs."""
    return _DRUGS


def species(name: str) -> SpeciesRecord:
    """The species of this id or alias, in any spelling of case, hyphens and Greek letters.

    **Raises** `InputError` with what may have been meant.
    """
    return _load_species(_find(name, _species_names(), "species", _SPECIES))


def cell_type(name: str) -> CellTypeRecord:
    """The cell type of this id or alias, in any spelling of case, spaces and hyphens.

    **Raises** `InputError` with what may have been meant.
    """
    return _load_cell_type(_find(name, _cell_type_names(), "cell type", _CELL_TYPES))


def drug(name: str) -> DrugRecord:
    """The drug of this id or alias, in any spelling of case, spaces and hyphens.

    **Raises** `InputError` with what may have been meant.
    """
    return _load_drug(_find(name, _drug_names(), "drug", _DRUGS))


@lru_cache
def edges() -> tuple[Edge, ...]:
    """Every edge of the signed regulation network."""
    return read_edges(_FOLDER / "network.toml", _sources(), _CELL_TYPES)


@lru_cache
def effects() -> tuple[Effect, ...]:
    """Every effect on cells and tumour."""
    return read_effects(_FOLDER / "effects.toml", _sources(), _CELL_TYPES)


def edge(identifier: str) -> Edge:
    """The edge or effect of this id, in any spelling of case, hyphens and underscores.

    **Raises** `InputError` with what may have been meant.
    """
    known = {plain(one.id): one for one in (*edges(), *effects())}
    found = known.get(plain(identifier))
    if found is not None:
        return found
    meant = spelling_slip(identifier, {key: one.id for key, one in known.items()})
    hint = f"did you mean '{meant}'?" if meant else "`tmefield info network` and `tmefield info effects` list them"
    raise InputError(f"unknown edge or effect '{identifier}'; {hint}")


@lru_cache
def population_rates() -> dict[str, PopulationRate]:
    """Rates of populations of cells by id: growth, killing, death, entry, exhaustion, vessels, movement."""
    return read_population_rates(_FOLDER / "populations.toml", _sources())


def population_rate(identifier: str) -> PopulationRate:
    """The rate of this id, in any spelling of case, hyphens and underscores; `.value.internal` is in 1/s, cells/um3, cells/um2/s or um2/s.

    **Raises** `InputError` with what may have been meant.
    """
    known = {plain(one): one for one in population_rates()}
    if plain(identifier) in known:
        return population_rates()[known[plain(identifier)]]
    meant = spelling_slip(identifier, known)
    raise InputError(f"unknown rate '{identifier}' of a population; " + (f"did you mean '{meant}'?" if meant else f"there are {', '.join(population_rates())}"))


@lru_cache
def _load_species(identifier: str) -> SpeciesRecord:
    return read_species(_FOLDER / "species" / f"{identifier}.toml", _sources(), _CELL_TYPES)


@lru_cache
def _load_cell_type(identifier: str) -> CellTypeRecord:
    return read_cell_type(_FOLDER / "cells" / f"{identifier}.toml", _sources())


@lru_cache
def _load_drug(identifier: str) -> DrugRecord:
    return read_drug(_FOLDER / "drugs" / f"{identifier}.toml", _sources())


@lru_cache
def _sources() -> dict[str, str]:
    return read_sources(_FOLDER / "sources.toml")


@lru_cache
def _species_names() -> dict[str, str]:
    return _names(_load_species(one) for one in _SPECIES)


@lru_cache
def _cell_type_names() -> dict[str, str]:
    return _names(_load_cell_type(one) for one in _CELL_TYPES)


@lru_cache
def _drug_names() -> dict[str, str]:
    return _names(_load_drug(one) for one in _DRUGS)


def _names(records: Iterable[SpeciesRecord | CellTypeRecord | DrugRecord]) -> dict[str, str]:
    """Id of each name and alias, in plain letters."""
    return {plain(name): record.id for record in records for name in (record.id, *record.aliases)}


def _find(name: str, names: dict[str, str], what: str, identifiers: tuple[str, ...]) -> str:
    found = names.get(plain(name))
    if found is not None:
        return found
    meant = spelling_slip(name, names)
    hint = f"did you mean '{meant}'?" if meant else f"known: {', '.join(identifiers)}"
    raise InputError(f"unknown {what} '{name}'; {hint}")
