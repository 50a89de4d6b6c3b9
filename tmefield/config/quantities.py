"""Field types of the configuration: text with a unit, checked where it is read and kept as written."""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from .. import units

# Kinds that may be given as a mass, for which the molecular weight of the species is needed.
BY_MASS = ("concentration", "secretion", "production")


def quantity(kind: str, *, positive: bool = False, maximum: float | None = None) -> BeforeValidator:
    """A validator for a quantity of this kind of `units.KINDS`: right dimension, finite, not negative (above zero where
    `positive`), at most `maximum` in internal units. The text stays as it was written; `units.parse` turns it into a number.
    """

    def check(value: Any, info: Any) -> Any:
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise ValueError(f"expected {_expected(kind)}; got {value!r}")
        number = units.parse(value, kind, molecular_weight=_molecular_weight(info) if kind in BY_MASS else None)
        if not math.isfinite(number) or number < 0 or (positive and number == 0):
            raise ValueError(f"must be finite and {'above zero' if positive else 'not negative'}; got {value!r}")
        if maximum is not None and number > maximum:
            raise ValueError(f"{value!r} is more than the greatest value accepted here, {maximum:g} {units.KINDS[kind]}: is the unit right?")
        return value

    return BeforeValidator(check)


def _expected(kind: str) -> str:
    unit = units.KINDS[kind]
    return "a number" if kind in ("number", "count") else f"text with a unit of {kind.replace('_', ' ')}, e.g. '5 {unit}'"


def _molecular_weight(info: Any) -> float | None:
    """That of the species or drug under validation (kDa), for a quantity by mass. Elsewhere (walls, secretion) any weight will
    do for the check of the unit: the species' own is used when the number is.
    """
    data = info.data or {}
    if "id" not in data:
        return 1.0
    if data.get("molecular_weight") is not None:
        return units.parse(data["molecular_weight"], "molecular_weight")
    from ..errors import InputError
    from ..library import drug, species

    for lookup in (species, drug):
        try:
            parameter = lookup(data["id"]).parameters.get("molecular_weight")
        except InputError:
            continue
        return parameter.internal if parameter else None
    return None


def bounded(*, low: float = 0.0, high: float = 1.0, above_low: bool = False) -> BeforeValidator:
    """A validator for a plain number between two bounds."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"expected a number between {low:g} and {high:g}; got {value!r}")
        if not low <= value <= high or (above_low and value == low):
            raise ValueError(f"must lie between {low:g}{' (not included)' if above_low else ''} and {high:g}; got {value!r}")
        return float(value)

    return BeforeValidator(check)


def _spacing(value: Any) -> Any:
    """One length for cubic voxels, or three in the order z, y, x."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    if len(parts) not in (1, 3):
        raise ValueError(f"expected one length or three (z, y, x), e.g. '5 um'; got {value!r}")
    for part in parts:
        if not isinstance(part, (str, int, float)) or isinstance(part, bool):
            raise ValueError(f"expected {_expected('length')}; got {part!r}")
        if not 0 < units.parse(part, "length") <= 1e6:
            raise ValueError(f"must be above zero and at most 1 m; got {part!r}")
    return tuple(parts) if len(parts) == 3 else parts[0]


def _unless(word: str | bool, validator: BeforeValidator) -> BeforeValidator:
    """Lets one word (or False) pass unchecked."""
    check = validator.func

    def either(value: Any, info: Any) -> Any:
        return value if value is word or (isinstance(word, str) and value == word) else check(value, info)  # type: ignore[call-arg]

    return BeforeValidator(either)


Text = str | float
Length = Annotated[Text, quantity("length", positive=True, maximum=1e6)]
Distance = Annotated[Text, quantity("length", maximum=1e6)]
Duration = Annotated[Text, quantity("time", positive=True, maximum=1e10)]
Diffusivity = Annotated[Text, quantity("diffusivity", maximum=1e5)]
Rate = Annotated[Text, quantity("rate", maximum=1e4)]
Concentration = Annotated[Text, quantity("concentration", maximum=1e7)]
HalfSaturation = Annotated[Text, quantity("concentration", positive=True, maximum=1e7)]
Production = Annotated[Text, quantity("production", positive=True, maximum=1e4)]
SecretionRate = Annotated[Text, quantity("secretion")]
Density = Annotated[Text, quantity("density", maximum=1.0)]
Permeability = Annotated[Text, quantity("permeability", maximum=1e6)]
MolecularWeight = Annotated[Text, quantity("molecular_weight", positive=True, maximum=1e6)]
Receptors = Annotated[Text | bool, _unless(False, quantity("count", maximum=1e8))]
SectionPermeability = Annotated[Text, _unless("library", quantity("permeability", maximum=1e6))]
Spacing = Annotated[Text | tuple[Text, Text, Text], BeforeValidator(_spacing)]
Fraction = Annotated[float, bounded()]
PositiveFraction = Annotated[float, bounded(above_low=True)]


BYTES = {"MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30, "TB": 10**12, "TiB": 2**40}


def parse_memory(text: object) -> int:
    """Bytes from text such as "8 GiB".

    **Raises** `ValueError` where there is no number, or no unit of MB, MiB, GB, GiB, TB, TiB.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]+)\s*", text) if isinstance(text, str) else None
    if match is None or match[2] not in BYTES or float(match[1]) == 0:
        raise ValueError(f"expected a size of memory such as '8 GiB' ({', '.join(BYTES)}); got {text!r}")
    return int(float(match[1]) * BYTES[match[2]])


def _memory(value: Any) -> Any:
    parse_memory(value)
    return value


MemorySize = Annotated[str, BeforeValidator(_memory)]


def _coordinate(value: Any) -> Any:
    """A position, which may be negative."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise ValueError(f"expected {_expected('length')}; got {value!r}")
    if abs(units.parse(value, "length")) > 1e9:
        raise ValueError(f"{value!r} is more than a kilometre from zero: is the unit right?")
    return value


Coordinate = Annotated[Text, BeforeValidator(_coordinate)]
