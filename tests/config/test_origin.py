"""A run says which of its values are the library's, and which of those are doubtful."""

from pathlib import Path

import pytest

from tmefield.config.load import parse_config
from tmefield.config.origin import library_values
from tmefield.config.prepare import prepare
from tmefield.errors import InputError
from tmefield.library import species

CASE = """
[grid]
spacing = "20 um"
size = ["100 um", "80 um", "120 um"]
[cells]
uniform = { tumour = "1e-4 /um3", CD8_T = "2e4 cells/mm3", CAF = "1e4 cells/mm3" }
"""


def prepared(name, *overrides):
    return prepare(parse_config(f'{CASE}[[species]]\nid = "{name}"\n', overrides, folder=Path(), source="case.toml"))


def said(inputs, words):
    return [note for note in inputs.notes if words in note]


def test_values_of_low_confidence_are_named_with_their_confidence():
    (note,) = said(prepared("IFNg"), "of low confidence")
    assert note.startswith("IFNg: ") and "tmefield info IFNg" in note
    assert "K_D (low)" in note and "k_on (low)" in note and "k_endo (low-med)" in note
    # There are no vessels, so plasma does not act.
    assert "plasma" not in note and "receptors" not in note


def test_every_doubtful_value_that_acts_is_named():
    inputs = prepared("IL6")
    (note,) = said(inputs, "of low confidence")
    used = library_values(inputs.loaded.config, inputs.species, vessels=False)["IL6"]
    assert {"secretion by tumour", "active fraction of tumour", "secretion by CAF", "receptors of CD8_T", "diffusivity", "decay"} <= set(used)
    for name, parameter in used.items():
        assert (f"{name} ({parameter.confidence})" in note) == (parameter.confidence in ("low", "low-med")), name
    assert "active fraction of tumour (low)" in note


def test_what_the_configuration_gives_is_not_the_librarys():
    given = ("species.0.half_saturation=50 pM", "species.0.internalisation=2e-4/s", "species.0.diffusivity=10 um2/s")
    inputs = prepared("IFNg", *given, "species.0.secretion.CD8_T={rate='4.5 molecule/cell/s'}", "species.0.receptors.tumour=5000")
    used = library_values(inputs.loaded.config, inputs.species, vessels=False)["IFNg"]
    assert not {"K_D", "k_on", "k_endo", "diffusivity", "secretion by CD8_T", "active fraction of CD8_T", "receptors of tumour"} & set(used)
    assert {"decay", "receptors of CD8_T", "molecular_weight"} <= set(used)
    assert not said(inputs, "of low confidence")


def test_plasma_and_walls_count_where_there_are_vessels():
    inputs = prepared("IFNg")
    used = library_values(inputs.loaded.config, inputs.species, vessels=True)["IFNg"]
    assert {"plasma_concentration", "permeability"} <= set(used)


def test_a_protein_without_receptors_is_not_taken_up_and_that_is_said():
    inputs = prepared("IL1b")
    (one,) = inputs.species
    assert one.receptors == {} and one.secretion["tumour"][0] > 0
    (note,) = said(inputs, "no cell takes it up")
    assert "IL1b" in note and "no receptor counts" in note


def test_receptors_without_an_on_rate_wait_for_a_half_saturation():
    inputs = prepared("CXCL12")
    assert inputs.species[0].receptors == {}
    (note,) = said(inputs, "no cell takes it up")
    assert "no binding constants" in note and "half_saturation" in note
    inputs = prepared("CXCL12", "species.0.half_saturation=4.5 nM")
    assert inputs.species[0].receptors == {"CD8_T": species("CXCL12").receptors["CD8_T"].internal}
    assert inputs.species[0].internalisation == pytest.approx(1e-3)
    assert not said(inputs, "no cell takes it up")


def test_receptors_that_are_asked_for_still_need_their_constants():
    with pytest.raises(InputError, match="half_saturation is missing"):
        prepared("CXCL12", "species.0.receptors.tumour=5000")
    with pytest.raises(InputError, match="internalisation is missing"):
        prepared("IL1b", "species.0.receptors.tumour=5000")


def test_oxygen_and_uptake_turned_off_are_no_news():
    walls = "walls.all.fixed=50 uM"
    assert not said(prepared("O2", walls), "takes it up")
    assert not said(prepared("IL1b", "species.0.uptake=false"), "takes it up")


def test_subtypes_of_fibroblasts_secrete_apart():
    mixed = "cells.uniform={ iCAF = '1e4 cells/mm3', myCAF = '2e4 cells/mm3' }"
    assert set(prepared("IL6", mixed).species[0].secretion) == {"iCAF"}
    assert set(prepared("TGFb", mixed).species[0].secretion) == {"myCAF"}
    assert "CAF" in prepared("TGFb").species[0].secretion and "CAF" in prepared("IL6").species[0].secretion
