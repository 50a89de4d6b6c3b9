"""The cohort of a configuration: from TOML to tumours that differ, from records to a report; every mistake with its key and remedy."""

import csv
import io
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from outcome_case import CASE, COHORT
from tmefield import library
from tmefield.config.cohort_result import cohort_csv, cohort_record, cohort_summary
from tmefield.config.load import parse_case
from tmefield.config.outcome import arm_key, cohort_key, outcome_plan, run_key
from tmefield.config.outcome_result import describe_outcome, describe_outcome_text
from tmefield.config.starters import template
from tmefield.errors import InputError, NumericsError
from tmefield.outcome import prognosis


@pytest.fixture(autouse=True)
def _few_shuffles(monkeypatch):
    """What chance gives is tested with the function itself."""
    monkeypatch.setattr(prognosis, "cross_validated_auc", partial(prognosis.cross_validated_auc, shuffles=2))


KEYS = ["kill_half_density", "IFNg.secretion.CD8_T", "cells.CD8_T", "PD_L1-killing.saturated"]


def load(*overrides, text=CASE + COHORT):
    return parse_case(text, overrides, folder=Path(), source="case.toml")


@pytest.fixture(scope="module")
def plan():
    return outcome_plan(load())


def test_the_spread_is_that_of_the_file(plan):
    priors = plan.cohort.priors
    assert list(priors) == KEYS
    assert priors["kill_half_density"] == library.population_rate("kill_half_density").value.prior()
    assert (priors["IFNg.secretion.CD8_T"].median, priors["IFNg.secretion.CD8_T"].sigma) == (4.5, 0.7)
    assert priors["PD_L1-killing.saturated"].bounds == (0.0, 1.0)


def test_units_of_medians_are_read():
    given = "cohort.lognormal={ 'kill_rate_NK' = ['2 1/day', 0.5], 'IFNg.decay' = ['1/h', 0.1] }"
    drawn = outcome_plan(load(given, "outcome.values={}", "outcome.cells.NK=['1 /mm3', '1 /mm3']"))
    priors = drawn.cohort.priors
    assert priors["kill_rate_NK"].median == pytest.approx(2 / 86400) and priors["IFNg.decay"].median == pytest.approx(1 / 3600)
    text = describe_outcome_text(drawn)  # rates of cells in days, as the library has them
    assert "kill_rate_NK: lognormal about 2, 95 % from 0.751 to 5.33 1/d\n" in text and "IFNg.decay: lognormal about 0.000278, " in text


def test_the_typical_tumour_has_everything_at_its_median(plan):
    typical, base = plan.tissue, plan.cohort.tissue
    assert typical.values["IFNg.secretion.CD8_T"] == 4.5 and typical.values["PD_L1-killing.saturated"] == 0.5
    np.testing.assert_allclose(np.asarray(typical.cells["CD8_T"]), 1.5 * np.asarray(base.cells["CD8_T"]))
    first, *_ = patients = plan.cohort.patients()
    assert len(patients) == 3 and list(first.drawn) == KEYS
    np.testing.assert_allclose(np.asarray(first.tissue.cells["CD8_T"]), first.drawn["cells.CD8_T"] * np.asarray(base.cells["CD8_T"]))
    assert any("typical tumour" in one for one in plan.notes)
    more = outcome_plan(load("cohort.patients=5")).cohort.patients()
    assert [one.drawn for one in more[:3]] == [one.drawn for one in patients]


def test_what_will_be_run_is_told(plan):
    told = describe_outcome(plan)["cohort"]
    assert told["runs"] == 9 and told["drivers"] == {"samples": 2, "arm": "half", "runs": 2 * (4 + 2)}
    text = describe_outcome_text(plan)
    for words in ("cohort   3 tumours (seed 2) in 3 arms: 9 runs", "kill_half_density: lognormal about 5e-05, 95 % from 1e-05 to 0.00025 cell/um3"):
        assert words in text
    assert "drivers  of the volume in the arm half: 2 samples x (4 keys + 2) = 12 runs" in text
    assert "drivers" not in describe_outcome_text(outcome_plan(load("cohort.drivers=0")))


def test_keys_tell_one_cohort_from_another():
    one = load()
    for same in ("cohort.patients=9", "cohort.drivers=4", "cohort.response=0.5", "title=another"):
        assert cohort_key(one) == cohort_key(load(same)) and run_key(one) == run_key(load(same))
    for other in ("cohort.seed=3", "outcome.arms.half.anti-PD1=0.25", "outcome.radius=100 um", "cohort.spread=[]"):
        assert cohort_key(one) != cohort_key(load(other))
    assert arm_key(one, "control") == arm_key(load("cohort.seed=3"), "control") != arm_key(load("cohort.spread=[]"), "control")
    assert run_key(one) != run_key(load(text=CASE))


