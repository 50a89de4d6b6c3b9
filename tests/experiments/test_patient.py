"""The profile of one patient's section, at reduced size."""

import json

import numpy as np
import pytest

from data_files import data_file
from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


@pytest.mark.timeout(600)
def test_patient_profile(tmp_path):
    """Levels by region, effects of the arms, and what placement does to both; the verdict is what the numbers say."""
    table = data_file("cells/mibi_tnbc_keren2018_person05.csv")
    command = (EXPERIMENTS / "patient_profile" / "run.py", "--data", table, "--quick", "--out", tmp_path)
    run(*command, cwd=tmp_path, timeout=560)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("patient_profile")
    quick, tolerance = wanted["quick"], wanted["tolerance"]
    assert (found["members"], found["asked"]) == (quick["members"], quick["asked"]) and found["left_out"] == 0
    for key, value in quick["profile"].items():
        assert found["profile"][key][1] == pytest.approx(value, rel=tolerance), key
    ranks = {name: {one["arm"]: one["mean_log_ratio"] for one in found["ranking"][name]} for name in ("placed", "shuffled")}
    for name, arms in quick["ranking"].items():
        assert ranks[name] == {arm: pytest.approx(value, abs=tolerance) for arm, value in arms.items()}, name
    # Who is where: TNF and IFN-g come from the stroma, IL-6 and TGF-b stand in the nests; dealt out, nests are no different from the rest.
    members = {name: [json.loads(line)["profile"] for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()] for name in ("placed", "shuffled")}
    for one, dealt in zip(members["placed"], members["shuffled"], strict=True):
        for species, more in (("TNF", "stroma"), ("IFNg", "stroma"), ("IL6", "nest")):
            less = "nest" if more == "stroma" else "stroma"
            assert one[f"{more}: {species}"] > 1.2 * one[f"{less}: {species}"], species
            assert abs(np.log(dealt[f"nest: {species}"] / dealt[f"stroma: {species}"])) < 0.5 * np.log(one[f"{more}: {species}"] / one[f"{less}: {species}"])
    turned, changed = (any(one["clear"] for one in found[key]) for key in ("turns", "effects"))
    assert found["verdict"] == ("spatial" if turned else "spatial effects, compositional ranking" if changed else "compositional")
    assert (tmp_path / "patient_profile.png").stat().st_size > 10_000
    for name in ("placed_start", "placed_end", "shuffled_start", "shuffled_end"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []
