"""A configuration from a TOML file and `--set` overrides, with all mistakes at once."""

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import FileError, InputError
from .cohort_checks import cohort_problems
from .outcome_checks import outcome_problems
from .outcome_tables import OutcomeConfig
from .problems import did_you_mean, from_validation, refuse
from .readout_checks import readout_problems
from .regulation import regulation_problems
from .regulation_tables import RegulationTable
from .schema import Config

MAX_BYTES = 2_000_000


@dataclass(frozen=True)
class _Checked:
    """Tables that hold together, with where they stand."""

    config: Any
    folder: Path
    source: str

    def resolved(self) -> str:
        """The configuration with every default filled in, as JSON with sorted keys."""
        return json.dumps(self.config.model_dump(mode="json", by_alias=True), sort_keys=True, indent=1)

    def sha256(self) -> str:
        """Hash of the resolved configuration."""
        return hashlib.sha256(self.resolved().encode()).hexdigest()


@dataclass(frozen=True)
class Loaded(_Checked):
    """A checked configuration.

    - `config`: the tables.
    - `folder`: where files that it names are looked for.
    - `source`: what to call it in messages.
    """

    config: Config


@dataclass(frozen=True)
class LoadedOutcome(_Checked):
    """A checked configuration of an outcome; fields as of `Loaded`."""

    config: OutcomeConfig


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read and check a TOML configuration; `overrides` are texts `a.b=value`.

    **Raises** `FileError` where the file cannot be read, `InputError` with every mistake, each with its key, and for a file with a table [outcome].
    """
    return of_fields(load_case(path, overrides))


def load_case(path: str | Path, overrides: Sequence[str] = ()) -> Loaded | LoadedOutcome:
    """As `load_config`, of fields or, where there is a table [outcome], of an outcome."""
    path = Path(path)
    return parse_case(_read(path), overrides, folder=path.parent, source=path.name)


def of_fields(loaded: Loaded | LoadedOutcome) -> Loaded:
    """The configuration, unless it is one of an outcome.

    **Raises** `InputError` then.
    """
    if isinstance(loaded, LoadedOutcome):
        raise InputError(f"{loaded.source}: outcome: 'tmefield run', 'validate' and 'estimate' take a file with a table [outcome], nothing else does")
    return loaded


def parse_config(text: str, overrides: Sequence[str] = (), *, folder: Path, source: str) -> Loaded:
    """As `load_config`, from the text of a configuration."""
    return of_fields(parse_case(text, overrides, folder=folder, source=source))


def parse_case(text: str, overrides: Sequence[str] = (), *, folder: Path, source: str) -> Loaded | LoadedOutcome:
    """As `load_case`, from the text of a configuration."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: not valid TOML: {error}") from None
    for override in overrides:
        _override(raw, override)
    if "outcome" in raw:
        return LoadedOutcome(_outcome(raw, source), folder, source)
    problems = _unknown_species(raw)
    config = None
    try:
        config = Config.model_validate(raw)
        problems += regulation_problems(config.regulation, [one.id for one in config.species]) + readout_problems(config)
    except ValidationError as error:
        problems += from_validation(error) + _edges_nonetheless(raw)
    if problems or config is None:
        raise refuse(source, problems)
    return Loaded(config, folder, source)


def _outcome(raw: dict[str, Any], source: str) -> OutcomeConfig:
    try:
        config = OutcomeConfig.model_validate(raw)
    except ValidationError as error:
        raise refuse(source, from_validation(error, OutcomeConfig)) from None
    if problems := [*outcome_problems(config), *cohort_problems(config)]:
        raise refuse(source, problems)
    return config


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES // 10**6} MB, which is no configuration; data belong in files that it names")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; a configuration is TOML text") from None
    except OSError as error:
        remedy = "; 'tmefield init' writes a configuration to start from" if isinstance(error, FileNotFoundError) else ""
        raise FileError(f"{path}: cannot be read: {error.strerror}{remedy}") from None


def _override(raw: dict[str, Any], override: str) -> None:
    """Put `a.b.c=value` into the raw tables; a list of species is entered by id or by number from 0."""
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise InputError(f"--set {override}: expected KEY=VALUE, e.g. --set grid.spacing='10 um' or --set species.IFNg.decay=0.1/h")
    place: Any = raw
    for part in parts[:-1]:
        place = _step(place, part, override)
    last = parts[-1]
    if isinstance(place, list):
        place[_index(place, last, override)] = _value(text)
    else:
        place[last] = _value(text)


def _step(place: Any, part: str, override: str) -> Any:
    inner = place[_index(place, part, override)] if isinstance(place, list) else place.setdefault(part, {})
    if not isinstance(inner, (dict, list)):
        raise InputError(f"--set {override}: '{part}' holds {inner!r}, not a table")
    return inner


def _index(items: list, part: str, override: str) -> int:
    ids = [item.get("id") if isinstance(item, dict) else None for item in items]
    if part in ids:
        return ids.index(part)
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    named = [one for one in ids if isinstance(one, str)]
    raise InputError(f"--set {override}: no entry '{part}'{did_you_mean(part, named)}")


def _value(text: str) -> Any:
    """A TOML value where the text is one, else the text itself: --set grid.spacing='10 um' needs no second quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _edges_nonetheless(raw: dict[str, Any]) -> list[tuple[str, str]]:
    """The problems of edges beside mistakes elsewhere in the file; none where [regulation] or [[species]] themselves cannot be read."""
    tables = raw.get("species")
    ids = [table["id"] for table in tables if isinstance(table, dict) and isinstance(table.get("id"), str)] if isinstance(tables, list) else []
    if not ids or len(ids) < len(raw["species"]):
        return []
    try:
        return regulation_problems(RegulationTable.model_validate(raw.get("regulation", {})), ids)
    except ValidationError:
        return []


def _unknown_species(raw: dict[str, Any]) -> list[tuple[str, str]]:
    """Species that are neither in the library nor described in full."""
    from ..library import species

    tables = raw.get("species")
    problems = []
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        own = isinstance(table, dict) and {"diffusivity", "decay", "molecular_weight"} <= set(table)
        if own or not isinstance(table, dict) or not isinstance(table.get("id"), str):
            continue
        try:
            species(table["id"])
        except InputError as error:
            problems.append((f"species[{index}].id", f"{error} (a species of your own needs diffusivity, decay and molecular_weight)"))
    return problems
