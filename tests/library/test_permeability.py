import pytest

from tmefield.errors import InputError
from tmefield.library.permeability import two_pore_permeability, water_diffusivity

# S1 of the closed forms: kDa, P in cm/s, D in water in um2/s.
CASES = [
    (8.0, 3.971889781967e-06, 164.5877282011),
    (15.5, 1.885106045591e-06, 132.0522972745),
    (21.0, 1.321867113793e-06, 119.3513652545),
    (25.0, 1.086051997907e-06, 112.6191884696),
    (34.0, 7.943045307945e-07, 101.6585561178),
    (37.0, 7.367485867687e-07, 98.83601856116),
    (45.0, 6.324782114135e-07, 92.5990751916),
    (52.0, 5.761865987467e-07, 88.24646208103),
    (70.0, 4.968839410803e-07, 79.92980787438),
    (150.0, 3.766746752605e-07, 62.01375471178),
]


@pytest.mark.parametrize(("weight", "permeability", "diffusivity"), CASES)
def test_two_pore_permeability_and_size_law(weight, permeability, diffusivity):
    assert two_pore_permeability(weight) == pytest.approx(permeability * 1e4, rel=1e-6)
    assert water_diffusivity(weight) == pytest.approx(diffusivity, rel=1e-6)


def test_permeability_is_continuous_where_the_small_pores_close():
    """R = 0.95 x 4.5 nm, the end of the hindrance fit."""
    closing = (0.95 * 4.5 / 0.912) ** (1 / 0.333)
    assert two_pore_permeability(closing * 1.001) == pytest.approx(two_pore_permeability(closing * 0.999), rel=0.01)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_above_zero_is_needed(weight):
    with pytest.raises(InputError, match="above zero"):
        two_pore_permeability(weight)


def test_other_pores():
    """Without large pores the wall of tumour vessels lets less through; pores of twice the area let twice as much through."""
    assert two_pore_permeability(150.0, pores=[(4.5, 17.6)]) < 1e-9
    assert two_pore_permeability(20.0, pores=[(4.5, 35.2), (500.0, 1.3)]) == pytest.approx(2 * two_pore_permeability(20.0))
    with pytest.raises(InputError, match="pores"):
        two_pore_permeability(20.0, pores=[(0.0, 17.6)])
