"""Drugs of the library: what a record holds, and how it is read from its TOML file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError
from .reading import check_keys, check_mark, read_parameter, read_toml, source_of, text_of
from .records import Parameter

DRUG_PARAMETERS = {
    "molecular_weight": "molecular_weight",
    "diffusivity": "diffusivity",
    "decay": "rate",
    "permeability": "permeability",
    "K_D": "concentration",
    "k_on": "on_rate",
    "complex_decay": "rate",
    "volume": "distribution_volume",
    "clearance": "clearance",
    "peripheral_volume": "distribution_volume",
    "intercompartmental_clearance": "clearance",
    "absorption_rate": "rate",
    "bioavailability": "number",
    "mass_per_IU": "mass",
    "half_life": "time",
}
"""What may be known of a drug, with the kind of each quantity."""

ACTIONS = {
    "neutralises": "binds the ligand in the fluid",
    "blocks": "competes with the ligand for its receptor",
    "supplies": "is the ligand itself",
    "none": "is carried and cleared, and acts on none of the species",
}


@dataclass(frozen=True)
class Schedule:
    """How a drug is usually given, in words, with where that stands."""

    text: str
    source: str
    mark: str
    confidence: str | None = None


@dataclass(frozen=True)
class DrugRecord:
    """A drug with its sources.

    - `action`: one of `ACTIONS`; `target`: the ligand that it concerns (a species of the library where the library has it), or None.
    - `binds`: what the drug binds to, in words, and in which animal where it is not man.
    - `parameters` by name, of `DRUG_PARAMETERS`; what is not sourced is absent.
    """

    id: str
    name: str
    action: str
    target: str | None
    binds: str
    aliases: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    schedule: Schedule | None = None
    notes: tuple[str, ...] = ()


def read_drug(path: Path, sources: Mapping[str, str]) -> DrugRecord:
    """The drug of a file; its id is the name of the file.

    **Raises** `InputError` naming file, key and what is missing or wrong.
    """
    where = f"{path.parent.name}/{path.name}"
    raw = read_toml(path)
    check_keys(raw, {"name", "aliases", "action", "target", "binds", "notes", "schedule", "parameters"}, where)
    if raw.get("action") not in ACTIONS:
        raise InputError(f"{where}: action must be one of {', '.join(ACTIONS)}; got {raw.get('action')!r}")
    if (raw["action"] != "none") != ("target" in raw):
        raise InputError(f"{where}: a drug that acts names its target, the ligand; one with action 'none' has none")
    tables, weight = raw.get("parameters", {}), None
    for key in tables:
        if key not in DRUG_PARAMETERS:
            raise InputError(f"{where}: unknown parameter '{key}'; known: {', '.join(DRUG_PARAMETERS)}")
    if "molecular_weight" in tables:
        weight = read_parameter(tables["molecular_weight"], "molecular_weight", f"{where}: parameters.molecular_weight", sources, None).internal
    parameters = {key: read_parameter(table, DRUG_PARAMETERS[key], f"{where}: parameters.{key}", sources, weight) for key, table in tables.items()}
    return DrugRecord(
        id=path.stem,
        name=text_of(raw, "name", where),
        action=raw["action"],
        target=raw.get("target"),
        binds=text_of(raw, "binds", where),
        aliases=tuple(raw.get("aliases", ())),
        parameters=parameters,
        schedule=_schedule(raw["schedule"], sources, f"{where}: schedule") if "schedule" in raw else None,
        notes=tuple(raw.get("notes", ())),
    )


def _schedule(table: dict[str, Any], sources: Mapping[str, str], where: str) -> Schedule:
    check_keys(table, {"text", "source", "mark", "confidence"}, where)
    check_mark(table, where)
    return Schedule(text_of(table, "text", where), source_of(table, sources, where), table["mark"], table.get("confidence"))
