"""The verbs on small cases, and what they leave behind."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from command_line import CONFIG, tmefield, write_case
from tmefield.output.reading import read_netcdf

MAIN = "import sys, tmefield.cli\ntry:\n    tmefield.cli.main()\nfinally:\n    "


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of the small case: its folder and its summary."""
    folder = tmp_path_factory.mktemp("run")
    answer = tmefield("run", write_case(folder), "--out", folder / "out", "--json")
    assert answer.code == 0, answer.err
    return folder, json.loads(answer.out), answer.err


def test_run_writes_fields_and_a_summary(finished):
    folder, summary, _ = finished
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["fields.nc", "summary.json"]
    assert summary["status"] == "converged"
    assert summary["grid"]["shape_zyx"] == [6, 10, 10]
    one = summary["species"]["IFNg"]
    assert 0 < one["mean_nM"] < one["max_nM"]
    assert abs(one["budget_defect"]) < 1e-5
    assert one["income_molecules_per_s"] == pytest.approx(sum(one["made"].values()), rel=1e-5)
    # One CD8 T cell of 5 molecules/s, and no other producer among the cells.
    assert one["made"]["secretion by CD8_T"] == pytest.approx(5.0, rel=1e-5)


def test_run_file_holds_configuration_and_provenance(finished):
    folder, summary, _ = finished
    fields = read_netcdf(folder / "out" / "fields.nc")
    assert fields.attributes["config_sha256"] == summary["config_sha256"]
    assert json.loads(fields.attributes["config"])["species"][0]["secretion"]["CD8_T"]["rate"] == "5 molecule/cell/s"
    assert json.loads(fields.attributes["versions"])["jax"]
    assert "doi" in fields.attributes["references"].lower() or "PMID" in fields.attributes["references"] or "10." in fields.attributes["references"]
    assert fields.concentration[0, 0].mean() == pytest.approx(summary["species"]["IFNg"]["mean_nM"], rel=1e-4)
    assert fields.vessel_area is not None
    assert float(fields.vessel_area.sum() * 1e3) == pytest.approx(np.pi * 8.0 * 100.0, rel=1e-5)


def test_progress_is_one_line_per_stage_off_a_terminal(finished):
    _, _, progress = finished
    lines = [line for line in progress.splitlines() if line.endswith(" s")]
    assert len(lines) >= 5
    assert "\x1b" not in progress and "\r" not in progress


def test_same_run_may_be_repeated_and_another_may_not(finished):
    folder, _, _ = finished
    again = tmefield("run", folder / "case.toml", "--out", folder / "out")
    assert again.code == 0, again.err
    assert "IFNg" in again.out and str(folder / "out" / "fields.nc") in again.out
    other = tmefield("run", folder / "case.toml", "--out", folder / "out", "--set", "species.IFNg.decay=1/h")
    assert other.code == 2
    assert "--force" in other.err


def test_float64_run_agrees_with_float32(finished, tmp_path):
    folder, summary, _ = finished
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "out", "--set", "solver.precision=float64", "--set", "solver.rtol=1e-11", "--json")
    assert answer.code == 0, answer.err
    one = json.loads(answer.out)["species"]["IFNg"]
    assert one["mean_nM"] == pytest.approx(summary["species"]["IFNg"]["mean_nM"], rel=1e-4)
    assert abs(one["budget_defect"]) < 1e-10


