"""`tmefield info` on files of every kind."""

import json

import numpy as np
import pytest

from command_line import NETWORK, network_text, tmefield
from data_files import data_file, data_root


def told(*arguments):
    answer = tmefield("info", *arguments)
    assert answer.code == 0, answer.err
    return answer.out


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("cells/phenoptr_Set4_6plex_6072.csv", ["preset 'inform'", "6072 cells", "x 8 to 926 um", "FoxP3+       228"]),
        ("cells/mibi_tnbc_keren2018_person05.csv", ["preset 'mibi'", "5406 cells", "2016.69 units", "--pixel-size", "Tumor            2140"]),
        ("cells/scimap_lymphoma_3029.h5ad", ["3029 cells", "unit of the positions is missing", "units", "1169"]),
        ("labels/phenoptr_Set4_6plex_seg_maps.tif", ["page 0", "1400 x 1868", "Tumor", "page 1", "6072 labels", "page 3", "--pixel-size"]),
        ("labels/chaste_bio_vessel_mask_2d.tif", ["625 x 568", "39.1 %", "--pixel-size"]),
        ("physicell/output00000012.xml", ["108 cells", "blood_cells", "720 min", "11 x 11 x 11", "10 x 20 x 30 um", "oxygen", "water"]),
        ("physicell/cells_v2_rules_sample.csv", ["1300 cells", "M0 macrophage", "150"]),
        ("physicell/cells_v2_mechano_shell.csv", ["823 cells", "cancer       511", "um"]),
        ("physicell/output00000012_cells.mat", ["cells 102 x 108", "give that"]),
        ("physicell/PhysiCell_settings.xml", ["settings", "output00000000.xml"]),
        ("network/dumux_mousecortex_200um.dgf", ["1735 segments", "1746 nodes", "give --unit", "0.0002 units"]),
        ("network/vascgraph_exp.swc", ["692 nodes", "give --unit", "units"]),
        ("network/secomb_rat_brain/network.dat", ["50 segments", "150 x 160 x 140 um"]),
        ("network/secomb_rat_brain/SoluteParams.dat", ["no geometry"]),
        ("reference/secomb_krogh_washout_WashoutRate.txt", ["no geometry"]),
    ],
)
def test_real_file(file, words):
    out = told(data_file(file))
    for word in words:
        assert word in out, out
    assert json.loads(told(data_file(file), "--json"))["kind"]


@pytest.mark.data
def test_no_real_file_is_a_fault_of_the_program():
    root = data_root()
    if root is None:
        pytest.skip("no data folder: set TMEFIELD_DATA or put it at ../shared/data")
    for path in sorted(root.rglob("*")):
        if path.is_file():
            answer = tmefield("info", path)
            assert answer.code in (0, 2, 4) and (answer.out or answer.err), f"{path.name}: {answer}"


@pytest.mark.data
def test_size_makes_them_lengths():
    assert "x 12.1836 to 787.77 um" in told(data_file("cells/mibi_tnbc_keren2018_person05.csv"), "--pixel-size", "0.390625 um")
    assert "box 700 x 934 um" in told(data_file("labels/phenoptr_Set4_6plex_seg_maps.tif"), "--pixel-size", "500 nm")
    dgf = told(data_file("network/dumux_mousecortex_200um.dgf"), "--unit", "m")
    assert "note:" not in dgf and "x 0..200, y 0..200" in dgf


def test_table_that_no_preset_fits_shows_its_columns(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("left;top;kind\n1;2;NK\n3;4;NK\n\n")
    out = told(path)
    assert "a table of 2 rows that no preset fits" in out and "columns: left, top, kind" in out and "cells.columns" in out


def test_tables_of_a_network_are_told_from_cells(tmp_path):
    (tmp_path / "edges.csv").write_text("# unit: um\nid,a,b,radius\n1,1,2,4\n")
    (tmp_path / "nodes.csv").write_text("# unit: um\nid,x,y,z\n1,0,0,0\n2,50,0,0\n")
    assert "1 segments, 2 nodes" in told(tmp_path / "edges.csv")
    facts = json.loads(told(tmp_path / "edges.csv", "--json"))
    assert facts["kind"] == "network" and facts["box_um"] == [[0, 0, 0], [50, 0, 0]]


def test_network_that_needs_mending_is_shown_with_the_reason(tmp_path):
    path = tmp_path / "network.dat"
    path.write_text(network_text(rows=("1 5 1 2 8. 1. 0.4", "2 5 2 3 8. 1. 0.4", "3 5 3 3 8. 1. 0.4")))
    out = told(path)
    assert "line 11: segment 3 (nodes 3 - 3) has no length" in out and "shown with repair = true" in out
    assert "2 segments" in out and "0..100" in out and "um3" in out


def test_network_beyond_repair(tmp_path):
    path = tmp_path / "network.dat"
    path.write_text(NETWORK[:200])
    answer = tmefield("info", path)
    assert answer.code == 4 and "network.dat" in answer.err


def test_unit_in_json_is_not_claimed_where_it_is_not_known(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("x_px,y_px,cell_type\n1,2,NK\n")
    facts = json.loads(told(path, "--json"))
    assert "box_um" not in facts and facts["box_unit"] == [[1, 2, 0], [1, 2, 0]]
    assert json.loads(told(path, "--pixel-size", "2 um", "--json"))["box_um"] == [[2, 4, 0], [2, 4, 0]]


def test_labels_of_one_page_that_say_their_size(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4) % 3, np.diag([1.0, 2.0, 3.0, 1.0]))
    image.header.set_xyzt_units("micron")
    nibabel.save(image, tmp_path / "a.nii.gz")
    out = told(tmp_path / "a.nii.gz")
    assert "4 x 3 x 2 (z, y, x) of 3 x 2 x 1 um" in out and "note:" not in out


def test_missing_and_damaged_files(tmp_path):
    assert tmefield("info", tmp_path / "gone.tif").code == 4
    (tmp_path / "a.mat").write_bytes(b"nothing")
    (tmp_path / "a.xml").write_text("<MultiCellDS version='2'>")
    for name, says in (("a.mat", "not a readable .mat"), ("a.xml", "not whole XML")):
        answer = tmefield("info", tmp_path / name)
        assert answer.code == 4 and says in answer.err
    assert tmefield("info", tmp_path / "a.xml", "--pixel-size", "3").code == 2


def test_a_drug_with_its_sources_and_what_is_missing():
    out = told("Actemra")
    for words in ("tocilizumab", "blocks IL6", "K_D", "1.32 nM (0.7 to 2.5)", "0.3 L/day", "Frey 2010", "8 mg/kg"):
        assert words in out, out
    assert "to be given by you where a run needs it: volume, clearance" in told("fresolimumab")
    assert json.loads(told("siltuximab", "--json"))["target"] == "IL6"
    assert "aldesleukin" in told() and "aldesleukin" in json.loads(told("--json"))["drugs"]


def test_rates_of_populations():
    text = tmefield("info", "populations").out
    assert "targets that a CTL kills" in text and "kill_rate_CTL" in text and "Halle 2016" in text and "placeholder: a free parameter" in text
    listed = json.loads(tmefield("info", "populations", "--json").out)["populations"]
    assert {one["id"] for one in listed} > {"kill_rate_CTL", "vessel_growth"}
