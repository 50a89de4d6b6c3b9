"""Drugs in a configuration: from TOML to a model, a file and a summary; mistakes with their remedy."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from command_line import tmefield
from tmefield.config.build import build_model
from tmefield.config.fields import error_notes
from tmefield.config.load import parse_config
from tmefield.config.prepare import prepare

CASE = """
[grid]
spacing = "20 um"
size = ["80 um", "80 um", "80 um"]
[vessels]
bed = { spacing = "40 um" }
[cells]
uniform = { CAF = "1e-4 /um3", CD8_T = "1e-4 /um3" }
[[species]]
id = "IL6"
"""
TIME = '[time]\ntimes = ["2 day", "3 day"]\n'
TOCILIZUMAB = '[[drugs]]\nid = "tocilizumab"\nbody_weight = "70 kg"\ndoses = [{ amount = "8 mg/kg", duration = "1 h", every = "28 day", count = 2 }]\n'


ONCE = TOCILIZUMAB.replace('every = "28 day", count = 2', 'at = "2 day"')


NEEDLE = """
[grid]
spacing = "20 um"
size = ["80 um", "80 um", "80 um"]
[cells]
uniform = { tumour = "1e-4 /um3" }
[[species]]
id = "IL2"
[[drugs]]
id = "aldesleukin"
injections = [{ amount = "18 MIU", position = ["40 um", "40 um", "40 um"], radius = "20 um" }]
[time]
times = ["1 h"]
"""


def prepared(text):
    return prepare(parse_config(text, (), folder=Path(), source="case.toml"))


def test_a_dose_every_four_weeks_by_hand():
    inputs = prepared(CASE + TIME + TOCILIZUMAB)
    (drug,) = inputs.drugs
    assert [dose.at for dose in drug.doses] == [0.0, 28 * 86400.0]
    assert drug.doses[0].amount == pytest.approx(560e-3 / 148e3 * 1e9)
    assert [one.id for one in inputs.species] == ["IL6", "tocilizumab"]
    assert any("blocks the receptor of IL6; 2 doses" in note for note in inputs.notes)
    model = build_model(inputs)
    assert {0.0, 3600.0, 28 * 86400.0} <= set(model.jumps)
    uptakes = [term for term in model.terms if isinstance(term, tf.ReceptorUptake)]
    assert uptakes and all(term.blockade is not None and term.blockade.drug == "tocilizumab" for term in uptakes)


def test_a_run_writes_drug_occupancy_and_free_ligand(tmp_path):
    from netCDF4 import Dataset

    (tmp_path / "case.toml").write_text(CASE + TIME + ONCE + "[output]\npng = false\n")
    answer = tmefield("run", tmp_path / "case.toml", "--out", tmp_path / "out", "--json")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)["drugs"]["tocilizumab"]
    model = tf.TwoCompartment("3.5 L", "0.3 L/day", "2.9 L", "0.2 L/day")
    course = tf.PlasmaCourse(model, [tf.Dose(560e-3 / 148e3 * 1e9, at="2 day", duration="1 h")])
    expected = [float(course.at(jnp.asarray(day * 86400.0), jnp.asarray(day * 86400.0 - 1))) for day in (0, 2, 3)]
    np.testing.assert_allclose(report["plasma_nM_at_times"], expected, rtol=1e-5, atol=1e-12)
    with Dataset(tmp_path / "out" / "fields.nc") as file:
        drug, free = np.asarray(file["tocilizumab"][:]), np.asarray(file["il6"][:])
        occupied = file["tocilizumab_occupancy"]
        assert file["tocilizumab"].units == "nmol L-1" and occupied.units == "1"
        assert "receptor of IL6 that tocilizumab holds" in occupied.long_name
        np.testing.assert_allclose(np.asarray(occupied[:]), drug[-1] / (1.32 + drug[-1]), rtol=1e-5)
    assert report["mean_occupancy"] > 0.99
    assert 0.2 * expected[2] < drug[-1].mean() < expected[2]
    assert free[2].mean() > 1.5 * free[1].mean() > 0, "a blocked receptor takes nothing up: the ligand rises"


@pytest.mark.parametrize(
    ("dose", "says"),
    [
        ('every = "1 day", count = 4', "2 of 4 doses at or beyond the end of the run (2 day), without effect"),
        ('at = "40 day"', "1 of 1 dose at or beyond the end of the run (2 day), none within it, without effect"),
        ('at = "-1 day"', None),
    ],
)
def test_doses_beyond_the_end_are_told(dose, says):
    notes = prepared(CASE + '[time]\nend = "2 day"\nevery = "1 day"\n' + TOCILIZUMAB.replace('every = "28 day", count = 2', dose)).notes
    told = [note for note in notes if "the run" in note]
    assert (says is None and not told) or (len(told) == 1 and says in told[0])


def test_an_injection_beyond_the_end_is_told():
    notes = prepared(NEEDLE.replace('radius = "20 um"', 'radius = "20 um", at = "2 h"')).notes
    assert any("aldesleukin: 1 of 1 injection at or beyond the end of the run (1 h), none within it" in note for note in notes)
    assert any(note.endswith("; 1 injection") for note in notes)


def test_a_held_plasma_in_a_steady_state():
    text = CASE + '[[drugs]]\nid = "tocilizumab"\nplasma_concentration = "20 ug/mL"\ntarget_mediated_loss = true\n'
    inputs = prepared(text)
    assert inputs.drugs[0].plasma == pytest.approx(20e-3 / 148e3 * 1e9)
    model = build_model(inputs)
    (lost,) = [term for term in model.terms if isinstance(term, tf.ReceptorUptake) and term.acts_on == ("tocilizumab",)]
    assert float(lost.half_saturation) == pytest.approx(1.32, rel=1e-6) and lost.label == "uptake by CD8_T"
    solution = tf.solve_steady(model)
    assert solution.status == tf.Status.CONVERGED
    assert 0 < float(solution["tocilizumab"].mean()) < 135.2


def test_a_cytokine_is_its_own_drug():
    text = CASE + '[[species]]\nid = "IL2"\nplasma_concentration = "1 pM"\n' + TIME
    text += '[[drugs]]\nid = "aldesleukin"\nbody_weight = "70 kg"\ndoses = [{ amount = "600 kIU/kg", duration = "15 min" }]\n'
    text += 'injections = [{ amount = "18 MIU", position = ["40 um", "40 um", "40 um"], radius = "20 um", at = "2 h" }]\n'
    inputs = prepared(text)
    assert [one.id for one in inputs.species] == ["IL6", "IL2"]
    model = build_model(inputs)
    (needle,) = [term for term in model.terms if isinstance(term, tf.Injection)]
    assert needle.acts_on == ("IL2",) and needle.times == (7200.0,) and float(needle.amount) == pytest.approx(1.0998 / 15.3 * 1e3, rel=1e-5)
    exchange = next(term for term in model.terms if isinstance(term, tf.VascularExchange) and term.acts_on == ("IL2",))
    assert isinstance(exchange.plasma_concentration, tf.PlasmaCourse)
    assert float(exchange.plasma_concentration.baseline) == pytest.approx(1e-3)


def test_an_injection_is_a_source():
    inputs = prepared(NEEDLE)
    assert not inputs.species[0].secretion and inputs.drugs[0].injections
    assert not any("has no source" in note for note in inputs.notes)


def test_a_run_says_where_its_error_is_more_than_what_is_left(tmp_path):
    """Twelve hours after an injection e^-12 of it are left, far less than the errors of the steps that followed it may sum to."""
    text = (
        NEEDLE.replace('id = "IL2"', 'id = "IL2"\ndecay = "1/h"').replace('["1 h"]', '["1 min", "12 h"]').replace("18 MIU", "1e-9 nmol")
        + "[output]\npng = false\n"
    )
    (tmp_path / "case.toml").write_text(text)
    answer = tmefield("run", tmp_path / "case.toml", "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert "highest: of the outputs" in answer.out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    one = summary["species"]["IL2"]
    assert one["max_nM"] < one["error_nM"] < 0.1 * one["highest_nM"]
    (note,) = [note for note in summary["notes"] if "time.rtol (now 0.001)" in note]
    assert note.startswith("IL2: ") and note in answer.err
    assert error_notes({"IL2": one | {"error_nM": 0.09 * one["max_nM"]}}, 1e-3) == []


def test_a_drug_of_ones_own():
    text = CASE + TIME + '[[drugs]]\nid = "mine"\naction = "blocks"\ntarget = "IL-6"\nmolecular_weight = "50 kDa"\nK_D = "1 nM"\nvolume = "3 L"\n'
    (drug,) = prepared(text + 'clearance = "1 L/day"\ndoses = [{ amount = "20 nmol" }]\n').drugs
    assert (drug.target, drug.doses[0].amount) == ("IL6", 20.0)
    assert drug.values["permeability"] > 0.004


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('id = "tocilizumab"', "nothing is given: add 'doses', 'injections' or 'plasma_concentration'"),
        ('id = "tocilizumab"\ndoses = [{ amount = 8 }]', r"drugs\[0\].doses\[0\].amount: a dose needs its unit"),
        ('id = "tocilizumab"\ndoses = [{ amount = "8 mg/kg" }]', "give body_weight, e.g. '70 kg'"),
        ('id = "tocilizumab"\ndoses = [{ amount = "8 MIU" }]', "IU measure an activity.*mass_per_IU"),
        ('id = "tocilizumab"\ndoses = [{ amount = "8 mg" }]\nclearance = "-1 L/day"', r"drugs\[0\].clearance: must be finite and above zero"),
        ('id = "tocilizumab"\ndoses = [{ amount = "8 mg", route = "sc" }]', "absorption_rate is not known.*absorption_rate = '5 1/s'"),
        ('id = "tocilizumab"\ndoses = [{ amount = "8 mg", every = "28 day" }]', "'every' and 'count' together"),
        ('id = "fresolimumab"\nplasma_concentration = "1 nM"', r"TGFb is not among the species: add \[\[species\]\] id = \"TGFb\""),
        ('id = "mine"\naction = "none"\nmolecular_weight = "50 kDa"\ndoses = [{ amount = "8 mg" }]', "volume is not known.*volume = '5 L'"),
        ('id = "tocilizumabb"\nplasma_concentration = "1 nM"', "did you mean 'tocilizumab'.*a drug of your own needs action"),
        ('id = "tocilizumab"\nplasma_concentration = "1 nM"\nk_on = "1e5"', r"drugs\[0\].k_on: unit missing"),
        ('id = "anti-PD1"\nplasma_concentration = "1 nM"\ntarget_mediated_loss = true', "only a drug that blocks a receptor"),
    ],
)
def test_mistakes_name_key_and_remedy(text, says):
    with pytest.raises(tf.InputError, match=says):
        prepared(CASE + TIME + "[[drugs]]\n" + text + "\n")


def test_doses_need_time_and_vessels():
    with pytest.raises(tf.InputError, match=r"add \[time\], or give plasma_concentration"):
        prepared(CASE + TOCILIZUMAB)
    with pytest.raises(tf.InputError, match=r"add \[vessels\], or give injections"):
        prepared(CASE.replace('[vessels]\nbed = { spacing = "40 um" }\n', "") + TIME + TOCILIZUMAB)
    alone = NEEDLE.replace('injections = [{ amount = "18 MIU", position = ["40 um", "40 um", "40 um"], radius = "20 um" }]', 'doses = [{ amount = "18 MIU" }]')
    with pytest.raises(tf.InputError, match=r"from the plasma a drug reaches the tissue through vessels: add \[vessels\]"):
        prepared(alone)
    with pytest.raises(tf.InputError, match="tocilizumab is given twice"):
        prepared(CASE + TIME + TOCILIZUMAB + TOCILIZUMAB)
