"""How much a dose is: text such as "8 mg/kg", "18 MIU" or "20 nmol" in nmol."""

import re

from .. import units
from ..errors import InputError

_PER_BODY = re.compile(r"(.+?)\s*(?:/|\bper\b)\s*(kg|m2|m\^2|m²)\s*")
_ACTIVITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([kM]?)IU\s*")
_PREFIX = {"": 1.0, "k": 1e3, "M": 1e6}


def dose_amount(
    text: object,
    *,
    molecular_weight: float | None = None,
    body_weight: float | None = None,
    body_surface: float | None = None,
    mass_per_unit: float | None = None,
    key: str | None = "amount",
) -> float:
    """The amount of a dose, nmol.

    **Arguments**

    - `text`: number and unit, by mass ("8 mg/kg", "100 ug", "50 ug/m2"), as an amount ("20 nmol", "1 nmol/kg") or in international units ("18 MIU",
      "600 kIU/kg").
    - `molecular_weight`: kDa, for a dose by mass or in IU.
    - `body_weight`: kg, for a dose per kg; `body_surface`: m2, for one per m2.
    - `mass_per_unit`: kg in 1 IU of this product; IU measure an activity, which differs from product to product.
    - `key`: where the dose stands; messages begin with it, if it is given.

    **Raises** `InputError` for a dose without unit or below zero, and where one of these numbers is needed and missing.
    """
    try:
        return _amount(text, molecular_weight, body_weight, body_surface, mass_per_unit)
    except InputError as error:
        raise InputError(f"{key}: {error}" if key else str(error)) from None


def _amount(text: object, molecular_weight: float | None, body_weight: float | None, body_surface: float | None, mass_per_unit: float | None) -> float:
    if not isinstance(text, str):
        raise InputError(f"a dose needs its unit: write it as text, such as '8 mg/kg', '100 ug' or '20 nmol'; got {text!r}")
    per_body = _PER_BODY.fullmatch(text.strip())
    amount = _in_nmol(per_body[1] if per_body else text.strip(), molecular_weight, mass_per_unit)
    if amount < 0:
        raise InputError(f"a dose must not be negative; got '{text}'")
    if per_body is None:
        return amount
    body, example = (body_weight, "body_weight, e.g. '70 kg'") if per_body[2] == "kg" else (body_surface, "body_surface in m2, e.g. 1.8")
    if body is None:
        raise InputError(f"'{text}' is per {per_body[2]} of the body: give {example}, or the whole amount")
    return amount * body


def _in_nmol(text: str, molecular_weight: float | None, mass_per_unit: float | None) -> float:
    activity = _ACTIVITY.fullmatch(text)
    if activity is None:
        return units.parse(text, "amount", molecular_weight=molecular_weight)
    if mass_per_unit is None:
        raise InputError(
            "IU measure an activity that differs from product to product, and there is no conversion for this one (the library has those of "
            "aldesleukin and IFNg1b): give an amount by mass or in nmol, or mass_per_IU, e.g. '61.1 pg'"
        )
    return units.to_internal(float(activity[1]) * _PREFIX[activity[2]] * mass_per_unit, "kg", "amount", molecular_weight)


def quantity(value, kind: str, name: str):
    """A number in the internal unit of its kind: text with a unit is parsed, a number (also a traced one) is taken as it is."""
    return units.parse(value, kind, key=name) if isinstance(value, str) else value
