"""`tmefield fit`: results, stop and go on to the same end, refusals and exit codes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import tmefield as tf
from command_line import tmefield
from fit_case import BASE, FREE, POINTS, TRUTH, write_points
from tmefield.cli import fit_progress
from tmefield.cli.fit import _fields as fields_of
from tmefield.cli.fit_progress import seconds_left
from tmefield.output.lock import alone
from tmefield.output.reading import read_netcdf
from written_files import compliance_messages

CONFIG = BASE + "[fit]\n" + FREE + POINTS
RATE, RECEPTORS = TRUTH


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a case, and the answer of its fit."""
    folder = tmp_path_factory.mktemp("fit")
    write_points(folder)
    (folder / "case.toml").write_text(CONFIG, encoding="utf-8")
    return folder, tmefield("fit", folder / "case.toml", "--out", folder / "out")


def test_a_fit_finds_the_numbers_and_writes_its_reports(finished):
    folder, answer = finished
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["fit.html", "fit.json", "fit.nc", "fit.png"]
    summary = json.loads((folder / "out" / "fit.json").read_text(encoding="utf-8"))
    assert summary["converged"] and summary["observations"]["IFNg points"]["data"] == 40
    for name, value in TRUTH.items():
        one = summary["parameters"][name]
        # the prior of the receptors, centred on 3160, pulls a little
        assert one["value"] == pytest.approx(value, rel=0.1) and one["low"] < value < one["high"] and one["status"] == "fitted"
    assert summary["parameters"][RECEPTORS]["library"]["value"] == pytest.approx(3160) and "400" in answer.out and "1.5e+04" in answer.out
    for words in (RATE, RECEPTORS, "molecule/cell/s", "converged", "fit.html"):
        assert words in answer.out
    assert "<script" not in (folder / "out" / "fit.html").read_text(encoding="utf-8")


def test_validate_reads_the_data_and_looks_up_the_numbers(finished):
    folder, _ = finished
    answer = tmefield("validate", folder / "case.toml")
    assert answer.code == 0 and "measured: IFNg points, 40 data" in answer.out and f"free: {RATE} from 1 molecule/cell/s" in answer.out
    assert json.loads(tmefield("validate", folder / "case.toml", "--json").out)["fit"]["data"] == [{"name": "IFNg points", "count": 40}]
    (folder / "wrong.toml").write_text(CONFIG.replace("points.csv", "point.csv"), encoding="utf-8")
    assert "no such file" in tmefield("validate", folder / "wrong.toml").err
    (folder / "wrong.toml").write_text(CONFIG.replace(RATE, RATE.replace("rate", "rat")), encoding="utf-8")
    wrong = tmefield("validate", folder / "wrong.toml")
    assert wrong.code == 2 and "did you mean" in wrong.err


def test_progress_is_told_step_by_step(finished):
    _, answer = finished
    steps = [line.split() for line in answer.err.splitlines() if line.startswith("  step ")]
    losses = [float(line[3]) for line in steps]
    assert len(steps) >= 4 and losses[-1] < 1e-2 * losses[0] and steps[-1][-1] == "converged"
    assert "left" in " ".join(steps[1])
    assert "at the start the data determine every parameter" in answer.err


