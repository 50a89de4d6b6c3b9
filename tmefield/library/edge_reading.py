"""The tables of the regulation network and of the effects to records; what lacks an id, half maximum, unit or source is refused."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from .edges import HILL_EXPONENT, KINDS, PLACEHOLDER, Edge, Effect, Input
from .reading import check_keys, check_mark, read_parameter, read_toml, source_of, text_of
from .records import Parameter

_EDGE_KEYS = {"id", "kind", "sign", "by_lack", "from", "on", "by", "Emax", "basal", "mark", "confidence", "source", "notes"}
_EFFECT_KEYS = (_EDGE_KEYS - {"kind", "by_lack"}) | {"edges"}
_INPUT_KEYS = {"half_maximum", "exponent", "proxy"}
_SHARES = ("response", "switch")


def read_edges(path: Path, sources: Mapping[str, str], populations: Collection[str] = ()) -> tuple[Edge, ...]:
    """The edges of a file; a ligand among `populations` counts by its density.

    **Raises** `InputError` naming file, edge and key.
    """
    return tuple(Edge(**_edge(table, _EDGE_KEYS, where, sources, populations)) for table, where in _tables(path, "edge"))


def read_effects(path: Path, sources: Mapping[str, str], populations: Collection[str] = ()) -> tuple[Effect, ...]:
    """The effects of a file; `populations` as in `read_edges`.

    **Raises** `InputError` naming file, effect and key.
    """
    found = []
    for table, where in _tables(path, "effect"):
        check_keys(table, _EFFECT_KEYS, where)
        fields = _edge({key: value for key, value in table.items() if key != "edges"} | {"kind": "rate"}, _EDGE_KEYS, where, sources, populations)
        found.append(Effect(**fields, edges=_names(table, "edges", where)))
    return tuple(found)


def _tables(path: Path, name: str) -> list[tuple[dict[str, Any], str]]:
    """Each table with the words that messages about it begin with; ids are there and differ."""
    raw = read_toml(path)
    check_keys(raw, {name}, path.name)
    tables = []
    seen: set[str] = set()
    for index, table in enumerate(raw.get(name, [])):
        identifier = text_of(table, "id", f"{path.name}: {name}[{index}]")
        if identifier in seen:
            raise InputError(f"{path.name}: {name}[{index}]: id '{identifier}' stands there twice")
        seen.add(identifier)
        tables.append((table, f"{path.name}: {identifier}"))
    return tables


def _edge(table: dict[str, Any], known: set[str], where: str, sources: Mapping[str, str], populations: Collection[str]) -> dict[str, Any]:
    check_keys(table, known, where)
    check_mark(table, where)
    kind = _one_of(table, "kind", tuple(KINDS), where)
    inputs = table.get("from")
    if not isinstance(inputs, dict) or not inputs:
        raise InputError(f"{where}: from is missing: a table for each ligand, with its half_maximum")
    kinds = {name: "density" if name in populations else "concentration" for name in inputs}
    fields = {
        "id": table["id"],
        "kind": kind,
        "sign": _one_of(table, "sign", ("+", "-"), where),
        "inputs": tuple(_input(name, one, f"{where}: from.{name}", sources, kinds[name]) for name, one in inputs.items()),
        "on": _names(table, "on", where),
        "by": _names(table, "by", where),
        "by_lack": table.get("by_lack") is True,
        "mark": table["mark"],
        "confidence": table.get("confidence"),
        "source": source_of(table, sources, where),
        "notes": _names(table, "notes", where),
        **_factors(table, kind, where, sources),
    }
    if not fields["on"]:
        raise InputError(f"{where}: on is missing: name what the edge acts on")
    _check_sign(fields, where)
    return fields


def _input(ligand: str, table: Any, where: str, sources: Mapping[str, str], kind: str) -> Input:
    check_keys(table, _INPUT_KEYS, where)
    if "half_maximum" not in table:
        raise InputError(f"{where}: half_maximum is missing: the EC50 or IC50, with unit and source")
    half_maximum = read_quantity(table["half_maximum"], kind, f"{where}.half_maximum", sources)
    exponent = read_quantity(table["exponent"], "number", f"{where}.exponent", sources) if "exponent" in table else HILL_EXPONENT
    if half_maximum.value <= 0 or exponent.value < 1:
        raise InputError(f"{where}: half_maximum must be above zero and exponent at least 1; got {half_maximum.value:g} and {exponent.value:g}")
    return Input(ligand, half_maximum, exponent, table.get("proxy", ""))


def _factors(table: dict[str, Any], kind: str, where: str, sources: Mapping[str, str]) -> dict[str, Parameter]:
    """E_max and basal factor; a response is a share by definition, and what competes for a receptor takes all of it away."""
    by_definition = Parameter(1.0, "1", "number", source=f"by definition: {KINDS[kind]}", mark="computed")
    nothing = replace(by_definition, value=0.0)
    usual = {"saturated": by_definition, "basal": nothing} if kind in _SHARES else {"saturated": nothing, "basal": by_definition} if kind == "receptor" else {}
    for field, key in (("saturated", "Emax"), ("basal", "basal")):
        if key in table:
            usual[field] = read_quantity(table[key], "number", f"{where}: {key}", sources)
    if "saturated" not in usual:
        raise InputError(f"{where}: Emax is missing: the factor at saturating ligand")
    return {"basal": replace(by_definition, source="by definition: factor without the ligand"), **usual}


def read_quantity(table: Any, kind: str, where: str, sources: Mapping[str, str]) -> Parameter:
    """A value; a placeholder has no mark of its own."""
    if not isinstance(table, dict) or "placeholder" not in table:
        return read_parameter(table, kind, where, sources, None)
    rest = {key: value for key, value in table.items() if key != "placeholder"}
    if table["placeholder"] is not True or "mark" in rest:
        raise InputError(f"{where}: placeholder is true or absent, and stands in place of a mark")
    return replace(read_parameter(rest | {"mark": "computed"}, kind, where, sources, None), mark=PLACEHOLDER)


def _check_sign(fields: dict[str, Any], where: str) -> None:
    rises = fields["saturated"].value > fields["basal"].value
    if fields["sign"] != ("+" if rises != fields["by_lack"] else "-"):
        raise InputError(f"{where}: sign '{fields['sign']}' does not fit Emax {fields['saturated'].value:g} and basal {fields['basal'].value:g}")


def _one_of(table: Mapping[str, Any], key: str, known: tuple[str, ...], where: str) -> str:
    text = text_of(table, key, where)
    if text not in known:
        raise InputError(f"{where}: {key} must be one of {', '.join(known)}; got '{text}'")
    return text


def _names(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    names = table.get(key, [])
    if not isinstance(names, list) or not all(isinstance(one, str) and one for one in names):
        raise InputError(f"{where}: {key} must be a list of texts; got {names!r}")
    return tuple(names)
