"""Fields against closed forms, quadrature and published values: V1 to V7, V12, V14 to V16, P1, P4, P5, P8 to P10, P12, P14 (V11: test_advection.py)."""

import pytest

from validation.problems.check import assert_complete, assert_within_tolerance
from validation.problems.registry import GROUPS

CASES = {name: solve for group in GROUPS.values() for name, solve in group.items()}


@pytest.mark.parametrize("case", CASES)
def test_field_has_the_exact_values(case):
    assert_within_tolerance(CASES[case]())


@pytest.mark.data
@pytest.mark.parametrize("case", CASES)
def test_every_tabulated_value_is_compared(case):
    assert_complete(case, CASES[case]())
