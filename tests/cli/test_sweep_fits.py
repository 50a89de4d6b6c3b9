"""Sweeps over fits."""

import json

import jax

from command_line import tmefield
from fit_case import BASE, FREE, POINTS, write_points


def _jobs(path, *jobs):
    path.write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    return path


def test_fits_are_jobs_and_one_that_has_not_converged_says_so(tmp_path):
    with jax.enable_x64(True):
        write_points(tmp_path)
    (tmp_path / "fit.toml").write_text(BASE + "[fit]\n" + FREE + POINTS, encoding="utf-8")
    job = {"config": "fit.toml", "set": {"output.png": False}, "name": "fit"}
    short = _jobs(tmp_path / "short.jsonl", {**job, "set": {**job["set"], "fit.max_steps": 2}})
    wrong = _jobs(tmp_path / "wrong.jsonl", job, {**job, "set": {"fit.free.0.name": "IFNg.secretion_by_CD8_T.rat"}})
    refused = tmefield("sweep", wrong, "--out", tmp_path / "out")
    assert refused.code == 2 and "line 2: fit.toml: fit.free[0]" in refused.err and not (tmp_path / "out").exists()
    answer = tmefield("sweep", short, "--out", tmp_path / "out")
    assert answer.code == 3
    one = json.loads((tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8"))
    assert one["status"] == "failed" and "has not converged" in one["error"] and "fit.max_steps" in one["error"] and one["command"] == "fit"
    longer = _jobs(tmp_path / "longer.jsonl", job)
    answer = tmefield("sweep", longer, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert "going on from" in answer.err  # with more steps it is another job of the same fit
    one = json.loads((tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8"))
    summary = json.loads((tmp_path / "out" / "0000-fit" / "fit.json").read_text(encoding="utf-8"))
    rate = summary["parameters"]["IFNg.secretion_by_CD8_T.rate"]
    assert one["status"] == "done" and one["numbers"]["IFNg.secretion_by_CD8_T.rate [molecule/cell/s]"] == rate["value"]
    assert one["numbers"]["IFNg.secretion_by_CD8_T.rate.low [molecule/cell/s]"] == rate["low"] and one["numbers"]["chi2"] == summary["chi2"]
