"""Onset of a field against closed forms (V2, P1)."""

import pytest

from validation.problems.check import assert_complete, assert_within_tolerance
from validation.problems.registry import GROUPS

CASES = GROUPS["transient"]


@pytest.mark.parametrize("case", CASES)
def test_field_has_the_exact_values(case):
    assert_within_tolerance(CASES[case]())


@pytest.mark.data
@pytest.mark.parametrize("case", CASES)
def test_every_tabulated_value_is_compared(case):
    assert_complete(case, CASES[case]())
