"""Records of the regulation network and of the effects, and what is refused when they are read."""

import pytest

from tmefield import library
from tmefield.errors import InputError
from tmefield.library.edge_reading import read_edges, read_effects
from tmefield.library.edges import HILL_EXPONENT, KINDS, PLACEHOLDER, acting_on, among, competing_with

SOURCES = {"PAPER": "Roe 1999 10.1000/xyz"}
GOOD = """
[[edge]]
id = "IL10-TNF"
kind = "secretion"
sign = "-"
on = ["TNF"]
by = ["M1"]
mark = "recalled"
confidence = "low"
source = "{PAPER}"
Emax = { value = 0, unit = "1", placeholder = true, source = "none" }
[edge.from.IL10]
half_maximum = { value = 8, unit = "pM", mark = "model", source = "{PAPER}" }
exponent = { value = 2, unit = "1", mark = "model", source = "{PAPER}" }
proxy = "M2"
"""


def read(tmp_path, text, reader=read_edges):
    path = tmp_path / "network.toml"
    path.write_text(text, encoding="utf-8")
    return reader(path, SOURCES)


def test_an_edge_is_read(tmp_path):
    (edge,) = read(tmp_path, GOOD)
    assert (edge.id, edge.kind, edge.sign, edge.ligands, edge.on, edge.by) == ("IL10-TNF", "secretion", "-", ("IL10",), ("TNF",), ("M1",))
    assert edge.inputs[0].half_maximum.internal == pytest.approx(8e-3) and edge.inputs[0].proxy == "M2"
    assert {name: value.value for name, value in edge.values.items()} == {"half maximum": 8, "exponent": 2, "Emax": 0, "basal": 1}
    assert edge.source == "Roe 1999 10.1000/xyz" and edge.placeholders == ("Emax",) and edge.saturated.mark == PLACEHOLDER


def test_a_gate_has_a_half_maximum_for_each_ligand(tmp_path):
    second = '[edge.from.TGFb]\nhalf_maximum = { value = 70, unit = "pM", placeholder = true, source = "none" }\n'
    (edge,) = read(tmp_path, GOOD + second)
    assert edge.values["half maximum of IL10"].value == 8 and edge.values["half maximum of TGFb"].value == 70
    assert edge.inputs[1].exponent == HILL_EXPONENT and edge.placeholders == ("half maximum of TGFb", "Emax")


