"""The benchmarks' own references and rivals are right, and their command runs with every row measured or explained."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm, solve

FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    """The files of the benchmarks import each other by their plain names."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def test_eliminated_voxels_give_the_field_of_the_whole_matrix():
    import cases

    case = cases.build("C", 12)
    size, shape = case.loss.size, case.loss.shape
    whole = np.diag((case.loss + cases.DECAY).ravel())
    index = np.arange(size).reshape(shape)
    rate = case.diffusivity / cases.SPACING**2
    for axis in range(3):
        low, high = np.take(index, range(11), axis).ravel(), np.take(index, range(1, 12), axis).ravel()
        for i, j in ((low, high), (high, low)):
            whole[i, i] += rate
            whole[i, j] -= rate
    held = case.held.ravel()
    whole[held] = np.eye(size)[held]
    expected = solve(whole, np.where(held, 1.0, case.production.ravel())).reshape(shape)
    np.testing.assert_allclose(cases.exact_field(case), expected, rtol=0, atol=1e-11)


def test_onset_reference_is_the_matrix_exponential():
    import cases
    import reference

    case = cases.build("A", 8)
    matrix = cases.matrix(cases.discretise(case)).toarray()
    settled = cases.exact_field(case)
    fields = reference.onset_fields(case, settled, (0.05, 1.0, 60.0))
    for time, field in zip((0.05, 1.0, 60.0), fields, strict=True):
        expected = settled.ravel() - expm(-time * matrix) @ settled.ravel()
        np.testing.assert_allclose(field.ravel(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["A", "C"])
def test_fast_rewrite_of_biofvm_takes_the_same_steps_as_dense_solves(name, tmp_path):
    import cases
    from rival_biofvm import Lod
    from toolchain import Unavailable

    n, dt = 12, 0.02
    case = cases.build(name, n)
    try:
        found, _ = Lod(case, 0.25, tmp_path).march(dt, (dt, 3 * dt))
    except Unavailable as error:
        pytest.skip(str(error))
    ratio = case.diffusivity * dt / cases.SPACING**2
    line = np.diag(np.full(n, 1 + cases.DECAY * dt / 3)) + ratio * (np.diag(np.r_[1, np.full(n - 2, 2.0), 1]) - np.eye(n, k=1) - np.eye(n, k=-1))
    inverse = np.linalg.inv(line)

    def held(field):
        return field if case.held is None else np.where(case.held, 1.0, field)

    field = np.full((n,) * 3, 0.25)
    for count in range(3):
        field = held((field + dt * case.production) / (1 + dt * case.loss))
        for axis in (2, 1, 0):
            field = held(np.moveaxis(np.tensordot(inverse, field, (1, axis)), 0, axis))
        if count in (0, 2):
            np.testing.assert_allclose(found[count // 2], field, rtol=1e-12)


def test_hypre_and_scipy_solve_the_same_system(tmp_path):
    import cases
    import reference
    from rival_hypre import Hypre
    from rival_scipy import ScipySolver
    from toolchain import Unavailable

    case = cases.build("C", 16)
    system, exact = cases.discretise(case), cases.exact_field(case)
    for preconditioner in ("cosine", "diagonal"):
        solver = ScipySolver(system, preconditioner)
        tolerance, _, error = solver.tolerance_for(1e-6, exact)
        assert error <= 1e-6
        assert reference.largest_error(solver.solve(tolerance), exact) <= 1e-6
    try:
        field, seconds, iterations = Hypre(system, tmp_path).solve(1e-11)
    except Unavailable as error:
        pytest.skip(str(error))
    assert reference.largest_error(field, exact) < 1e-9
    assert 0 < seconds < 60 and 0 < iterations < 40


@pytest.mark.parametrize(("value", "expected"), [(0.05, "stretch"), (0.2, "reach"), (0.5, "missed"), (None, "-")])
def test_verdicts(value, expected):
    import rows

    assert rows.verdict("steady", rows.Measured(value), quick=False) == expected
    faster = {"stretch": 15, "reach": 6, "missed": 3, "-": None}[expected]
    assert rows.verdict("hypre", rows.Measured(faster), quick=False) == expected


def test_unknown_row_is_refused_with_the_known_ones():
    done = subprocess.run([sys.executable, str(FOLDER / "run.py"), "--only", "warp"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no row or group warp; there are" in done.stderr and "steady-mixed" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_quick_run_measures_or_explains_every_row(tmp_path):
    import rows

    out, picture = tmp_path / "results.json", tmp_path / "results.png"
    command = [sys.executable, str(FOLDER / "run.py"), "--quick", "--out", str(out), "--plot", str(picture), "--cache", str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    results = json.loads(out.read_text())
    assert [row["name"] for row in results["rows"]] == list(rows.TARGETS)
    for row in results["rows"]:
        measured = row["measured"]
        assert measured["reason"] or math.isfinite(measured["value"]), row["name"]
        assert not measured["reason"].startswith("failed"), row["name"]
    assert all(math.isfinite(one[key]) for one in results["copy_bandwidth"] for key in ("one_thread", "two_threads"))
    assert picture.stat().st_size > 10_000
