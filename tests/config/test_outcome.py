"""A configuration of an outcome: from TOML to tissue, arms and times; every mistake with its key and remedy."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from outcome_case import CASE, DEPOT
from tmefield.config.load import LoadedOutcome, load_config, parse_case, parse_config
from tmefield.config.outcome import arm_key, outcome_plan, run_key
from tmefield.config.outcome_checks import arm_file
from tmefield.config.outcome_result import describe_outcome, describe_outcome_text
from tmefield.config.starters import template
from tmefield.errors import InputError, ResourceError

DAY = 86400.0


def load(text=CASE, *overrides):
    loaded = parse_case(text, overrides, folder=Path(), source="case.toml")
    assert isinstance(loaded, LoadedOutcome)
    return loaded


@pytest.fixture(scope="module")
def plan():
    return outcome_plan(load(CASE + DEPOT))


def test_numbers_are_those_of_the_file(plan):
    assert plan.arms == {"control": {}, "anti-PD1": {"anti-PD1": 1.0}, "IFNg": {"IFNg": 1.0}, "half": {"anti-PD1": 0.5}}
    assert plan.times.tolist() == [0.0, DAY, 2 * DAY] and plan.step == DAY and plan.rtol == 1e-4
    tissue = plan.tissue
    assert tissue.grid.shape == (4, 4, 4) and tissue.cytokines == ("IFNg", "IL10")
    assert float(tissue.values["kill_rate_CTL"]) == pytest.approx(8 / DAY) and float(tissue.values["IFNg.decay"]) == pytest.approx(0.2 / 3600)
    assert tissue.values["IL10-CTL.saturated"] == tissue.network.edge("IL10-CTL").basal
    inside, outside = np.asarray(tissue.cells["CD8_T"])[[0, -1], [0, -1], [0, -1]]
    share = 1 / (1 + np.exp((30 * 3**0.5 - 120) / 20))  # of the first voxel, 30 um from the centre along each axis
    assert inside == pytest.approx(3e-6 * share + 2e-5 * (1 - share)) and outside == pytest.approx(2e-5, rel=1e-3)
    assert plan.notes == ()


def test_treatments_are_those_of_the_file(plan):
    antibody, depot = plan.tissue.treatments["anti-PD1"], plan.tissue.treatments["IFNg"]
    assert antibody.releases == ("PD_L1-killing",) and float(antibody.dissociation_constant) == pytest.approx(0.029)
    level = float(antibody.course.at(jnp.asarray(1.0), jnp.asarray(1.0)))
    assert level == pytest.approx(0.140 / 147.5e3 * 1e9 / 3.48, rel=1e-3)  # 140 mg of 147.5 kDa in 3.48 L, nM
    assert depot.cytokine == "IFNg" and depot.course.times[1:] == (21600.0, 32400.0, 64800.0, 75600.0)
    assert float(depot.where.max()) == pytest.approx(1e-4, rel=0.1) and float(depot.where.min()) < 1e-7


def test_an_output_at_the_end_whatever_the_interval():
    assert outcome_plan(load(CASE, "outcome.output_every=1.5 day")).times.tolist() == [0.0, 1.5 * DAY, 2 * DAY]


def test_it_is_told_back(plan):
    told = describe_outcome(plan)
    assert told["values"] == {"kill_rate_CTL": pytest.approx(8 / DAY), "IFNg.decay": pytest.approx(0.2 / 3600)}
    assert told["off"] == ["IL10-CTL"] and list(told["arms"]) == ["control", "anti-PD1", "IFNg", "half"]
    text = describe_outcome_text(plan)
    for words in ("4 x 4 x 4 voxels", "kill_rate_CTL = 8 1/day", "arm      half: anti-PD1 0.5", "arm      control: nothing given", "off      IL10-CTL"):
        assert words in text


def test_what_is_given_too_late_and_a_tumour_within_a_voxel_are_told():
    late = CASE.replace('doses = [{ amount = "2 mg/kg" }]', 'doses = [{ amount = "2 mg/kg", at = "3 day" }]')
    notes = outcome_plan(load(late + DEPOT.replace('"6 h"', '"2 day"'), "outcome.radius=40 um")).notes
    assert any("anti-PD1: 1 of 1 dose at or beyond the end" in one and "outcome.duration" in one for one in notes)
    assert any("IFNg: begins at or after the end" in one for one in notes) and any("less than a voxel" in one for one in notes)


def test_a_box_that_voxels_do_not_divide_is_told_with_those_that_fit():
    (note,) = outcome_plan(load(CASE, "grid.size=['240 um', '240 um', '250 um']")).notes
    words = "grid.size: 250 um along x is no multiple of the 60 um of grid.spacing, and the box is 300 um long; 240 um or 300 um would fit"
    assert note == words


def test_arms_share_a_run_and_differ_by_their_doses():
    one, other = load(), load(CASE, "outcome.arms.half.anti-PD1=0.25", "title=another", "output.folder=elsewhere")
    assert run_key(one) == run_key(other) and arm_key(one, "control") == arm_key(other, "control")
    assert arm_key(one, "half") != arm_key(other, "half") and one.sha256() != other.sha256()
    assert run_key(one) != run_key(load(CASE, "outcome.radius=100 um"))


def test_the_starter_is_valid():
    plan = outcome_plan(load(template("outcome")))
    assert list(plan.arms) == ["control", "anti-PD1", "IFNg", "both"] and len(plan.tissue.cells) == 9


def test_a_box_that_does_not_fit_in_memory_is_refused():
    with pytest.raises(ResourceError, match="memory"):
        outcome_plan(load(CASE, "grid.spacing=0.1 um"))


def test_a_box_of_next_to_no_voxels_is_refused():
    with pytest.raises(InputError, match=r"grid.spacing: voxels of .* um divide the box"):
        outcome_plan(load(CASE, "grid.spacing=200 um"))


REFUSED = {
    "outcome.cytokins=[]": "outcome.cytokins: unknown key; did you mean 'cytokines'?",
    "outcome.cytokines=[]": "outcome.cytokines: expected a list in brackets of at least 1 and at most 32, e.g. [..., ...]; got []",
    "outcome.cytokines=IFNg": "outcome.cytokines: expected a list in brackets of at least 1 and at most 32, e.g. [..., ...]; got 'IFNg'",
    "outcome.off=IL10-CTL": "outcome.off: expected a list in brackets, e.g. [..., ...]; got 'IL10-CTL'",
    "grid.size=600 um": "grid.size: expected a list of 3 values in brackets; got '600 um'",
    "outcome.cells.NK=1 /mm3": "outcome.cells.NK: expected a list of 2 values in brackets; got '1 /mm3'",
    "outcome.cells.NK=['1 /mm3', '1 /mm3', '1 /mm3']": "outcome.cells.NK: expected a list of 2 values in brackets; got ['1 /mm3'",
    "outcome.treatments.anti-PD1.releases=PD_L1-killing": "outcome.treatments.anti-PD1.releases: expected a list in brackets, e.g. [..., ...]; got 'PD_L1",
    "outcome.cytokines=['IFNg', 'IL10', 'IFNg']": "outcome.cytokines: IFNg stands there twice",
    "outcome.cytokines=['IFNg', 'IL-10']": "outcome.cytokines[1]: 'IL-10' is called 'IL10' here",
    "outcome.cytokines=['IFNg', 'IL10', 'TGFbb']": "outcome.cytokines[2]: unknown species 'TGFbb'; did you mean 'TGFb'?",
    "outcome.cells.NKK=['1 /mm3', '1 /mm3']": "outcome.cells.NKK: no such population; did you mean 'NK'?",
    "outcome.cells.NK=['1 /mm3']": "outcome.cells.NK[1]: is missing: expected a list of 2 values in brackets",
    "outcome.cells.tumour=['0 /mm3', '0 /mm3']": "outcome.cells.tumour: there are no tumour cells",
    "outcome.cells={NK = ['1 /mm3', '1 /mm3']}": "outcome.cells: 'tumour' is missing",
    "outcome.centre=['-1 mm', '0 um', '0 um']": "outcome.centre: the tumour lies outside the box",
    "outcome.radius=5": "outcome.radius: unit missing",
    "outcome.duration=5 um": "outcome.duration: 'um' is not the unit of a time",
    "outcome.output_every=3 day": "'output_every' (3 day) is longer than 'duration' (2 day)",
    "outcome.output_every=1 min": "'output_every' makes 2880 outputs; at most 1000",
    "outcome.step=1 s": "'step' makes 172800 steps; at most 20000",
    "outcome.sensitivity=2": "outcome.sensitivity: must lie between 0 and 1",
    "outcome.off=['IL10-TFN']": "outcome.off[0]: unknown edge or effect 'IL10-TFN'; did you mean 'IL10-TNF'?",
    "outcome.values.kil_rate_CTL=5/day": "outcome.values.kil_rate_CTL: unknown value 'kil_rate_CTL'; did you mean 'kill_rate_CTL'?",
    "outcome.off=['TNF-killing']": "outcome.off[0]: TNF-killing answers to TNF, which is not among outcome.cytokines, so that there is nothing to switch off",
    "outcome.values.kill_rate_NK=5/day": "outcome.values.kill_rate_NK: has no effect without NK in [outcome.cells]: add it, or leave the value out",
    "outcome.values.CTL_exhaustion=5/day": "outcome.values.CTL_exhaustion: has no effect without CD8_exhausted in [outcome.cells]",
    "outcome.values.kill_rate_CTL=5 um": "outcome.values.kill_rate_CTL: 'um' is not the unit of a rate",
    "outcome.values.kill_rate_CTL=-5/day": "outcome.values.kill_rate_CTL: must not be negative",
    "outcome.treatments.anti-PD1.relases=['x']": "outcome.treatments.anti-PD1.relases: unknown key; did you mean 'releases'?",
    "outcome.treatments.anti-PD1.depot=x": "outcome.treatments.anti-PD1: expected a table with exactly one of the keys 'drug' or 'depot'",
    "outcome.treatments.anti-PD1.drug=anti-PD": "outcome.treatments.anti-PD1.drug: unknown drug",
    "outcome.treatments.anti-PD1.doses=[]": "nothing is given: add 'doses' or 'plasma_concentration'",
    "outcome.treatments.anti-PD1.doses=[{ amount = '2 mg/m2' }]": "outcome.treatments.anti-PD1.doses[0].amount: ",
    "outcome.treatments.anti-PD1.releases=['PD_L1-kill']": "outcome.treatments.anti-PD1.releases[0]: unknown edge or effect",
    "outcome.treatments.anti-PD1.releases=['VEGF-vessels']": "VEGF-vessels answers to VEGF, which is not among outcome.cytokines",
    "outcome.treatments.anti-PD1.releases=[]": "anti-PD1 acts on nothing: name the edges",
    "outcome.treatments.b={ drug = 'tocilizumab', plasma_concentration = '1 nM' }": "outcome.treatments.b.target: IL6 is not among outcome.cytokines",
    "outcome.treatments.b={ drug = 'IFNg1b', plasma_concentration = '1 nM', releases = ['PD_L1-killing'] }": "'releases' is for a drug of action 'none'",
    "outcome.treatments.b={ drug = 'anti-PD1', plasma_concentration = '1 nM', releases = ['PD_L1-killing'] }": "outcome.treatments.b.K_D: is missing",
    "outcome.treatments.b={ drug = 'anti-PD1', plasma_concentration = '1 nM', releases = ['PD_L1-killing'], K_D = '1 nM' }": "anti-PD1 is given by 'anti-PD1'",
    "outcome.radius='2 mm'": "outcome.radius: the tumour of 2 mm fills the whole box of grid.size",
    "outcome.values={ 'IL6.decay' = '1/h' }": "outcome.values.IL6.decay: IL6 is not among outcome.cytokines: add it, or leave the value out",
    "outcome.treatments.b={ depot = 'IL6', rate = '1 nM/s' }": "outcome.treatments.b.depot: IL6 is not among outcome.cytokines: add it",
    "outcome.treatments.b={ depot = 'IFNg', rate = '1 nM' }": "outcome.treatments.b.rate: 'nM' is not the unit of a production",
    "outcome.treatments.b={ depot = 'IFNg', rate = '1 nM/s', every = '1 h', count = 2 }": "a depot that is repeated needs a 'duration' shorter than 'every'",
    "outcome.treatments={ 'α' = { depot = 'IFNg', rate = '1 nM/s' } }": "outcome.treatments.α: The name 'α' has no letter or digit to make a variable name of",
    "outcome.treatments.anti_PD1={ depot = 'IFNg', rate = '1 nM/s' }": "anti_PD1: would have the same variable in files, occupancy_anti_pd1, as 'anti-PD1'",
    "outcome.treatments.control={ depot = 'IFNg', rate = '1 nM/s' }": "outcome.treatments.control: 'control' is the arm without treatment",
    "outcome.arms.control={ anti-PD1 = 1 }": "outcome.arms.control: this arm is always there",
    "outcome.arms.more={ anti-PD2 = 1 }": "outcome.arms.more.anti-PD2: no such treatment; did you mean 'anti-PD1'?",
    "outcome.arms.more={ anti-PD1 = 2 }": "outcome.arms.more.anti-PD1: must lie between 0 and 1",
    "outcome.arms.more={}": "outcome.arms.more: an arm names the treatments",
    "outcome.arms={ 'a b' = { anti-PD1 = 1 }, 'a/b' = { anti-PD1 = 0.5 } }": "would have the same file, arm-a_b.nc, as 'a b'",
    "species=[]": "species: unknown key",
}


@pytest.mark.parametrize(("override", "words"), REFUSED.items())
def test_a_mistake_is_told_with_its_key(override, words):
    with pytest.raises(InputError) as caught:
        load(CASE, override)
    assert "case.toml: " in str(caught.value) and words in str(caught.value)


def test_exhausted_cells_without_those_that_tire_are_refused():
    text = CASE.replace('CD8_T = ["3e3', 'CD8_exhausted = ["3e3').replace('kill_rate_CTL = "8 1/day"', "").replace('off = ["IL10-CTL"]', "")
    with pytest.raises(InputError, match=r"outcome.cells.CD8_exhausted: they come from 'CD8_T', which is not there: add it, or leave them out"):
        load(text)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("outcome.off=['IL10-CTL', 'IL10-TNF']", r"case.toml: outcome.off\[1\]: 'IL10-TNF' acts on nothing in this tissue, .* leave it out"),
        ("outcome.values.tumour_growth_human=1/day", "case.toml: outcome.values.tumour_growth_human: has no effect in this tissue: add .* or leave it out"),
        ("outcome.values={ 'IL10-TNF.saturated' = 0.5 }", "outcome.values.IL10-TNF.saturated: has no effect in this tissue"),
    ],
)
def test_what_nothing_depends_on_is_refused(override, words):
    """Cells and cytokines that are there, but not those on which it would act."""
    with pytest.raises(InputError, match=words):
        outcome_plan(load(CASE, override))


def test_an_effect_acts_by_its_parts():
    """Off are a part of an effect, and an effect of which a part acts."""
    plan = outcome_plan(load(CASE, "outcome.off=['IL10-IFNg_CD8_T', 'IFNg-evasion']"))
    assert plan.tissue.values["IL10-IFNg_CD8_T.saturated"] == plan.tissue.values["PD_L1-killing.saturated"] == 1


def test_a_drug_without_vessels_is_refused():
    with pytest.raises(InputError, match=r"outcome.treatments.anti-PD1: a drug reaches the tissue through vessels: add 'endothelial'"):
        load(CASE.replace('endothelial = ["5e3 cells/mm3", "1e4 cells/mm3"]\n', ""))


def test_all_mistakes_come_at_once():
    with pytest.raises(InputError) as caught:
        load(CASE, "outcome.off=['x']", "outcome.values.y=1", "outcome.arms.z={ w = 1 }")
    assert str(caught.value).startswith("case.toml: 3 mistakes\n")


def test_what_takes_fields_refuses_an_outcome(tmp_path):
    with pytest.raises(InputError, match=r"case.toml: outcome: 'tmefield run', 'validate' and 'estimate' take a file"):
        parse_config(CASE, folder=Path(), source="case.toml")
    path = tmp_path / "case.toml"
    path.write_text(CASE, encoding="utf-8")
    with pytest.raises(InputError, match="nothing else does"):
        load_config(path)


def test_names_of_files():
    assert arm_file("anti-PD1 + IFNg") == "arm-anti-PD1_+_IFNg.nc" and arm_file("../x") == "arm-x.nc" and arm_file("β") == "arm-_.nc"
