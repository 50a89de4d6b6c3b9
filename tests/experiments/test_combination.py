"""Anti-PD-1 and anti-TGF-beta together, at reduced size."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_combination_therapy(tmp_path):
    """More than independent parts with the edges by which TGF-b holds T cells, and not without; CTL function carries most, EMT what is left."""
    run(EXPERIMENTS / "combination_therapy" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    numbers, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("combination_therapy")
    found, tolerance = numbers["edges"], wanted["tolerance"]
    for name, values in wanted["edges"].items():
        for key, value in values.items():
            assert found[name][key] == pytest.approx(value, abs=tolerance["excess" if key == "mean" else "effect"]), f"{name} {key}"
    whole, left = found["all edges"], found["both off"]
    assert whole["interval"][0] > 0.02 and whole["positive"] == 1
    assert abs(left["mean"]) < 0.1 * whole["mean"]
    assert left["mean"] < found["TGFb-CTL off"]["mean"] < 0.5 * whole["mean"] < found["TGFb-exclusion off"]["mean"]
    assert abs(found["both and TGFb-EMT off"]["mean"]) < 0.1 * abs(left["mean"])
    for row in numbers["tumours"]["all edges"]:
        parts = row["E_TGFb"] + row["E_PD1"] - row["E_TGFb"] * row["E_PD1"]
        assert row["excess"] == pytest.approx(row["E_both"] - parts, abs=1e-5)
        assert row["TGFb_treated_pM"] < 0.5 * row["TGFb_pM"] and row["IFNg_treated_pM"] > row["IFNg_pM"]
    assert all(one["status"] == 0 for one in found.values())
    assert (tmp_path / "combination_therapy.png").stat().st_size > 10_000
    for name in ("control", "anti-TGFb", "anti-PD1", "anti-TGFb_anti-PD1"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
