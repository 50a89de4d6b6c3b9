"""`tmefield run` of a cohort: tumours one by one, drivers, page and table; the same command again, refusals."""

import csv
import json

import pytest

from command_line import tmefield
from outcome_case import CASE, COHORT
from tmefield.outcome import cohort as virtual
from tmefield.outcome import drivers
from tmefield.output.reading import read_netcdf
from written_files import compliance_messages

ARMS = ("control", "anti-PD1", "half")
FILES = [
    *(f"arm-{arm}.nc" for arm in ARMS),
    *("cohort.csv", "cohort.png", "drivers-half-2.jsonl", "outcome.html", "outcome.png", "records.jsonl", "summary.json"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a case, and the answer of its run."""
    folder = tmp_path_factory.mktemp("cohort")
    # One output at the end: the typical tumour and those that are drawn share a compilation.
    (folder / "case.toml").write_text(CASE.replace('output_every = "1 day"', 'output_every = "2 day"') + COHORT, encoding="utf-8")
    return folder, tmefield("run", folder / "case.toml", "--out", folder / "out")


def test_a_run_writes_everything_on_the_cohort(finished):
    folder, answer = finished
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(FILES)
    told = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))["cohort"]
    assert told["tumours"] == 3 and [one["arm"] for one in told["ranking"]] == ["anti-PD1", "half", "control"]
    assert told["ranking"][0]["mean_log_ratio"] < told["ranking"][1]["mean_log_ratio"] < 0 == told["ranking"][2]["mean_log_ratio"]
    assert told["drivers"]["arm"] == "half" and {one["key"] for one in told["drivers"]["indices"]} == set(told_keys(folder))
    assert {one["arm"] for one in told["slopes"]} == {"anti-PD1", "half"} and "IFNg_pg_per_mL" in {one["level"] for one in told["slopes"]}
    page = (folder / "out" / "outcome.html").read_text(encoding="utf-8")
    for words in ("3 tumours in 3 arms", "What drives the volume in the arm half", "The typical tumour of the cohort", "at least 5 with and 5 without"):
        assert words in page
    assert page.count('src="data:image/png') == 2
    for words in ("over 3 tumours", "ln(volume/control), 95 %", "cohort.csv"):
        assert words in answer.out
    assert "  3 of 3 tumours" in answer.err and "12 of 12 runs for what drives the volume" in answer.err


def told_keys(folder):
    return json.loads((folder / "out" / "records.jsonl").read_text(encoding="utf-8").splitlines()[0])["drawn"]


def test_the_table_is_what_the_records_say(finished):
    out = finished[0] / "out"
    rows = list(csv.DictReader((out / "cohort.csv").open(encoding="utf-8", newline="")))
    records = [json.loads(line) for line in (out / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["patient"] for row in rows] == ["patient 0", "patient 1", "patient 2"]
    for row, record in zip(rows, records, strict=True):
        assert float(row["IFNg_pg_per_mL"]) == record["profile"]["IFNg_pg_per_mL"] > 0
        assert float(row["anti-PD1: growth_ratio"]) == record["arms"]["anti-PD1"]["growth_ratio"] < float(row["control: growth_ratio"])
        assert row["control: status"] == "0"
    assert len({row["drawn: cells.CD8_T [1]"] for row in rows}) == 3


def test_the_arms_are_of_the_typical_tumour(finished):
    path = finished[0] / "out" / "arm-half.nc"
    fields = read_netcdf(path)
    assert compliance_messages(path)[1] == [] and "typical tumour" in fields.attributes["notes"]
    far = fields.cell_density["CD8_T"][0, -1, -1, -1]
    assert far == pytest.approx(1.5 * 2e-5, rel=1e-2)  # the median factor on the density of the file


def test_the_same_command_computes_nothing_and_more_tumours_are_added(finished, monkeypatch):
    folder, _ = finished
    before = (folder / "out" / "records.jsonl").read_text(encoding="utf-8")
    computed = []
    real, sampled = virtual._run, drivers._run
    monkeypatch.setattr(virtual, "_run", lambda *given: computed.append("tumour") or real(*given))
    monkeypatch.setattr(drivers, "_run", lambda *given: computed.append("sample") or sampled(*given))
    again = tmefield("run", folder / "case.toml", "--out", folder / "out", "--json")
    assert again.code == 0 and computed == [] and "3 of 3 tumours: finished before, kept" in again.err
    more = tmefield("run", folder / "case.toml", "--out", folder / "out", "--json", "--set", "cohort.patients=4", "--set", "cohort.drivers=0")
    assert more.code == 0, more.err
    assert computed == ["tumour"] and json.loads(more.out)["cohort"]["tumours"] == 4
    after = (folder / "out" / "records.jsonl").read_text(encoding="utf-8")
    assert after.startswith(before) and after.count("\n") == 4


def test_a_run_that_was_stopped_goes_on(finished, tmp_path, monkeypatch):
    folder, _ = finished
    out = tmp_path / "out"
    out.mkdir()
    for name in FILES[:3]:
        (out / name).write_bytes((folder / "out" / name).read_bytes())
    lines = (folder / "out" / "records.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (out / "records.jsonl").write_text("".join(lines[:2]) + lines[2][:50], encoding="utf-8")  # stopped while the third was written
    calls = []

    def stop(*given):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*given)

    real = drivers._run
    monkeypatch.setattr(drivers, "_run", stop)
    stopped = tmefield("run", folder / "case.toml", "--out", out)
    assert stopped.code == 130 and "finished arms and tumours are kept: go on with the same command" in stopped.err
    monkeypatch.setattr(drivers, "_run", real)
    assert tmefield("run", folder / "case.toml", "--out", out).code == 0
    for name in ("records.jsonl", "drivers-half-2.jsonl"):
        whole = (folder / "out" / name).read_text(encoding="utf-8").splitlines()
        assert (out / name).read_text(encoding="utf-8").splitlines()[:3] == whole[:3]


def test_another_cohort_is_refused_unless_forced(finished):
    folder, _ = finished
    for change in ("cohort.seed=7", "outcome.arms.half.anti-PD1=0.25"):
        other = tmefield("run", folder / "case.toml", "--out", folder / "out", "--set", change)
        assert other.code == 2 and "of another run; choose another folder with --out, or overwrite with --force" in other.err, change
    (folder / "alone.toml").write_text(CASE, encoding="utf-8")
    alone = tmefield("run", folder / "alone.toml", "--out", folder / "out")
    assert alone.code == 2 and "already holds arm-anti-PD1.nc of another run" in alone.err
    assert (folder / "out" / "records.jsonl").exists()


def test_with_force_nothing_is_left_of_the_cohort_before(finished, tmp_path):
    from tmefield.cli.cohort import check_cohort
    from tmefield.config.load import load_case

    for name in ("records.jsonl", "drivers-half-2.jsonl", "cohort.csv", "cohort.png", "mine.txt"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    check_cohort(tmp_path, load_case(finished[0] / "case.toml"), force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_validate_tells_the_cost(finished):
    folder, _ = finished
    answer = tmefield("validate", folder / "case.toml", "--set", "cohort.drivers=64")
    assert answer.code == 0 and "3 tumours (seed 2) in 3 arms: 9 runs" in answer.out and "64 samples x (4 keys + 2) = 384 runs" in answer.out
    told = json.loads(tmefield("validate", folder / "case.toml", "--json").out)["cohort"]
    assert told["spread"]["IFNg.secretion.CD8_T"]["unit"] == "molecule/cell/s" and told["drivers"]["runs"] == 12
