"""Every experiment at reduced size against its expected numbers."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from data_files import data_file
from tmefield.output import read_netcdf, variable_name
from written_files import compliance_messages, vtk_image

EXPERIMENTS = Path(__file__).resolve().parent.parent.parent / "experiments"


def expected(name):
    return tomllib.loads((EXPERIMENTS / name / "expected.toml").read_text(encoding="utf-8"))


def run(*command, cwd, timeout=280, in_full=False):
    """`in_full`: compiled with all passes (see conftest), for what runs for longer than it compiles."""
    around = {name: value for name, value in os.environ.items() if not (in_full and name == "XLA_FLAGS")}
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, cwd=cwd, timeout=timeout, env=around)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ifng_range(tmp_path):
    """Both ranges from one set of parameters: the front passes 800 um after a day and not after an hour, and not among dense consumers."""
    run(EXPERIMENTS / "ifng_range" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("ifng_range")
    tolerance = wanted.pop("tolerance")
    assert found == {name: pytest.approx(value, rel=tolerance) for name, value in wanted.items()}
    assert 30 < found["dense_range_um"] < 40
    _, after_an_hour, *_, after_a_day = found["band_fronts_um"]
    assert after_an_hour < 800 < after_a_day
    assert (tmp_path / "ifng_range.png").stat().st_size > 10_000
    for name in ("one_producer_dense", "one_producer_sparse", "band_sparse", "band_dense"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []


def test_vascular_normalisation(tmp_path):
    """Pressure and outward flow fall, the fluid that reaches the core rises, and the antibody loses more than the cytokine."""
    run(EXPERIMENTS / "vascular_normalisation" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    written, wanted = json.loads((tmp_path / "measures.json").read_text()), expected("vascular_normalisation")
    found = written["measures"]
    for state in ("before", "after"):
        assert found[state].keys() == wanted[state].keys()
        for key, value in wanted[state].items():
            tolerance = wanted["flow_tolerance" if key.endswith(("_velocity", "_filtration")) else "tolerance"]
            assert found[state][key] == pytest.approx(value, rel=tolerance), f"{state} {key}"
        assert max(written["defects"][state].values()) < wanted["largest_defect"]
        points, messages = compliance_messages(tmp_path / f"{state}.nc")
        assert messages == [] and points > 50
    kept = {name: found["after"][f"{name}_mean"] / found["before"][f"{name}_mean"] for name in ("antibody", "cytokine")}
    assert kept["antibody"] < 0.8 * kept["cytokine"] < 0.8
    for falls in ("core_pressure", "rim_velocity", "antibody_spread", "cytokine_spread"):
        assert found["after"][falls] < 0.8 * found["before"][falls], falls
    assert found["after"]["core_filtration"] > found["before"]["core_filtration"]
    assert (tmp_path / "normalisation.png").stat().st_size > 10_000


def test_il10_blockade(tmp_path):
    """Blockade fails where uptake is the only loss, works where something else removes the ligand, and follows the closed form at the tissue's own dose."""
    run(EXPERIMENTS / "il10_blockade" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("il10_blockade")
    assert found["uniform"]["k"] == {"rise": pytest.approx(10.009, rel=1e-4), "signal": pytest.approx(0.09910, rel=1e-4)}
    assert found["uniform"]["no_k"]["signal"] == pytest.approx(1, rel=1e-6)
    cases = found["cases"]
    for name, numbers in wanted["cases"].items():
        for key, values in numbers.items():
            assert cases[name][key] == pytest.approx(values, rel=wanted["tolerance"]), f"{name} {key}"
    for case in cases.values():
        assert case["signal"] == pytest.approx(case["closed"], rel=wanted["closed_tolerance"])
        assert case["defect"] < 1e-5
    # Every molecule that is made is taken up, whatever the antibody does.
    assert cases["uptake_alone"]["signal"] == pytest.approx([1] * len(found["doses"]), rel=1e-3)
    slow, fast = (cases[name]["signal_far"][2] / cases[name]["signal_near"][2] for name in ("slow_antibody", "sparse"))
    assert slow > 1.15 > fast > 1
    assert (tmp_path / "il10_blockade.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "dose_10.nc")[1] == []


@pytest.mark.parametrize(("name", "given"), [("suppressed_niches", ["network.dat"]), ("patient_profile", ["--data", "TABLE.csv"])])
def test_a_file_that_is_missing_is_told_with_where_it_is_from(name, given, tmp_path):
    """In one line, which the README quotes."""
    command = [sys.executable, str(EXPERIMENTS / name / "run.py"), *given]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ | {"JAX_PLATFORMS": "cpu"})
    (line,) = ended.stderr.strip().splitlines()
    readme = " ".join((EXPERIMENTS / name / "README.md").read_text(encoding="utf-8").split())
    quoted = readme.split('the command ends with "')[1].split('"')[0]
    assert ended.returncode == 1 and line.startswith(quoted) and "README.md says where" in line and "github.com/" in readme


@pytest.mark.data
def test_suppressed_niches(tmp_path):
    """What of the tissue IL-10 and TGF-b hold below half function: no TGF-b alone, less without fibroblasts, more without Tregs that only take IL-10 up."""
    network = data_file("network/secomb_R3230Ac_tumour1998/network.dat")
    run(EXPERIMENTS / "suppressed_niches" / "run.py", network, "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("suppressed_niches")
    for name, levels in wanted["levels"].items():
        for species, mean in levels.items():
            assert found["levels_pM"][name][species][0] == pytest.approx(mean, rel=wanted["tolerance"]), f"{name} {species}"
    for key in ("share", "by_together", "by_TGFb"):
        for name, value in wanted[key].items():
            assert found["cases"][name][key] == pytest.approx(value, abs=wanted["share_tolerance"]), f"{name} {key}"
    for case in found["cases"].values():
        assert case["share"] == pytest.approx(sum(case[f"by_{part}"] for part in ("TGFb", "IL10", "either", "together")), abs=1e-9)
    assert found["budget_defect"] < 1e-5
    assert (tmp_path / "suppressed_niches.png").stat().st_size > 10_000
    for name in ("library", "local"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []


def test_tgfb_blockade(tmp_path):
    """Free ligand falls only as complexes are cleared; kept, they carry it to where little is made; a tenth of the walls' permeability costs effect."""
    run(EXPERIMENTS / "tgfb_blockade" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("tgfb_blockade")
    rows = {name: {f"{row['plasma_nM']:g}": row for row in of_case} for name, of_case in found["cases"].items()}
    for case, levels in wanted["cases"].items():
        for level, values in levels.items():
            for key, value in values.items():
                assert rows[case][level][key] == pytest.approx(value, rel=wanted["tolerance"]), f"{case} {level} nM {key}"
    for one, value in zip(found["uniform"], wanted["uniform"]["free"], strict=True):
        assert one["free"] == pytest.approx(value, rel=1e-3) == one["closed_form"]
    assert [one["total"] for one in found["uniform"]] == pytest.approx(wanted["uniform"]["total"], rel=1e-3)
    assert min(found["schedule"]["free"]) == pytest.approx(wanted["schedule"]["lowest"], rel=wanted["schedule"]["tolerance"])
    assert found["schedule"]["free"][-1] == pytest.approx(wanted["schedule"]["last"], rel=wanted["schedule"]["tolerance"])
    for row in rows["kept, P x 1"].values():
        assert row["loss_of_free"] == pytest.approx(1, abs=1e-4)
    assert rows["kept, P x 1"]["2560"]["free_far"] > 2 > 1.05 > found["other"]["spread_far"]
    free = [rows[f"washout, P x {factor}"]["2560"]["free_mean"] for factor in ("0.1", "1", "10")]
    assert free == sorted(free, reverse=True) and free[0] > 1.5 * free[1]
    assert max(row["defect"] for of_case in rows.values() for row in of_case.values()) < wanted["largest_defect"]
    assert (tmp_path / "tgfb_blockade.png").stat().st_size > 10_000
    for name in ("none", "kept", "washout", "fast", "schedule"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []


def test_cytokine_injection(tmp_path):
    """The needle gives the tumour more of a far smaller dose; what was given is found again; a dose that small into a vein stays below EC50."""
    run(EXPERIMENTS / "cytokine_injection" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("cytokine_injection")
    for route, values in wanted["routes"].items():
        for key, value in values.items():
            assert found["routes"][route][key] == pytest.approx(value, rel=wanted["tolerance"]), f"{route} {key}"
    for key, value in wanted["ratios"].items():
        assert found["ratios"][key] == pytest.approx(value, rel=wanted["tolerance"]), key
    for one in found["routes"].values():
        assert one["fate_nmol"]["defect"] < wanted["largest_defect"]
    assert found["routes"]["vein"]["centre_hours"] == 0 < found["routes"]["clinical"]["centre_hours"]
    assert found["routes"]["needle"]["reach_um"] > 2500
    assert (tmp_path / "cytokine_injection.png").stat().st_size > 10_000
    for name in ("needle", "vein", "clinical"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []


def test_design(tmp_path):
    """A steady profile leaves one factor open; a second time and a known diffusivity take it away, more of the same does not."""
    run(EXPERIMENTS / "design" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("design")
    assert len(found["null_directions"]) == wanted["null_directions"] and "only their ratios are fixed" in found["null_directions"][0]
    rows = {row["candidate"]: row for row in found["designs"]}
    for name, sds in wanted["quick"].items():
        assert rows[name]["sd_after"] == {one: pytest.approx(sd, rel=wanted["tolerance"]) for one, sd in sds.items()}, name
    assert {name for name, row in rows.items() if row["resolves"]} == {"profile 10 min after onset", "diffusivity known to 10 %"}
    assert found["designs"][0]["candidate"] == "profile 10 min after onset"
    assert (tmp_path / "design.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "fields.nc")[1] == []


@pytest.mark.data
def test_distance_to_vessel(tmp_path):
    network = data_file("network/secomb_R3230Ac_tumour1998/network.dat")
    run(EXPERIMENTS / "distance_to_vessel" / "run.py", network, "--spacing", 10, "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "profiles.json").read_text()), expected("distance_to_vessel")
    for key in ("hypoxic_fraction", "oxygen_mean_nM"):
        assert found[key] == pytest.approx(wanted[key], rel=wanted["tolerance"])
    for name, values in found["profiles_nM"].items():
        assert [values[0], values[5], values[10]][: len(wanted[name])] == pytest.approx(wanted[name], rel=wanted["tolerance"])
    assert found["exchange_form"] == "operator" and found["budget_defect"] < 1e-5
    assert (tmp_path / "profiles.png").stat().st_size > 10_000
    for name in ("oxygen", "cytokines"):
        _, messages = compliance_messages(tmp_path / f"{name}.nc")
        assert messages == []


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "key", "file"),
    [
        ("tumour_vessels", "vessels.file", "network/secomb_R3230Ac_tumour1998/network.dat"),
        ("tissue_section", "cells.file", "cells/mibi_tnbc_keren2018_person05.csv"),
    ],
)
def test_real_inputs(name, key, file, tmp_path):
    wanted = expected(name)
    source, settings = EXPERIMENTS / name / "config.toml", [f"{key}={data_file(file)}", f"grid.spacing={wanted['spacing']}"]
    out = run("-m", "tmefield", "run", source, "--set", settings[0], "--set", settings[1], "--out", "results", "--json", cwd=tmp_path)
    species = json.loads(out)["species"]
    for one, values in species.items():
        assert 1e3 * values["mean_nM"] == pytest.approx(wanted[one], rel=wanted["tolerance"])
        assert abs(values["budget_defect"]) < 1e-5
        assert values["min_nM"] >= 0
    assert set(species) == set(wanted) - {"tolerance", "spacing"}
    check_files(tmp_path / "results")


def check_files(results):
    """The picture is there; the NetCDF file has nothing that the CF checker remarks on, and VTK sees the same values and bounds."""
    assert (results / "overview.png").stat().st_size > 10_000
    fields = read_netcdf(results / "fields.nc")
    points, messages = compliance_messages(results / "fields.nc")
    assert messages == []
    assert points > 200
    names = [variable_name(one) for one in fields.species]
    bounds, seen = vtk_image(results / "fields.nc", names)
    centres = [fields.grid.centres(axis) for axis in (2, 1, 0)]
    np.testing.assert_allclose(bounds, [value for axis in centres for value in (axis[0], axis[-1])], rtol=1e-12)
    for index, name in enumerate(names):
        np.testing.assert_array_equal(seen[name], fields.concentration[0, index].ravel())


def test_demo(tmp_path):
    run("-m", "tmefield", "run", "demo", "--set", "grid.spacing=20 um", "--out", "results", cwd=tmp_path)
    check_files(tmp_path / "results")


@pytest.mark.data
@pytest.mark.timeout(600)
def test_fit_section(tmp_path):
    """A real section says little of who secretes interleukin 6: the ratio has no interval, no null is beaten, and absolute rates are undetermined."""
    pytest.importorskip("anndata")
    table = data_file("cells/scimap_lymphoma_3029.h5ad")
    run(EXPERIMENTS / "fit_section" / "run.py", "--data", table, "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("fit_section")
    assert (found["cells"], found["sensors"]) == (wanted["cells"], wanted["sensors"])
    close = {"rel": wanted["tolerance"]}
    assert found["ratio"]["value"] == pytest.approx(wanted["ratio"], **close) and found["explained"] == pytest.approx(wanted["explained"], **close)
    assert found["neighbours"]["data"] == pytest.approx(wanted["neighbours"], rel=1e-2) and found["neighbours"]["residuals"] > 0.1
    assert found["ratio"]["status"] == wanted["status"] and found["ratio"]["low"] is None and found["ratio"]["high"] is None
    assert found["ratio_by_blocks"]["high"] > 10 * found["ratio_by_blocks"]["low"]
    assert set(found["cannot_tell"]["undetermined"]) == set(wanted["undetermined"])
    assert not any(null["better"] for null in found["held_out"]["nulls"].values()) and len(found["held_out"]["nulls"]) == 3
    assert (tmp_path / "fit_section.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "estimate.nc")[1] == []


@pytest.mark.timeout(900)
def test_fit_twin(tmp_path):
    """Every rate comes back from ten times off; intervals cover the truth as often as they say; what cannot be known is named."""
    network = data_file("network/secomb_R3230Ac_tumour1998/network.dat")
    run(EXPERIMENTS / "fit_twin" / "run.py", network, "--quick", "--seeds", 200, "--out", tmp_path, cwd=tmp_path, timeout=880, in_full=True)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("fit_twin")
    assert found["recovered"]["exact"] == {name: pytest.approx(1, abs=wanted["largest_error"]) for name in found["recovered"]["exact"]}
    for name, one in found["coverage"].items():
        assert wanted["least_coverage"] <= one["covered"] <= wanted["greatest_coverage"], name
        assert one["width_over_bound"] == pytest.approx(1, abs=wanted["width_tolerance"]), name
    status = {case: {name: one["status"] for name, one in intervals.items()} for case, intervals in found["intervals"].items()}
    assert set(status["noise"].values()) == {"fitted"}
    assert status["no_tracer"] == {name: "undetermined" if name == "permeability" else "fitted" for name in status["no_tracer"]}
    assert "permeability" in found["words"]["no_tracer"][0]
    equal = {name: pytest.approx(5**-0.5, abs=wanted["null_tolerance"]) for name in found["weakest"]["steady"]}
    assert len(equal) == 5 and found["weakest"]["steady"] == equal
    assert "only their ratios are fixed" in found["words"]["steady"][1] and "diffusivity" in found["suggestions"]["steady"][1]
    # The scale is gone: what is left undetermined is the permeability by itself.
    for case in ("fixed", "course"):
        assert found["undetermined_directions"][case] == 1 and found["weakest"][case]["permeability"] > 0.99
    assert (tmp_path / "fit_twin.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "estimate.nc")[1] == []


def test_fit_ifng_range(tmp_path):
    """The length from an image lies between 30 and 40 um and covers the truth; spillover is found, and leaving it out fits worse."""
    run(EXPERIMENTS / "fit_ifng_range" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("fit_ifng_range")
    assert found["true_length_um"] == pytest.approx(wanted["true_length_um"], rel=1e-3)
    assert wanted["lowest_um"] < found["fitted"]["length_um"] < wanted["highest_um"]
    assert found["fitted"]["low_um"] < wanted["true_length_um"] < found["fitted"]["high_um"]
    spilt = found["parameters"]["spillover"]
    assert spilt["status"] == "fitted" and spilt["low"] < wanted["spillover"] < spilt["high"]
    assert found["fitted"]["length_um"] > 1.04 * found["spillover_ignored"]["length_um"]
    assert found["chi2_per_freedom"]["spillover_ignored"] > 1.1 * found["chi2_per_freedom"]["fitted"]
    assert {found["parameters"][name]["status"] for name in ("gain", "IFNg.secretion.rate")} == {"undetermined"}
    words = " ".join(found["with_transport_free"]["words"])
    assert "only their ratios are fixed" in words and "IFNg.diffusivity" in words
    assert (tmp_path / "fit_ifng_range.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "estimate.nc")[1] == []


def test_fit_time_course(tmp_path):
    """Four times after the onset tell secretion, uptake and diffusivity apart; the settled profile knows their ratios only."""
    run(EXPERIMENTS / "fit_time_course" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("fit_time_course")
    for name, truth in wanted["truth"].items():
        one = found["parameters"][name]
        assert one["status"] == "fitted" and one["low"] < truth < one["high"], name
        assert one["high"] / one["value"] < wanted["widest"], name
    assert set(found["steady"]["undetermined"]) == set(wanted["truth"]) and not found["said"]
    assert "only their ratios are fixed" in found["steady"]["words"][0] and "second time" in found["steady"]["suggestions"][0]
    assert (tmp_path / "fit_time_course.png").stat().st_size > 10_000
    assert compliance_messages(tmp_path / "estimate.nc")[1] == []
