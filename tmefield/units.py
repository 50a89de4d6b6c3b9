"""Quantities with units, from text to the internal units: um, s, nmol/L, molecules/cell/s, cells/um3, kDa.

Units are read here, where a value comes in, and nowhere else. Only the units of the table below are known: a longer list (as
pint ships) would also read slips such as "Mm" or "ps" without a word.
"""

import difflib
import math
import re
from functools import lru_cache
from typing import Any

from .errors import InputError

AVOGADRO = 6.02214076e23
NANOMOLAR = 0.602214076
"""Molecules per um3 in 1 nmol/L."""
MMHG = 133.322
"""Pa in 1 mmHg."""
CM_PER_MMHG_S = 1e4 / MMHG
"""um/(Pa s) in 1 cm/(mmHg s), of the hydraulic conductivity of a vessel wall."""
CM2_PER_MMHG_S = 1e8 / MMHG
"""um2/(Pa s) in 1 cm2/(mmHg s), of the hydraulic conductivity of a tissue."""

KINDS: dict[str, str] = {
    "length": "um",
    "time": "s",
    "diffusivity": "um2/s",
    "rate": "1/s",
    "concentration": "nM",
    "production": "nM/s",
    "secretion": "molecule/cell/s",
    "density": "cell/um3",
    "permeability": "um/s",
    "on_rate": "1/(nM s)",
    "molecular_weight": "kDa",
    "number": "1",
    "count": "molecule/cell",
    "volume": "um3",
    "surface_density": "1/um",
    "mass": "kg",
    "amount": "nmol",
    "cell_flux": "cell/um2/s",
    "clearance": "L/s",
    "distribution_volume": "L",
}
"""Internal unit of each kind of quantity."""

# Other ways to write a kind, each with the factor 1 to the internal unit.
_ALSO = {"density": ("1/um3",), "count": ("1/cell", "1")}
# Kinds that may be given by mass once the molecular weight is known, with the unit to which the mass is brought first.
_BY_MASS = {"concentration": "kg/um3", "secretion": "kg/cell/s", "amount": "kg", "production": "kg/um3/s"}
_PLAIN = ("number", "count")
_IN_WORDS = {
    "secretion": "secretion rate",
    "density": "cell density",
    "on_rate": "binding rate",
    "molecular_weight": "molecular weight",
    "count": "number per cell",
    "surface_density": "surface per volume",
    "cell_flux": "flux of cells",
    "distribution_volume": "volume of distribution",
}