def test_a_population_counts_by_its_density(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(GOOD.replace("from.IL10", "from.M2").replace('unit = "pM"', 'unit = "cells/mm3"'), encoding="utf-8")
    (edge,) = read_edges(path, SOURCES, ["M2"])
    assert edge.ligands == ("M2",) and edge.inputs[0].half_maximum.internal == pytest.approx(8e-9)
    with pytest.raises(InputError, match=r"from\.M2\.half_maximum: 'cells/mm3' is not the unit of a concentration"):
        read_edges(path, SOURCES)


def test_a_response_is_a_share_and_a_rival_takes_all(tmp_path):
    text = GOOD.replace('Emax = { value = 0, unit = "1", placeholder = true, source = "none" }\n', "")
    (response,) = read(tmp_path, text.replace('"secretion"', '"response"').replace('"-"', '"+"'))
    assert (response.basal.value, response.saturated.value) == (0, 1)
    (rival,) = read(tmp_path, text.replace('"secretion"', '"receptor"'))
    assert (rival.basal.value, rival.saturated.value) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('by = ["M1"]', 'cells = ["M1"]', "network.toml: IL10-TNF: unknown key 'cells'"),
        ("proxy", "proxi", "from.IL10: unknown key 'proxi'"),
        ('unit = "pM", ', "", "IL10-TNF: from.IL10.half_maximum: unit is missing"),
        ('unit = "pM"', 'unit = "um"', "from.IL10.half_maximum: 'um' is not the unit of a concentration"),
        (', source = "{PAPER}" }', " }", "from.IL10.half_maximum: source is missing"),
        ('source = "{PAPER}"\n', "", "IL10-TNF: source is missing"),
        ('"{PAPER}"\n', '"{PAPPER}"\n', "no source 'PAPPER'; known: PAPER"),
        ('confidence = "low"', "", "a recalled value needs it"),
        ("half_maximum", "exponent0", "unknown key 'exponent0'"),
        ('half_maximum = { value = 8, unit = "pM", mark = "model", source = "{PAPER}" }', "", "from.IL10: half_maximum is missing: the EC50 or IC50"),
        ("value = 8", "value = 0", "half_maximum must be above zero"),
        ("value = 2", "value = 0.5", "exponent at least 1"),
        ("Emax", "basal", "IL10-TNF: Emax is missing: the factor at saturating ligand"),
        ("placeholder = true", 'placeholder = true, mark = "model"', "placeholder is true or absent, and stands in place of a mark"),
        ('sign = "-"', 'sign = "+"', "sign '\\+' does not fit Emax 0 and basal 1"),
        ('"secretion"', '"secrete"', "kind must be one of secretion, rate, response, switch, receptor; got 'secrete'"),
        ('on = ["TNF"]', "on = []", "on is missing: name what the edge acts on"),
        ('on = ["TNF"]', 'on = "TNF"', "on must be a list of texts"),
        ('id = "IL10-TNF"', "", r"network.toml: edge\[0\]: id is missing"),
        ("[edge.from.IL10]", "[edge.to.IL10]", "unknown key 'to'"),
    ],
)
def test_an_edge_that_lacks_something_is_refused(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        read(tmp_path, GOOD.replace(old, new, 1))


def test_an_edge_without_a_ligand_or_with_the_id_of_another_is_refused(tmp_path):
    with pytest.raises(InputError, match="IL10-TNF: from is missing"):
        read(tmp_path, GOOD[: GOOD.index("[edge.from")])
    with pytest.raises(InputError, match=r"edge\[1\]: id 'IL10-TNF' stands there twice"):
        read(tmp_path, GOOD + GOOD)


def test_an_effect_names_the_edges_that_carry_it(tmp_path):
    text = GOOD.replace("[[edge]]", "[[effect]]").replace("[edge.", "[effect.").replace('kind = "secretion"', 'edges = ["a", "b"]')
    (effect,) = read(tmp_path, text, read_effects)
    assert effect.edges == ("a", "b") and effect.kind == "rate"
    with pytest.raises(InputError, match="edges must be a list of texts"):
        read(tmp_path, text.replace('["a", "b"]', '"a"'), read_effects)


def test_ids_are_unique_and_found_in_any_spelling():
    every = [*library.edges(), *library.effects()]
    assert len({one.id.casefold() for one in every}) == len(every)
    assert all(library.edge(one.id) is one and one.kind in KINDS for one in every)
    assert library.edge("il10 tnf").id == "IL10-TNF"
    with pytest.raises(InputError, match="unknown edge or effect 'IL10-TFN'; did you mean 'IL10-TNF'"):
        library.edge("IL10-TFN")
    with pytest.raises(InputError, match="unknown edge or effect 'IL-17'; `tmefield info network`"):
        library.edge("IL-17")


def test_placeholders_follow_the_convention():
    """Without a sourced value the factor is 2 where the edge raises and 0 where it lowers."""
    free = [one for one in (*library.edges(), *library.effects()) if "by convention" in one.saturated.source]
    assert free and all(one.saturated.value == (2 if one.sign == "+" else 0) and "Emax" in one.placeholders for one in free)


def test_where_edges_act():
    edges = library.edges()
    assert {one.id for one in acting_on(edges, "IFNg", "NK")} == {"IL12-IFNg", "IL10-IFNg_NK", "TGFb-IFNg_NK"}
    (rival,) = competing_with(edges, library.edge("IL1b-IL6"), "IL1b", "iCAF")
    assert rival.id == "TGFb-IL1R1" and competing_with(edges, library.edge("IL1b-IL6"), "IL1b", "M1") == ()


def test_an_edge_whose_ligand_is_missing_is_left_out_and_named():
    kept, left_out = among(library.edges(), ["IL1b", "IL6"])
    assert "IL1b-IL6" in {one.id for one in kept} and "IL6-VEGF" in {one.id for one in kept}
    # TNF, IL-10 and TGF-beta act on the secretion of IL-6; TGF-beta competes for the receptor of IL-1 as well.
    assert {one.id for one in left_out} == {"TNF-IL6", "IL10-IL6", "TGFb-IL6", "TGFb-IL1R1"}
