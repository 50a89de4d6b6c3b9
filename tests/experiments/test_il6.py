"""The experiments on IL-6 at reduced size against their expected numbers."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_il6_dual_role(tmp_path):
    """At equal dose a short course spares the tumour and a long one feeds it; without entry none helps, without growth and vessels none harms."""
    run(EXPERIMENTS / "il6_dual_role" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("il6_dual_role")
    for name, ratios in wanted["ratio"].items():
        assert found[name] == {days: pytest.approx(ratio, rel=wanted["tolerance"]) for days, ratio in ratios.items()}, name
    assert found["all edges"]["4"] < 0.8 and found["all edges"]["32"] > 1.25
    assert min(found["IL6-entry off"].values()) > 1 > max(found["IL6-growth and -angiogenesis off"].values())
    assert all(row["status"] == 0 for row in found["courses"].values())
    # The same is made in both, so that the level is higher in the shorter one.
    assert found["courses"]["4"]["IL6_pM"][0] > 8 * found["courses"]["32"]["IL6_pM"][0]
    assert (tmp_path / "il6_dual_role.png").stat().st_size > 10_000
    for name in ("untreated", "acute", "chronic"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
