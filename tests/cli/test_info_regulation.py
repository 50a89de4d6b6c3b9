"""`tmefield info` tells of the network, of effects and of one edge, and a run keeps the edges that it used."""

import json

import numpy as np
import pytest

from command_line import CONFIG, tmefield, write_case
from tmefield import library
from tmefield.output.reading import read_netcdf

REGULATED = (
    CONFIG.replace('id = "IFNg"\n', 'id = "IFNg"\nuptake = false\n')
    + """
[[species]]
id = "TGFb"
uptake = false
secretion = { tumour = { rate = "5 molecule/cell/s" } }
[[species]]
id = "IL6"
uptake = false
secretion = { tumour = { rate = "1 molecule/cell/s" } }
[regulation]
edges = "library"
off = ["TGFb-TGFb"]
[[regulation.edge]]
from = "IFNg"
on = "IL6"
half_maximum = "10 pM"
sign = "-"
"""
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    answer = tmefield("run", write_case(folder, config=REGULATED), "--out", folder / "out", "--json")
    assert answer.code == 0, answer.err
    return folder, json.loads(answer.out)


def test_network_lists_every_edge():
    answer = tmefield("info", "network")
    assert answer.code == 0
    for one in library.edges():
        assert one.id in answer.out
    for said in ("~8 pM*", "7.15 to 1", "lack of O2", "a placeholder", "[1]", "TNF & IFNg"):
        assert said in answer.out
    assert all(len(line) <= 200 for line in answer.out.splitlines())
    assert len(json.loads(tmefield("info", "network", "--json").out)["edges"]) == len(library.edges())


def test_effects_are_listed():
    answer = tmefield("info", "effects")
    assert answer.code == 0
    for one in library.effects():
        assert one.id in answer.out
    assert [one["id"] for one in json.loads(tmefield("info", "effects", "--json").out)["effects"]] == [one.id for one in library.effects()]


def test_one_edge_is_shown_whole():
    answer = tmefield("info", "il10-tnf")
    assert answer.code == 0
    for said in (
        "IL10-TNF: IL10 lowers the secretion of TNF in all cells",
        "8 pM",
        "placeholder",
        "a proxy: that of M2 and Treg",
        "10.1371/journal.pone.0068680",
    ):
        assert said in answer.out
    facts = json.loads(tmefield("info", "IL10-TNF", "--json").out)
    assert facts["inputs"][0]["half_maximum"]["value"] == 8 and facts["saturated"]["mark"] == "placeholder"
    assert "Switched with it: TGFb-CD8_function, TGFb-IFNg." in tmefield("info", "TGFb-CTL").out


def test_a_misspelt_edge_is_met_with_the_one_that_was_meant():
    answer = tmefield("info", "IL10-TFN")
    assert answer.code == 2 and "did you mean 'IL10-TNF'?" in answer.err and "Traceback" not in answer.err
    assert answer.err.strip() == "tmefield: unknown name 'IL10-TFN'; did you mean 'IL10-TNF'?"
    assert tmefield("info", "zzz").err.count("\n") == 1 and len(tmefield("info", "zzz").err) < 200


@pytest.mark.parametrize("name", ["pSTAT1", "pstat1"])
def test_a_response_is_described(name):
    answer = tmefield("info", name)
    assert answer.code == 0, answer.err
    for said in ("pSTAT1: phosphorylated STAT1", "read in all cells", "H(IFNg; 15.8 pM)", "EC50 of IFNg", "Sources"):
        assert said in answer.out
    assert library.species("IFNg").parameters["EC50"].source[:40] in answer.out
    assert json.loads(tmefield("info", name, "--json").out)["edges"][0]["inputs"][0]["half_maximum"]["value"] == pytest.approx(15.8)


def test_a_function_of_killers_tells_its_factors_and_doubts():
    said = tmefield("info", "CD8_function").out
    for words in ("read in CD8_T", "(1 + 1 H(IFNg; 15.8 pM)) * (1 - H(IL10; 8 pM))", "factor at IFNg >> EC50", "a placeholder without a source"):
        assert words in said
    assert "did you mean 'CD8_function' or" in tmefield("info", "CD8_functoin").err
    assert "CD8_function" in tmefield("info").out


def test_picture_of_the_network(tmp_path):
    path = tmp_path / "network.png"
    answer = tmefield("info", "network", "--out", path)
    assert answer.code == 0 and answer.out.strip() == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert tmefield("info", "network", "--out", path).code != 0
    assert tmefield("info", "network", "--out", path, "--force").code == 0
    refused = tmefield("info", "effects", "--out", tmp_path / "effects.png")
    assert refused.code == 2 and "tmefield info network --out" in refused.err


def test_a_run_keeps_its_edges_with_their_values(finished):
    folder, summary = finished
    edges = {one["id"]: one for one in json.loads(read_netcdf(folder / "out" / "fields.nc").attributes["regulation"])}
    assert set(edges) == {"TGFb-IFNg", "TGFb-IL6", "IFNg-IL6"}
    assert edges["TGFb-IFNg"]["from"] == {"TGFb": {"half_maximum_nM": pytest.approx(0.14), "exponent": 1.0}}
    assert (edges["TGFb-IFNg"]["Emax"], edges["TGFb-IFNg"]["by"], edges["TGFb-IFNg"]["placeholders"]) == (0, ["CD8_T"], [])
    assert edges["IFNg-IL6"]["Emax"] == 0 and edges["IFNg-IL6"]["by"] == "all cells" and edges["IFNg-IL6"]["source"] == "this configuration"
    assert {one["id"]: one for one in summary["regulation"]} == edges


def test_a_run_names_the_placeholders(finished):
    _, summary = finished
    (note,) = (one for one in summary["notes"] if "with placeholders" in one)
    assert "TGFb-IL6 (half maximum, Emax)" in note and "IFNg-IL6 (Emax)" in note and "TGFb-IFNg" not in note


def test_regulation_moves_the_field(finished, tmp_path):
    """Without the edges one CD8 T cell makes 5 molecules/s; TGF-beta lowers it, and an edge switched off gives it back."""
    folder, summary = finished
    made = summary["species"]["IFNg"]["made"]["secretion by CD8_T"]
    fields = read_netcdf(folder / "out" / "fields.nc")
    assert 0 < made < 4.9 and np.isfinite(fields.concentration).all()
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "off", "--json", "--set", "regulation.off=['TGFb-IFNg','TGFb-TGFb']")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["species"]["IFNg"]["made"]["secretion by CD8_T"] == pytest.approx(5.0, rel=1e-5)
