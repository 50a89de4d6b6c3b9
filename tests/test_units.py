import math

import pytest

from tmefield.errors import InputError
from tmefield.units import KINDS, NANOMOLAR, parse, to_internal


def test_every_kind_reads_its_own_internal_unit():
    for kind, unit in KINDS.items():
        assert parse(f"2.5 {unit}", kind) == pytest.approx(2.5, rel=1e-12), kind


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("1 molecule/um3", "concentration", 1.660539067174),
        ("1 cm2/s", "diffusivity", 1e8),
        ("1 cm2/day", "diffusivity", 1157.407407407),
        ("1 cm/s", "permeability", 1e4),
        ("1 nmol/cell/day", "secretion", 6970070324.074),
        ("1 pmol/cell/s", "secretion", 602214076000.0),
        ("1 pg/cell/day", "secretion", 278.802812963),
        ("1 ng/cell/s", "secretion", 24088563040.0),
        ("25 pg/mL", "concentration", 1e-3),
        # 1/(M s) is 1.660539e-9 um3/s for each molecule.
        ("1 1/(M s)", "on_rate", 1.660539067174e-9 * NANOMOLAR),
    ],
)
def test_conversion_factors_of_the_reference(text, kind, expected):
    """U1 of the closed forms, molecular weight 25 kDa."""
    assert parse(text, kind, molecular_weight=25.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("5 um", "length", 5.0),
        ("0.1/min", "rate", 0.1 / 60),
        ("7.7 1/d", "rate", 7.7 / 86400),
        ("10 pM", "concentration", 0.01),
        ("4 nmol/L", "concentration", 4.0),
        ("4 nmol L-1", "concentration", 4.0),
        ("1e5 cells/mm3", "density", 1e-4),
        ("1e6 /mL", "density", 1e-6),
        ("1e-5 1/um3", "density", 1e-5),
        ("111.6 1/(nM h)", "on_rate", 0.031),
        ("1e7 /M/s", "on_rate", 0.01),
        ("5000 receptors/cell", "count", 5000.0),
        ("1.62e4 molecules per cell per hour", "secretion", 4.5),
        ("17000 g/mol", "molecular_weight", 17.0),
        ("100 /cm", "surface_density", 0.01),
        ("3 pL", "volume", 3000.0),
        ("-3 mm", "length", -3000.0),
    ],
)
def test_common_ways_to_write_a_quantity(text, kind, expected):
    assert parse(text, kind) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("text", ["40 um2/s", "40 um^2/s", "40 um**2/s", "40 µm²/s", "40 μm² s⁻¹", "40 um2 s-1", "40um2/s", "40 um·um/s"])
def test_powers_and_signs_in_every_spelling(text):
    assert parse(text, "diffusivity") == 40.0


@pytest.mark.parametrize("plain", [5000, 5000.0, "5000", " 5e3 "])
def test_numbers_need_no_unit_where_the_kind_has_none(plain):
    assert parse(plain, "count") == 5000.0
    assert parse(plain, "number") == 5000.0


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (5, "length", "unit missing in 5: write the length with its unit, such as '5 um'"),
        ("5", "diffusivity", "unit missing in '5'"),
        ("5 s", "length", "not the unit of a length: expected a length such as '5 um'"),
        ("5 um", "number", "expected a plain number"),
        ("10 /s", "secretion", "per cell"),
        ("1e7 1/M s", "on_rate", "brackets"),
        ("1 cell/mL", "concentration", "cells are a density"),
        ("25 pg/mL", "concentration", "molecular weight"),
        ("37 °C", "number", "temperatures are no input"),
        ("310 K", "number", "temperatures are no input"),
        ("100 IU/mL", "concentration", "IU measure an activity"),
        ("50 mmHg", "concentration", "give oxygen as a concentration"),
        ("5 px", "length", "pixels"),
        ("5 nmm", "length", "did you mean 'nm'?"),
        ("5 NM", "concentration", "did you mean 'nM' or 'nm'?"),
        ("5 Mm", "length", "unknown unit 'Mm'"),
        ("5 furlong", "length", "unknown unit 'furlong'"),
        ("0,5 um", "length", "decimal point"),
        ("five um", "length", "expected a length such as"),
        ("", "length", "expected a length such as"),
        ("5 (um", "length", "cannot read the unit"),
        ("5 um^999999999", "length", "cannot read the unit"),
        ("5 " + "um*" * 60 + "um", "length", "cannot read the unit"),
        (True, "number", "expected a plain number"),
        (None, "length", "expected a length"),
        ("5 um", "lenght", "no kind of quantity 'lenght'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_mend(given, kind, message):
    with pytest.raises(InputError) as caught:
        parse(given, kind)
    assert message in str(caught.value)


@pytest.mark.parametrize("given", ["nan um", "inf um", "-inf um", "1e400 um", math.nan, math.inf])
def test_nan_and_infinity_are_refused(given):
    with pytest.raises(InputError, match="finite"):
        parse(given, "length")


def test_overflow_in_the_conversion_is_refused():
    with pytest.raises(InputError, match="too large"):
        to_internal(1e308, "m", "length")


@pytest.mark.parametrize("weight", [0.0, -5.0, math.nan])
def test_a_molecular_weight_above_zero_is_needed(weight):
    with pytest.raises(InputError, match="must be above zero"):
        parse("25 pg/mL", "concentration", molecular_weight=weight)


def test_messages_begin_with_the_key():
    with pytest.raises(InputError, match=r"^species\[0\]\.decay: 'um' is not the unit of a rate"):
        parse("5 um", "rate", key="species[0].decay")
