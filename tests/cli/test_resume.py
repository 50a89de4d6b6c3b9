"""Runs through time from the command line: stopped and gone on with, bit for bit."""

import shutil

import numpy as np
import pytest

from command_line import CONFIG, tmefield, write_case
from tmefield.cli import march
from tmefield.output.lock import alone
from tmefield.output.reading import read_netcdf

COURSE = '\n[time]\nend = "2 h"\nevery = "20 min"\n'


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Folder of a case with both methods, and the fields of the uninterrupted runs."""
    folder = tmp_path_factory.mktemp("course")
    write_case(folder, config=CONFIG + COURSE)
    fields = {}
    for method in ("rkc", "tr-bdf2"):
        answer = tmefield("run", folder / "case.toml", "--out", folder / method, "--set", f"time.method={method}")
        assert answer.code == 0, answer.err
        assert method in answer.out
        fields[method] = read_netcdf(folder / method / "fields.nc")
    return folder, fields


def test_a_run_through_time_writes_its_outputs(whole):
    folder, fields = whole
    np.testing.assert_allclose(fields["rkc"].times, 1200.0 * np.arange(7))
    assert sorted(path.name for path in (folder / "rkc").iterdir()) == ["fields.nc", "summary.json"]
    assert fields["rkc"].concentration[0].max() == 0
    means = fields["rkc"].concentration.mean(axis=(1, 2, 3, 4))
    assert (np.diff(means) > 0).all()
    np.testing.assert_allclose(fields["rkc"].concentration, fields["tr-bdf2"].concentration, atol=2e-2 * means[-1])


@pytest.mark.parametrize(("method", "stop"), [("rkc", 1), ("rkc", 3), ("rkc", 5), ("tr-bdf2", 2), ("tr-bdf2", 4)])
def test_a_run_that_was_stopped_ends_bitwise_the_same(whole, monkeypatch, method, stop):
    folder, fields = whole
    out = folder / f"{method}-{stop}"
    check, seen = march._check, []

    def stop_here(*arguments):
        seen.append(1)
        if len(seen) > stop:
            raise KeyboardInterrupt
        check(*arguments)

    monkeypatch.setattr(march, "_check", stop_here)
    halted = tmefield("run", folder / "case.toml", "--out", out, "--set", f"time.method={method}")
    assert halted.code == 130
    assert f"tmefield resume {out}" in halted.err
    assert [path.name for path in out.iterdir()] == ["checkpoint"]
    monkeypatch.setattr(march, "_check", check)
    again = tmefield("resume", out)
    assert again.code == 0, again.err
    assert f"output {stop} of 6" in again.err
    assert np.array_equal(read_netcdf(out / "fields.nc").concentration, fields[method].concentration)
    assert not (out / "checkpoint").exists()


def interrupted(folder, out, monkeypatch):
    """A run that stopped after its second output."""
    check, seen = march._check, []

    def stop_here(*arguments):
        seen.append(1)
        if len(seen) > 2:
            raise KeyboardInterrupt
        check(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(march, "_check", stop_here)
        assert tmefield("run", folder / "case.toml", "--out", out, "--set", "time.method=rkc").code == 130


def test_a_damaged_state_falls_back_on_the_one_before(whole, tmp_path, monkeypatch):
    folder, fields = whole
    out = tmp_path / "damaged"
    interrupted(folder, out, monkeypatch)
    last = sorted((out / "checkpoint").glob("state-*.npz"))[-1]
    content = bytearray(last.read_bytes())
    with np.load(last) as state:
        field = max((state[name] for name in state.files), key=lambda leaf: leaf.nbytes)
    content[content.find(field.tobytes()) + field.nbytes // 2] ^= 1
    last.write_bytes(bytes(content))
    again = tmefield("resume", out)
    assert again.code == 0, again.err
    assert "output 1 of 6" in again.err
    assert np.array_equal(read_netcdf(out / "fields.nc").concentration, fields["rkc"].concentration)


def test_an_interrupted_run_is_not_thrown_away_unasked(whole, tmp_path, monkeypatch):
    folder, _ = whole
    out = tmp_path / "kept"
    interrupted(folder, out, monkeypatch)
    answer = tmefield("run", folder / "case.toml", "--out", out)
    assert answer.code == 2
    assert "holds an interrupted run" in answer.err and "--force" in answer.err


def test_two_processes_do_not_go_on_with_one_run(whole, tmp_path, monkeypatch):
    folder, fields = whole
    out = tmp_path / "shared"
    interrupted(folder, out, monkeypatch)
    before = {path.name: path.read_bytes() for path in (out / "checkpoint").iterdir()}
    with alone(out / march.LOCK):
        answer = tmefield("resume", out)
        assert answer.code == 4
        assert "another tmefield is at work in this folder" in answer.err
        assert {path.name: path.read_bytes() for path in (out / "checkpoint").iterdir()} == before
    assert tmefield("resume", out).code == 0
    assert np.array_equal(read_netcdf(out / "fields.nc").concentration, fields["rkc"].concentration)
    assert not (out / march.LOCK).exists()


def test_a_damaged_output_is_said_before_the_run_goes_on(whole, tmp_path, monkeypatch):
    folder, _ = whole
    out = tmp_path / "holed"
    interrupted(folder, out, monkeypatch)
    first = out / "checkpoint" / "record-00001.npz"
    first.write_bytes(first.read_bytes()[:100])
    answer = tmefield("resume", out)
    assert answer.code == 4
    assert "record-00001.npz is missing or damaged" in answer.err
    assert "output 3 of 6" not in answer.err


def test_a_checkpoint_of_another_configuration_is_refused(whole, tmp_path, monkeypatch):
    folder, _ = whole
    out = tmp_path / "changed"
    interrupted(folder, out, monkeypatch)
    about = out / "checkpoint" / "run.json"
    about.write_text(about.read_text(encoding="utf-8").replace('\\"10 um\\"', '\\"20 um\\"'), encoding="utf-8")
    answer = tmefield("resume", out)
    assert answer.code == 2
    assert "does not fit this configuration" in answer.err


def test_nothing_to_go_on_with(tmp_path):
    answer = tmefield("resume", tmp_path)
    assert answer.code == 4
    assert "no run to go on with" in answer.err
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "run.json").write_text("{", encoding="utf-8")
    assert "is damaged" in tmefield("resume", tmp_path).err
    shutil.rmtree(tmp_path / "checkpoint")


@pytest.mark.parametrize(
    ("course", "said"),
    [
        ('[time]\nend = "2 h"\n', "give either 'end' and 'every'"),
        ('[time]\ntimes = ["5 min", "2 min"]\n', "time.times must increase"),
        ('[time]\nend = "2 d"\nevery = "1 s"\n', "more than 10000"),
        ('[time]\ntimes = ["5 min"]\ninitial = { IL6 = "1 pM" }\n', "no species IL6 in this run"),
        ('[time]\ntimes = ["5 min"]\n[solver]\nprecision = "mixed"\n', "is for steady states"),
    ],
)
def test_a_bad_schedule_is_refused(tmp_path, course, said):
    write_case(tmp_path, config=CONFIG + course)
    answer = tmefield("run", tmp_path / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 2, answer.err
    assert said in answer.err
    assert not (tmp_path / "out" / "fields.nc").exists()


def test_changed_cells_are_not_mixed_into_a_run(whole, tmp_path, monkeypatch):
    folder, _ = whole
    own = tmp_path / "own"
    own.mkdir()
    for name in ("case.toml", "network.dat", "cells.csv"):
        shutil.copy(folder / name, own / name)
    interrupted(own, own / "out", monkeypatch)
    lines = (own / "cells.csv").read_text(encoding="utf-8").splitlines()
    (own / "cells.csv").write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
    answer = tmefield("resume", own / "out")
    assert answer.code == 2
    assert "has changed since the run began" in answer.err
