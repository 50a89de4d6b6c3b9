"""What a configuration of an outcome may say of a cohort: how many tumours, and by what they differ."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from .quantities import PositiveFraction, Text
from .table import Name, Table

MAX_PATIENTS, MAX_SAMPLES = 100_000, 65_536


def _by_quoted_keys(value: Any) -> Any:
    """A table of pairs whose keys hold points: unquoted, TOML makes a table of each part."""
    if isinstance(value, dict):
        nested = [f'"{key}.{inner}"' for key, one in value.items() if isinstance(one, dict) for inner in one]
        if nested:
            raise ValueError(f"a key with points stands in quotes: {nested[0]} = [..., ...]")
        for key, one in value.items():
            if not isinstance(one, (list, tuple)) or len(one) != 2:
                raise ValueError(f"{key}: expected two values in brackets; got {one!r:.60}")
    return value


Pairs = BeforeValidator(_by_quoted_keys)


class CohortTable(Table):
    """How many tumours are drawn, from which spread, and what is asked of them."""

    patients: Annotated[int, Field(ge=2, le=MAX_PATIENTS)]
    seed: Annotated[int, Field(ge=0, le=2**32)] = 0
    spread: tuple[Name, ...] = ()
    lognormal: Annotated[dict[Name, tuple[Text, float]], Pairs] = {}
    uniform: Annotated[dict[Name, tuple[Text, Text]], Pairs] = {}
    response: PositiveFraction = 0.7
    drivers: Annotated[int, Field(ge=0, le=MAX_SAMPLES)] = 0
    drivers_of: Name = "control"

    @field_validator("drivers")
    @classmethod
    def _power_of_two(cls, count):
        if count == 1 or count & (count - 1):
            below = 1 << (count.bit_length() - 1)
            raise ValueError(f"samples of a Sobol analysis are a power of two, e.g. {max(below, 2)} or {max(2 * below, 4)}, or 0 for none; got {count}")
        return count
