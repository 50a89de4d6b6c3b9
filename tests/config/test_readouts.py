"""`[readouts]` of a configuration: what is refused, and the maps, numbers and files of a run."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import tmefield as tf
from command_line import CONFIG, tmefield, write_case
from tmefield.config.load import parse_config
from tmefield.output.reading import read_netcdf

SPECIES = """
[[species]]
id = "IL10"
secretion = { Treg = { rate = "0.235 molecule/cell/s" } }
[readouts]
responses = true
cells = true
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readouts")
    answer = tmefield("run", write_case(folder, config=CONFIG + SPECIES), "--out", folder / "out", "--json")
    assert answer.code == 0, answer.err
    return folder / "out", json.loads(answer.out)


def test_maps_are_the_responses_of_the_fields(finished):
    folder, _ = finished
    fields = read_netcdf(folder / "fields.nc")
    ifng, il10 = np.asarray(fields.concentration[0], np.float64)
    wanted = {"response_pstat1", "response_mhc_i", "response_pd_l1", "response_cd8_function", "response_nk_function"}
    assert wanted == {name for name in fields.maps if name.startswith("response_")}
    np.testing.assert_allclose(fields.maps["response_pstat1"].values, ifng / (ifng + 0.0158), rtol=1e-5)
    a, s = ifng / (ifng + 0.0158), il10 / (il10 + 0.008)
    np.testing.assert_allclose(fields.maps["balance_cd8_t"].values, (a - s) / (a + s), atol=1e-5)
    np.testing.assert_array_equal(fields.maps["niche_cd8_t"].values > 0, il10 > 0.008)
    assert "balance_nk" not in fields.maps


def test_numbers_of_the_summary(finished):
    folder, summary = finished
    found = summary["readouts"]
    assert json.loads((folder / "summary.json").read_text())["readouts"] == found
    fields = read_netcdf(folder / "fields.nc")
    tissue = fields.labels != 3
    one = found["responses"]["pSTAT1"]
    assert one["EC50_pM"] == {"IFNg": pytest.approx(15.8)}
    assert one["mean"] == pytest.approx(fields.maps["response_pstat1"].values[tissue].mean(), rel=1e-5)
    il10 = np.asarray(fields.concentration[0, 1], np.float64)
    assert found["niches"]["CD8_T"]["volume_um3"] == pytest.approx(1e3 * np.sum((il10 > 0.008) & tissue))
    assert 0 < found["niches"]["CD8_T"]["share_of_tissue"] < 1
    below = np.mean(fields.maps["balance_cd8_t"].values[tissue] < 0)
    assert found["balance"]["CD8_T"]["share_of_tissue_below_zero"] == pytest.approx(below)
    # 1 nM of the dimer of 34 kDa is 34,000 pg/mL.
    stroma = found["assay"]["stroma"]["IFNg"]
    assert stroma["interstitial_fluid_pg_per_mL"] == pytest.approx(34e3 * fields.concentration[0, 0][fields.labels == 0].mean(), rel=1e-4)
    assert stroma["plasma_pg_per_mL"] == pytest.approx(10.0)


def test_table_of_cells(finished):
    folder, summary = finished
    assert str(folder / "cells.csv") in summary["files"]
    with (folder / "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["type"] for row in rows] == ["tumour", "CD8_T", "Treg"]
    assert all(float(row["IFNg_nM"]) > 0 and 0 < float(row["pSTAT1"]) < 1 for row in rows)
    assert float(rows[1]["IFNg_nM"]) > float(rows[2]["IFNg_nM"])


def test_a_run_draws_its_readouts_and_prints_the_responses(finished, tmp_path):
    _, summary = finished
    assert not any(path.endswith("readouts.png") for path in summary["files"]), "png = false"
    write_case(tmp_path, config=CONFIG + SPECIES)
    answer = tmefield("run", tmp_path / "case.toml", "--out", tmp_path / "out", "--set", "output.png=true")
    assert answer.code == 0, answer.err
    assert (tmp_path / "out" / "readouts.png").read_bytes().startswith(b"\x89PNG") and str(tmp_path / "out" / "readouts.png") in answer.out
    mean = summary["readouts"]["responses"]["pSTAT1"]["mean"]
    row = next(line.split() for line in answer.out.splitlines() if line.startswith("pSTAT1"))
    assert float(row[1]) == pytest.approx(mean, rel=1e-2) and row[2] == "IFNg"
    assert "tissue where H > 0.9" in answer.out


BLOCKED = """
[[species]]
id = "IL6"
[[drugs]]
id = "tocilizumab"
plasma_concentration = "100 nM"
K_D = "2 nM"
[readouts]
responses = ["pSTAT3"]
"""


def test_a_receptor_that_a_drug_blocks_answers_less(tmp_path):
    """H(c/(1 + A/K_d)) with the K_d of the configuration."""
    answer = tmefield("run", write_case(tmp_path, config=CONFIG + BLOCKED), "--out", tmp_path / "out", "--json")
    assert answer.code == 0, answer.err
    fields = read_netcdf(tmp_path / "out" / "fields.nc")
    level = dict(zip(fields.species, np.asarray(fields.concentration[0], np.float64), strict=True))
    assert level["tocilizumab"].min() > 1
    seen = level["IL6"] / (1 + level["tocilizumab"] / 2.0)
    np.testing.assert_allclose(fields.maps["response_pstat3"].values, seen / (seen + 0.05), rtol=1e-4)
    (one,) = json.loads(answer.out)["readouts"]["responses"].values()
    assert "IL6 counts as c/(1 + tocilizumab/K_d), K_d 2000 pM" in one["notes"]


def refused(text):
    with pytest.raises(tf.InputError) as caught:
        parse_config(text, (), folder=Path(), source="case.toml")
    return str(caught.value)


def test_what_cannot_be_read_out_is_refused():
    said = refused(CONFIG + '[readouts]\nresponses = ["pSTAT11", "pSTAT3"]\n')
    assert "readouts.responses[0]" in said and "did you mean 'pSTAT1'" in said
    assert "readouts.responses[1]" in said and "needs IL6" in said
    uniform = '[grid]\nspacing = "10 um"\nsize = ["50 um", "50 um", "50 um"]\n[cells]\nuniform = { CD8_T = "1e-5 /um3" }\n[[species]]\nid = "IFNg"\n'
    assert "readouts.cells" in refused(uniform + "[readouts]\ncells = true\n")
    assert "readouts.response: unknown key; did you mean 'responses'?" in refused(uniform + "[readouts]\nresponse = true\n")


def test_nothing_is_read_out_unasked(tmp_path):
    answer = tmefield("run", write_case(tmp_path), "--out", tmp_path / "out", "--json", "--set", "readouts.cells=h5ad")
    assert answer.code == 0, answer.err
    assert "readouts" not in json.loads(answer.out)
    assert not any(name.startswith(("response_", "balance_", "niche_")) for name in read_netcdf(tmp_path / "out" / "fields.nc").maps)
    anndata = pytest.importorskip("anndata")
    assert list(anndata.read_h5ad(tmp_path / "out" / "cells.h5ad").obs["type"]) == ["tumour", "CD8_T", "Treg"]
