import numpy as np
import pytest

from tmefield.vessels.rheology import relative_viscosity, scaled_diameter

# Viscosity over that of plasma at D um and haematocrit 0, 0.2, 0.45, 0.6, and m45: the formula worked out independently.
TABLE = {
    4: (5.3636, (1.9025, 8.9216, 17.6965, 22.9622)),
    6: (4.7863, (1.4994, 5.2508, 10.0116, 12.9204)),
    10: (3.8924, (1.2625, 2.6514, 5.8724, 9.8259)),
    20: (2.6837, (1.1198, 1.7617, 3.2311, 5.0083)),
    40: (2.1237, (1.0574, 1.4536, 2.3137, 3.2939)),
    100: (2.4439, (1.0224, 1.5033, 2.5315, 3.6837)),
}
HD = np.array([0, 0.2, 0.45, 0.6])


@pytest.mark.parametrize("diameter", TABLE)
def test_viscosity_in_vivo(diameter):
    at_reference, expected = TABLE[diameter]
    found = relative_viscosity(np.full(4, float(diameter)), HD)
    assert found == pytest.approx(np.array(expected), abs=6e-5)
    layer = (diameter / (diameter - 1.1)) ** 2
    assert (found[2] / layer - 1) / layer + 1 == pytest.approx(at_reference, abs=6e-5)


def test_without_cells_only_the_layer_at_the_wall_counts():
    diameter = np.array([4.0, 9.0, 60.0])
    assert relative_viscosity(diameter, np.zeros(3)) == pytest.approx((diameter / (diameter - 1.1)) ** 2)


def test_cells_of_the_rat_meet_wider_vessels():
    assert scaled_diameter(np.array([10.0]), 55) == pytest.approx(11.87, abs=0.01)
    assert relative_viscosity(np.full(4, 6.0), HD, 55) == pytest.approx(relative_viscosity(np.full(4, 6 * (92 / 55) ** (1 / 3)), HD))


def test_narrowest_vessels_and_thickest_blood_stay_finite():
    narrow = relative_viscosity(np.array([0.5, 1.1, 3.0]), np.full(3, 0.45))
    assert np.isfinite(narrow).all() and np.ptp(narrow) == 0
    assert np.isfinite(relative_viscosity(np.full(2, 6.0), np.array([0.95, 1.0]))).all()


def test_viscosity_is_smooth_where_its_exponent_is_zero():
    diameter = np.linspace(7, 10, 3001)
    found = relative_viscosity(diameter, np.full(diameter.shape, 0.3))
    assert (np.diff(found) < 0).all() and np.abs(np.diff(found, 2)).max() < 1e-5
