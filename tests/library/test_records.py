from dataclasses import asdict

import pytest

from tmefield.errors import InputError
from tmefield.library import Parameter, species


def test_half_saturation_of_il2():
    """K_M 22.28 pM with k_endo 4.6e-4 /s and the binding constants of Brunner et al. 2024."""
    assert species("IL2").half_saturation() == pytest.approx(22.28e-3, rel=1e-3)


def test_half_saturation_needs_the_binding_constants():
    with pytest.raises(InputError, match="O2: no half saturation, since the library has no K_D, k_on, k_endo"):
        species("O2").half_saturation()


def test_a_mass_concentration_is_converted_with_the_weight_of_the_species():
    plasma = species("VEGF").parameters["plasma_concentration"]
    assert plasma.unit == "pg/mL"
    assert plasma.internal == pytest.approx(plasma.value / 45 * 1e-3, rel=1e-12)


def test_internal_value_of_a_parameter():
    parameter = Parameter(14.3, "1/day", "rate", source="TNBC", mark="model")
    assert parameter.internal == pytest.approx(1.655e-4, rel=1e-3)


def test_records_become_plain_tables():
    table = asdict(species("IFNg"))
    assert table["secretion"]["CD8_T"]["rate"]["unit"] == "molecules/cell/h"
    assert table["parameters"]["diffusivity"]["alternatives"][0]["value"] == 10
