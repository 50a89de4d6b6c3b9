"""What can be given: a drug at one level, and the edges that it holds off."""

import jax.numpy as jnp
import pytest

import tmefield as tf
from outcome.small_tissue import DAY, tissue

OTHER = tf.Drug("sarilumab", "blocks", "IL6", molecular_weight="150 kDa", K_D="60 pM", decay=1e-6, permeability=1e-3)


def treatment(*releases):
    return tf.DrugTreatment.held("anti-PD1", "50 nM", since=DAY, releases=releases, dissociation_constant="29 pM")


def test_a_level_that_is_held():
    one, moments = treatment("PD_L1-killing"), [jnp.asarray(when * DAY) for when in (0.5, 1.5, 30.0)]
    assert [float(one.course.at(now, now)) for now in moments] == [0.0, 50.0, 50.0]
    assert float(one.dissociation_constant) == pytest.approx(0.029)
    mass = tf.DrugTreatment.held(tf.Drug.from_library("tocilizumab"), "148 ug/mL")  # 148 kDa
    assert float(mass.course.at(moments[0], moments[0])) == pytest.approx(1000.0)
    with pytest.raises(tf.InputError, match="plasma"):
        tf.DrugTreatment.held("tocilizumab", "3 mg")


def factor_of_killing(releases):
    """On killing by CTL among 20 pM of IFN-g and 50 nM of the antibody."""
    model = tissue(treatments={"anti-PD1": treatment(*releases)}).model({"anti-PD1": 1.0})
    levels = {name: jnp.full((1, 1, 1), 0.02) for name in ("IFNg", "IL10", "TGFb")} | {"anti-PD1": jnp.full((1, 1, 1), 50.0)}
    (process,) = [one for one in model.processes if one.label == "killing of tumour by CD8_T"]
    found = 1.0
    for one in process.modulations:
        found *= float(one(levels)[0, 0, 0])
    return found


def test_an_effect_is_held_off_in_its_parts():
    """PD-L1's edge on killing is part of what IFN-g does by way of PD-L1."""
    assert factor_of_killing(["IFNg-evasion"]) == pytest.approx(factor_of_killing(["PD_L1-killing"]))
    assert factor_of_killing(["TGFb-growth"]) < 0.5 * factor_of_killing(["PD_L1-killing"])


def test_occupancy_is_the_share_of_the_target_that_is_held():
    level = jnp.full((1, 1, 1), 0.06)
    given = {name: level for name in ("anti-PD1", "sarilumab", "IL2")}
    assert float(treatment("PD_L1-killing").occupancy(given)[0, 0, 0]) == pytest.approx(0.06 / (0.06 + 0.029))
    assert float(tf.DrugTreatment.held(OTHER, 100.0).occupancy(given)[0, 0, 0]) == pytest.approx(0.5)
    binder = tf.Drug.from_library("siltuximab")  # complexes go faster than they fall apart
    bound = tf.DrugTreatment.held(binder, 100.0).occupancy({"siltuximab": level})[0, 0, 0]
    assert float(bound) == pytest.approx(0.06 / (0.06 + binder["K_D"] + binder["decay"] / binder["k_on"])) and float(bound) < 0.5 * 0.06 / (
        0.06 + binder["K_D"]
    )
    assert tf.DrugTreatment.held("aldesleukin", 0.1).occupancy(given) is None
    assert tf.Depot("IFNg", 1e-4, tf.TimeCourse([0.0], [1.0])).occupancy(given) is None


def test_what_two_treatments_supply_adds_up():
    """To the plasma of IL-2, which the library holds empty; a dose in part counts in part."""
    given = {"low": tf.DrugTreatment.held("aldesleukin", 0.1), "high": tf.DrugTreatment.held("aldesleukin", 2.0, since=DAY)}
    model = tissue(cytokines=("IFNg", "IL2"), treatments=given).model({"low": 1.0, "high": 0.5}).model
    (exchange,) = [one.term for one in model.terms if isinstance(one, tf.PerCell) and isinstance(one.term, tf.VascularExchange) and one.acts_on == ("IL2",)]
    plasma = exchange.plasma_concentration
    assert [float(plasma.at(now, now) - plasma.baseline) for now in (jnp.asarray(0.5 * DAY), jnp.asarray(1.5 * DAY))] == pytest.approx([0.1, 1.1])


def test_what_a_tissue_cannot_be_given():
    with pytest.raises(tf.InputError, match=r"treatment 'IL-2' needs IL2, not among the cytokines of the tissue \(IFNg, IL10, TGFb\): add it"):
        tissue(treatments={"IL-2": tf.DrugTreatment.held("aldesleukin", 0.1)})
    with pytest.raises(tf.InputError, match="treatment 'depot' needs TNF"):
        tissue(treatments={"depot": tf.Depot("TNF", 1e-4, tf.TimeCourse([0.0], [1.0]))})
    with pytest.raises(tf.InputError, match="treatment 'anti-PD1' needs IFNg"):
        tissue(cytokines=("IL10",), treatments={"anti-PD1": treatment("PD_L1-killing")})
    twice = {"low": treatment("PD_L1-killing"), "high": treatment("PD_L1-killing")}
    with pytest.raises(tf.InputError, match="treatments 'low' and 'high' both bring anti-PD1: make one of the higher level, and give it in part"):
        tissue(treatments=twice)
    rivals = {name: tf.DrugTreatment.held(drug, 100.0) for name, drug in (("a", "tocilizumab"), ("b", OTHER))}
    with pytest.raises(tf.InputError, match="'a' and 'b' both bring a blocker of the receptor of IL6: give one of them"):
        tissue(cytokines=("IL6",), treatments=rivals)


def test_what_is_refused():
    with pytest.raises(tf.InputError, match="PDL2-killing"):
        factor_of_killing(["PDL2-killing"])
    with pytest.raises(tf.InputError, match="tocilizumab blocks IL6: releases are for a drug of action 'none'"):
        tf.DrugTreatment.held("tocilizumab", "300 nM", releases=["PD_L1-killing"], dissociation_constant="29 pM")
