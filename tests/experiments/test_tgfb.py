"""TGF-beta blocked early and late, at reduced size."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_tgfb_early_late(tmp_path):
    """Blockade harms a sensitive tumour early and helps it late, and only helps an insensitive one; growth carries the harm, T cells the help."""
    run(EXPERIMENTS / "tgfb_early_late" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("tgfb_early_late")
    effects = {off: {case: by_edge[off]["effect"] for case, by_edge in found["cases"].items()} for off in next(iter(found["cases"].values()))}
    for off, ratios in wanted["effect"].items():
        assert effects[off] == {case: pytest.approx(ratio, rel=wanted["tolerance"]) for case, ratio in ratios.items()}, off
    whole = effects["all edges"]
    assert whole["early, sensitive"] > 1.5 and whole["late, sensitive"] < 0.6
    assert whole["early, insensitive"] < 0.8 and whole["late, insensitive"] < 0.6
    assert max(effects["growth"].values()) < 0.8
    assert min(effects["CTL and exclusion"].values()) > 0.99
    assert effects["all of these"] == {case: pytest.approx(1, abs=1e-4) for case in whole}
    # An insensitive tumour is helped whatever it secretes; a late one is harmed where no T cells stand around it.
    assert all(row["effect"] < 1 for case, rows in found["scan"].items() if case.endswith("insensitive") for row in rows)
    assert found["swaps"]["late, CD8_T of early"]["treated"] > 1.1 * found["swaps"]["late, CD8_T of early"]["untreated"]
    assert all(one["status"] == 0 for by_edge in found["cases"].values() for one in by_edge.values()) and found["warnings"] == []
    assert (tmp_path / "tgfb_early_late.png").stat().st_size > 10_000
    for name in ("early_sensitive", "early_insensitive", "late_sensitive", "late_insensitive"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