def test_plot_export_and_info_read_the_result(finished, tmp_path):
    folder, _, _ = finished
    picture, image = tmp_path / "a.png", tmp_path / "a.vti"
    assert tmefield("plot", folder / "out", "--out", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert tmefield("plot", folder / "out", "--out", picture).code == 2
    assert tmefield("export", folder / "out" / "fields.nc", "--vti", "--out", image).code == 0
    assert image.read_bytes().startswith(b"<?xml")
    told = json.loads(tmefield("info", folder / "out" / "fields.nc", "--json").out)
    assert told["shape_zyx"] == [6, 10, 10]


def test_validate_tells_what_it_understood(finished):
    folder, _, _ = finished
    answer = tmefield("validate", folder / "case.toml", "--set", "walls.x_lower={fixed='1 pM'}")
    assert answer.code == 0, answer.err
    for word in ("6 x 10 x 10", "CD8_T 5", "x_lower: fixed 1 pM", "is valid"):
        assert word in answer.out
    report = json.loads(tmefield("validate", folder / "case.toml", "--json").out)
    assert report["cells"]["tumour"] == pytest.approx(1.0)


def test_estimate_names_the_grid_and_the_memory(finished):
    folder, _, _ = finished
    report = json.loads(tmefield("estimate", folder / "case.toml", "--json").out)
    assert report["voxels"] == 600 and report["memory"] > 10**8
    assert "6 x 10 x 10" in tmefield("estimate", folder / "case.toml").out
    assert report["not_counted_in_seconds"] == [] and "not counted" not in tmefield("estimate", folder / "case.toml").out
    options = [part for one in ("regulation.edges=library", "time.times=['1 h']", "readouts.responses=true") for part in ("--set", one)]
    more = tmefield("estimate", folder / "case.toml", *options).out
    assert "not counted, and it may take longer than all of that: regulation, the steps of [time], readouts" in more


def test_network_alone_runs_with_stated_assumptions(finished, tmp_path):
    folder, _, _ = finished
    answer = tmefield("validate", folder / "network.dat", "--spacing", "20 um")
    assert answer.code == 0, answer.err
    assert "random" in answer.out and "cells.scatter" in answer.out
    assert all(name in answer.out for name in ("IL6", "TNF", "IFNg", "IL10", "TGFb"))


def test_init_writes_what_validate_accepts(finished, tmp_path):
    folder, _, _ = finished
    path = tmp_path / "new.toml"
    answer = tmefield("init", path, "--vessels", folder / "network.dat", "--spacing", "20 um")
    assert answer.code == 0, answer.err
    assert tmefield("validate", path).code == 0
    assert tmefield("init", path).code == 2
    with_cells = ["--cells", folder / "cells.csv", "--columns", "x=x,y=y,z=z,type=type", "--cell-unit", "um", "--types", "tumour=tumour"]
    assert tmefield("init", path, "--force", "--vessels", folder / "network.dat", "--spacing", "20 um", *with_cells).code == 0
    told = json.loads(tmefield("validate", path, "--json").out)
    assert told["cells"]["CD8_T"] == pytest.approx(1.0)


def test_init_of_a_section_asks_for_its_numbers(finished, tmp_path):
    folder, _, _ = finished
    path = tmp_path / "section.toml"
    options = ["--cells", folder / "cells.csv", "--columns", "x=x,y=y,type=type", "--cell-unit", "um", "--vessel-cells", "Treg"]
    answer = tmefield("init", path, *options)
    assert answer.code == 0 and "FILL IN" in answer.out
    refused = tmefield("validate", path)
    assert refused.code == 2
    for key in ("thickness", "cell_diameter", "vessel_radius", "permeability"):
        assert f"section.{key}" in refused.err
    numbers = ["--thickness", "5 um", "--cell-diameter", "10 um", "--vessel-radius", "4 um", "--permeability", "library"]
    assert tmefield("init", path, "--force", *options, *numbers).code == 0
    told = json.loads(tmefield("validate", path, "--json").out)
    assert told["grid"]["shape_zyx"][0] == 1


def test_demo_configuration_is_valid():
    answer = tmefield("validate", "demo", "--set", "grid.spacing=40 um")
    assert answer.code == 0, answer.err


@pytest.mark.slow
def test_demo_runs_on_a_coarse_grid(tmp_path):
    answer = tmefield("run", "demo", "--out", tmp_path / "demo", "--set", "grid.spacing=32 um", "--json")
    assert answer.code == 0, answer.err
    summary = json.loads(answer.out)
    assert set(summary["species"]) == {"IL6", "TNF", "IFNg", "IL10", "TGFb"}
    assert all(abs(one["budget_defect"]) < 1e-5 for one in summary["species"].values())
    assert (tmp_path / "demo" / "overview.png").stat().st_size > 50_000


def test_run_file_says_how_sure_the_librarys_values_are(finished):
    folder, summary, _ = finished
    scalars = read_netcdf(folder / "out" / "fields.nc").scalars
    assert scalars["ifng_plasma"].origin["confidence"] == "low-med" and scalars["ifng_plasma"].origin["mark"] == "recalled"
    assert "Schmidt & Wittrup 2009" in scalars["ifng_diffusivity"].origin["source"] and "confidence" not in scalars["ifng_diffusivity"].origin
    assert scalars["ifng_half_saturation"].origin["confidence"] == "low"
    # Given by the configuration, and of the run itself.
    assert scalars["ifng_secretion_cd8_t"].origin == {} and scalars["ifng_residual"].origin == {}
    assert any("plasma_concentration (low-med)" in note for note in summary["notes"])


def test_info_prints_conflicts():
    answer = tmefield("info", "conflicts")
    assert answer.code == 0 and "IL10 diffusivity, 27.6-fold apart" in answer.out and "never averaged" in answer.out
    facts = json.loads(tmefield("info", "conflicts", "--json").out)["conflicts"]
    assert {"species", "parameter", "what", "why", "default", "rejected", "factor"} <= set(facts[0])
    assert "Conflicts in the literature" in tmefield("info", "IL10").out


def test_info_guesses_no_other_interleukin():
    answer = tmefield("info", "IL-17")
    assert answer.code == 2 and "did you mean" not in answer.err


def test_info_prints_a_species_with_its_sources():
    answer = tmefield("info", "IFN-gamma")
    assert answer.code == 0
    assert "PMID" in answer.out or "10." in answer.out
    assert json.loads(tmefield("info", "IFNg", "--json").out)["id"] == "IFNg"
    assert json.loads(tmefield("info", "--json").out)["species"]
    unknown = tmefield("info", "IFNgg")
    assert unknown.code == 2 and "IFNg" in unknown.err


def test_doctor_solves_a_trial():
    report = json.loads(tmefield("doctor", "--json").out)
    assert report["trial_error"] < 1e-4
    assert "all well" in tmefield("doctor").out


def test_not_converged_is_exit_code_3_and_writes_nothing(finished, tmp_path, monkeypatch):
    import tmefield.steady as steady

    folder, _, _ = finished
    solve = steady.solve_steady
    monkeypatch.setattr(steady, "solve_steady", lambda model, rtol, precision: solve(model, rtol=rtol, precision=precision, max_steps=1, max_iterations=1))
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 3
    assert "did not converge" in answer.err and "IFNg" in answer.err
    assert not (tmp_path / "out").exists()


def test_full_disk_leaves_nothing(finished, tmp_path, monkeypatch):
    import tmefield.cli.results as results

    folder, _, _ = finished
    monkeypatch.setattr(results.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 4
    assert "disk" in answer.err
    assert not (tmp_path / "out").exists()


def test_interrupt_is_exit_code_130(finished, tmp_path, monkeypatch):
    import tmefield.steady as steady

    def interrupted(model, rtol, precision):
        raise KeyboardInterrupt

    folder, _, _ = finished
    monkeypatch.setattr(steady, "solve_steady", interrupted)
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 130
    assert not (tmp_path / "out").exists()


def test_fault_of_ours_says_how_to_report(finished, tmp_path, monkeypatch):
    import tmefield.steady as steady

    def broken(model, rtol, precision):
        raise AssertionError("oops")

    folder, _, _ = finished
    monkeypatch.setattr(steady, "solve_steady", broken)
    answer = tmefield("run", folder / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 70
    assert "report" in answer.err and "doctor" in answer.err


def test_usage_error_is_exit_code_2():
    answer = tmefield("run", "--colour")
    assert answer.code == 2
    assert "--colour" in answer.err


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_is_quick_and_loads_nothing_heavy(arguments):
    """Under 0.3 s, in seconds of the processor: what else the machine does must not fail the test."""
    code = MAIN + "print(sorted({'jax', 'numpy', 'pint', 'netCDF4'} & set(sys.modules)), file=sys.stderr); print(time.process_time(), file=sys.stderr)"
    times = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", "import time\n" + code, *arguments], capture_output=True, text=True)
        loaded, seconds = done.stderr.split("\n")[:2]
        times.append(float(seconds))
        assert done.returncode == 0
        assert loaded == "[]"
    assert min(times) < 0.3


@pytest.mark.parametrize("arguments", [["validate", "CASE"], ["estimate", "CASE"], ["info", "IFNg"]])
def test_commands_that_do_not_solve_do_not_load_jax(finished, arguments):
    folder, _, _ = finished
    code = MAIN + "print('jax' in sys.modules, file=sys.stderr)"
    given = [str(folder / "case.toml") if one == "CASE" else one for one in arguments]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("False")


def test_all_verbs_are_there():
    out = tmefield("--help").out
    assert all(verb in out for verb in ("run", "plot", "estimate", "info", "validate", "export", "doctor", "init"))


def test_configuration_may_switch_files_off(tmp_path):
    path = write_case(tmp_path, config=CONFIG.replace("png = false", "png = false\nnetcdf = false\nvti = true"))
    answer = tmefield("run", path, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["fields.vti", "summary.json"]


def test_an_interrupt_during_compilation_ends_cleanly(tmp_path):
    """JAX's threads are at work then: the process has to end with 130 all the same, not with a crash, and leave nothing."""
    path = write_case(tmp_path)
    command = [sys.executable, "-m", "tmefield", "run", str(path), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "starting JAX" in line:
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130, rest
    assert "interrupted; no result was written" in rest
    assert not (tmp_path / "out").exists()
