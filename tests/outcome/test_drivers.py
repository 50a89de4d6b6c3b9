"""What drives a volume: Sobol indices over runs that are kept, where they have a closed form."""

import json
import math

import pytest

import tmefield as tf
from outcome.small_tissue import DAY, tissue
from tmefield.library.prior import Prior
from tmefield.outcome import drivers

PRIORS = {"kill_rate_CTL": Prior("lognormal", 1e-4, 0.6), "IFNg.k_endo": Prior("lognormal", 1e-3, 0.3), "cells.CD8_T": Prior("uniform", 1.0, bounds=(0.0, 2.0))}
ARM = {"anti-PD1": 1.0}


def made_up(_, drawn, arm, *rest):
    """An outcome whose logarithm is a sum: 2 ln k of the first value, ln k of the second, nothing of the third."""
    return {"arms": {arm: {"growth_ratio": (drawn["kill_rate_CTL"] / 1e-4) ** 2 * drawn["IFNg.k_endo"] / 1e-3, "one_cell": 1e-6, "status": 0}}}


def run(samples, **how):
    return drivers.volume_drivers(tissue(), PRIORS, "released", ARM, [0.0, DAY], samples, **how)


def test_indices_of_a_sum_are_shares_of_its_variance(monkeypatch):
    monkeypatch.setattr(drivers, "_run", made_up)
    seen = []
    found, records = run(1024, told=lambda done, whole: seen.append((done, whole)))
    assert [one.key for one in found] == ["kill_rate_CTL", "IFNg.k_endo", "cells.CD8_T"]
    whole = 4 * 0.6**2 + 0.3**2
    for one, share in zip(found, (4 * 0.6**2 / whole, 0.3**2 / whole, 0.0), strict=True):
        assert one.first == pytest.approx(share, abs=0.03) and one.total == pytest.approx(share, abs=0.03)
    assert drivers.runs_of_drivers(1024, 3) == len(records) == len(seen) == 5120 and seen[-1] == (5120, 5120)


def test_a_volume_of_less_than_a_cell_counts_as_one_cell(monkeypatch):
    ratios = iter([1e-9, 1e-30, 1.0, 1e-12] * 3)
    monkeypatch.setattr(drivers, "_run", lambda tissue, drawn, arm, *rest: {"arms": {arm: {"growth_ratio": next(ratios), "one_cell": 1e-6}}})
    asked = []
    monkeypatch.setattr(drivers, "sobol_drivers", lambda volume, *rest: asked.extend(volume({"kill_rate_CTL": 1e-4}) for _ in range(4)) or [])
    run(2)
    assert asked == [math.log(1e-6), math.log(1e-6), 0.0, math.log(1e-6)]


def test_runs_that_were_stopped_go_on(monkeypatch, tmp_path):
    monkeypatch.setattr(drivers, "_run", made_up)
    file = tmp_path / "drivers.jsonl"
    whole = run(4, results=file, key="one")
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 20 and json.loads(lines[0])["patient"] == "sample 0"
    file.write_text("".join(lines[:7]))
    computed = []
    monkeypatch.setattr(drivers, "_run", lambda *given: computed.append(1) or made_up(*given))
    assert run(4, results=file, key="one") == whole and len(computed) == 13
    with pytest.raises(tf.FileError, match="sample 0 was run with other values, arms or settings"):
        run(4, results=file, key="another")


def test_a_tissue_is_run_with_what_was_drawn():
    """More cells that kill, a smaller tumour: one course of the real thing."""
    how = {"step": DAY, "rtol": 1e-4}
    few, many = (drivers._run(tissue(), {"cells.CD8_T": count}, "released", ARM, [0.0, 2 * DAY], how) for count in (0.1, 2.0))
    assert many["arms"]["released"]["growth_ratio"] < 0.9 * few["arms"]["released"]["growth_ratio"]
