"""The tables themselves, by the script that a person runs after changing them."""

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "tmefield" / "library"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("check_library", ROOT / "scripts" / "check_library.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_value_has_unit_source_and_mark(script):
    assert script.problems(TABLES) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("species/IFNg.toml", 'source = "{D_BY_SIZE}"', "", "species/IFNg.toml: parameters.diffusivity: source is missing"),
        ("species/IFNg.toml", "value = 39.7", "value = 36.0", "diffusivity: 36 in the table, 39.71 by the law for 34 kDa"),
        ("species/IFNg.toml", "value = 15.8", "value = 20", "EC50: 20 is not the geometric mean"),
        ("species/IFNg.toml", 'unit = "molecules/cell/h"', 'unit = "molecules/cell/s"', "it looks like"),
        ("species/IFNg.toml", "value = 0.25", "value = 25", "active_fraction: 25 is no fraction"),
        ("species/IL6.toml", '"interleukin-6"', '"TNF"', "alias 'TNF' belongs to TNF as well"),
        ("cells/NK.toml", '"NK cell"', '"M1"', "alias 'M1' belongs to M1 as well"),
        ("species/IL2.toml", 'distribution = "uniform"', "", "parameters.plasma_concentration: 2.5 cannot be the median of a lognormal"),
        ("species/IL2.toml", 'distribution = "uniform"', 'distribution = "normal"', "distribution must be one of lognormal, uniform"),
        ("species/IL12.toml", 'unit = "kDa"', "", "species/IL12.toml: parameters.molecular_weight: unit is missing"),
        ("species/IgG.toml", 'mark = "model"', "", "species/IgG.toml: parameters.molecular_weight: mark is missing"),
        ("conflicts.toml", '"IL10.diffusivity"', '"IL10.diffusion"', "conflicts.toml: conflict[0]: parameter 'IL10.diffusion' names no value of the library"),
        ("conflicts.toml", "why =", "because =", "conflicts.toml: conflict[0]: unknown key 'because'"),
    ],
)
def test_a_damaged_table_is_found(script, tmp_path, file, old, new, message):
    folder = tmp_path / "library"
    shutil.copytree(TABLES, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(message in problem for problem in script.problems(folder))


def test_a_table_too_many_or_too_few_is_found(script, tmp_path):
    folder = tmp_path / "library"
    shutil.copytree(TABLES, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "species" / "IL6.toml").rename(folder / "species" / "IL7.toml")
    assert script.problems(folder)[:2] == ["species/IL7.toml: not among the ids of tmefield.library", "species/IL6.toml: missing"]


def test_every_edge_and_effect_is_whole(script):
    assert script.network_problems(TABLES) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("network.toml", 'source = "{TNBC}, {HCC}"\nkind', "kind", "network.toml: IFNg-M1: source is missing"),
        ("network.toml", 'unit = "pM", mark = "model", source = "{TNBC}" }', 'mark = "model", source = "{TNBC}" }', "from.IFNg.half_maximum: unit is missing"),
        ("network.toml", ', source = "{PLACEHOLDER}" }', " }", "network.toml: IFNg-CXCL9: Emax: source is missing"),
        ("network.toml", 'id = "IFNg-PD_L1"', 'id = "IFNg-M1"', "network.toml: edge[1]: id 'IFNg-M1' stands there twice"),
        ("network.toml", "value = 15.8", "value = 20", "IFNg-CXCL9: half maximum: 20 is not the geometric mean of (5.0, 50.0)"),
        ("network.toml", "[edge.from.IFNg]", "[edge.from.IFNgamma]", "IFNg-M1: 'IFNgamma' is no species of the library"),
        ("network.toml", 'on = ["CXCL9"]', 'on = ["CXCL99"]', "IFNg-CXCL9: 'CXCL99' is no species of the library"),
        ("network.toml", 'by = ["M2"]', 'by = ["M3"]', "IFNg-M1: 'M3' is no cell type of the library"),
        ("network.toml", 'on = ["M2->M1"]', 'on = ["M2->M4"]', "IFNg-M1: 'M4' is no cell type of the library"),
        ("network.toml", '"IL1b-iCAF", "IL1b-IL6"', '"IL1b-iCAF", "IL1b-IL7"', "TGFb-IL1R1: 'IL1b-IL7' is no edge and no ligand"),
        ("effects.toml", 'source = "{LITERATURE}"\nsign', "sign", "effects.toml: IFNg-killing: source is missing"),
        ("effects.toml", 'unit = "pM", range', "range", "effects.toml: IFNg-killing: from.IFNg.half_maximum: unit is missing"),
        ("effects.toml", 'id = "IFNg-killing"', 'id = "IFNg-M1"', "effects.toml: IFNg-M1: the id is that of another edge"),
        (
            "effects.toml",
            'edges = ["IFNg-PD_L1", "PD_L1-killing"]',
            'edges = ["IFNg-PDL1", "PD_L1-killing"]',
            "IFNg-evasion: 'IFNg-PDL1' is no edge of network.toml",
        ),
    ],
)
def test_a_damaged_edge_is_found(script, tmp_path, file, old, new, message):
    for name in ("network.toml", "effects.toml", "sources.toml"):
        shutil.copy(TABLES / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = script.network_problems(tmp_path)
    assert any(message in problem for problem in found), found