def test_the_file_holds_fields_data_and_estimates(finished):
    folder, _ = finished
    summary = json.loads((folder / "out" / "fit.json").read_text(encoding="utf-8"))
    assert compliance_messages(folder / "out" / "fit.nc")[1] == []
    fields = read_netcdf(folder / "out" / "fit.nc")
    rate, low = summary["parameters"][RATE]["value"], summary["parameters"][RATE]["low"]
    assert float(fields.scalars["fit_ifng_secretion_by_cd8_t_rate"].values) == rate
    assert float(fields.scalars["fit_ifng_secretion_by_cd8_t_rate_low"].values) == low
    # The model's own numbers are the estimates, and no longer those of the library.
    assert float(fields.scalars["ifng_secretion_cd8_t"].values) == pytest.approx(0.25 * rate)
    assert fields.scalars["ifng_receptors_tumour"].origin == {"source": "estimate of this fit"}
    assert "estimate" not in fields.scalars["ifng_diffusivity"].origin["source"]
    names = ("data", "prediction", "residual", "prediction_sd", "noise_sd")
    data, predicted, residual, sd, noise = (fields.lists[f"fit_ifng_points_{one}"].values for one in names)
    np.testing.assert_allclose(residual, np.log(predicted / data) / 0.05, atol=1e-6)
    np.testing.assert_allclose(noise, 0.05 * predicted, rtol=1e-6)
    assert (sd > 0).all() and (sd < noise).all()
    eigenvalues = fields.lists["fit_eigenvalue"].values
    np.testing.assert_allclose(eigenvalues, [one["eigenvalue"] for one in summary["spectrum"]])
    # Data with two free parameters have two degrees of freedom for their band: the mean of sd^2/noise^2 is at most 2/40 (the prior takes its share).
    assert 1.0 / 40 < np.mean((sd / noise) ** 2) <= 2.0 / 40 * (1 + 1e-6)
    at = np.floor(fields.lists["fit_ifng_points_position"].values[:, ::-1] / 20).astype(int)
    np.testing.assert_allclose(fields.concentration[0, 0][tuple(at.T)], predicted, rtol=0.5)


def test_an_interrupted_fit_goes_on_to_the_same_end(finished, monkeypatch):
    folder, _ = finished
    out, call = folder / "halted", fit_progress.Steps.__call__

    def stop(self, now):
        call(self, now)
        if now.step == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fit_progress.Steps, "__call__", stop)
        halted = tmefield("fit", folder / "case.toml", "--out", out)
    assert halted.code == 130
    assert "interrupted after step 3" in halted.err and "go on with the same command" in halted.err
    assert [path.name for path in out.iterdir()] == ["fit-checkpoint.npz"]
    other = tmefield("fit", folder / "case.toml", "--out", out, "--set", "fit.free.0.start='2 molecule/cell/s'")
    assert other.code == 4 and "belongs to another fit" in other.err
    fixed = tmefield("fit", folder / "case.toml", "--out", out, "--set", "species.IFNg.decay=0.5/h")
    assert fixed.code == 4 and "belongs to another fit" in fixed.err
    again = tmefield("fit", folder / "case.toml", "--out", out)
    assert again.code == 0, again.err
    assert "going on from" in again.err and "step 3 " not in again.err and "step 4 " in again.err
    results = [json.loads((folder / one / "fit.json").read_text(encoding="utf-8")) for one in ("halted", "out")]
    assert results[0]["parameters"] == results[1]["parameters"] and results[0]["steps"] == results[1]["steps"]
    assert not (out / "fit-checkpoint.npz").exists()


def test_a_fit_that_did_not_converge_says_so_and_can_go_on(finished):
    folder, _ = finished
    answer = tmefield("fit", folder / "case.toml", "--out", folder / "short", "--set", "fit.max_steps=2", "--set", "output.png=false", "--json")
    assert answer.code == 3
    summary = json.loads(answer.out)
    assert not summary["converged"] and any("not converged" in one for one in summary["warnings"])
    assert "fit.max_steps=4" in answer.err
    assert sorted(path.name for path in (folder / "short").iterdir()) == ["fit-checkpoint.npz", "fit.json", "fit.nc"]
    again = tmefield("fit", folder / "case.toml", "--out", folder / "short", "--set", "output.png=false")
    assert again.code == 0 and "going on from" in again.err


def test_results_of_another_fit_are_not_overwritten_unasked(finished):
    folder, _ = finished
    before = (folder / "out" / "fit.json").read_bytes()
    answer = tmefield("fit", folder / "case.toml", "--out", folder / "out", "--set", "fit.seed=1")
    assert answer.code == 2 and "of another fit" in answer.err and "--force" in answer.err
    with alone(folder / "out" / ".lock"):
        answer = tmefield("fit", folder / "case.toml", "--out", folder / "out")
        assert answer.code == 4 and "another tmefield is at work" in answer.err
    assert (folder / "out" / "fit.json").read_bytes() == before


