"""Regulation in a configuration: off unless asked for, edges of the library switched off, edges of one's own."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.config.build import build_model
from tmefield.config.fields import sources
from tmefield.config.load import parse_config
from tmefield.config.prepare import prepare
from tmefield.config.tell import describe
from tmefield.errors import InputError

CASE = """
[grid]
spacing = "20 um"
size = ["80 um", "80 um", "80 um"]
[cells]
uniform = { M1 = "1e-4 /um3", M2 = "1e-4 /um3" }
[solver]
precision = "float64"
[[species]]
id = "IL10"
uptake = false
[[species]]
id = "TNF"
uptake = false
"""
LIBRARY = CASE + '[regulation]\nedges = "library"\n'
OWN = CASE + '[[regulation.edge]]\nfrom = "IL10"\non = "TNF"\nhalf_maximum = "4 pM"\nEmax = 0.5\nby = ["M1"]\n'


def load(text, *overrides):
    return parse_config(text, overrides, folder=Path(), source="case.toml")


def prepared(text, *overrides):
    return prepare(load(text, *overrides))


def refusal(text, *overrides):
    with pytest.raises(InputError) as caught:
        load(text, *overrides)
    return str(caught.value)


def factor(inputs, name, cell, **levels):
    """The product of the factors on a secretion in the model that is built."""
    (term,) = (one for one in build_model(inputs).terms if isinstance(one, tf.Secretion) and one.acts_on == (name,) and one.source == cell)
    return float(np.prod([one({key: jnp.asarray(value) for key, value in levels.items()}) for one in term.modulations]))


def noted(inputs, words):
    return [note for note in inputs.notes if words in note]


def test_regulation_is_off_unless_asked_for():
    inputs = prepared(CASE)
    assert inputs.regulation.edges == () and not noted(inputs, "regulation")
    assert describe(inputs)["regulation"] == []
    assert all(one.modulations == () for one in build_model(inputs).terms if isinstance(one, tf.Secretion))


def test_edges_of_the_library_act_where_species_and_cells_are_there():
    inputs = prepared(LIBRARY)
    assert {one.id for one in inputs.regulation.edges} == {"TNF-IL10", "IL10-TNF"}
    assert describe(inputs)["regulation"] == ["TNF-IL10", "IL10-TNF"]
    assert factor(inputs, "TNF", "M1", IL10=0.024) == pytest.approx(0.25, rel=1e-6)
    assert factor(inputs, "IL10", "M2", TNF=0.06) == pytest.approx(1.75, rel=1e-6)
    assert any("Cilfone" in one for one in sources(inputs))


def test_placeholders_and_what_is_left_out_are_named():
    inputs = prepared(LIBRARY)
    (free,) = noted(inputs, "with placeholders")
    assert "IL10-TNF (half maximum, Emax)" in free and "TNF-IL10 (half maximum, Emax)" in free
    (left,) = noted(inputs, "left out")
    assert "IFNg-TNF (IFNg)" in left and "TGFb-TNF (TGFb)" in left and "IL6-IL10 (IL6)" in left


@pytest.mark.parametrize(("off", "still"), [(["IL10-TNF"], {"TNF-IL10"}), (["il10_tnf", "TNF-IL10"], set())])
def test_edges_are_switched_off(off, still):
    inputs = prepared(LIBRARY, f"regulation.off={off}")
    assert {one.id for one in inputs.regulation.edges} == still
    assert factor(inputs, "TNF", "M1", IL10=0.024) == 1
    if not still:
        assert noted(inputs, "no edge acts")


def test_an_effect_takes_its_edges_along():
    text = LIBRARY.replace("M1 =", "CD8_T =") + '[[species]]\nid = "TGFb"\n[[species]]\nid = "IFNg"\n'
    on = {one.id for one in prepared(text).regulation.edges}
    off = {one.id for one in prepared(text, "regulation.off=['TGFb-CTL']").regulation.edges}
    assert on - off == {"TGFb-IFNg"}


def test_an_edge_of_ones_own():
    inputs = prepared(OWN)
    (edge,) = inputs.regulation.edges
    assert (edge.id, edge.sign, edge.by, edge.placeholders) == ("IL10-TNF", "-", ("M1",), ())
    assert factor(inputs, "TNF", "M1", IL10=0.012) == pytest.approx(1 - 0.5 * 0.75, rel=1e-6)
    assert not noted(inputs, "placeholders")


def test_an_own_edge_takes_the_place_of_the_librarys():
    inputs = prepared(OWN, "regulation.edges=library")
    assert factor(inputs, "TNF", "M1", IL10=0.012) == pytest.approx(0.625, rel=1e-6)
    assert {one.id for one in inputs.regulation.edges} == {"IL10-TNF", "TNF-IL10"}


def test_an_own_edge_by_sign_has_a_placeholder_and_a_gate_has_two_half_maxima():
    text = OWN.replace('"IL10"\non', '["IL10", "TNF"]\non').replace('"4 pM"', '["4 pM", "17 pg/mL"]').replace("Emax = 0.5", 'sign = "+"\nexponent = 2')
    inputs = prepared(text)
    weight = next(one.molecular_weight for one in inputs.species if one.id == "TNF")
    assert inputs.regulation.edges[0].placeholders == ("Emax",) and noted(inputs, "IL10_TNF-TNF (Emax)")
    assert factor(inputs, "TNF", "M1", IL10=4e-3, TNF=2 * 17e-3 / weight) == pytest.approx(1 + 0.5 * 0.8, rel=1e-6)


def test_an_own_edge_that_nothing_secretes_is_said():
    text = OWN.replace('["M1"]', '["M2"]').replace("uptake = false", "uptake = false\nsecretion = { M2 = false }").replace("M2 = false", "M1 = false", 1)
    (note,) = noted(prepared(text), "act on nothing")
    assert "IL10-TNF" in note


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('half_maximum = "4 pM"\n', "", ["regulation.edge[0].half_maximum", "missing"]),
        ('"4 pM"', "4", ["regulation.edge[0].half_maximum", "unit"]),
        ('"4 pM"', '"4 um"', ["regulation.edge[0].half_maximum", "'um' is not the unit of a concentration"]),
        ('"4 pM"', '["4 pM", "5 pM"]', ["regulation.edge[0]", "half_maximum has 2 concentrations for 1 ligands"]),
        ('on = "TNF"', 'on = "TNFF"', ["regulation.edge[0].on: 'TNFF' is not among the species", "[[species]]", "did you mean 'TNF'?"]),
        ('from = "IL10"', 'from = "IFNg"', ["regulation.edge[0].from: 'IFNg' is not among the species of this configuration"]),
        ("Emax = 0.5", "Emaks = 0.5", ["regulation.edge[0].Emaks", "did you mean 'Emax'?"]),
        ("Emax = 0.5", "", ["regulation.edge[0]", "give 'Emax'"]),
        ("Emax = 0.5", 'Emax = 0.5\nsign = "+"', ["sign '+' does not fit Emax 0.5 beside basal 1"]),
        ("Emax = 0.5", "Emax = 0.5\nexponent = 0.5", ["regulation.edge[0].exponent"]),
    ],
)
def test_a_mistake_in_an_edge_is_named_with_its_remedy(old, new, says):
    assert old in OWN
    message = refusal(OWN.replace(old, new, 1))
    for words in says:
        assert words in message, message


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("regulation.off=['IL10-TFN']", ["regulation.off[0]: unknown edge or effect 'IL10-TFN'", "did you mean 'IL10-TNF'?"]),
        ("regulation.off=['nothing']", ["regulation.off[0]", "`tmefield info network`"]),
        ("regulation.edges=all", ["regulation.edges", "library"]),
        ("regulation.of=['IL10-TNF']", ["regulation.of", "did you mean 'off'?"]),
    ],
)
def test_a_mistake_in_the_table_is_named_with_its_remedy(override, says):
    message = refusal(LIBRARY, override)
    for words in says:
        assert words in message, message


@pytest.mark.parametrize(("off", "edge"), [("IL10-TNF", "IL10-TNF"), ("il10_tnf", "il10_tnf"), ("mine", "mine"), ("TGFb-CTL", "TGFb-IFNg")])
def test_an_edge_of_the_file_is_not_switched_off_but_removed(off, edge):
    text = OWN + {"mine": 'id = "mine"\n', "TGFb-CTL": 'id = "TGFb-IFNg"\n'}.get(off, "")
    message = refusal(text, "regulation.edges=library", f"regulation.off=['{off}']")
    assert f"regulation.off[0]: {edge} is an edge of this configuration" in message and "remove its [[regulation.edge]]" in message
    assert "TNF-IL10" not in {one.id for one in prepared(OWN, "regulation.edges=library", "regulation.off=['TNF-IL10']").regulation.edges}


def test_mistakes_in_drugs_and_edges_come_together():
    drug = '[[drugs]]\nid = "anti-PD1"\nclearance = "-1 L/day"\ndoses = [{ amount = 8 }, { amount = "8 mg/L" }]\n'
    message = refusal(OWN.replace('on = "TNF"', 'on = "TNFF"') + drug)
    assert "4 mistakes" in message
    for words in ("drugs[0].clearance: must be", "drugs[0].doses[0].amount: a dose needs its unit", "doses[1].amount: 'mg/L' is not", "edge[0].on: 'TNFF'"):
        assert words in message, message


def test_switching_off_needs_the_library():
    assert 'it needs edges = "library"' in refusal(CASE, "regulation.off=['IL10-TNF']")


def test_a_cell_type_that_is_nowhere_is_refused():
    with pytest.raises(InputError, match=r"regulation.edge\[0\].by.*M11.*M1"):
        prepared(OWN.replace('["M1"]', '["M11"]'))


def test_a_competitor_acts_only_where_its_edge_does():
    """TGF-beta competes with IL-1 in iCAF: without IL-1 there is nothing to compete with."""
    text = CASE.replace("M1 =", "iCAF =").replace('id = "IL10"', 'id = "TGFb"').replace('id = "TNF"', 'id = "IL6"') + '[regulation]\nedges = "library"\n'
    inputs = prepared(text)
    assert "TGFb-IL6" in describe(inputs)["regulation"] and "TGFb-IL1R1" not in describe(inputs)["regulation"]
    assert "IL1b-IL6 (IL1b)" in noted(inputs, "left out")[0]
    with_ligand = text.replace("[regulation]", '[[species]]\nid = "IL1b"\n[regulation]')
    assert {"TGFb-IL1R1", "IL1b-IL6"} <= set(describe(prepared(with_ligand))["regulation"])