REFUSED = {
    "cohort.patient=4": "cohort.patient: unknown key; did you mean 'patients'?",
    "cohort.patients=1": "cohort.patients: ",
    "cohort.drivers=12": "cohort.drivers: samples of a Sobol analysis are a power of two, e.g. 8 or 16, or 0 for none; got 12",
    "cohort.drivers_of=anti-PD": "cohort.drivers_of: no such arm; did you mean 'anti-PD1'?",
    "cohort.spread=['kil_half_density']": "cohort.spread[0]: unknown value 'kil_half_density'; did you mean 'kill_half_density'?",
    "cohort.spread=['IL10.plasma_concentration', 'TGFb.decay']": "cohort.spread[1]: the library states no range of 'TGFb.decay': leave it out, or give one",
    "cohort.spread=['cells.CD8_T']": "cohort.spread[0]: the library has no spread of 'cells.CD8_T': give one of your own, [cohort.lognormal]",
    "cohort.spread=['kill_rate_CTL']": "cohort.spread[0]: outcome.values gives 'kill_rate_CTL' as well",
    "cohort.spread=['IFNg.secretion.CD8_T']": "'IFNg.secretion.CD8_T' stands in cohort.lognormal.IFNg.secretion.CD8_T too",
    "cohort.spread=['VEGF.decay']": "cohort.spread[0]: VEGF is not among outcome.cytokines",
    "cohort.lognormal={ 'kill_rate_NK' = ['2 um', 0.5] }": "cohort.lognormal.kill_rate_NK: 'um' is not the unit of a rate",
    "cohort.lognormal={ 'kill_rate_NK' = [2, 0.5] }": "cohort.lognormal.kill_rate_NK: unit missing",
    "cohort.lognormal={ 'kill_rate_NK' = ['0 1/day', 0.5] }": "cohort.lognormal.kill_rate_NK: the median has to be above zero",
    "cohort.lognormal={ 'kill_rate_NK' = ['2 1/day', 0] }": "cohort.lognormal.kill_rate_NK: the standard deviation of the logarithm lies above 0 and up to 5",
    "cohort.lognormal={ 'kill_rate_NK' = '2 1/day' }": "cohort.lognormal: kill_rate_NK: expected two values in brackets; got '2 1/day'",
    "cohort.lognormal={ cells = { CD8_T = [1, 0.5] } }": 'cohort.lognormal: a key with points stands in quotes: "cells.CD8_T" = [..., ...]',
    "cohort.lognormal={ 'cells.CD8' = [1, 0.5] }": "cohort.lognormal.cells.CD8: no such population in [outcome.cells]; did you mean 'CD8_T'?",
    "cohort.uniform={ 'cells.CD8_T' = [2, 1] }": "cohort.uniform.cells.CD8_T: the least has to be below the most; got 2",
    "cohort.uniform={ 'cells.CD8_T' = [-1, 1] }": "cohort.uniform.cells.CD8_T: must not be negative",
    "cohort.uniform={ 'IL10-CTL.saturated' = [0, 1] }": "cohort.uniform.IL10-CTL.saturated: outcome.off switches 'IL10-CTL' off",
    "cohort={ patients = 5 }": "cohort: nothing differs between the tumours",
}


@pytest.mark.parametrize(("override", "words"), REFUSED.items())
def test_a_mistake_is_told_with_its_key(override, words):
    with pytest.raises(InputError) as caught:
        load(override)
    assert "case.toml: " in str(caught.value) and words in str(caught.value)


def test_what_has_no_effect_in_this_tissue_is_refused():
    with pytest.raises(InputError) as caught:
        outcome_plan(load("cohort.spread=['NK_entry', 'kill_half_density']", "cohort.uniform={ 'TGFb-growth.saturated' = [0, 1] }"))
    assert "cohort.spread[0]: 'NK_entry' has no effect in this tissue" in str(caught.value)
    assert "cohort.uniform.TGFb-growth.saturated: 'TGFb-growth.saturated' has no effect" in str(caught.value)
    with pytest.raises(InputError, match=r"'cells.NK' has no effect"):
        outcome_plan(load("outcome.cells.NK=['0 /mm3', '0 /mm3']", "cohort.lognormal={ 'cells.NK' = [1, 0.5] }"))


def test_the_cohort_of_the_starter_is_valid():
    text = template("outcome")
    begin = text.index("# [cohort]\n")
    text = text[:begin] + "\n".join(line.removeprefix("# ") for line in text[begin:].splitlines())
    plan = outcome_plan(load(text=text))
    assert plan.cohort.table.patients == 50 and len(plan.cohort.priors) == 7


