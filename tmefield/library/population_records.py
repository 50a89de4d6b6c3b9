"""Rates of populations of cells, by name: growth, killing, death, entry, exhaustion, vessels, movement."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .edge_reading import read_quantity
from .edges import PLACEHOLDER
from .reading import read_toml, text_of
from .records import Parameter

_KIND_OF_UNIT = {"1/d": "rate", "cell/um3": "density", "cell/um2/d": "cell_flux", "um2/s": "diffusivity", "um": "length", "1": "number"}


@dataclass(frozen=True)
class PopulationRate:
    """One rate: `what` it is in words, and its value with range, source and mark; `placeholder` where it has no source of its own."""

    id: str
    what: str
    value: Parameter

    @property
    def placeholder(self) -> bool:
        """Whether the value has no source of its own."""
        return self.value.mark == PLACEHOLDER


def read_population_rates(path: Path, sources: Mapping[str, str]) -> dict[str, PopulationRate]:
    """The rates of a file, by id.

    **Raises** `InputError` naming file, rate and what is missing or wrong.
    """
    found = {}
    for identifier, table in read_toml(path).items():
        where = f"{path.name}: {identifier}"
        if not isinstance(table, dict):
            raise InputError(f"{where}: expected a table; got {table!r}")
        what = text_of(table, "what", where)
        unit = text_of(table, "unit", where)
        if unit not in _KIND_OF_UNIT:
            raise InputError(f"{where}: unit must be one of {', '.join(_KIND_OF_UNIT)}; got '{unit}'")
        rest = {key: value for key, value in table.items() if key != "what"}
        found[identifier] = PopulationRate(identifier, what, read_quantity(rest, _KIND_OF_UNIT[unit], where, sources))
    return found