def test_fields_are_those_of_the_times_measured():
    """Where nothing was measured at steady state: the start and each time of any observation."""
    grid = tf.Grid((4, 4, 4), 20.0)
    model = tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Secretion("a", 1e-4, 2.0)])
    probes = [tf.Assay("a", np.ones(grid.shape, bool), [1.0] * len(times), tf.Lognormal(0.1), times=times) for times in ([60.0, 600.0], [300.0])]
    plan = SimpleNamespace(observations=probes, problem={"rtol": 1e-6, "time_rtol": 1e-6})
    found = SimpleNamespace(models=lambda: {None: model}, problem=SimpleNamespace(initial=[0.0]))
    course = fields_of(plan, found)
    np.testing.assert_allclose(course.times, [0.0, 60.0, 300.0, 600.0])
    made = 1e-4 * 2.0 / 0.602214076
    np.testing.assert_allclose(course.concentration.mean(axis=(1, 2, 3, 4)), made / 1e-3 * -np.expm1(-1e-3 * np.asarray(course.times)), rtol=1e-4)


def test_the_list_of_numbers(finished):
    folder, _ = finished
    answer = tmefield("fit", folder / "case.toml", "--list")
    lines = {line.split()[0]: line.split()[1:] for line in answer.out.splitlines()}
    assert lines[RATE] == ["4.5", "molecule/cell/s"] and lines["IFNg.decay"][1] == "1/s"
    asked = json.loads(tmefield("fit", folder / "case.toml", "--list", "--json").out)
    assert asked[RECEPTORS] == {"value": 3160.0, "unit": "molecule/cell"}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda text: text.replace("points.csv", "bad.csv"), 4, ("fit.data[0]", "bad.csv, line 3, column 'pM'", "nan")),
        (lambda text: text.replace("points.csv", "nowhere.csv"), 4, ("fit.data[0]", "nowhere.csv: no such file")),
        (lambda text: text.replace("CD8_T.rate", "CD8_T.rat"), 2, ("fit.free[0]", "did you mean IFNg.secretion_by_CD8_T.rate")),
        (lambda text: text.partition("[fit]")[0], 2, ("there is no [fit] table", "docs/fitting.md")),
        (lambda text: text + 'limit = "1 nM"\n', 2, ("fit.data[0]", "all 40 data lie at or below the detection limit")),
    ],
)
def test_bad_fits_leave_nothing_behind(finished, change, code, words):
    folder, _ = finished
    (folder / "bad.csv").write_text("x,y,z,pM\n1,1,1,5\n2,2,2,nan\n", encoding="utf-8")
    (folder / "bad.toml").write_text(change(CONFIG), encoding="utf-8")
    answer = tmefield("fit", folder / "bad.toml", "--out", folder / "nothing")
    assert answer.code == code, answer.err
    assert answer.err.count("tmefield: ") == 1 and "Traceback" not in answer.err
    for word in words:
        assert word in answer.err, answer.err
    assert not (folder / "nothing").exists()


def test_time_left_follows_the_trend():
    assert seconds_left((100.0,), 2.0, 51, None, 0.0) == (100.0, 100.0)  # nothing known but the limit
    # falls of 50, 5: a tenth each; from 5/45 to 1e-4 are three steps, and one to see that it has ended
    expected = 2 * (1 + np.log10(5 / 45 / 1e-4))
    assert seconds_left((100.0, 50.0, 45.0), 2.0, 203, None, 0.0) == (pytest.approx(expected), 400.0)
    assert seconds_left((100.0, 50.0, 45.0), 2.0, 203, 5.0, 3.0) == (2.0, 2.0)
    assert seconds_left((100.0, 50.0, 49.999), 2.0, 203, None, 0.0) == (2.0, 400.0)  # settled: the next step may be the last
    assert seconds_left((9.0, 8.0, 7.0), 1.0, 10, None, 0.0) == (7.0, 7.0)