# Base units, and for each other unit its value in those known before it.
_BASES = {"um": "length", "s": "time", "mol": "substance", "kg": "mass", "cell": "cell"}
_SCALES = {
    "um": {"m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "nm": 1e-3, "micron": 1.0, "micrometer": 1.0, "micrometre": 1.0},
    "s": {"ms": 1e-3, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0},
    "mol": {"mmol": 1e-3, "umol": 1e-6, "nmol": 1e-9, "pmol": 1e-12, "fmol": 1e-15, "amol": 1e-18, "molecule": 1 / AVOGADRO, "receptor": 1 / AVOGADRO},
    "kg": {"g": 1e-3, "mg": 1e-6, "ug": 1e-9, "ng": 1e-12, "pg": 1e-15, "fg": 1e-18},
    "um**3": {"L": 1e15, "l": 1e15, "dL": 1e14, "dl": 1e14, "mL": 1e12, "ml": 1e12, "uL": 1e9, "ul": 1e9, "nL": 1e6, "pL": 1e3, "fL": 1.0},
    "mol/um**3": {"M": 1e-15, "mM": 1e-18, "uM": 1e-21, "nM": 1e-24, "pM": 1e-27, "fM": 1e-30},
    "kg/mol": {"kDa": 1.0, "Da": 1e-3},
}
_NAMES = (*_BASES, *(name for scale in _SCALES.values() for name in scale))
_PLURALS = ("micron", "micrometer", "micrometre", "second", "minute", "hour", "day", "molecule", "receptor", "cell")

_WHY_NOT = {
    r"°|deg|celsius|kelvin|^[CFK]$": "temperatures are no input: rates and diffusivities are those at body temperature",
    r"^k?IU$|^MIU$|^m?U$": "IU measure an activity that differs from product to product: give an amount, e.g. pg/mL or nM",
    r"mmHg|torr|pascal|^k?Pa$": "pressures are not read here: give oxygen as a concentration, e.g. '0.065 mM'",
    r"^px$|pixel|voxel": "pixels have no size of their own: give the length in um",
}
_WRITTEN = {
    "density": "'2e5 cell/mm3' or '2e-4 cell/um3'",
    "rate": "'0.2 1/h' or '5e-5 1/s'",
    "permeability": "'1e-6 cm/s' or '0.01 um/s'",
    "diffusivity": "'40 um2/s' or '4e-7 cm2/s'",
    "concentration": "'10 pM' or '25 pg/mL'",
    "secretion": "'4.5 molecule/cell/s' or '1e-12 nmol/cell/day'",
    "mass": "'70 kg' or '61.1 pg'",
    "amount": "'8 mg/kg', '500 mg' or '20 nmol'",
    "clearance": "'0.3 L/day' or '12.5 mL/h'",
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT = r"(?:1|[A-Za-z]+(?:\^-?\d)?|[*/() ])+"


def parse(text_or_number, kind: str, *, key: str | None = None, molecular_weight: float | None = None) -> float:
    """A quantity such as "5 um", "0.1/min", "4e-11 nmol/cell/day" or "25 pg/mL" in the internal unit of its kind.

    **Arguments**

    - `text_or_number`: number and unit in one text; a bare number only where the kind needs no unit (number, count).
    - `kind`: one of `KINDS`.
    - `key`: where the quantity stands; error messages begin with it.
    - `molecular_weight`: kDa, for quantities by mass.

    **Raises** `InputError` for a missing or unknown unit, one of another dimension, a value that is not finite, and a
    quantity by mass without molecular weight.
    """
    try:
        number, unit = _split(text_or_number, kind)
        return to_internal(number, unit, kind, molecular_weight)
    except InputError as error:
        raise InputError(f"{key}: {error}" if key else str(error)) from None


def to_internal(value: float, unit: str, kind: str, molecular_weight: float | None = None) -> float:
    """`value` in `unit` as a number in the internal unit of `kind`; see `parse`."""
    if kind not in KINDS:
        raise InputError(f"no kind of quantity '{kind}'; known: {', '.join(KINDS)}")
    if not math.isfinite(value):
        raise InputError(f"{value} {unit}: a finite number is needed")
    factor, by_mass = _factor(unit, kind)
    if by_mass:
        if molecular_weight is None:
            raise InputError(f"'{value:g} {unit}' is by mass, which takes the molecular weight (kDa) to convert: give it, or a molar unit")
        if not (math.isfinite(molecular_weight) and molecular_weight > 0):
            raise InputError(f"the molecular weight must be above zero, in kDa; got {molecular_weight!r}")
        factor /= molecular_weight
    result = value * factor
    if not math.isfinite(result):
        raise InputError(f"'{value:g} {unit}' is too large to be {_with_article(kind)}")
    return result


def _split(given, kind: str) -> tuple[float, str]:
    """Number and unit of what was given; the unit is "1" where none is needed."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise InputError(f"expected {_example(kind)}; got {given!r}")
    if not isinstance(given, str):
        if not math.isfinite(given):
            raise InputError(f"{given}: a finite number is needed")
        if kind not in _PLAIN:
            raise InputError(f"unit missing in {given!r}: write {_with_unit(kind)}")
        return float(given), "1"
    text = given.strip()
    match = re.match(_NUMBER, text)
    if match is None:
        if re.match(r"[+-]?(nan|inf)", text, re.IGNORECASE):
            raise InputError(f"'{text}': a finite number is needed")
        raise InputError(f"expected {_example(kind)}; got {given!r}")
    rest = text[match.end() :].strip()
    if re.match(r",\d", rest):
        raise InputError(f"'{text}': write the decimal point as a point, not as a comma")
    if not rest and kind not in _PLAIN:
        raise InputError(f"unit missing in '{text}': write {_with_unit(kind)}")
    return float(match[0]), rest or "1"


def _words(kind: str) -> str:
    return _IN_WORDS.get(kind, kind)


def _with_article(kind: str) -> str:
    return f"{'an' if _words(kind)[0] in 'aeio' else 'a'} {_words(kind)}"


def _example(kind: str) -> str:
    """How a quantity of this kind is written."""
    return "a plain number" if kind == "number" else f"{_with_article(kind)} such as '5 {KINDS[kind]}'"


def _with_unit(kind: str) -> str:
    """How to add the unit: never with the number given, which may well be in another one."""
    return f"the {_words(kind)} with its unit, such as {_WRITTEN.get(kind, repr(f'5 {KINDS[kind]}'))}"


@lru_cache(maxsize=1024)
def _factor(unit: str, kind: str) -> tuple[float, bool]:
    """Factor from a unit to the internal one of a kind, and whether it has still to be divided by the molecular weight."""
    registry = _registry()
    quantity = registry.Quantity(1.0, _understand(unit))
    for accepted in (KINDS[kind], *_ALSO.get(kind, ())):
        target = _understand(accepted)
        if quantity.dimensionality == target.dimensionality:
            return float(quantity.to(target).magnitude), False
    if kind in _BY_MASS:
        mass = _understand(_BY_MASS[kind])
        if quantity.dimensionality == mass.dimensionality:
            # kg over kDa is mol: kDa is defined as kg/mol.
            return float((quantity.to(mass) / registry.Quantity(1.0, "kDa")).to(_understand(KINDS[kind])).magnitude), True
    raise InputError(f"'{unit}' is not the unit of {_with_article(kind)}: expected {_example(kind)}{_hint(quantity, kind)}")


def _hint(quantity, kind: str) -> str:
    """The commonest reason why a dimension does not fit."""
    dimensions = dict(quantity.dimensionality)
    if kind == "secretion" and "[cell]" not in dimensions:
        return " (secretion is per cell)"
    if kind == "on_rate" and dimensions.get("[time]") == 1:
        return " (put what is divided by in brackets: '1/(nM s)')"
    if kind == "concentration" and "[cell]" in dimensions:
        return " (cells are a density)"
    if kind == "amount":
        return ", or a dose such as '8 mg/kg' or '500 mg'"
    return ""


@lru_cache(maxsize=1024)
def _understand(unit: str):
    """The pint unit of a text.

    The text is checked letter by letter first, so that what reaches pint holds names, small whole powers, * and / alone.
    """
    plain = unit.strip().translate(str.maketrans({"µ": "u", "μ": "u", "·": "*", "²": "2", "³": "3", "⁻": "-", "¹": "1"}))
    plain = re.sub(r"\bper\b", "/", plain).replace("**", "^")
    # um2, cm^2 and s-1 are the same way of writing a power.
    plain = re.sub(r"([A-Za-z])\^?(-?\d)(?!\d)", r"\1^\2", plain)
    _refuse_unknown(re.findall(r"[^\W\d_]+|°[A-Z]?", plain), unit)
    written = f"1{plain}" if plain.startswith("/") else plain
    if len(written) > 80 or not re.fullmatch(_UNIT, written):
        raise InputError(f"cannot read the unit '{unit:.80}': write it like 'um2/s', 'nmol/cell/day' or '1/(nM s)'")
    try:
        return _registry().parse_units(written.replace("^", "**"))
    except Exception:  # whatever pint's tokenizer stumbles over, such as an open bracket, is the text's fault
        raise InputError(f"cannot read the unit '{unit}': write it like 'um2/s', 'nmol/cell/day' or '1/(nM s)'") from None


def _refuse_unknown(names: list[str], unit: str) -> None:
    known = {*_NAMES, *(f"{name}s" for name in _PLURALS)}
    for name in names:
        if name in known:
            continue
        for pattern, why in _WHY_NOT.items():
            if re.search(pattern, name):
                raise InputError(f"'{unit}': {why}")
        near = [one for one in sorted(known) if one.casefold() == name.casefold()] or difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
        meant = " or ".join(f"'{one}'" for one in near)
        raise InputError(f"unknown unit '{name}' in '{unit}'" + (f": did you mean {meant}?" if near else f"; known: {', '.join(_NAMES)}"))


@lru_cache(maxsize=1)
def _registry() -> Any:
    """The only unit registry; molecules are an amount of substance, cells a dimension of their own."""
    import pint

    registry: Any = pint.UnitRegistry(None)  # pyright: ignore[reportArgumentType]  # None: without the units that pint ships
    for name, dimension in _BASES.items():
        registry.define(f"{name} = [{dimension}]")
    for base, scale in _SCALES.items():
        for name, factor in scale.items():
            registry.define(f"{name} = {factor!r} * {base}")
    for name in _PLURALS:
        registry.define(f"{name}s = {name}")
    return registry
