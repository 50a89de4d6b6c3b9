"""The balance of cytokines and the fate of a tumour, at reduced size."""

import json

import numpy as np
import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


def test_cytokine_balance(tmp_path):
    """Both fates, a boundary in either plane, and points that a mixed tumour clears and one with places does not; why, by the edges of TGF-b and by places."""
    run(EXPERIMENTS / "cytokine_balance" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("cytokine_balance")
    quick, start = wanted["quick"], wanted["start"]
    assert (found["points"], found["cleared"]) == (quick["points"], quick["cleared"])
    assert found["differ"] == {key: quick[key] for key in ("only_mixed_clears", "only_local_clears")}
    tolerance = start.pop("tolerance")
    for name, places in start.items():
        for place, values in places.items():
            for key, value in values.items():
                assert found["examples"][name][place]["start"][key] == pytest.approx(value, rel=tolerance), f"{name} {place} {key}"
    # More IFN-g never makes the tumour larger, more TGF-b never smaller.
    ratio = np.array(found["planes"]["local"]["ratio"])
    assert (np.diff(ratio, axis=1) < 1e-2 * ratio[:, 1:]).all() and (np.diff(ratio, axis=0) > -1e-2 * ratio[1:]).all()
    fates = {name: one["local"]["cleared"] for name, one in found["examples"].items()}
    assert fates == {"cleared": True, "escaped": False, "held": False}
    assert all(one["mixed"]["ratio"] < 0.1 for one in found["examples"].values())
    escaped, held = (found["examples"][name] for name in ("escaped", "held"))
    assert escaped["without"]["both"]["cleared"] and escaped["without"]["places of CTL and vessels"]["ratio"] > 0.8 * escaped["local"]["ratio"]
    assert held["without"]["places of CTL and vessels"]["ratio"] < 0.1
    assert (tmp_path / "cytokine_balance.png").stat().st_size > 10_000
    for name in found["examples"]:
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
