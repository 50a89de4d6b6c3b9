"""`[fit]` of a configuration: tables to free parameters and observations, files to data, and what is refused."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from fit_case import BASE, FREE, POINTS, prepared
from tmefield.config.fit_files import read_rows
from tmefield.config.fit_leaves import meaning
from tmefield.config.fit_regions import distance_to, region_of
from tmefield.config.fit_result import _against as against
from tmefield.config.fit_tables import BoxRegion, PointTarget
from tmefield.config.fitting import fit_plan, numbers_of
from tmefield.config.load import parse_config

SHEET = "x,y,z,pM,sem,h\n10,20,30,5,1,0\n50,60,70,8,2,0\n10,20,30,6,1,2\n50,60,70,9,2,2\n"
PROFILE = """
[[fit.data]]
kind = "profile"
species = "IFNg"
file = "profile.csv"
unit = "pg/mL"
columns = { distance = "um", value = "pg", sem = "sem" }
distance = "CD8_T"
edges = ["-1 um", "10 um", "25 um"]
length_unit = "um"
noise = { kind = "gaussian" }
"""
ASSAY = """
[[fit.data]]
kind = "assay"
species = "IFNg"
file = "elisa.csv"
unit = "nM"
columns = { value = "nM" }
region = { lower = ["0 um", "0 um", "0 um"], upper = ["60 um", "120 um", "120 um"] }
sample = "fluid"
recovery = "rho"
noise = { kind = "lognormal", sigma = 0.2 }
limit = "100 pg/mL"
"""


REPLICATES = FREE + ASSAY.replace("elisa.csv", "points.csv").replace('value = "nM"', 'value = "pM"').replace('"rho"', "0.5")
LOGNORMAL = 'kind = "lognormal", sigma = 0.05'
TIED = """
[[fit.free]]
name = "internalisation"
leaves = ["IFNg.uptake_by_tumour.internalisation", "IFN-g.uptake_by_CD8_T.internalisation"]
"""
COUNTS = POINTS.replace('unit = "pM"\n', "").replace(LOGNORMAL, 'kind = "poisson", count = "2 pM"')
MARKER = """
[[fit.data]]
kind = "marker"
species = "IFNg"
file = "cells.h5ad"
columns = { x = "X", y = "Y", z = "depth", value = "pSTAT1", responds = "receptor" }
pixel_size = "0.5 um"
half_maximum = "K"
gain = "g"
offset = 4
spillover = "s"
contact = "15 um"
limit = "5"
noise = { kind = "lognormal", sigma = 0.2 }
"""
SEARCH = 'optimiser = "adam"\ntolerance = 0.05\nstarts = 4\nseed = 9\nmax_steps = 7\nmax_seconds = 60\nrescale = true\n'
TIMED = POINTS.replace('value = "pM"', 'value = "pM", time = "h"') + 'time_unit = "h"\n'
CELLS = POINTS.replace("points.csv", "cells.h5ad").replace('length_unit = "um"', 'pixel_size = "0.5 um"')


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Folder with files, inputs and model; the fit is planned anew by each test."""
    folder = tmp_path_factory.mktemp("fit")
    for name, text in {
        "points.csv": SHEET,
        "profile.csv": "um;pg;sem\n15;170;17\n5;340;34\n",
        "elisa.csv": "nM\n0.02\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder, *prepared(BASE, folder)


def plan(case, text):
    folder, inputs, model = case
    return fit_plan(replace(inputs, loaded=parse_config(BASE + "[fit]\n" + text, folder=folder, source="case.toml")), model)


def test_free_numbers_have_starts_priors_and_units(case):
    rate, receptors, both = plan(case, FREE + TIED + POINTS).parameters
    assert (rate.name, rate.start, rate.unit, rate.prior, rate.transform) == ("IFNg.secretion_by_CD8_T.rate", 1.0, "molecule/cell/s", None, "log")
    known = tf.library.species("IFNg").receptors["tumour"]
    assert receptors.start == known.internal and receptors.prior == known.prior() and receptors.source == known.source
    assert both.leaves == ("IFNg.uptake_by_tumour.internalisation", "IFNg.uptake_by_CD8_T.internalisation") and both.start == pytest.approx(3.16e-4)


def test_a_shared_value_has_a_value_of_the_library_only_where_its_leaves_agree(case):
    shared = '[[fit.free]]\nname = "receptors"\nleaves = ["IFNg.uptake_by_tumour.receptors", "IFNg.uptake_by_CD8_T.receptors"]\n'
    tumour, cd8 = (tf.library.species("IFNg").receptors[one].internal for one in ("tumour", "CD8_T"))
    assert tumour != cd8
    planned = plan(case, FREE + TIED + shared + POINTS)
    known = {name: own.known for name, own in planned.meanings.items()}
    assert known["receptors"] is None
    assert known["internalisation"] is not None and known["IFNg.uptake_by_tumour.receptors"] is not None


def test_starts_bounds_and_priors_are_converted(case):
    decay = '[[fit.free]]\nname = "IFNg.decay"\nstart = "0.36/h"\nlower = "0.036/h"\nupper = "3.6/h"\nprior = { median = "0.72/h", sigma = 0.5 }\n'
    (one,) = plan(case, decay + POINTS).parameters
    assert (one.start, one.lower, one.upper) == pytest.approx((1e-4, 1e-5, 1e-3))
    assert one.prior.median == pytest.approx(2e-4) and one.prior.sigma == 0.5


def test_points_are_converted_and_sorted_by_time(case):
    timed = TIMED.replace('time = "h"', 'time = "h", sem = "sem"').replace(LOGNORMAL, 'kind = "gaussian"')
    (points,) = plan(case, FREE + timed).observations
    assert isinstance(points, tf.PointSamples) and points.times == (0.0, 7200.0)
    np.testing.assert_allclose(points.positions, [[10, 20, 30], [50, 60, 70]])
    np.testing.assert_allclose(points.data, [5e-3, 8e-3, 6e-3, 9e-3])
    np.testing.assert_allclose(points.noise.sd, [1e-3, 2e-3, 1e-3, 2e-3])


def test_profiles_find_their_bins_and_weights(case):
    profile, assay = plan(case, FREE + '[[fit.free]]\nname = "rho"\nstart = 0.3\n' + PROFILE + ASSAY).observations
    np.testing.assert_allclose(profile.data, [0.01, 0.005])  # 34 kDa: 340 pg/mL is 10 pM, and the rows are put in order
    np.testing.assert_allclose(profile.noise.sd, [1e-3, 5e-4])
    assert profile.classes.count == 2 and profile.name == "IFNg profile from CD8_T"
    np.testing.assert_allclose(assay.data, [0.02 * 34e3])
    assert float(assay.noise.limit) == pytest.approx(100.0) and assay.uses == ("rho",)
    assert int(np.sum(np.asarray(assay.classes.index) >= 0)) == 3 * 6 * 6


def test_a_datum_written_as_the_limit_lies_below_detection(case):
    """3 pg/mL as a datum and as the limit are products of the same numbers in another order, and may differ in the last digit."""
    elisa = ASSAY.replace("elisa.csv", "below.csv").replace('value = "nM"', 'value = "pg", time = "h"').replace('"rho"', "1.0")
    for limit in (3, 4, 6, 7.8):
        (case[0] / "below.csv").write_text(f"h,pg\n1,{limit}\n2,{10 * limit}\n", encoding="utf-8")
        text = elisa.replace('"nM"', '"pg/mL"\ntime_unit = "h"').replace("100 pg/mL", f"{limit} pg/mL")
        (assay,) = plan(case, FREE + text).observations
        assert np.asarray(assay.data <= assay.noise.limit).tolist() == [True, False], limit


def test_counts_stand_for_concentrations(case):
    (points,) = plan(case, FREE + COUNTS).observations
    np.testing.assert_allclose(points.data, [0.01, 0.016, 0.012, 0.018])
    np.testing.assert_allclose(points.noise.information(jnp.array([0.01])), [1 / (0.002 * 0.01)])
    seen, expected = jnp.array([5.0, 8.0]), jnp.array([4.0, 9.0])
    np.testing.assert_allclose(points.noise.residuals(0.002 * expected, 0.002 * seen), tf.Poisson().residuals(expected, seen), rtol=1e-6)


def test_the_search_is_set(case):
    settings = plan(case, SEARCH + FREE + POINTS).settings
    assert settings == {"optimiser": tf.Adam(tolerance=0.05), "starts": 4, "seed": 9, "max_steps": 7, "max_seconds": 60.0, "rescale": True}
    assert plan(case, FREE + POINTS).settings["optimiser"] == tf.LevenbergMarquardt()


def test_distances_and_regions(case):
    _, inputs, _ = case
    z, y, x = inputs.grid.coordinates()
    point = distance_to(inputs, PointTarget(point=("0 um", "10 um", "20 um")))
    np.testing.assert_allclose(point, np.sqrt(z**2 + (y - 10) ** 2 + (x - 20) ** 2))
    assert distance_to(inputs, "CD8_T")[inputs.densities["CD8_T"] > 0].max() == 0
    labels = np.zeros(inputs.grid.shape, np.int8)
    labels[:3] = 1
    halves = replace(inputs, labels=labels)
    np.testing.assert_allclose(distance_to(halves, "tumour edge")[:, 0, 0], [-50, -30, -10, 10, 30, 50])
    assert region_of(halves, "stroma").sum() == 3 * 36
    with pytest.raises(tf.InputError, match="no vessels"):
        distance_to(inputs, "vessel")
    with pytest.raises(tf.InputError, match=r"no cells of type 'CAF'.*known here: vessel, tumour edge, CD8_T"):
        distance_to(inputs, "CAF")
    with pytest.raises(tf.InputError, match="no necrotic core"):
        region_of(halves, "necrotic_core")
    with pytest.raises(tf.InputError, match="holds no voxel"):
        region_of(inputs, BoxRegion(lower=("0 um",) * 3, upper=("1 um",) * 3))


def test_every_number_has_its_unit(case):
    listed = {name: (value, unit) for name, value, unit in numbers_of(case[2])}
    assert listed["IFNg.diffusivity"] == (pytest.approx(39.7), "um2/s")
    assert listed["IFNg.secretion_by_CD8_T.active_fraction"] == (0.25, "")
    assert listed["IFNg.uptake_by_tumour.half_saturation"][1] == "nM"
    assert not any("density" in name for name in listed)
    assert meaning("IFNg.vascular_exchange.permeability").known == tf.library.species("IFNg").parameters["permeability"]
    assert (meaning("IL10.vascular_exchange.plasma_concentration").scalar, meaning("volume_fraction").kind) == ("il10_plasma", "number")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            FREE.replace("tumour.receptors", "tumor.receptors") + POINTS,
            ("fit.free[1]", "IFNg.uptake_by_tumor.receptors", "did you mean IFNg.uptake_by_tumour.receptors"),
        ),
        (FREE.replace('"1 molecule/cell/s"', "1") + POINTS, ("fit.free[0]", "start", "unit missing")),
        (FREE.replace('"1 molecule/cell/s"', '"1 um"') + POINTS, ("fit.free[0]", "start", "secretion rate")),
        (FREE.replace('"1 molecule/cell/s"', '"1 molecule/cell/s"\nprior = "library"') + POINTS, ("fit.free[0]", "no range", "median")),
        (FREE.replace('"1 molecule/cell/s"', '"1 molecule/cell/s"\nlower = "0.1 molecule/cell/s"') + POINTS, ("fit.free[0]", "both 'lower' and 'upper'")),
        (FREE.replace('"1 molecule/cell/s"', '"1 molecule/cell/s"\ntransfrom = "log"') + POINTS, ("fit.free[0].transfrom", "did you mean 'transform'")),
        ('[[fit.free]]\nname = "IFNg.secretion_by_CD8_T.density"\n' + POINTS, ("is a field [6, 6, 6]",)),
        ('[[fit.free]]\nname = "a"\nleaves = ["IFNg.decay", "IFNg.diffusivity"]\n' + POINTS, ("not of one kind",)),
        ('[[fit.free]]\nname = "rho"\n' + ASSAY, ("fit.free[0] (rho)", "start is missing")),
        (POINTS, ("fit.free", "is missing")),
        (FREE, ("fit.data", "is missing")),
        (FREE + POINTS.replace('unit = "pM"\n', ""), ("fit.data[0]", "'unit' is missing", "pg/mL")),
        (FREE + POINTS.replace('unit = "pM"', 'unit = "um"'), ("fit.data[0]", "unit", "concentration")),
        (FREE + POINTS.replace('unit = "pM"', 'unit = "mM"'), ("fit.data[0]", "points.csv", "even the lowest datum", "1000 nM", "unit")),
        (FREE + POINTS.replace('length_unit = "um"\n', ""), ("fit.data[0]", "length_unit", "pixel_size")),
        (FREE + POINTS.replace('"points"', '"point"', 1), ("fit.data[0]", "'points', 'profile', 'assay' or 'marker'")),
        (FREE + POINTS.replace('kind = "lognormal", sigma = 0.05', 'kind = "gaussian"'), ("fit.data[0]", "noise.sd", "columns.sem")),
        (FREE + POINTS.replace('kind = "lognormal", sigma = 0.05', 'kind = "normal"'), ("fit.data[0].noise", "'lognormal', 'gaussian' or 'poisson'")),
        (FREE + POINTS.replace('species = "IFNg"', 'species = "IL10"'), ("fit.data[0]", "no species 'IL10'", "IFNg")),
        (FREE + POINTS.replace('"points.csv"', '"nowhere.csv"'), ("fit.data[0]", "nowhere.csv", "no such file")),
        (FREE + POINTS.replace('value = "pM"', 'value = "pN"'), ("fit.data[0]", "points.csv", "no column 'pN'", "'pM'")),
        (FREE + POINTS + 'limit = "20 pM"\n', ("fit.data[0]", "all 4 data lie at or below the detection limit")),
        (FREE + POINTS.replace('value = "pM"', 'value = "pM", time = "h"'), ("fit.data[0]", "time_unit")),
        (FREE + POINTS.replace('length_unit = "um"', 'length_unit = "mm"'), ("fit.data[0]", "points.csv, line 2", "outside the box")),
        (FREE + PROFILE.replace('"10 um", "25 um"', '"10 um", "12 um"'), ("fit.data[0]", "profile.csv, line 2, column 'um'", "15 um lies in no bin")),
        (FREE + PROFILE.replace('"10 um", "25 um"', '"16 um", "25 um"'), ("2 rows for the bin -1 to 16 um",)),
        (
            FREE + ASSAY.replace('"elisa.csv"', '"points.csv"').replace('value = "nM"', 'value = "pM"').replace('"rho"', "0.5"),
            ("4 rows of one region", "mean of replicates"),
        ),
    ],
)
def test_what_is_refused(case, text, words):
    with pytest.raises((tf.InputError, tf.FileError)) as caught:
        plan(case, text)
    assert str(caught.value).startswith("case.toml")
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("10,20,30,5\n10,20,30,nan\n", ("line 3", "column 'pM'", "nan", "take out rows")),
        ("10,20,30,5\n\n10,20,30,\n", ("line 4", "column 'pM'", "empty")),
        ("10,20,30,-5\n", ("line 2", "column 'pM'", "-5", "cannot be negative")),
        ("10,20,30,five\n", ("line 2", "'five' is not a number")),
        ("10,20,30,<5\n", ("line 2", "'<5' is not a number", "write the limit itself")),
        ('10,20,30,"5,2"\n', ("line 2", "write 5.2")),
        ("", ("a header but no rows",)),
    ],
)
def test_bad_rows_name_line_and_column(tmp_path, rows, words):
    path = tmp_path / "data.csv"
    path.write_text("x,y,z,pM\n" + rows, encoding="utf-8")
    with pytest.raises(tf.FileError) as caught:
        read_rows(path, {"x": "x", "value": "pM"})
    for word in ("data.csv", *words):
        assert word in str(caught.value), str(caught.value)


def test_missing_times_are_refused(case, tmp_path):
    (tmp_path / "points.csv").write_text(SHEET.rpartition("50,")[0], encoding="utf-8")
    _, inputs, model = case
    with pytest.raises(tf.InputError, match=r"the points at 7200 s are not those at 0 s"):
        plan((tmp_path, inputs, model), FREE + TIMED)


def test_a_section_needs_no_depth(case):
    folder, inputs, model = case
    flat = POINTS.replace('z = "z", ', "")
    with pytest.raises(tf.InputError, match=r"columns.z is missing: only in a section"):
        plan(case, FREE + flat)
    section = replace(inputs, grid=tf.Grid((1, 6, 6), 20.0))
    (points,) = plan((folder, section, model), FREE + flat).observations
    np.testing.assert_allclose(points.positions[:2], [[10, 20, 10], [50, 60, 10]])


def test_netcdf_and_h5ad_are_read(case, tmp_path):
    xarray, anndata = pytest.importorskip("xarray"), pytest.importorskip("anndata")
    values = np.array([[5.0, 8.0], [6.0, 9.0]])
    points = {"x": ("point", [10.0, 50.0]), "y": ("point", [20.0, 60.0]), "z": ("point", [30.0, 70.0])}
    xarray.Dataset({"pM": (("h", "point"), values), **points}, {"h": [0.0, 2.0]}).to_netcdf(tmp_path / "data.nc")
    text = TIMED.replace("points.csv", "data.nc")
    (found,) = plan((tmp_path, *case[1:]), FREE + text).observations
    np.testing.assert_allclose(found.data, 1e-3 * values.reshape(-1))
    assert found.times == (0.0, 7200.0)
    import pandas

    cells = anndata.AnnData(np.array([[3.0, 4.0], [5.0, 6.0]]), obs=pandas.DataFrame({"depth": [30.0, 70.0]}, index=["a", "b"]))
    cells.var_names = ["IFNG", "CD8"]
    cells.obsm["spatial"] = np.array([[20.0, 40.0], [100.0, 120.0]])
    cells.write_h5ad(tmp_path / "cells.h5ad")
    columns = 'x = "spatial[0]", y = "spatial[1]", z = "depth", value = "IFNG"'
    text = CELLS.replace('x = "x", y = "y", z = "z", value = "pM"', columns)
    (found,) = plan((tmp_path, *case[1:]), FREE + text).observations
    np.testing.assert_allclose(found.positions, [[10, 20, 15], [50, 60, 35]])
    np.testing.assert_allclose(found.data, [3e-3, 5e-3])
    with pytest.raises(tf.InputError, match=r"no column 'IFNG2' for value \(did you mean 'IFNG'\?\)"):
        plan((tmp_path, *case[1:]), FREE + text.replace('"IFNG"', '"IFNG2"'))


