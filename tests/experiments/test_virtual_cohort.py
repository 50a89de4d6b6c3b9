"""The virtual cohort at reduced size: the same tumours from the seed, the effects that hold at that size, and a run that was stopped."""

import json
import math

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages

# Twice in one process: a second one would compile again.
TWICE = """
import shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import run
whole, part = Path("whole"), Path("part")
run.main(["--quick", "--out", str(whole)])
part.mkdir()
lines = (whole / "records.jsonl").read_text().splitlines(keepends=True)
(part / "records.jsonl").write_text("".join(lines[:-1]) + lines[-1][:100])
run.main(["--quick", "--out", str(part)])
"""


@pytest.mark.timeout(600)
def test_virtual_cohort(tmp_path):
    """Anti-PD1 is best, better with more TNF and less IL-10; tumours and outcomes are those of the seed, also of a run that was stopped and went on."""
    run("-c", TWICE, EXPERIMENTS / "virtual_cohort", cwd=tmp_path, timeout=560)
    wanted, out = expected("virtual_cohort")["quick"], tmp_path / "whole"
    numbers = json.loads((out / "numbers.json").read_text())
    records = [json.loads(line) for line in (out / "records.jsonl").read_text().splitlines()]
    assert len(records) == numbers["tumours"] == wanted["tumours"] and numbers["converged"] == 1
    assert all(end["status"] == 0 for one in records for end in one["arms"].values())
    for arm, logs in wanted["ln_growth"].items():
        found = [math.log(max(one["arms"][arm]["growth_ratio"], 1e-6)) for one in records]
        assert found == pytest.approx(logs, abs=wanted["tolerance"]), arm
    for level, values in wanted["profile"].items():
        assert [one["profile"][level] for one in records] == pytest.approx(values, rel=wanted["profile_tolerance"]), level

    best, *_, last = numbers["ranking"]
    assert best["arm"] == "anti-PD1" and best["interval"][1] < 0 == best["best_share"] - wanted["best_share"]
    assert numbers["ranking"][1]["arm"] == "anti-IL6R" and numbers["ranking"][1]["interval"][1] < 0
    assert abs(last["mean_log_ratio"]) < 0.05  # anti-TGFb and the control: nothing to tell apart in five days
    slopes = {(one["level"], one["arm"]): one for one in numbers["slopes"]}
    assert slopes["TNF_pg_per_mL", "anti-PD1"]["predictive_interval"][1] < 0 < slopes["IL10_pg_per_mL", "anti-PD1"]["predictive_interval"][0]
    assert slopes["IFNg_pg_per_mL", "anti-PD1"]["predictive"] < -1

    assert (tmp_path / "part" / "records.jsonl").read_text() == (out / "records.jsonl").read_text()
    assert json.loads((tmp_path / "part" / "numbers.json").read_text()) == numbers
    assert (out / "virtual_cohort.png").stat().st_size > 20_000
    for name in ("control", "anti-PD1"):
        assert compliance_messages(out / f"{name}.nc")[1] == []
