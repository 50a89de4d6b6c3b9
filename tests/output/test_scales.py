import numpy as np
import pytest

from tmefield.output.scales import choose_scale, linear_ticks, log_ticks, nice_length, number


@pytest.mark.parametrize(
    ("peak", "unit", "upper"),
    [(0.03, "pM", 30.0), (0.0008, "pM", 0.8), (0.0003, "fM", 300.0), (2.4, "nM", 2.5), (60000.0, "µM", 60.0)],
)
def test_unit_and_limits_suit_the_peak(peak, unit, upper):
    scale = choose_scale(np.linspace(0.0, peak, 1001))
    assert (scale.unit, scale.log, scale.lower) == (unit, False, 0.0)
    assert scale.upper == pytest.approx(upper)


def test_values_close_together_are_not_drawn_from_zero():
    scale = choose_scale(np.linspace(0.21, 0.29, 100))
    assert (scale.unit, scale.log) == ("pM", False)
    assert (scale.lower, scale.upper) == pytest.approx((210.0, 290.0))


def test_values_far_apart_get_a_logarithmic_scale_of_four_decades_at_most():
    scale = choose_scale(np.geomspace(1e-9, 1.0, 1000))
    assert scale.log and scale.label == "nM, log scale"
    assert (scale.lower, scale.upper) == pytest.approx((5e-5, 1.0), rel=0.01)


@pytest.mark.parametrize("values", [np.zeros(5), np.full(3, np.nan), np.array([]), np.array([-1e-9, 0.0])])
def test_an_empty_field_has_a_scale_all_the_same(values):
    scale = choose_scale(values)
    assert (scale.unit, scale.lower, scale.upper, scale.log) == ("pM", 0.0, 1.0, False)


def test_a_constant_field_lies_within_its_limits():
    scale = choose_scale(np.full(10, 0.003))
    assert scale.lower <= 3.0 <= scale.upper and scale.upper > scale.lower


def test_ticks_are_round_numbers():
    assert linear_ticks(0.0, 30.0) == [0, 10, 20, 30]
    assert [number(tick) for tick in linear_ticks(0.0, 0.8)] == ["0", "0.2", "0.4", "0.6", "0.8"]
    assert log_ticks(0.001, 10.0) == pytest.approx([0.001, 0.01, 0.1, 1, 10])
    assert log_ticks(2.0, 50.0) == pytest.approx([2, 5, 10, 20, 50])


def test_numbers_are_written_without_exponents():
    assert [number(value) for value in (0.0, -0.0, 0.05, 2.5, 12000.0, 1e6, 5e-7)] == [
        "0",
        "0",
        "0.05",
        "2.5",
        "12000",
        "1000000",
        "0.0000005",
    ]


def test_a_scale_bar_has_a_round_length():
    assert [nice_length(length) for length in (176.0, 256.0, 60.0, 1.0, 9.99)] == pytest.approx([100, 200, 50, 1, 5])
