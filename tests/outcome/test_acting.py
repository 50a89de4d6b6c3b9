"""What acts in a tissue, and how strongly."""

import equinox as eqx
import numpy as np
import pytest

import tmefield as tf
from outcome.small_tissue import GRID, tissue
from tmefield import library
from tmefield.outcome.acting import answers, strengths, unheard

LEVELS = {"IFNg": 2.96e-3, "IL10": 1e-4, "TGFb": 7e-2, "anti-PD1": 0.0}  # nM


def levels(**changes):
    return {name: np.full(GRID.shape, level) for name, level in (LEVELS | changes).items()}


def found(**changes):
    """By id, with every level the same throughout."""
    small = tissue()
    return {one.id: one for one in strengths(small.model(), levels(**changes) | dict(small.cells), small.cells["tumour"])}


def test_processes_with_their_rates_and_edges():
    told = {one.what: one for one in answers(tissue().model())}
    killing = told["killing of tumour by CD8_T"]
    assert killing.rate == pytest.approx(library.population_rate("kill_rate_CTL").value.internal) and killing.rate_unit == "1/s"
    assert {"IL10-CTL", "TGFb-CTL", "PD_L1-killing"} <= set(killing.edges) and "IFNg-killing" not in told["growth of tumour"].edges
    assert told["entry of CD8_T"].rate_unit == "cells/um2/s" and told["entry of CD8_T"].edges == ("TGFb-exclusion",)
    assert told["TGFb secretion by tumour"].edges == ("TGFb-TGFb",) and told["TGFb secretion by tumour"].rate is None
    assert told["attraction of CD8_T"].edges == ("IFNg-CXCL9",)
    assert not any("TNF" in edge for one in told.values() for edge in one.edges)  # not among the cytokines


def test_strength_is_the_factor_of_the_edge_at_the_level():
    acting = found()
    exclusion = acting["TGFb-exclusion"]  # 1 - H, half maximum 70 pM: half way at 70 pM
    assert exclusion.factor == pytest.approx(0.5) and exclusion.reached == pytest.approx(0.5)
    assert exclusion.levels == {"TGFb": pytest.approx(7e-2)} and exclusion.half_maxima == {"TGFb": pytest.approx(7e-2)}
    assert (exclusion.without, exclusion.plenty) == (1.0, 0.0) and exclusion.on == ("entry of CD8_T",)
    assert acting["PD_L1-killing"].factor == pytest.approx(0.5)
    assert acting["IL10-CTL"].factor == pytest.approx(8 / 8.1, rel=1e-6)
    reached = [one.reached for one in acting.values()]
    assert reached == sorted(reached, reverse=True)


def test_the_mean_is_over_the_tumour():
    small, field = tissue(), np.zeros(GRID.shape)
    field[:2] = 0.07
    weight = np.zeros(GRID.shape)
    weight[:2] = 1.0
    given = levels() | dict(small.cells) | {"TGFb": field}
    inside, outside, nowhere = (next(one for one in strengths(small.model(), given, w) if one.id == "TGFb-exclusion") for w in (weight, 1 - weight, 0 * weight))
    assert inside.factor == pytest.approx(0.5) and outside.factor == 1.0 and nowhere.factor == pytest.approx(0.75)


def test_a_ligand_far_below_every_half_maximum_is_told():
    assert set(unheard(tuple(found().values()))) == {"IL10"}
    level, low, high = unheard(tuple(found(TGFb=1e-4).values()))["TGFb"]
    assert level == pytest.approx(1e-4) and low == pytest.approx(0.0316) and high == pytest.approx(0.14)


def test_an_edge_that_is_held_off_does_not_act():
    small = tissue().without("TGFb-exclusion", "IFNg-CXCL9")
    assert {"TGFb-exclusion", "IFNg-CXCL9"} <= set(found())
    held = {one.id for one in strengths(small.model(), levels() | dict(small.cells), small.cells["tumour"])}
    assert held == set(found()) - {"TGFb-exclusion", "IFNg-CXCL9"}
    assert "attraction of CD8_T" not in {one.what for one in answers(small.model())}


def test_a_competitor_is_told_and_parts_an_edge_that_has_one_in_some_cells_only():
    assert found()["PD_L1-killing"].competitors == {"IFNg": "anti-PD1"} and found()["TGFb-exclusion"].competitors == {}
    assert found()["TGFb-TGFb"].on == ("TGFb secretion by tumour", "TGFb secretion by M2")
    small = tissue()
    model, given = small.model(), levels(**{"anti-PD1": 9.0}) | dict(small.cells)
    number = next(i for i, one in enumerate(model.model.terms) if one.acts_on == ("TGFb",) and one.label == "secretion by M2")
    blocked = eqx.tree_at(
        lambda tree: tree.model.terms[number].term.modulations[0].hills[0].blockade, model, tf.Blockade("anti-PD1", 1.0), is_leaf=lambda leaf: leaf is None
    )
    told = {one.on: one for one in strengths(blocked, given, small.cells["tumour"]) if one.id == "TGFb-TGFb"}
    free, held = told["TGFb secretion by tumour",], told["TGFb secretion by M2",]
    assert free.competitors == {} and held.competitors == {"TGFb": "anti-PD1"}
    assert held.factor - 1 == pytest.approx((free.plenty - 1) / (1 + 10 * held.half_maxima["TGFb"] / held.levels["TGFb"]))
