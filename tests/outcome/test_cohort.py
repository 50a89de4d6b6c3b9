"""Cohorts: draws from the library's spread, records, and going on where a run was stopped."""

import json

import numpy as np
import pytest

import tmefield as tf
from outcome.small_tissue import DAY, tissue
from tmefield import library
from tmefield.library.prior import Prior
from tmefield.outcome import arms, cohort
from tmefield.outcome.arms import movement_stages

KEYS = ("kill_rate_CTL", "IFNg.k_endo", "TGFb-growth.half_maximum")
ARMS = {"control": {}, "anti-PD1": {"anti-PD1": 1.0}}


def patients(count=2):
    return cohort.virtual_patients(tissue(), {**cohort.library_priors(KEYS), "cells.CD8_T": Prior("lognormal", 1.0, 0.5)}, count, seed=7)


def test_draws_have_the_spread_of_the_library():
    prior = library.population_rate("kill_rate_CTL").value.prior()
    drawn = cohort.draw({"kill_rate_CTL": prior, "flat": Prior("uniform", 0.5, bounds=(0.0, 2.0))}, 4000, seed=1)
    logs = np.log(drawn["kill_rate_CTL"])
    assert logs.mean() == pytest.approx(np.log(prior.median), abs=0.03) and logs.std() == pytest.approx(prior.sigma, rel=0.05)
    assert drawn["flat"].mean() == pytest.approx(1.0, abs=0.03) and 0 <= drawn["flat"].min() < drawn["flat"].max() <= 2
    alone = cohort.draw({"kill_rate_CTL": prior}, 10, seed=1)
    np.testing.assert_array_equal(alone["kill_rate_CTL"], drawn["kill_rate_CTL"][:10])


def test_patients_have_values_and_cells_of_their_own():
    first, second = patients()
    assert set(first.drawn) == {*KEYS, "cells.CD8_T"} and first.drawn["kill_rate_CTL"] != second.drawn["kill_rate_CTL"]
    ratio = np.asarray(first.tissue.cells["CD8_T"]) / np.asarray(tissue().cells["CD8_T"])
    np.testing.assert_allclose(ratio, first.drawn["cells.CD8_T"])
    assert first.tissue.values["IFNg.k_endo"] == first.drawn["IFNg.k_endo"]


def test_a_cohort_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    file, times = tmp_path / "records.jsonl", np.array([0.0, 1.0]) * DAY
    seen = []
    records = cohort.run_cohort(patients(), ARMS, times, results=file, step=DAY, told=lambda done, whole: seen.append((done, whole)))
    assert seen == [(1, 2), (2, 2)] and [one["patient"] for one in records] == ["patient 0", "patient 1"]
    assert records[0]["arms"]["anti-PD1"]["growth_ratio"] <= records[0]["arms"]["control"]["growth_ratio"]
    assert all(end["status"] == 0 for one in records for end in one["arms"].values())
    columns = cohort.table(records)
    assert columns["control: growth_ratio"].shape == (2,) and "profile: IFNg_pg_per_mL" in columns and "drawn: cells.CD8_T" in columns
    whole = file.read_text()
    file.write_text(whole[: len(whole) - 40])  # stopped while the last record was written
    assert cohort.run_cohort(patients(), ARMS, times, results=file, step=DAY) == records and file.read_text() == whole
    monkeypatch.setattr(cohort, "run_arms", None)  # what is there is not run again
    assert cohort.run_cohort(patients(), ARMS, times, results=file) == records
    with pytest.raises(tf.FileError, match="patient 0 was run with other values, arms or settings"):
        cohort.run_cohort(patients(), {"control": {}}, times, results=file)
    with pytest.raises(tf.FileError, match="other values, arms or settings"):
        cohort.run_cohort(patients(), ARMS, times, results=file, key="another")
    file.write_text(json.dumps({"other": 1}) + "\n" + whole)
    with pytest.raises(tf.FileError, match="line 1 is no record of a patient"):
        cohort.run_cohort(patients(), ARMS, times, results=file)


def test_tumours_of_different_motility_share_a_compilation(monkeypatch):
    """As many stages of movement as 97.5 % of what is drawn needs, and more for what needs more."""
    priors = {"T_cell_motility": Prior("lognormal", 0.1, 1.0)}
    least = cohort.shared_stages(tissue(), priors, DAY)
    fast = [movement_stages(one.tissue.model(), DAY) for one in cohort.virtual_patients(tissue(), priors, 12, seed=1)]
    assert len(set(fast)) > 2 and all(one <= least for one in fast)
    assert least == movement_stages(tissue(values={"T_cell_motility": 0.1 * np.exp(1.96)}).model(), DAY)
    assert movement_stages(tissue().model(), DAY, (9, 99, 0, 0)) == (9, 99, 0, 0)
    given = []

    def stopped(*_, stages=None, **__):
        given.append(stages)
        raise KeyboardInterrupt

    monkeypatch.setattr(arms, "evolve_populations", stopped)
    for motility, stages in ((0.02, least), (20.0, least), (0.02, ())):
        with pytest.raises(KeyboardInterrupt):
            arms.run_arms(tissue(values={"T_cell_motility": motility}), ARMS, [0.0, DAY], step=DAY, least_stages=stages)
    assert given[0] == least < given[1] and given[2] is None


def test_the_profile_can_be_ones_own():
    (record,) = cohort.run_cohort(patients(1), ARMS, [0.0, DAY], step=DAY, measured=lambda course: {"outputs": float(len(course.times))})
    assert record["profile"] == {"outputs": 2.0}


def test_what_is_refused():
    with pytest.raises(tf.InputError, match="needs an arm 'control'; got a"):
        cohort.run_cohort(patients(), {"a": {}}, [0.0, DAY])
    with pytest.raises(tf.InputError, match=r"TGFb.decay: the library states no range of it"):
        cohort.library_priors(["TGFb.decay"])
    with pytest.raises(tf.InputError, match="no population 'NK' in the tissue"):
        cohort.virtual_patients(tissue(), {"cells.NK": Prior("lognormal", 1.0, 0.3)}, 2, seed=0)
