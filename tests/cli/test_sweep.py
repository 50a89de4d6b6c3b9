"""`tmefield sweep`: jobs in folders of their own, gone on with after whatever stopped them."""

import csv
import io
import json
import subprocess
import sys

import jax
import numpy as np
import pytest
from rich.console import Console

from command_line import CELLS, tmefield, write_case
from tmefield.cli import results, sweep_work
from tmefield.cli.sweep import share
from tmefield.cli.sweep_work import Quiet
from tmefield.config import fields as summaries
from tmefield.errors import InputError
from tmefield.output.lock import alone
from tmefield.output.reading import read_netcdf

DECAYS = ("0.5/h", "1/h", "2/h")
VARY = ("--vary", "species.IFNg.decay=" + ",".join(DECAYS))


def lines_of(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def states(out):
    return [one["status"] for one in lines_of(out)]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A case and the answer of a sweep over its decay."""
    folder = tmp_path_factory.mktemp("sweep")
    path = write_case(folder)
    return path, folder / "out", tmefield("sweep", path, *VARY, "--out", folder / "out")


def test_each_job_has_a_folder_and_a_line(swept):
    _, out, answer = swept
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in out.iterdir()) == [
        "0000-IFNg.decay=0.5_h",
        "0001-IFNg.decay=1_h",
        "0002-IFNg.decay=2_h",
        "results.csv",
        "results.jsonl",
    ]
    means = []
    for index, one in enumerate(lines_of(out)):
        folder = out / one["folder"]
        assert sorted(path.name for path in folder.iterdir()) == ["fields.nc", "job.json", "summary.json"]
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        assert (one["index"], one["status"], one["exit_code"], one["error"]) == (index, "done", 0, "")
        assert one["set"] == {"species.IFNg.decay": DECAYS[index]} and one["command"] == "run"
        assert one["config_sha256"] == summary["config_sha256"] == read_netcdf(folder / "fields.nc").attributes["config_sha256"]
        assert one["numbers"]["IFNg.mean_nM"] == summary["species"]["IFNg"]["mean_nM"]
        means.append(one["numbers"]["IFNg.mean_nM"])
    assert means[0] > means[1] > means[2] > 0
    assert "3 done" in answer.out and f"{means[0]:.4g}" in answer.out


def test_the_table_has_numbers_under_keys_with_units(swept):
    _, out, _ = swept
    with open(out / "results.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["species.IFNg.decay [/h]"] for row in rows] == ["0.5", "1", "2"]
    assert [float(row["IFNg.mean_nM"]) for row in rows] == [one["numbers"]["IFNg.mean_nM"] for one in lines_of(out)]
    assert [row["status"] for row in rows] == ["done"] * 3


def test_progress_tells_how_long_it_may_take(swept):
    _, _, answer = swept
    lines = [line for line in answer.err.splitlines() if " of 3  " in line]
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert all("done" in line for line in lines) and [" left" in line for line in lines] == [True, True, False]
    assert answer.err.count("of low confidence") == 1  # a note of every job stands there once


def test_a_job_gives_what_the_run_alone_gives(swept, tmp_path):
    path, out, _ = swept
    with jax.enable_x64(False):
        answer = tmefield("run", path, "--set", "species.IFNg.decay=1/h", "--out", tmp_path)
    assert answer.code == 0, answer.err
    alone, job = read_netcdf(tmp_path / "fields.nc"), read_netcdf(out / "0001-IFNg.decay=1_h" / "fields.nc")
    assert np.array_equal(alone.concentration, job.concentration)


def test_number_types_do_not_leak_from_job_to_job(swept, tmp_path):
    """A float32 job after a float64 one gives the bits of one before it."""
    path, out, _ = swept
    answer = tmefield("sweep", path, "--vary", "solver.precision=float64,float32", "--set", "species.IFNg.decay=1/h", "--out", tmp_path)
    assert answer.code == 0, answer.err
    double, single = (read_netcdf(tmp_path / one["folder"] / "fields.nc").concentration for one in lines_of(tmp_path))
    assert np.array_equal(single, read_netcdf(out / "0001-IFNg.decay=1_h" / "fields.nc").concentration)
    np.testing.assert_allclose(double, single, rtol=1e-4)
    assert not np.array_equal(double, single)


def test_what_is_done_is_not_done_again(swept):
    path, out, _ = swept
    before = {one: one.read_bytes() for one in out.rglob("*") if one.is_file()}
    again = tmefield("sweep", path, *VARY, "--out", out)
    assert again.code == 0 and "3 done already" in again.err and "checking" not in again.err
    assert {one: one.read_bytes() for one in out.rglob("*") if one.is_file()} == before


def test_a_moved_sweep_is_still_done_and_changed_cells_are_not(tmp_path):
    own, vary = write_case(tmp_path), ("--vary", "species.IFNg.decay=1/h")
    assert tmefield("sweep", own, *vary, "--out", tmp_path / "a").code == 0
    (tmp_path / "a").rename(tmp_path / "b")
    moved = tmefield("sweep", own, *vary, "--out", tmp_path / "b")
    assert moved.code == 0 and "1 done already" in moved.err
    (tmp_path / "cells.csv").write_text(CELLS + "20,20,20,tumour\n", encoding="utf-8")
    changed = tmefield("sweep", own, *vary, "--out", tmp_path / "b", "--collect")
    assert "1 waiting" in changed.out and states(tmp_path / "b") == ["waiting"]


def test_a_failed_job_does_not_stop_the_others_and_is_run_again_when_asked(swept, tmp_path, monkeypatch):
    path, _, _ = swept
    out, check = tmp_path / "out", summaries.check_plausible

    def fail(inputs, result):
        if inputs.loaded.config.species[0].decay == "1/h":
            raise InputError("no tissue has such concentrations")
        check(inputs, result)

    with monkeypatch.context() as patch:
        patch.setattr(summaries, "check_plausible", fail)
        answer = tmefield("sweep", path, *VARY, "--out", out)
    assert answer.code == 2
    assert states(out) == ["done", "failed", "done"]
    assert lines_of(out)[1]["error"] == "no tissue has such concentrations" and lines_of(out)[1]["exit_code"] == 2
    assert [one.name for one in (out / "0001-IFNg.decay=1_h").iterdir()] == ["job.json"]
    assert "2 done, 1 failed" in answer.out
    still = tmefield("sweep", path, *VARY, "--out", out)
    assert still.code == 2 and "1 failed before; --retry" in still.err and "no tissue has such" in still.err
    again = tmefield("sweep", path, *VARY, "--out", out, "--retry")
    assert again.code == 0 and states(out) == ["done"] * 3


def test_a_fault_of_the_program_is_told_and_the_sweep_goes_on(swept, tmp_path, monkeypatch):
    path, _, _ = swept

    def fail(inputs, result):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(summaries, "check_plausible", fail)
    answer = tmefield("sweep", path, *VARY, "--out", tmp_path)
    assert answer.code == 70 and states(tmp_path) == ["failed"] * 3
    assert "Traceback" in answer.err and "please report it" in answer.err.lower()
    assert "ZeroDivisionError" in lines_of(tmp_path)[0]["error"]


def test_an_interrupted_sweep_goes_on(swept, tmp_path, monkeypatch):
    path, _, _ = swept
    write, seen = results.write_results, []

    def stop(*arguments):
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_results", stop)
        halted = tmefield("sweep", path, *VARY, "--out", tmp_path)
    assert halted.code == 130 and halted.out == ""
    assert "1 of 3 jobs are done, the same command goes on" in halted.err
    assert states(tmp_path) == ["done", "waiting", "waiting"]
    assert not [one for one in tmp_path.rglob(".*")] and len(list(tmp_path.rglob("fields.nc"))) == 1
    again = tmefield("sweep", path, *VARY, "--out", tmp_path)
    assert again.code == 0 and "1 done already" in again.err and states(tmp_path) == ["done"] * 3


def test_shares_of_an_array_and_the_table_of_all(swept, tmp_path):
    path, _, _ = swept
    one = tmefield("sweep", path, *VARY, "--out", tmp_path, "--index", 1)
    assert one.code == 0 and "compiling and solving" in one.err  # a single job tells its stages
    assert sorted(item.name for item in tmp_path.iterdir()) == ["0001-IFNg.decay=1_h"]
    stride = tmefield("sweep", path, *VARY, "--out", tmp_path, "--index", "0/2", "--json")
    assert stride.code == 0 and [job["index"] for job in json.loads(stride.out)["jobs"]] == [0, 2]
    assert tmefield("sweep", path, *VARY, "--out", tmp_path, "--collect").code == 0
    assert states(tmp_path) == ["done"] * 3


def test_a_name_may_hold_what_a_terminal_takes_for_markup():
    shown = io.StringIO()
    inner = Quiet()
    inner._console, inner.label = Console(file=shown, force_terminal=True, width=80), "1 of 2  decay=1[/h]"
    with inner.stage("writing"):
        pass
    inner.note("not told")
    assert "decay=1[/h]: writing" in shown.getvalue() and "not told" not in shown.getvalue()


def test_compiled_programs_are_dropped_before_the_memory_maps_run_out(swept, tmp_path, monkeypatch):
    cleared = []
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(1))
    assert tmefield("sweep", swept[0], *VARY, "--out", tmp_path / "a").code == 0 and not cleared
    monkeypatch.setattr(sweep_work, "MAPS", 0)
    assert tmefield("sweep", swept[0], *VARY, "--out", tmp_path / "b").code == 0 and len(cleared) == 3


def test_numbers_of_shares():
    assert share(None, 3) == [0, 1, 2] and share("2", 3) == [2]
    assert share("1/3", 8) == [1, 4, 7] and share("2/3", 2) == []
    for text in ("3", "x", "1/x", "3/3", "-1", "1/0"):
        with pytest.raises(InputError, match="--index"):
            share(text, 3)


def test_a_job_at_work_elsewhere_is_left_alone(swept, tmp_path):
    path, _, _ = swept
    with alone(tmp_path / ".0001-IFNg.decay=1_h.lock"):
        answer = tmefield("sweep", path, *VARY, "--out", tmp_path)
    assert answer.code == 0 and "IFNg.decay=1/h: at work in another process" in answer.err
    assert states(tmp_path) == ["done", "waiting", "done"]


def test_other_results_are_kept_unless_forced(swept, tmp_path):
    path, _, _ = swept
    folder = tmp_path / "0001-IFNg.decay=1_h"
    folder.mkdir()
    (folder / "fields.nc").write_text("precious")
    answer = tmefield("sweep", path, *VARY, "--out", tmp_path)
    assert answer.code == 2 and "job 1: " in answer.err and "--force" in answer.err
    assert (folder / "fields.nc").read_text() == "precious" and [item.name for item in tmp_path.iterdir()] == [folder.name]
    assert tmefield("sweep", path, *VARY, "--out", tmp_path, "--force").code == 0


def test_every_job_is_checked_before_the_first_starts(swept, tmp_path):
    path, _, _ = swept
    jobs = [
        {"config": "case.toml"},
        {"config": "case.toml", "set": {"species.IFNgg.decay": "1/h"}},
        {"config": "case.toml", "set": {"species.IFNg.decya": "1/h", "grid.spacing": "5 s"}},
        {"config": "nowhere.toml"},
        {"config": "case.toml", "set": {"cells.file": "nowhere.csv"}},
        {"config": "case.toml", "set": {"cells.file": "nowhere.csv", "solver.rtol": 1e-5}},
    ]
    manifest = path.parent / "bad.jsonl"
    manifest.write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    answer = tmefield("sweep", manifest, "--out", tmp_path / "out")
    assert answer.code == 2 and answer.err.count("tmefield: ") == 1 and "5 jobs cannot run, so none was started" in answer.err
    for words in (
        "line 2: species.IFNgg.decay=1/h: no entry 'IFNgg'; did you mean 'IFNg'?",
        "line 3: case.toml: 2 mistakes",
        "    species[0].decya: unknown key; did you mean 'decay'?",
        "    grid.spacing: 's' is not the unit of a length",
        "line 4: ",
        "nowhere.toml: cannot be read",
        "lines 5 and 6: case.toml: cells.file",
    ):
        assert words in answer.err, answer.err
    deep = [{"config": "case.toml", "set": {"cells.columns.type": "kind"}}, {"config": "case.toml", "set": {"solver.memory_limit": "100 MB"}}]
    manifest.write_text("\n".join(map(json.dumps, deep)), encoding="utf-8")
    answer = tmefield("sweep", manifest, "--out", tmp_path / "out")
    assert answer.code == 2 and "line 1: " in answer.err and "cells.csv: there is no column 'kind'" in answer.err and "line 2: a grid of" in answer.err
    manifest.write_text(json.dumps(deep[1]), encoding="utf-8")
    assert tmefield("sweep", manifest, "--out", tmp_path / "out").code == 5
    assert not (tmp_path / "out").exists()


def test_a_written_manifest_has_what_all_jobs_share(swept, tmp_path):
    path, _, _ = swept
    answer = tmefield("sweep", path, *VARY, "--set", "solver.rtol=1e-5", "--write", tmp_path / "jobs.jsonl")
    assert answer.code == 0 and "3 jobs" in answer.out and f"tmefield sweep {tmp_path / 'jobs.jsonl'}" in answer.out
    jobs = [json.loads(line) for line in (tmp_path / "jobs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [job["set"] for job in jobs] == [{"solver.rtol": "1e-5", "species.IFNg.decay": decay} for decay in DECAYS]
    assert tmefield("sweep", path, *VARY, "--write", tmp_path / "jobs.jsonl").code == 2
    bad = tmefield("sweep", path, "--vary", "species.IFNg.decay=1/h,2", "--write", tmp_path / "bad.jsonl")
    assert bad.code == 2 and "job 1: " in bad.err and "unit missing" in bad.err and not (tmp_path / "bad.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["case.toml"], 2, "needs --vary"),
        (["case.toml", *VARY, "--config", "case.toml"], 2, "--config is for a manifest"),
        (["jobs.jsonl", *VARY], 2, "go with a configuration"),
        (["case.toml", "--draw", "species.IFNg.diffusivity"], 2, "--draw KEY and --samples N go together"),
        (["case.toml", *VARY, "--samples", "3"], 2, "choose one of them"),
        (["case.toml", "--draw", "species.IFNg.decay", "--samples", "3"], 2, "but of diffusivity"),
        (["jobs.jsonl"], 4, "jobs.jsonl: cannot be read"),
        (["case.toml", *VARY, "--set", "output.png"], 2, "--set output.png: expected KEY=VALUE"),
        (["case.toml", *VARY, "--collect", "--index", "1"], 2, "leave --index out"),
        (["case.toml", *VARY, "--write", "jobs.csv"], 2, "write jobs.jsonl"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    write_case(tmp_path)
    answer = tmefield("sweep", *arguments)
    assert answer.code == code and words in answer.err
    assert not (tmp_path / "tmefield-sweep").exists()


def test_help_needs_no_jax():
    code = "import sys\nfrom tmefield.cli.app import app\ntry:\n    app(['sweep', '--help'])\nfinally:\n    assert 'jax' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for option in ("--vary", "--index", "--collect", "--retry"):
        assert option in done.stdout
