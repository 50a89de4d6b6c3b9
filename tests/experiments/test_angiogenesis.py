"""The chain from IL-6 over VEGF and vessels to growth at reduced size against its expected numbers."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_angiogenesis_il6(tmp_path):
    """More IL-6 makes more VEGF, vessels and tumour; any link off, and nothing comes through it; tocilizumab takes most of it."""
    run(EXPERIMENTS / "angiogenesis_il6" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("angiogenesis_il6")
    for setting in ("chain", "all edges"):
        links, scan = found[setting]["links"], found[setting]["IL6"]
        for name, ratios in wanted[setting].items():
            assert {key: links[name][key] for key in ratios} == pytest.approx(ratios, rel=wanted["tolerance"]), (setting, name)
        for key in ("IL6_pM", "VEGF_pM", "vessels", "volume"):
            assert scan[0][key] < scan[1][key] < scan[2][key], (setting, key)
        assert links["tocilizumab"]["volume"] - 1 < 0.4 * (links["whole"]["volume"] - 1)
        assert all(row["status"] == 0 for row in scan)
    chain = found["chain"]["links"]
    through = {"IL6-angiogenesis off": (), "VEGF-vessels off": ("VEGF_pM",), "vessels-growth off": ("VEGF_pM", "vessels")}
    for name, passed in through.items():
        for key in ("VEGF_pM", "vessels", "volume"):
            if key in passed:
                assert chain[name][key] > 1.1, (name, key)
            else:
                assert chain[name][key] == pytest.approx(1, abs=1e-3), (name, key)
    assert chain["bevacizumab"]["none"]["volume"] < 0.9 * chain["whole"]["none"]["volume"]
    assert (tmp_path / "angiogenesis_il6.png").stat().st_size > 10_000
    for name in ("with_il6", "without_il6"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
