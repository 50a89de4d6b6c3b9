"""Species and cell types with sourced values: `species("IFNg")`, `cell_type("CD8_T")`.

The values stand in the TOML files of `species/` and `cells/`; `sources.toml` spells out the repositories that they name.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ..errors import InputError
from .naming import plain, spelling_slip
from .prior import Prior as Prior
from .reading import read_cell_type, read_sources, read_species
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


def species_ids() -> tuple[str, ...]:
    """Ids of all species."""
    return _SPECIES


def cell_type_ids() -> tuple[str, ...]:
    """Ids of all cell types."""
    return _CELL_TYPES


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


@lru_cache
def _load_species(identifier: str) -> SpeciesRecord:
    return read_species(_FOLDER / "species" / f"{identifier}.toml", _sources(), _CELL_TYPES)


@lru_cache
def _load_cell_type(identifier: str) -> CellTypeRecord:
    return read_cell_type(_FOLDER / "cells" / f"{identifier}.toml", _sources())


@lru_cache
def _sources() -> dict[str, str]:
    return read_sources(_FOLDER / "sources.toml")


@lru_cache
def _species_names() -> dict[str, str]:
    return _names(_load_species(one) for one in _SPECIES)


@lru_cache
def _cell_type_names() -> dict[str, str]:
    return _names(_load_cell_type(one) for one in _CELL_TYPES)


def _names(records: Iterable[SpeciesRecord | CellTypeRecord]) -> dict[str, str]:
    """Id of each name and alias, in plain letters."""
    return {plain(name): record.id for record in records for name in (record.id, *record.aliases)}


def _find(name: str, names: dict[str, str], what: str, identifiers: tuple[str, ...]) -> str:
    found = names.get(plain(name))
    if found is not None:
        return found
    meant = spelling_slip(name, names)
    hint = f"did you mean '{meant}'?" if meant else f"known: {', '.join(identifiers)}"
    raise InputError(f"unknown {what} '{name}'; {hint}")
