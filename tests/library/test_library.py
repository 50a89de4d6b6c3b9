import pytest

from tmefield import library
from tmefield.errors import InputError


def test_the_promised_species_and_cell_types_are_there():
    assert set(library.species_ids()) == {"IL6", "TNF", "IFNg", "IL10", "TGFb", "IL2", "VEGF", "O2"}
    assert {"tumour", "CAF", "CD8_T", "Treg", "NK", "M1", "M2", "endothelial"} <= set(library.cell_type_ids())
    for one in library.species_ids():
        assert library.species(one).id == one
    for one in library.cell_type_ids():
        assert library.cell_type(one).id == one


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("IL-6", "IL6"),
        ("ifn-gamma", "IFNg"),
        ("IFN-γ", "IFNg"),
        ("TNFα", "TNF"),
        ("TGF-beta", "TGFb"),
        ("TGF-β1", "TGFb"),
        ("Oxygen", "O2"),
        ("vegf-a", "VEGF"),
    ],
)
def test_species_are_found_in_every_spelling(name, identifier):
    assert library.species(name).id == identifier


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("tumor", "tumour"), ("CD8+ T cells", "CD8_T"), ("cd8", "CD8_T"), ("Fibroblast", "CAF"), ("nk cell", "NK")],
)
def test_cell_types_are_found_in_every_spelling(name, identifier):
    assert library.cell_type(name).id == identifier


def test_unknown_names_tell_what_may_be_meant():
    with pytest.raises(InputError, match="unknown species 'IFNx'; did you mean 'IFNg'"):
        library.species("IFNx")
    with pytest.raises(InputError, match="unknown cell type 'endothelail'; did you mean 'endothelial'"):
        library.cell_type("endothelail")
    with pytest.raises(InputError, match="known: IL6, TNF"):
        library.species("glucose")


@pytest.mark.parametrize(
    ("name", "expected"), [("IL2", 51.6), ("IL6", 46.6), ("TGFb", 44.0), ("IFNg", 39.7), ("IL10", 38.6), ("VEGF", 36.2), ("TNF", 34.5), ("O2", 1750.0)]
)
def test_default_diffusivities(name, expected):
    """D_water/1.6^2 by the size law; oxygen from Grote 1977. um2/s."""
    assert library.species(name).parameters["diffusivity"].internal == pytest.approx(expected, abs=0.05)


def test_diffusivities_of_model_files_stand_beside_the_default():
    diffusivity = library.species("IFNg").parameters["diffusivity"]
    assert diffusivity.mark == "computed"
    assert [one.value for one in diffusivity.alternatives] == [10, 12.6, 16.5]
    assert all(one.source and one.mark == "model" for one in diffusivity.alternatives)


@pytest.mark.parametrize(
    ("name", "per_second"), [("IL6", 1.16e-4), ("TNF", 4.58e-4), ("IFNg", 8.9e-5), ("IL10", 4.63e-5), ("TGFb", 1.66e-4), ("IL2", 2.78e-5), ("VEGF", 1.92e-4)]
)
def test_decay_rates(name, per_second):
    assert library.species(name).parameters["decay"].internal == pytest.approx(per_second, rel=5e-3)


@pytest.mark.parametrize(
    ("name", "cell", "mean"),
    [
        # Molecules/cell/s of the population, after unit conversion.
        ("IFNg", "CD8_T", 4.5 * 0.25),
        ("IL6", "CAF", 0.28),
        ("IL10", "M2", 0.021),
        ("IL10", "Treg", 0.0),
        ("TGFb", "Treg", 0.84),
        ("TGFb", "M2", 0.14),
        ("TGFb", "CAF", 7.0),
        ("TGFb", "tumour", 0.064),
        ("VEGF", "tumour", 0.017),
        ("VEGF", "M2", 0.0026),
        ("VEGF", "CAF", 0.77),
    ],
)
def test_secretion_of_a_population(name, cell, mean):
    entry = library.species(name).secretion[cell]
    assert entry.rate.internal * entry.active_fraction.internal == pytest.approx(mean, rel=0.02)


def test_what_has_no_sourced_rate_is_left_out():
    assert "endothelial" not in library.species("IFNg").secretion
    assert library.species("O2").receptors == {}
    assert library.cell_type("tumour").diameter is None


def test_recalled_values_say_how_sure_they_are():
    for name in library.species_ids():
        record = library.species(name)
        entries = [*record.parameters.values(), *record.receptors.values()]
        for one in [*entries, *(alternative for entry in entries for alternative in entry.alternatives)]:
            assert one.mark != "recalled" or one.confidence
