"""What every test of a case asserts."""

import json

from data_files import reference_file
from validation.problems.registry import FORMULAS


def tabulated(case):
    """Inputs, quantity, expected value and tolerance of every row of a case in the table of reference values; skips the test where it is absent."""
    cases = json.loads(reference_file("closed_forms.json").read_text(encoding="utf-8"))["cases"]
    return [(row["inputs"], row["quantity"], row["expected"], row["rel_tol"]) for row in cases[case]["values"]]


def assert_within_tolerance(result):
    """Every value found lies within its tolerance."""
    wrong = [row for row in result.rows if not row.error <= row.tolerance]
    assert result.rows and not wrong, wrong


def assert_complete(case, result):
    """Every tabulated value of the case is among those found, expected to six digits, and asked for no more loosely than tabulated."""
    for inputs, quantity, expected, tolerance in tabulated(case):
        if quantity in FORMULAS.get(case, ()):
            continue
        same = [row for row in result.rows if row.quantity == quantity and abs(row.expected - expected) <= 1e-6 * abs(expected)]
        assert same, (case, quantity, inputs, expected)
        assert all(row.tolerance <= tolerance for row in same), (case, quantity, inputs)
