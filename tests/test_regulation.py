"""The regulation network as arrays: factors by hand, switching, gates and rivals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield import library

GRID = tf.Grid((1, 2, 2), 10.0)


def at(**levels):
    return {name: jnp.asarray(value, dtype=float) for name, value in levels.items()}


def product(modulations, **levels):
    return float(np.prod([one(at(**levels)) for one in modulations]))


@pytest.fixture(scope="module")
def network():
    return tf.RegulationNetwork.from_library()


@pytest.mark.parametrize("c", [0.0, 8e-3, 0.024])
def test_an_edge_of_the_library_gives_the_factor_of_its_formula(network, c):
    """IL-10 lowers TNF to 1/(1 + c/8 pM)."""
    small = network.among(["IL10", "TNF"])
    assert product(small.modulations("TNF", "M1"), IL10=c) == pytest.approx(1 / (1 + c / 8e-3), rel=1e-6)
    assert {("TNF", "IL10"), ("IL10", "TNF")} <= set(small.drives)


def test_an_edge_that_is_off_leaves_secretion_alone(network):
    small = network.among(["IL10", "TNF"])
    off = small.without("IL10-TNF")
    assert off.modulations("TNF", "M1") == () and "IL10-TNF" in small.ids and "IL10-TNF" not in off.ids
    assert ("TNF", "IL10") in off.drives and ("IL10", "TNF") not in off.drives
    # TNF raises the IL-10 of macrophages alone.
    assert len(off.modulations("IL10", "M2")) == 1 and off.modulations("IL10", "Breg") == ()


def test_a_model_secretes_by_the_library(network):
    """TNF made by M1 under a fixed level of IL-10: n q / 0.602214 times 1/(1 + 16/8)."""
    small = network.among(["IL10", "TNF"])
    term = tf.Secretion("TNF", 1e-4, 6.02214076, modulations=small.modulations("TNF", "M1"))
    model = tf.Model(GRID, [tf.Species("IL10", 40.0, 1e-4), tf.Species("TNF", 40.0, 1e-4)], [tf.Decay(), term])
    made = model.rates(jnp.asarray([0.016, 0.5])[:, None, None, None] * jnp.ones(model.shape)).production[1]
    np.testing.assert_allclose(made, 1e-3 / 3, rtol=1e-6)


def test_both_ligands_of_a_gate_are_needed(network):
    """Macrophage activation by TNF (EC50 20 pM) AND IFN-gamma (15.8 pM)."""
    gate = network.modulation("TNF_IFNg-macrophage_activation")
    assert float(gate(at(TNF=0.06, IFNg=0.0158))) == pytest.approx(0.75 * 0.5, rel=1e-6)
    assert float(gate(at(TNF=1.0, IFNg=0.0))) == 0 and float(gate(at(TNF=0.0, IFNg=1.0))) == 0


def test_tgfb_competes_for_the_receptor_of_il1(network):
    """IL-6 by iCAF: 1 + x/(1 + x), x = IL1/(10 pM (1 + TGFb/70 pM)); by cells in which the rival does not act, none."""
    small = network.among(["IL1b", "IL6", "TGFb"]).without("TGFb-IL6")
    x = 0.03 / (0.01 * (1 + 0.14 / 0.07))
    assert product(small.modulations("IL6", "iCAF"), IL1b=0.03, TGFb=0.14) == pytest.approx(1 + x / (1 + x), rel=1e-6)
    assert ("TGFb", "IL6") in small.drives
    alone = small.without("TGFb-IL1R1")
    assert product(alone.modulations("IL6", "iCAF"), IL1b=0.03, TGFb=0.14) == pytest.approx(1.75, rel=1e-6)
    assert small.modulations("IL6", "M1") == ()


def test_two_rivals_for_one_receptor_are_refused(network):
    second = tf.RegulationEdge("IL6-IL1R1", "IL6", "IL1b-IL6", 0.05, 0.0, kind="receptor")
    with pytest.raises(tf.InputError, match="TGFb-IL1R1 and IL6-IL1R1 compete for the receptor of IL1b in IL1b-IL6: switch one of them off"):
        network.with_edge(second).modulation("IL1b-IL6")


def test_lack_of_oxygen_raises_vegf(network):
    """7.15 without oxygen, midway at 0.01 mM, 1 far above."""
    factor = network.modulation("O2-VEGF")
    assert [float(factor(at(O2=c))) for c in (0.0, 1e4, 1e6)] == pytest.approx([7.15, 4.075, 1.0], rel=1e-5)


def test_an_effect_takes_the_edges_along_that_carry_it(network):
    off = network.without("TGFb-CTL")
    assert set(network.ids) - set(off.ids) == {"TGFb-CTL", "TGFb-CD8_function", "TGFb-IFNg"}


def test_an_edge_is_added_or_takes_the_place_of_another(network):
    own = tf.RegulationEdge("VEGF-IL10", "VEGF", "IL10", 0.05, 3.0, exponent=2.0, by=["M2"])
    more = network.with_edge(own)
    assert len(more.edges) == len(network.edges) + 1
    assert float(more.modulation("VEGF-IL10")(at(VEGF=0.1))) == pytest.approx(1 + 2 * 0.8)
    stronger = tf.RegulationEdge("IL10-TNF", "IL10", "TNF", 4e-3, 0.0)
    replaced = network.with_edge(stronger)
    assert len(replaced.edges) == len(network.edges)
    assert product(replaced.among(["IL10", "TNF"]).modulations("TNF", "M1"), IL10=4e-3) == pytest.approx(0.5)


def test_what_needs_a_ligand_that_is_not_modelled_is_named(network):
    small = network.among(["IFNg", "TGFb"])
    assert set(small.left_out) == {"IL12-IFNg", "IL6-IFNg", "IL10-IFNg_CD8_T", "IL10-IFNg_NK", "O2-TGFb"}
    assert not {"IL12", "IL6", "IL10", "O2"} & {ligand for one in small.edges for ligand in one.ligands}


def test_the_library_says_which_values_are_placeholders(network):
    assert network.edge("IL10-TNF").placeholders == library.edge("IL10-TNF").placeholders == ("half maximum", "Emax")
    assert network.edge("O2-VEGF").placeholders == ("exponent",)


def test_a_factor_has_a_derivative_in_its_values():
    """d/dK of 1/(1 + c/K) is c/(K + c)^2."""

    def factor(half):
        return tf.RegulationNetwork((tf.RegulationEdge("e", "a", "b", half, 0.0),)).modulation("e")(at(a=0.03))

    assert float(jax.grad(factor)(jnp.asarray(0.01))) == pytest.approx(0.03 / 0.04**2, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"half_maximum": 0.0}, "half maximum of e"),
        ({"half_maximum": [0.1, 0.2]}, "half maximum of e"),
        ({"exponent": 0.5}, "exponent of e"),
        ({"saturated": -1.0}, "factor of e at saturating ligand"),
        ({"kind": "secrete"}, "e: kind must be one of secretion, rate, response, switch, receptor; got 'secrete'"),
    ],
)
def test_values_that_cannot_be_are_refused(changes, message):
    with pytest.raises(tf.InputError, match=message):
        tf.RegulationEdge(**({"id": "e", "ligands": "a", "on": "b", "half_maximum": 0.1, "saturated": 2.0} | changes))


def test_a_misspelt_edge_is_met_with_the_one_that_was_meant(network):
    with pytest.raises(tf.InputError, match="no edge 'IL10_TNF' in the regulation network; did you mean 'IL10-TNF'"):
        network.without("IL10_TNF")
    with pytest.raises(tf.InputError, match=r"no edge 'nothing' .*`tmefield info network` lists all"):
        network.edge("nothing")


def test_factors_on_rates_and_shares_of_changes(network):
    """What raises and lowers killing, and what turns macrophages: by name, with edges that are off left out."""
    small = network.among(["IFNg", "TNF", "IL10", "TGFb", "IL6"])
    killing = small.factors("kill rate per CTL", "CD8_T")
    assert {name for one in killing for name in one.reads} == {"IFNg", "TNF", "IL10"}
    # IFN-g helps by itself and by MHC-I, a half each at 15.8 pM, and PD-L1, half at 2.96 pM, holds off.
    assert product(killing, IFNg=0.0158, TNF=0.0, IL10=0.0) == pytest.approx(1.5 * 1.5 / (1 + 15.8 / 2.96), rel=1e-3)
    helped = small.without("IFNg-evasion", "IFNg-MHC_I")  # which take along what they do to killing
    assert product(helped.factors("kill rate per CTL", "CD8_T"), IFNg=0.0158, TNF=0.0, IL10=0.0) == pytest.approx(1.5, rel=1e-3)
    assert len(small.without("IL10-CTL").factors("kill rate per CTL")) == len(killing) - 1
    assert product(small.shares("M2->M1"), IFNg=0.0029) == pytest.approx(0.5) and len(small.shares("M1->M2")) == 3
    with pytest.raises(tf.InputError, match=r"no edge acts on a rate 'kill rate per NKs'; did you mean 'kill rate per NK'\?"):
        small.factors("kill rate per NKs")
    with pytest.raises(tf.InputError, match=r"no edge acts on a switch 'A->B'; there are M1->M2"):
        small.shares("A->B")