def test_markers_of_cells_are_read_with_their_camera(case, tmp_path):
    pandas, anndata = pytest.importorskip("pandas"), pytest.importorskip("anndata")
    obs = pandas.DataFrame({"X": [20.0, 100.0], "Y": [40.0, 120.0], "depth": [30.0, 70.0], "receptor": [True, False]}, index=["a", "b"])
    cells = anndata.AnnData(np.array([[30.0], [5.0]]), obs=obs)
    cells.var_names = ["pSTAT1"]
    cells.write_h5ad(tmp_path / "cells.h5ad")
    camera = FREE + "".join(f'[[fit.free]]\nname = "{name}"\nstart = {start}\n' for name, start in (("g", 50), ("s", 0.2), ("K", '"20 pM"')))
    found = plan((tmp_path, *case[1:]), camera + MARKER)
    (seen,) = found.observations
    np.testing.assert_allclose(seen.positions, [[10, 20, 15], [50, 60, 35]])
    np.testing.assert_allclose(seen.data, [30.0, 5.0])
    assert (seen.gain, seen.offset, seen.spillover, seen.half_maximum) == ("g", 4.0, "s", "K")
    assert seen.responds.tolist() == [True, False] and float(seen.noise.limit) == 5.0
    gain, spilt, half = found.parameters[2:]
    assert (gain.transform, spilt.transform, half.transform) == ("log", "logit", "log") and float(half.start) == pytest.approx(0.02)
    with pytest.raises(tf.InputError, match=r"fit.data\[0\]: .*no column 'pSTAT1x' for value \(did you mean 'pSTAT1'\?\)"):
        plan((tmp_path, *case[1:]), camera + MARKER.replace('"pSTAT1"', '"pSTAT1x"'))
    with pytest.raises(tf.InputError, match=r"intensities have no unit"):
        plan((tmp_path, *case[1:]), camera + MARKER + 'unit = "pM"\n')
    with pytest.raises(tf.FileError, match=r"column 'X': 20; 1 is a cell that can respond"):
        plan((tmp_path, *case[1:]), camera + MARKER.replace('responds = "receptor"', 'responds = "X"'))


def test_time_courses_and_profiles_are_drawn_as_curves():
    noise, mask = tf.Lognormal(0.1), np.ones((2, 2, 2), bool)
    probe = tf.Assay("a", mask, [1.0, 2.0], noise, times=[60.0, 7200.0])
    x, name, curve, curves = against(probe)
    assert (list(x), name, list(curve), curves) == ([60.0, 7200.0], "time, s", [0, 0], ())
    distance = np.arange(8.0).reshape(2, 2, 2)
    profile = tf.DistanceProfile("a", distance, [0.0, 4.0, 8.0], [1.0, 2.0, 3.0, 4.0], noise, times=[60.0, 7200.0])
    x, name, curve, curves = against(profile)
    assert (list(x), name, list(curve), curves) == ([2.0, 6.0, 2.0, 6.0], "distance, um", [0, 0, 1, 1], ("60 s", "2 h"))
    places = tf.PointSamples("a", [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], [1.0, 2.0, 3.0, 4.0], noise, times=[60.0, 7200.0])
    assert list(against(places)[2]) == [0, 1, 0, 1]
    assert against(tf.PointSamples("a", [[1.0, 1.0, 1.0]], [1.0], noise))[0] is None
