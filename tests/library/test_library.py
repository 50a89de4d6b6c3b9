import pytest

from tmefield import library
from tmefield.errors import InputError

DECAY_OF_THE_REST = [
    ("IL12", 6.4e-6),
    ("IL1b", 8.0e-5),
    ("CXCL12", 2.315e-5),
    ("CXCL13", 9.6e-5),
    ("CCL21", 1.01e-5),
    ("CCL2", 1.67e-5),
    ("CCL5", 1.736e-5),
    ("IgG", 5.08e-5),
]


def test_the_promised_species_and_cell_types_are_there():
    known = {"IL6", "TNF", "IFNg", "IL10", "TGFb", "IL2", "VEGF", "O2", "IL12", "IL1b", "CXCL12", "CXCL13", "CCL21", "CCL2", "CCL5", "IgG"}
    assert set(library.species_ids()) == known
    assert {"tumour", "CAF", "CD8_T", "Treg", "NK", "M1", "M2", "endothelial"} <= set(library.cell_type_ids())
    assert {"iCAF", "myCAF", "Tfh", "monocyte", "DC", "B", "Breg", "plasma_cell", "FRC"} <= set(library.cell_type_ids())
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
        ("IL-12p70", "IL12"),
        ("IL-1β", "IL1b"),
        ("SDF-1", "CXCL12"),
        ("MCP-1", "CCL2"),
        ("RANTES", "CCL5"),
    ],
)
def test_species_are_found_in_every_spelling(name, identifier):
    assert library.species(name).id == identifier


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("tumor", "tumour"),
        ("CD8+ T cells", "CD8_T"),
        ("cd8", "CD8_T"),
        ("Fibroblast", "CAF"),
        ("nk cell", "NK"),
        ("B cells", "B"),
        ("icaf", "iCAF"),
        ("Th", "CD4_T"),
    ],
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
    ("name", "meant"),
    [("interlukin 6", "IL6"), ("interferon gama", "IFNg"), ("CXL12", "CXCL12"), ("oxigen", "O2"), ("IFNgg", "IFNg"), ("IFNgamm", "IFNg"), ("TFN", "TNF")],
)
def test_a_slip_is_told_from_its_name(name, meant):
    with pytest.raises(InputError, match=f"did you mean '{meant}'"):
        library.species(name)


@pytest.mark.parametrize("name", ["IL-17", "IL-1", "IL-1a", "IL-12p40", "IFN-alpha", "IFN-a", "TNFb", "VEGF-C", "TGF-beta2", "CXCL10", "CCL3", "interleukin"])
def test_another_member_of_a_family_is_no_slip(name):
    """IL-17 is a letter away from IL-10, and another protein."""
    with pytest.raises(InputError) as caught:
        library.species(name)
    assert "did you mean" not in str(caught.value) and "known: IL6" in str(caught.value)


@pytest.mark.parametrize("name", ["macrophage", "M3", "CD9 T cell"])
def test_a_cell_type_that_may_be_several_is_not_guessed(name):
    with pytest.raises(InputError) as caught:
        library.cell_type(name)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IL2", 51.6),
        ("IL6", 46.6),
        ("TGFb", 44.0),
        ("IFNg", 39.7),
        ("IL10", 38.6),
        ("VEGF", 36.2),
        ("TNF", 34.5),
        ("O2", 1750.0),
        ("IL12", 31.2),
        ("IgG", 24.2),
    ],
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
    ("name", "per_second"),
    [("IL6", 1.16e-4), ("TNF", 4.58e-4), ("IFNg", 8.9e-5), ("IL10", 4.63e-5), ("TGFb", 1.66e-4), ("IL2", 2.78e-5), ("VEGF", 1.92e-4), *DECAY_OF_THE_REST],
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
        ("IL6", "iCAF", 0.28),
        ("TGFb", "myCAF", 7.0),
        ("VEGF", "myCAF", 0.77),
        ("IL6", "B", 0.18),
        ("IL10", "Breg", 0.029),
        ("IL12", "DC", 0.059),
        ("IL12", "M1", 0.0035),
        ("CXCL12", "FRC", 1.6),
        ("CXCL12", "iCAF", 0.70),
        ("CXCL13", "Tfh", 27.3),
        ("IL1b", "M1", 0.216),
    ],
)
def test_secretion_of_a_population(name, cell, mean):
    entry = library.species(name).secretion[cell]
    assert entry.rate.internal * entry.active_fraction.internal == pytest.approx(mean, rel=0.02)


def test_a_fibroblast_of_unknown_kind_does_what_either_kind_does():
    for name in library.species_ids():
        record = library.species(name)
        for entries in (record.secretion, record.receptors):
            assert ("CAF" in entries) == ("iCAF" in entries or "myCAF" in entries)
    assert "iCAF" not in library.species("TGFb").secretion and "myCAF" not in library.species("IL6").secretion


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("CXCL12", 3.97),
        ("IL2", 1.89),
        ("IL6", 1.32),
        ("TGFb", 1.09),
        ("IFNg", 0.79),
        ("IL10", 0.74),
        ("VEGF", 0.63),
        ("TNF", 0.58),
        ("IL12", 0.50),
        ("IgG", 0.38),
    ],
)
def test_permeability_by_size(name, published):
    """Two-pore wall with a hindrance that is continuous in size, 1e-6 cm/s; 1 cm/s is 1e4 um/s."""
    assert library.species(name).parameters["permeability"].internal * 1e2 == pytest.approx(published, abs=0.006)


@pytest.mark.parametrize(
    ("name", "key", "picomolar"),
    [
        ("IFNg", "EC50_PD_L1", 2.96),
        ("IFNg", "EC50_M1", 2.9),
        ("IL6", "EC50_M2", 15),
        ("IL6", "EC50_Tfh", 460),
        ("IL10", "EC50", 8),
        ("IL10", "IC50_phagocytosis", 270),
        ("TGFb", "EC50", 70),
        ("TGFb", "IC50_CD8", 140),
        ("IL2", "EC50_Treg", 3.2),
        ("IL12", "EC50", 0.14),
        ("IL1b", "EC50", 10),
        ("VEGF", "EC50", 23.8),
        ("CXCL12", "EC50", 2000),
        ("CCL2", "EC50", 230),
        ("CCL5", "EC50", 150),
    ],
)
def test_half_maximal_responses_say_what_they_are_for(name, key, picomolar):
    parameter = library.species(name).parameters[key]
    assert 1e3 * parameter.internal == pytest.approx(picomolar, rel=2e-3)
    assert parameter.note


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
