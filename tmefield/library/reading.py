"""TOML files of the library to records; whatever lacks unit, source or mark is refused."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import units
from ..errors import FileError, InputError
from . import prior
from .records import CONFIDENCES, MARKS, SPECIES_CLASSES, Alternative, CellTypeRecord, Parameter, SecretionRecord, SpeciesRecord

# What each parameter is; responses (EC50, IC50, each also with the response after an underscore) are concentrations.
PARAMETER_KINDS = {
    "molecular_weight": "molecular_weight",
    "diffusivity": "diffusivity",
    "decay": "rate",
    "permeability": "permeability",
    "plasma_concentration": "concentration",
    "plasma_half_life": "time",
    "k_on": "on_rate",
    "K_D": "concentration",
    "k_endo": "rate",
    "active_share": "number",
    "consumption": "secretion",
    "hypoxia_threshold": "concentration",
}
_VALUE_KEYS = {"value", "unit", "mark", "source", "confidence", "note"}
_PARAMETER_KEYS = _VALUE_KEYS | {"range", "distribution", "alternatives"}


def read_sources(path: Path) -> dict[str, str]:
    """Short names of repositories and documents, as written in the files in braces, with what they stand for."""
    return {key: str(text) for key, text in read_toml(path).items()}


def read_species(path: Path, sources: Mapping[str, str], cell_ids: Iterable[str]) -> SpeciesRecord:
    """The species of a file; its id is the name of the file.

    **Raises** `InputError` naming file, key and what is missing or wrong.
    """
    where = f"{path.parent.name}/{path.name}"
    raw = read_toml(path)
    check_keys(raw, {"name", "class", "aliases", "notes", "parameters", "receptors", "secretion"}, where)
    if raw.get("class") not in SPECIES_CLASSES:
        raise InputError(f"{where}: class must be one of {', '.join(SPECIES_CLASSES)}; got {raw.get('class')!r}")
    tables = raw.get("parameters", {})
    weight = None
    if "molecular_weight" in tables:
        weight = read_parameter(tables["molecular_weight"], "molecular_weight", f"{where}: parameters.molecular_weight", sources, None).internal
    parameters = {key: read_parameter(table, _kind(key, where), f"{where}: parameters.{key}", sources, weight) for key, table in tables.items()}
    known = tuple(cell_ids)
    receptors, secretion = {}, {}
    for index, table in enumerate(raw.get("receptors", [])):
        here = f"{where}: receptors[{index}]"
        for cell in _cells(table, known, receptors, here):
            receptors[cell] = read_parameter({k: v for k, v in table.items() if k != "cells"}, "count", here, sources, weight)
    for index, table in enumerate(raw.get("secretion", [])):
        here = f"{where}: secretion[{index}]"
        check_keys(table, {"cells", "rate", "active_fraction"}, here)
        for cell in _cells(table, known, secretion, here):
            rate = read_parameter(table.get("rate"), "secretion", f"{here}.rate", sources, weight)
            fraction = read_parameter(table.get("active_fraction"), "number", f"{here}.active_fraction", sources, weight)
            secretion[cell] = SecretionRecord(rate, fraction)
    return SpeciesRecord(
        id=path.stem,
        name=text_of(raw, "name", where),
        species_class=raw["class"],
        aliases=tuple(raw.get("aliases", ())),
        parameters=parameters,
        receptors=receptors,
        secretion=secretion,
        notes=tuple(raw.get("notes", ())),
    )


def read_cell_type(path: Path, sources: Mapping[str, str]) -> CellTypeRecord:
    """The cell type of a file; its id is the name of the file.

    **Raises** `InputError` naming file, key and what is missing or wrong.
    """
    where = f"{path.parent.name}/{path.name}"
    raw = read_toml(path)
    check_keys(raw, {"name", "aliases", "notes", "diameter", "density"}, where)
    values = {}
    for key, kind in (("diameter", "length"), ("density", "density")):
        values[key] = read_parameter(raw[key], kind, f"{where}: {key}", sources, None) if key in raw else None
    return CellTypeRecord(path.stem, text_of(raw, "name", where), tuple(raw.get("aliases", ())), notes=tuple(raw.get("notes", ())), **values)


def read_tables(path: Path, name: str, keys: set[str]) -> list[dict[str, Any]]:
    """The tables of a list in a file, each with no other keys than these."""
    raw = read_toml(path)
    check_keys(raw, {name}, path.name)
    for index, table in enumerate(raw.get(name, [])):
        check_keys(table, keys, f"{path.name}: {name}[{index}]")
    return raw.get(name, [])


def read_value(table: Any, kind: str, where: str, sources: Mapping[str, str], weight: float | None) -> Alternative:
    """One value beside those of the species' own files, checked as they are."""
    check_keys(table, _VALUE_KEYS, where)
    return Alternative(**_value(table, kind, where, sources, weight))


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); install tmefield again") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: not valid TOML: {error}") from None


