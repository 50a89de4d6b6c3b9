"""`tmefield run` of an outcome: arms in files, page and summary; the same command again, another arm, refusals."""

import json
import os

import pytest

from command_line import tmefield
from outcome_case import CASE
from tmefield.cli import outcome
from tmefield.output.reading import read_netcdf
from written_files import compliance_messages

ARMS = ("control", "anti-PD1", "half")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a case, and the answer of its run."""
    folder = tmp_path_factory.mktemp("outcome")
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    return folder, tmefield("run", folder / "case.toml", "--out", folder / "out")


def test_a_run_writes_arms_page_and_summary(finished):
    folder, answer = finished
    assert answer.code == 0, answer.err
    names = [*(f"arm-{arm}.nc" for arm in ARMS), "outcome.html", "outcome.png", "summary.json"]
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(names)
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["arms"]) == list(ARMS) and summary["arms"]["half"]["doses"] == {"anti-PD1": 0.5}
    assert summary["ranking"]["growth_ratio"] == ["anti-PD1", "half", "control"]
    ratio = {arm: one["growth_ratio"] for arm, one in summary["arms"].items()}
    assert ratio["anti-PD1"] < ratio["half"] < ratio["control"]
    assert summary["arms"]["anti-PD1"]["time_to_progression_d"] is None  # never reached
    held = {arm: one["occupancy"] for arm, one in summary["arms"].items()}
    assert held["control"] == {} and 0.5 < held["half"]["anti-PD1"] < held["anti-PD1"]["anti-PD1"] < 1
    assert f"anti-PD1 {100 * held['half']['anti-PD1']:.3g} %" in answer.out
    acting = {one["edge"]: one for one in summary["edges"]}
    killing = acting["IFNg-killing"]
    level = killing["ligands"]["IFNg"]
    assert killing["acts_on"] == ["killing of tumour by CD8_T"] and killing["mark"] == "recalled" and killing["placeholders"] == ["Emax"]
    assert 0 < killing["reached"] < 1 and level["unit"] == "nM" and level["level"] > 0 and level["half_maximum"] == pytest.approx(0.0158)
    page = (folder / "out" / "outcome.html").read_text(encoding="utf-8")
    assert "What acts in the untreated tumour" in page and "<td>IFNg-killing</td>" in page
    for words in ("growth ratio", "not reached", "outcome.html", f"{ratio['control']:.3g}"):
        assert words in answer.out
    assert [line.split()[1] for line in answer.err.splitlines() if line.startswith("  arm ")] == list(ARMS)


def test_the_file_of_an_arm(finished):
    path = finished[0] / "out" / "arm-anti-PD1.nc"
    assert compliance_messages(path)[1] == []
    fields = read_netcdf(path)
    assert fields.attributes["arm"] == "anti-PD1" and json.loads(fields.attributes["doses"]) == {"anti-PD1": 1.0}
    assert fields.species == ("IFNg", "IL10", "anti-PD1") and list(fields.cell_density) == ["tumour", "CD8_T", "endothelial"]
    assert fields.times.tolist() == [0.0, 86400.0, 172800.0] and fields.cell_density["tumour"].shape == (3, 4, 4, 4)
    held = fields.lists["occupancy_anti_pd1"]
    assert held.dims == ("t",) and held.values.shape == (3,) and 0.5 < held.values[-1] < 1
    # What the volume at the end and the ratio say is what the densities say.
    counted = fields.cell_density["tumour"].astype(float).sum(axis=(1, 2, 3)) * fields.grid.voxel_volume
    assert float(fields.scalars["endpoint_growth_ratio"].values) == pytest.approx(counted[-1] / counted[0], rel=1e-5)
    assert fields.lists["cells_tumour"].values[-1] == pytest.approx(counted[-1], rel=1e-5)
    volume = float(fields.scalars["tumour_cell_volume"].values) * counted[-1] / 1e9
    assert float(fields.scalars["endpoint_volume_mm3"].values) == pytest.approx(volume, rel=1e-5)
    # Killing less growth, over the tumour cells, is the share killed less the rate at which they divide.
    net = fields.maps["killing_minus_growth"].values.astype(float).sum() / fields.cell_density["tumour"][-1].astype(float).sum() * 86400.0
    killed = float(fields.scalars["endpoint_killed_per_d"].values)
    assert 0 < killed - net < 1.0 and net > 0
    assert float(read_netcdf(path.with_name("arm-control.nc")).maps["killing_minus_growth"].values.sum()) < 0


def test_a_picture_of_an_arm_has_its_name_and_the_folder_names_the_arms(finished):
    out = finished[0] / "out"
    try:
        for arm in ("control", "half"):
            answer = tmefield("plot", out / f"arm-{arm}.nc")
            assert answer.code == 0 and answer.out.split() == [str(out / f"arm-{arm}-overview.png")]
        assert not (out / "overview.png").exists()
    finally:
        for path in out.glob("*-overview.png"):
            path.unlink()
    for command in ("plot", "export", "info"):
        answer = tmefield(command, out)
        assert answer.code == 4 and "holds the arms of an outcome: name one of them" in answer.err
        assert "arm-anti-PD1.nc, arm-control.nc, arm-half.nc" in answer.err and "fields.nc" not in answer.err


def test_the_same_command_keeps_arms_and_another_arm_is_computed_alone(finished, monkeypatch):
    folder, _ = finished
    computed = []
    course = outcome._course
    monkeypatch.setattr(outcome, "_course", lambda plan, name: computed.append(name) or course(plan, name))
    again = tmefield("run", folder / "case.toml", "--out", folder / "out", "--json")
    assert again.code == 0 and computed == [] and again.err.count("finished before, kept") == 3
    first = json.loads(again.out)["arms"]["control"]["growth_ratio"]
    os.remove(folder / "out" / "arm-control.nc")
    more = tmefield("run", folder / "case.toml", "--out", folder / "out", "--json", "--set", "outcome.arms.tenth.anti-PD1=0.1")
    assert more.code == 0, more.err
    assert computed == ["control", "tenth"]
    told = json.loads(more.out)
    assert told["arms"]["control"]["growth_ratio"] == first and told["ranking"]["growth_ratio"] == ["anti-PD1", "half", "tenth", "control"]


def test_arms_of_another_run_are_kept_unless_forced(finished):
    folder, _ = finished
    other = tmefield("run", folder / "case.toml", "--out", folder / "out", "--set", "outcome.radius=100 um")
    assert other.code == 2 and "already holds arm-anti-PD1.nc of another run" in other.err and "--force" in other.err
    assert (folder / "out" / "arm-half.nc").exists()


def test_an_interruption_keeps_finished_arms(finished, tmp_path, monkeypatch):
    folder, _ = finished
    course = outcome._course

    def stop(plan, name):
        if name == "half":
            raise KeyboardInterrupt
        return course(plan, name)

    monkeypatch.setattr(outcome, "_course", stop)
    stopped = tmefield("run", folder / "case.toml", "--out", tmp_path / "out")
    assert stopped.code == 130 and "go on with the same command" in stopped.err and "no result was written" not in stopped.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["arm-anti-PD1.nc", "arm-control.nc"]


def test_validate_tells_what_was_understood(finished):
    folder, _ = finished
    answer = tmefield("validate", folder / "case.toml")
    assert answer.code == 0 and "arm      half: anti-PD1 0.5" in answer.out and "case.toml is valid" in answer.out
    assert "process  growth of tumour: 0.53 1/d x vessels-growth\n" in answer.out and "answers  attraction of CD8_T: IFNg-CXCL9\n" in answer.out
    told = json.loads(tmefield("validate", folder / "case.toml", "--json").out)
    assert told["times_s"] == [0.0, 86400.0, 172800.0]
    growth = next(one for one in told["acting"] if one["what"] == "growth of tumour")
    assert growth == {"what": "growth of tumour", "edges": ["vessels-growth"], "rate": pytest.approx(0.53 / 86400, rel=1e-3), "unit": "1/s"}


def test_other_commands_refuse_an_outcome(finished):
    answer = tmefield("fit", finished[0] / "case.toml")
    assert answer.code == 2 and "'tmefield run', 'validate' and 'estimate' take a file with a table [outcome]" in answer.err


def test_estimate_tells_arms_steps_memory_and_time(finished):
    case = finished[0] / "case.toml"
    answer = tmefield("estimate", case)
    for words in ("4 x 4 x 4 voxels", "3 populations", "2 cytokines", "3 arms, 2 steps each at least", "memory  ", "disk    up to", "time    about"):
        assert words in answer.out
    told = json.loads(tmefield("estimate", case, "--json").out)
    finer = json.loads(tmefield("estimate", case, "--json", "--set", "grid.spacing=20 um", "--set", "outcome.step=6 h").out)
    assert (told["arms"], told["courses"], told["steps"], finer["steps"]) == (3, 3, 2, 8)
    assert finer["shape_zyx"] == [12, 12, 12] and finer["seconds"] > told["seconds"] and finer["memory"] > told["memory"]
    short = tmefield("estimate", case, "--set", "solver.memory_limit=1 MB")
    assert short.code == 5 and "solver.memory_limit" in short.err


def test_the_starter(tmp_path):
    answer = tmefield("init", "--outcome", tmp_path / "my.toml")
    assert answer.code == 0 and "before it runs" not in answer.err and "[outcome.treatments.anti-PD1]" in (tmp_path / "my.toml").read_text(encoding="utf-8")
    (tmp_path / "cells.csv").write_text("x,y,type\n1,2,tumour\n", encoding="utf-8")
    both = tmefield("init", tmp_path / "other.toml", "--outcome", "--cells", tmp_path / "cells.csv")
    assert both.code == 2 and "--outcome starts from densities" in both.err and not (tmp_path / "other.toml").exists()


def test_cytokines_that_are_not_found_end_the_run_with_what_to_do(finished, tmp_path, monkeypatch):
    from tmefield.populations import march

    real = march.evolve_populations

    def fails(*given, **options):
        import equinox as eqx
        import jax.numpy as jnp

        found = real(*given, **options)
        return eqx.tree_at(lambda one: one.status, found, jnp.asarray([0, 4, 0], found.status.dtype))

    monkeypatch.setattr(march, "evolve_populations", fails)
    answer = tmefield("run", finished[0] / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 3 and "arm 'control': the cytokines among the cells were not found; take a shorter outcome.step" in answer.err
    assert "IL10: the residual stopped falling" in answer.err and not (tmp_path / "out").exists()
