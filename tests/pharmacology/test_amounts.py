"""Doses in text: by hand, and wrong ones with their remedy."""

import pytest

import tmefield as tf
from tmefield.pharmacology.amounts import dose_amount


def test_a_dose_per_kg_by_hand():
    """8 mg/kg x 70 kg of 148 kDa in 3.5 L: 560 mg, 3783.8 nmol, 1081.08 nM."""
    amount = tf.dose_amount("8 mg/kg", molecular_weight=148.0, body_weight=70.0)
    assert amount == pytest.approx(560e-3 / 148e3 * 1e9, rel=1e-12)
    start = tf.PlasmaCourse(tf.OneCompartment("3.5 L", "0.3 L/day"), [tf.Dose(amount)]).kinetics.response()[0][0] * amount
    assert float(start) == pytest.approx(1081.081081, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "given", "nmol"),
    [
        ("20 nmol", {}, 20.0),
        ("0.5 nmol/kg", {"body_weight": 70.0}, 35.0),
        ("100 ug", {"molecular_weight": 25.0}, 4.0),
        ("1 mg per kg", {"molecular_weight": 150.0, "body_weight": 0.02}, 0.02 / 150 * 1e3),
        ("50 ug/m2", {"molecular_weight": 32.93, "body_surface": 1.8}, 90.0 / 32.93),
        # 18 MIU of aldesleukin are 1.1 mg of 15.3 kDa.
        ("18 MIU", {"molecular_weight": 15.3, "mass_per_unit": 1.1e-6 / 18e6}, 1.1 / 15.3 * 1e3),
        ("600 kIU/kg", {"molecular_weight": 15.3, "mass_per_unit": 61.1e-15, "body_weight": 70.0}, 42e6 * 61.1e-12 / 15.3e3 * 1e9),
        ("1.5e6 IU", {"molecular_weight": 15.3, "mass_per_unit": 61.1e-15}, 1.5e6 * 61.1e-12 / 15.3e3 * 1e9),
    ],
)
def test_doses_of_every_kind(text, given, nmol):
    assert dose_amount(text, **given) == pytest.approx(nmol, rel=1e-9)


def test_a_unit_of_il2_in_blood():
    """1 IU/mL of aldesleukin is 3.99 pM."""
    drug = tf.Drug.from_library("Proleukin")
    assert tf.dose_amount("1 IU", molecular_weight=drug["molecular_weight"], mass_per_unit=drug["mass_per_IU"]) * 1e3 * 1e3 == pytest.approx(3.99, abs=0.005)


@pytest.mark.parametrize(
    ("text", "given", "says"),
    [
        (8.0, {}, "needs its unit.*'8 mg/kg'"),
        ("8", {}, "unit missing"),
        ("8 mg/kg", {"molecular_weight": 148.0}, "give body_weight, e.g. '70 kg'"),
        ("50 ug/m2", {"molecular_weight": 30.0}, "give body_surface in m2, e.g. 1.8"),
        ("8 mg", {}, "molecular weight"),
        ("18 MIU", {"molecular_weight": 15.3}, "differs from product to product.*mass_per_IU"),
        ("-1 mg", {"molecular_weight": 15.3}, "must not be negative"),
        ("3 mg/L", {"molecular_weight": 15.3}, "'mg/L' is not the unit of an amount: expected an amount such as '5 nmol', or a dose such as '8 mg/kg'"),
        ("3 miu", {"molecular_weight": 15.3}, "unknown unit 'miu'"),
    ],
)
def test_wrong_doses_name_the_remedy(text, given, says):
    with pytest.raises(tf.InputError, match=says) as caught:
        dose_amount(text, key="doses[0].amount", **given)
    assert str(caught.value).startswith("doses[0].amount: ")