def _kind(key: str, where: str) -> str:
    if re.fullmatch(r"[EI]C50(_\w+)?", key):
        return "concentration"
    if key not in PARAMETER_KINDS:
        raise InputError(f"{where}: unknown parameter '{key}'; known: {', '.join(PARAMETER_KINDS)}, EC50, IC50")
    return PARAMETER_KINDS[key]


def check_keys(table: Any, known: set[str], where: str) -> None:
    """Refuse a table with a key that is not among the known."""
    if not isinstance(table, dict):
        raise InputError(f"{where}: expected a table; got {table!r}")
    unknown = sorted(set(table) - known)
    if unknown:
        raise InputError(f"{where}: unknown key '{unknown[0]}'; known: {', '.join(sorted(known))}")


def text_of(table: Mapping[str, Any], key: str, where: str) -> str:
    """The text under a key that every value needs."""
    text = table.get(key)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where}: {key} is missing: every value needs it")
    return text


def _cells(table: Any, known: tuple[str, ...], taken: Mapping[str, Any], where: str) -> list[str]:
    """The cell types of a row, each known and given once."""
    cells = table.get("cells") if isinstance(table, dict) else None
    if not isinstance(cells, list) or not cells:
        raise InputError(f"{where}: cells is missing: name the cell types of the row")
    for cell in cells:
        if cell not in known:
            raise InputError(f"{where}: no cell type '{cell}'; known: {', '.join(known)}")
        if cell in taken:
            raise InputError(f"{where}: cell type '{cell}' has a row already")
    return cells


def read_parameter(table: Any, kind: str, where: str, sources: Mapping[str, str], weight: float | None) -> Parameter:
    """One quantity with its range, source, mark and alternatives; `weight` in kDa where it may be by mass."""
    check_keys(table, _PARAMETER_KEYS, where)
    bounds = table.get("range")
    if bounds is not None:
        if not isinstance(bounds, list) or len(bounds) != 2 or not all(_is_number(one) for one in bounds):
            raise InputError(f"{where}: range must be two numbers; got {bounds!r}")
        bounds = (float(bounds[0]), float(bounds[1]))
    alternatives = []
    for index, one in enumerate(table.get("alternatives", [])):
        here = f"{where}.alternatives[{index}]"
        check_keys(one, _VALUE_KEYS, here)
        alternatives.append(Alternative(**_value(one, kind, here, sources, weight)))
    common = _value(table, kind, where, sources, weight)
    value = common["value"]
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        raise InputError(f"{where}: value {value:g} lies outside its range {bounds[0]:g} to {bounds[1]:g}")
    by_size = kind == "diffusivity" and common["mark"] == "computed"
    distribution, sigma = prior.choose(value, bounds, table.get("distribution"), by_size=by_size, where=where)
    spread = {"range": bounds, "distribution": distribution, "sigma": sigma}
    return Parameter(**common, kind=kind, **spread, alternatives=tuple(alternatives), molecular_weight=weight)


def _value(table: Mapping[str, Any], kind: str, where: str, sources: Mapping[str, str], weight: float | None) -> dict[str, Any]:
    """The fields that a parameter and an alternative share, checked."""
    if not _is_number(table.get("value")):
        raise InputError(f"{where}: value must be a number; got {table.get('value')!r}")
    value, unit = float(table["value"]), text_of(table, "unit", where)
    check_mark(table, where)
    source = source_of(table, sources, where)
    try:
        units.to_internal(value, unit, kind, weight)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return {"value": value, "unit": unit, "source": source, "mark": table["mark"], "confidence": table.get("confidence"), "note": table.get("note", "")}


def source_of(table: Mapping[str, Any], sources: Mapping[str, str], where: str) -> str:
    """The source of a value, with what its short names stand for."""
    return re.sub(r"\{(\w+)\}", lambda match: _expand(match[1], sources, where), text_of(table, "source", where))


def check_mark(table: Mapping[str, Any], where: str) -> None:
    """Refuse a mark or a confidence that is none of those known, and a recalled value without confidence."""
    mark, confidence = text_of(table, "mark", where), table.get("confidence")
    if mark not in MARKS:
        raise InputError(f"{where}: mark must be one of {', '.join(MARKS)}; got '{mark}'")
    if confidence is not None and confidence not in CONFIDENCES:
        raise InputError(f"{where}: confidence must be one of {', '.join(CONFIDENCES)}; got '{confidence}'")
    if mark == "recalled" and confidence is None:
        raise InputError(f"{where}: confidence is missing: a recalled value needs it")


def _expand(key: str, sources: Mapping[str, str], where: str) -> str:
    if key not in sources:
        raise InputError(f"{where}: no source '{key}'; known: {', '.join(sources)}")
    return sources[key]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
