"""Manifests: what a line means, what is refused, and grids of values."""

import json

import pytest

from tmefield.config.manifest import Job, grid_jobs, listed, manifest_text, read_manifest
from tmefield.errors import FileError, InputError


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_are_jobs_seen_from_the_folder_of_the_manifest(tmp_path):
    lines = [
        '{"config": "case.toml", "set": {"species.IL6.decay": "0.2/h", "species.IL6.uptake": false, "fit.starts": 3}, "name": "slow"}',
        "",
        '{"config": "demo", "set": {"species.IL6.receptors": {"tumour": 5e3, "Treg": false}, "time.times": ["1 min", "2 min"]}}',
    ]
    jobs = read_manifest(write(tmp_path / "jobs.jsonl", "\n".join(lines)))
    assert [one.where for one in jobs] == ["line 1", "line 3"]
    assert jobs[0] == Job("line 1", str(tmp_path / "case.toml"), "slow", {"species.IL6.decay": "0.2/h", "species.IL6.uptake": "false", "fit.starts": "3"})
    assert jobs[1].config == "demo"
    assert jobs[1].changes["species.IL6.receptors"] == '{ "tumour" = 5000.0, "Treg" = false }'
    assert jobs[1].changes["time.times"] == '["1 min", "2 min"]'
    assert jobs[1].name.startswith("IL6.receptors=")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_has_a_job_a_row(tmp_path, delimiter):
    rows = [["# comment"], ["species.IL6.decay", "name", "grid.spacing"], ["0.1/h", "first", ""], ["", "", ""], ["0.2/h", "", "5 um"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    jobs = read_manifest(write(tmp_path / "sets.csv", text), config="base/case.toml")
    assert jobs == [
        Job("line 3", "base/case.toml", "first", {"species.IL6.decay": "0.1/h"}),
        Job("line 5", "base/case.toml", "IL6.decay=0.2/h, grid.spacing=5 um", {"species.IL6.decay": "0.2/h", "grid.spacing": "5 um"}),
    ]


MISTAKES = {
    '{"confg": "a.toml"}': "line 1: unknown key 'confg'; did you mean 'config'?",
    '{"config": "a.toml", "species.IL6.decay": "1/h"}': "line 2: unknown key 'species.IL6.decay' (values to change go under \"set\")",
    '{"config": "a.dat"}': "line 3: config: expected a configuration (.toml) or 'demo'; got 'a.dat'",
    "not json": "line 4: is not JSON (column 1: ",
    "[1]": "line 5: expected an object",
    '{"config": "a.toml", "set": {"a": null}}': "line 6: set.a: has no value",
    '{"config": "a.toml", "set": [1]}': "line 7: set: expected an object",
    '{"config": "a.toml", "name": 3}': "line 8: name: expected text; got 3",
    "{}": "lines 9 to 11: 'config' is missing",
}


def test_all_mistakes_come_together_with_their_lines(tmp_path):
    with pytest.raises(InputError) as caught:
        read_manifest(write(tmp_path / "jobs.jsonl", "\n".join([*MISTAKES, "{}", "{}"])))
    assert "9 mistakes" in str(caught.value)
    for words in MISTAKES.values():
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "kind", "words"),
    [
        ("jobs.json", "[]", InputError, "ends in .jsonl"),
        ("jobs.jsonl", "\n", InputError, "there is no job in it"),
        ("jobs.csv", "a,a\n1,2\n", InputError, "doubled name"),
        ("jobs.csv", "name,b.c\nx,1,2\n", InputError, "line 2: 3 fields under 2 names; quote values that hold a ','"),
        ("jobs.csv", "# only this\n", FileError, "the table is empty"),
        ("jobs.csv", 'name,b.c\n"x,1\n', FileError, "line 2: unexpected end of data; is a quotation mark left open?"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, name, text, kind, words):
    with pytest.raises(kind) as caught:
        read_manifest(write(tmp_path / name, text), config="case.toml")
    assert words in str(caught.value)
    assert type(caught.value) is kind


def test_a_manifest_that_is_not_there(tmp_path):
    with pytest.raises(FileError, match=r"none\.csv: cannot be read: No such file"):
        read_manifest(tmp_path / "none.csv")


def test_a_grid_varies_its_last_key_fastest_and_splits_at_outer_commas_only():
    jobs = grid_jobs("case.toml", ["a.b=1/h, 2/h", "c={ x = 1, y = [1, 2] },false"])
    assert [list(one.changes.values()) for one in jobs] == [
        ["1/h", "{ x = 1, y = [1, 2] }"],
        ["1/h", "false"],
        ["2/h", "{ x = 1, y = [1, 2] }"],
        ["2/h", "false"],
    ]
    assert jobs[1].where == "job 1" and jobs[1].name == "a.b=1/h, c=false"
    assert grid_jobs("case.toml", ["a=['x,y'],['z']"])[0].changes == {"a": "['x,y']"}


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        (["a"], "expected KEY=V1,V2"),
        (["a=1,,2"], "expected KEY=V1,V2"),
        (["a=1", "a=2"], "stands there twice"),
        ([f"{key}={','.join(map(str, range(100)))}" for key in "abc"], "1000000 combinations"),
    ],
)
def test_what_is_no_grid_is_refused(vary, words):
    with pytest.raises(InputError, match=words):
        grid_jobs("case.toml", vary)


def test_a_written_manifest_reads_back(tmp_path):
    jobs = grid_jobs(str(tmp_path / "cases" / "case.toml"), ["species.IL6.decay=0.1/h,0.2/h", "species.IL6.uptake=true,false"])
    folder = tmp_path / "manifests"
    folder.mkdir()
    text = manifest_text(jobs, folder)
    assert json.loads(text.splitlines()[0])["config"] == "../cases/case.toml"
    again = read_manifest(write(folder / "jobs.jsonl", text))
    assert [one.changes for one in again] == [one.changes for one in jobs]
    assert [one.name for one in again] == [one.name for one in jobs]


def test_lines_are_listed_in_runs():
    def lines(*numbers):
        return listed([f"line {number}" for number in numbers])

    assert lines(3) == "line 3"
    assert lines(3, 4) == "lines 3 and 4"
    assert lines(2, 3, 4, 7) == "lines 2 to 4 and 7"
    assert lines(*range(1, 40, 2)) == "lines 1, 3, 5, 7, 9, 11, 13, 15 and more"