def records(count=40, seed=0, **changes):
    """Made-up records: more IFN-g makes anti-PD1 work, nothing else tells; "half" does half of it."""
    stream, found = np.random.default_rng(seed), []
    for index in range(count):
        ifng, il10, control = np.exp(stream.normal(size=3)) * (1.0, 2.0, 1.5)
        effect = -1.0 - 0.8 * np.log(ifng)
        arms = {
            name: {
                "growth_ratio": float(ratio),
                "volume_mm3": 0.01,
                "time_to_progression_d": 20.0 if ratio > 1.728 else np.inf,
                "killed_per_d": 0.1,
                "invasion_per_mm2_d": 2.0,
            }
            | {"status": 0, "change": 0.1, "one_cell": 1e-4}
            for name, ratio in {"control": control, "anti-PD1": control * np.exp(effect), "half": control * np.exp(effect / 2)}.items()
        }
        profile = {"IFNg_pg_per_mL": float(ifng), "IL10_pg_per_mL": float(il10), "CD8_T_per_mm3": 3e3}
        found.append({"patient": f"patient {index}", "drawn": {"kill_half_density": 5e-5, "cells.CD8_T": 1.0}, "profile": profile, "arms": arms})
    for index, (arm, key, value) in changes.items():
        found[int(index.removeprefix("at"))]["arms"][arm][key] = value
    return found


def test_records_are_ranked_and_what_tells_is_found(plan):
    found = cohort_record(plan.cohort, records())
    assert [one.arm for one in found.ranks] == ["anti-PD1", "half", "control"] and found.treated == ("anti-PD1", "half")
    assert found.tumours == 40 and found.levels == ("IFNg_pg_per_mL", "IL10_pg_per_mL")  # there are as many CD8 T in all: they tell nothing
    slope = found.slope("IFNg_pg_per_mL", "anti-PD1")
    assert slope.predictive == pytest.approx(-0.8) and slope.predictive_interval == pytest.approx((-0.8, -0.8))
    low, high = found.slope("IL10_pg_per_mL", "anti-PD1").predictive_interval
    assert low < 0 < high
    ratio = np.array([one["arms"]["half"]["growth_ratio"] / one["arms"]["control"]["growth_ratio"] for one in records()])
    assert found.response == 0.7 and found.responds["half"] == (ratio < 0.7).mean()
    assert found.predictions["progression, untreated"].positives == (found.growth["control"] > 1.728).sum()
    assert found.predictions["response to half"].auc > 0.9 and isinstance(found.predictions["response to anti-PD1"].auc, float)
    told = cohort_summary(found)
    assert told["tumours"] == 40 and told["ranking"][0]["arm"] == "anti-PD1" and told["responds"]["half"] == found.responds["half"]
    assert found.notes == ()


def test_what_is_left_out_and_to_be_doubted_is_said(plan):
    found = cohort_record(plan.cohort, records(at3=("half", "status", 4), at4=("control", "change", 0.8), at5=("anti-PD1", "growth_ratio", 1e-9)))
    assert found.tumours == 39 and found.growth["anti-PD1"].min() == 1e-4
    assert any("1 of 40 tumours were left out" in one for one in found.notes)
    assert any("1 of 39 tumours had a population that changed by more than half" in one for one in found.notes)
    assert any("1 of 39 tumours were cleared in an arm: less than one cell was left" in one for one in found.notes)
    few = cohort_record(plan.cohort, records(6))
    assert "at least 5 with and 5 without are needed" in few.predictions["progression, untreated"]
    with pytest.raises(NumericsError, match=r"at every step in 1 of 2 tumours: take a shorter outcome\.step"):
        cohort_record(plan.cohort, records(2, at0=("half", "status", 4)))


def test_how_much_less_than_one_cell_is_left_does_not_rank(plan):
    """Two arms that clear every tumour are equally good, however small the number that the course ends with."""
    cleared = {f"at{index}": ("anti-PD1", "growth_ratio", 1e-20) for index in range(6)}
    made = records(6, **cleared)
    for one in made:
        one["arms"]["half"]["growth_ratio"] = 1e-9
    found = cohort_record(plan.cohort, made)
    ranks = {one.arm: one for one in found.ranks}
    assert ranks["anti-PD1"].mean_log_ratio == ranks["half"].mean_log_ratio and ranks["anti-PD1"].best_share == ranks["half"].best_share == 1.0


def test_few_tumours_are_cautioned_about(plan):
    assert "only 19 tumours: intervals by drawing them again are too narrow" in cohort_summary(cohort_record(plan.cohort, records(19)))["caution"]
    assert cohort_summary(cohort_record(plan.cohort, records(20)))["caution"] == ""


def test_without_scikit_learn_the_rest_is_told(plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    found = cohort_record(plan.cohort, records())
    assert set(found.predictions.values()) == {"not computed: scikit-learn is not installed (pip install 'tmefield[cohort]')"}
    assert found.slopes and found.ranks


def test_the_table_holds_every_tumour():
    made = records(4, at3=("half", "status", 4))
    rows = list(csv.DictReader(io.StringIO(cohort_csv(made).decode())))
    assert [row["patient"] for row in rows] == [f"patient {index}" for index in range(4)]
    assert float(rows[2]["IFNg_pg_per_mL"]) == made[2]["profile"]["IFNg_pg_per_mL"]
    assert float(rows[1]["anti-PD1: growth_ratio"]) == made[1]["arms"]["anti-PD1"]["growth_ratio"] and rows[3]["half: status"] == "4"
    assert float(rows[0]["drawn: kill_half_density [cell/um3]"]) == 5e-5 and rows[0]["drawn: cells.CD8_T [1]"] == "1.0"
