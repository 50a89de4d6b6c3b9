"""Values of the literature that cannot all be right: what they are, how far apart, and which one is the default and why."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .. import units
from ..errors import InputError
from . import species, species_ids
from .reading import read_sources, read_tables, read_value
from .records import Alternative, Parameter

_FOLDER = Path(__file__).parent
_KEYS = {"parameter", "what", "why", "rejected"}


@dataclass(frozen=True)
class Conflict:
    """One conflict about a value of the library; its values are shown, never averaged.

    - `species`, `parameter`: the default, for example "IL10" and "diffusivity", or "TGFb" and "secretion.tumour" (the rate).
    - `what`: the conflict in words; `why`: why the default is the default.
    - `default`: the library's value; its `alternatives` are the others in use.
    - `rejected`: values that are known to be wrong, such as unit slips; they are shown and offered nowhere.
    """

    species: str
    parameter: str
    what: str
    why: str
    default: Parameter
    rejected: tuple[Alternative, ...] = ()

    def values(self) -> list[tuple[str, float, Parameter | Alternative]]:
        """("default" | "alternative" | "rejected", value in internal units, row), the default first."""
        rows = [("default", self.default), *(("alternative", one) for one in self.default.alternatives), *(("rejected", one) for one in self.rejected)]
        return [(role, units.to_internal(one.value, one.unit, self.default.kind, self.default.molecular_weight), one) for role, one in rows]

    def factor(self) -> float:
        """The greatest value over the smallest one."""
        numbers = [value for _, value, _ in self.values()]
        return max(numbers) / min(numbers)


@lru_cache
def conflicts() -> tuple[Conflict, ...]:
    """All conflicts of the library, by species in the order of `species_ids()`."""
    return read_conflicts(_FOLDER / "conflicts.toml", _FOLDER / "sources.toml")


def conflicts_of(identifier: str) -> tuple[Conflict, ...]:
    """The conflicts about one species."""
    return tuple(one for one in conflicts() if one.species == identifier)


def parameter_at(path: str) -> tuple[str, Parameter]:
    """Species id and the parameter at a path such as "IL10.diffusivity", "IFNg.receptors.tumour" or "TGFb.secretion.tumour" (the rate).

    **Raises** `InputError` where the library has no such value.
    """
    name, _, key = path.partition(".")
    if name not in species_ids():
        raise InputError(f"'{path}' names no species of the library; known: {', '.join(species_ids())}")
    record = species(name)
    part, _, cell = key.partition(".")
    if part == "secretion" and cell in record.secretion:
        return name, record.secretion[cell].rate
    table = record.receptors if part == "receptors" else record.parameters
    found = table.get(cell if part == "receptors" else key)
    if found is None:
        raise InputError(f"'{path}' names no value of the library: {name} has none")
    return name, found


def read_conflicts(path: Path, sources: Path) -> tuple[Conflict, ...]:
    """The conflicts of a file.

    **Raises** `InputError` naming the entry and what is missing or wrong: a value that the library does not have, a conflict with a single value,
    values that are equal.
    """
    known = read_sources(sources)
    found = [_conflict(table, f"{path.name}: conflict[{index}]", known) for index, table in enumerate(read_tables(path, "conflict", _KEYS))]
    return tuple(sorted(found, key=lambda one: species_ids().index(one.species)))


def _conflict(table: dict, where: str, sources: dict[str, str]) -> Conflict:
    for key in ("parameter", "what", "why"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise InputError(f"{where}: {key} is missing: every conflict needs it")
    try:
        name, default = parameter_at(table["parameter"])
    except InputError as error:
        raise InputError(f"{where}: parameter {error}") from None
    rejected = tuple(
        read_value(row, default.kind, f"{where}.rejected[{index}]", sources, default.molecular_weight) for index, row in enumerate(table.get("rejected", []))
    )
    conflict = Conflict(name, table["parameter"].partition(".")[2], table["what"], table["why"], default, rejected)
    numbers = [value for _, value, _ in conflict.values()]
    if len(set(numbers)) < 2 or min(numbers) <= 0:
        raise InputError(f"{where}: a conflict needs two different values above zero: give the others as alternatives of {table['parameter']}, or as rejected")
    return conflict
