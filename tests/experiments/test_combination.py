"""Anti-PD-1 with anti-TGF-b, at reduced size."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_combination_therapy(tmp_path):
    """Together the antibodies do more than each by itself would, in every tumour; with the edges of TGF-b on T cells off nothing of it is left."""
    run(EXPERIMENTS / "combination_therapy" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text())["edges"], expected("combination_therapy")
    for name, mean in wanted["excess"].items():
        assert found[name]["mean"] == pytest.approx(mean, abs=wanted["tolerance"]), name
    whole, off = found["all"], found["both off"]
    assert whole["interval"][0] > 0 and whole["positive"] == 1
    assert abs(off["mean"]) < 0.1 * whole["mean"]
    assert abs(off["E_TGFb"]) < 0.05 and off["E_PD1"] > 0.3
    assert all(one["status"] == 0 for one in found.values())
    assert (tmp_path / "combination_therapy.png").stat().st_size > 10_000
    files = sorted(tmp_path.glob("*.nc"))
    assert len(files) == 4
    for file in files:
        assert compliance_messages(file)[1] == []
