"""Real vessels and real cells through the command line, on coarse grids: converged, budget closed, plausible."""

import json

import pytest

from command_line import tmefield
from data_files import data_file

CYTOKINES = {"IL6", "TNF", "IFNg", "IL10", "TGFb"}
SECTION_TYPES = "Tumor=tumour,CD8T=CD8_T,CD4T=CD4_T,Macrophage=M2,Mesenchymal=CAF"


def checked(answer, shape):
    """The summary of a run that has to have gone well."""
    assert answer.code == 0, answer.err
    summary = json.loads(answer.out)
    assert summary["grid"]["shape_zyx"] == shape
    assert set(summary["species"]) == CYTOKINES
    for one in summary["species"].values():
        assert 0 <= one["min_nM"] <= one["mean_nM"] <= one["max_nM"] < 1e3
        assert abs(one["budget_defect"]) < 1e-5
    return summary


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "options", "shape"),
    [
        ("network/dumux_mousecortex_200um.dgf", ["--spacing", "5 um", "--unit", "m", "--set", 'vessels.segment_parameters=["radius"]'], [40, 40, 40]),
        ("network/vascgraph_exp.swc", ["--spacing", "3 um", "--unit", "um"], [32, 32, 31]),
    ],
)
def test_network_gives_fields(tmp_path, file, options, shape):
    answer = tmefield("run", data_file(file), *options, "--out", tmp_path / "out", "--set", "output.png=false", "--json")
    summary = checked(answer, shape)
    assert all("vascular exchange" in one["lost"] for one in summary["species"].values())
    assert "assumed" in answer.err and "tmefield init" in answer.err


@pytest.mark.data
@pytest.mark.slow
def test_section_gives_fields(tmp_path):
    cells = data_file("cells/mibi_tnbc_keren2018_person05.csv")
    path = tmp_path / "section.toml"
    columns = ["--columns", "x=x_px,y=y_px,type=cell_type", "--pixel-size", "0.390625 um", "--types", SECTION_TYPES]
    numbers = ["--thickness", "5 um", "--cell-diameter", "10 um", "--vessel-radius", "5 um", "--permeability", "library"]
    started = tmefield("init", path, "--cells", cells, *columns, *numbers, "--vessel-cells", "Endothelial", "--spacing", "10 um")
    assert started.code == 0, started.err
    answer = tmefield("run", path, "--out", tmp_path / "out", "--set", "output.png=false", "--json")
    checked(answer, [1, 82, 82])
