"""Sweeps over runs through time: gone on with bit for bit."""

import json

import numpy as np
import pytest

from command_line import CONFIG, tmefield, write_case
from tmefield.cli import march
from tmefield.errors import NumericsError
from tmefield.output.reading import read_netcdf

COURSE = '\n[time]\nend = "1 h"\nevery = "20 min"\nmethod = "rkc"\n'


def write_jobs(path, *jobs):
    path.write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    return path


def lines_of(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """A sweep of a run through time over its decay, finished without interruption."""
    folder = tmp_path_factory.mktemp("courses")
    write_case(folder, config=CONFIG + COURSE)
    jobs = [{"config": "case.toml", "set": {"species.IFNg.decay": decay}, "name": decay} for decay in ("0.5/h", "1/h")]
    manifest = write_jobs(folder / "jobs.jsonl", *jobs)
    answer = tmefield("sweep", manifest, "--out", folder / "out")
    assert answer.code == 0, answer.err
    return manifest, folder / "out"


def test_runs_through_time_have_their_numbers(courses):
    _, out = courses
    one, other = lines_of(out)
    assert (one["folder"], other["folder"]) == ("0000-0.5_h", "0001-1_h")
    assert one["numbers"]["IFNg.highest_at_s"] == 3600 and one["numbers"]["IFNg.highest_nM"] > other["numbers"]["IFNg.highest_nM"] > 0
    assert not list(out.rglob("checkpoint"))


def interrupted(courses, out, monkeypatch):
    """A sweep that stopped in the second output of its first job."""
    check, seen = march._check, []

    def stop_here(*arguments):
        seen.append(1)
        if len(seen) > 1:
            raise KeyboardInterrupt
        check(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(march, "_check", stop_here)
        halted = tmefield("sweep", courses[0], "--out", out)
    assert halted.code == 130 and "0 of 2 jobs are done, the same command goes on" in halted.err
    assert [path.name for path in (out / "0000-0.5_h").iterdir()] == ["checkpoint"]


def outputs_from(out, monkeypatch, *arguments):
    """The numbers of the outputs that going on computes, and the answer."""
    check, seen = march._check, []
    with monkeypatch.context() as patch:
        patch.setattr(march, "_check", lambda state, field, inputs, time: (seen.append(float(time)), check(state, field, inputs, time)))
        answer = tmefield("sweep", *arguments, "--out", out)
    return seen, answer


def test_an_interrupted_run_through_time_goes_on_bit_for_bit(courses, tmp_path, monkeypatch):
    interrupted(courses, tmp_path, monkeypatch)
    seen, again = outputs_from(tmp_path, monkeypatch, courses[0], "--retry")  # which is for jobs that failed
    assert again.code == 0, again.err
    assert seen == [2400.0, 3600.0, 1200.0, 2400.0, 3600.0]
    for folder in ("0000-0.5_h", "0001-1_h"):
        assert np.array_equal(read_netcdf(tmp_path / folder / "fields.nc").concentration, read_netcdf(courses[1] / folder / "fields.nc").concentration)


def test_a_failed_run_through_time_starts_again_when_asked(courses, tmp_path, monkeypatch):
    check, seen = march._check, []

    def fail(state, field, inputs, time):
        seen.append(time)
        if len(seen) == 2:
            raise NumericsError("the run failed before 40 min")
        check(state, field, inputs, time)

    with monkeypatch.context() as patch:
        patch.setattr(march, "_check", fail)
        assert tmefield("sweep", courses[0], "--out", tmp_path).code == 3
    assert [one["status"] for one in lines_of(tmp_path)] == ["failed", "done"]
    assert (tmp_path / "0000-0.5_h" / "checkpoint").is_dir()
    assert outputs_from(tmp_path, monkeypatch, courses[0])[0] == []
    times, again = outputs_from(tmp_path, monkeypatch, courses[0], "--retry")
    assert again.code == 0 and times == [1200.0, 2400.0, 3600.0]


def test_a_single_job_says_how_to_go_on(courses, tmp_path, monkeypatch):
    def stop_here(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(march, "_check", stop_here)
    halted = tmefield("sweep", courses[0], "--out", tmp_path, "--index", "0")
    assert halted.code == 130 and "go on with: the same sweep" in halted.err and "tmefield resume" not in halted.err


def test_a_checkpoint_of_another_job_is_not_gone_on_with(courses, tmp_path, monkeypatch):
    interrupted(courses, tmp_path, monkeypatch)
    other = write_jobs(courses[0].parent / "other.jsonl", {"config": "case.toml", "set": {"species.IFNg.decay": "0.6/h"}, "name": "0.5/h"})
    seen, answer = outputs_from(tmp_path, monkeypatch, other)
    assert answer.code == 0 and seen == [1200.0, 2400.0, 3600.0]
