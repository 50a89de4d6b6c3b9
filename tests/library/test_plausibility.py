import pytest

from tmefield.errors import InputError
from tmefield.library.plausibility import check_mean, check_secretion
from tmefield.units import parse


@pytest.mark.parametrize("rate", [0.0, 1e-4, 4.5, 1e4])
def test_plausible_rates_pass(rate):
    check_secretion(rate, where="CD8_T")


@pytest.mark.parametrize(
    ("slip", "named"),
    [
        # What was meant stands behind each slip.
        ("1.62e4 molecules/cell/s", "a rate per hour taken as per second (meant: 4.5 molecules/cell/s)"),  # 1.62e4 molecules/cell/h
        ("4e-11 nmol/cell/s", "per day taken as per second (meant: 0.28"),  # 4e-11 nmol/cell/day
        ("7e-6 nmol/cell/day", "one prefix too large"),  # 7e-9
        ("1.06e-7 pmol/cell/s", "two prefixes too large"),  # 1.06e-13, the slip in a published model file
        ("1.1e-4 pmol/cell/s", "pg/cell/day taken as pmol/cell/s"),  # 1.1e-4 pg/cell/day
    ],
)
def test_the_slip_behind_a_secretion_rate_is_named(slip, named):
    rate = parse(slip, "secretion")
    with pytest.raises(InputError, match=r"^species IFNg: .* more than any cell secretes") as caught:
        check_secretion(rate, where="species IFNg")
    assert named in str(caught.value)


@pytest.mark.parametrize(("rate", "message"), [(-1.0, "cannot be negative"), (float("nan"), "finite"), (float("inf"), "finite"), (1e30, "check the unit")])
def test_impossible_rates_are_refused(rate, message):
    with pytest.raises(InputError, match=message):
        check_secretion(rate, where="x")


@pytest.mark.parametrize(("species_class", "limit"), [("cytokine", 1e3), ("antibody", 5e4), ("oxygen", 1e6)])
def test_each_class_has_its_greatest_mean(species_class, limit):
    check_mean(0.999 * limit, species_class, where="x")
    with pytest.raises(InputError, match=species_class):
        check_mean(limit, species_class, where="x")


@pytest.mark.parametrize(("mean", "named"), [(5e3, "pM taken as nM"), (8.64e2 * 2, "per day taken as per second"), (1e7, "cells/mm3 taken as 1/um3")])
def test_the_slip_behind_a_mean_is_named(mean, named):
    with pytest.raises(InputError, match=r"^species IL6: ") as caught:
        check_mean(mean, "cytokine", where="species IL6")
    assert named in str(caught.value)


@pytest.mark.parametrize("mean", [-1e-3, float("nan"), float("inf")])
def test_a_mean_that_is_no_concentration_is_refused(mean):
    with pytest.raises(InputError, match="no concentration"):
        check_mean(mean, "cytokine", where="x")


def test_an_unknown_class_is_refused():
    with pytest.raises(InputError, match="known: cytokine, antibody, oxygen"):
        check_mean(1.0, "chemokine", where="x")
