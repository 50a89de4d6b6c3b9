"""Responses, their reports, the balance of killing and suppressed niches, by hand and by finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.response.catalogue import definition, definitions, response_names
from tmefield.response.responses import Response, response_functions

SHAPE = (1, 2, 3)
ALL = {"IFNg": 0.0158, "IL6": 0.05, "TGFb": 0.14, "IL2": 0.0167, "IL10": 0.008, "VEGF": 0.0}


def fields(**levels):
    return {name: jnp.full(SHAPE, level, dtype=float) for name, level in levels.items()}


def first(field):
    return float(field[0, 0, 0])


def test_every_response_by_hand():
    """c/(c + EC50), n = 1, and factors 1 + (E_max - 1) H with E_max 2 for IFN-gamma and 0 for IL-10 and TGF-beta."""
    found = tf.responses(fields(**ALL))
    by_hand = {
        "pSTAT1": 0.5,
        "pSTAT3": 0.5,
        "pSMAD2": 140 / 210,
        "pSTAT5": 0.5,
        "MHC_I": 0.5,
        "PD_L1": 15.8 / (15.8 + 2.96),
        "CD8_function": 1.5 * 0.5 * 0.5,
        "NK_function": 1.5 * 0.5 * 0.5,
        "EMT": 140 / 210,
        "proliferation": 0.5,
        "angiogenesis": 0.0,
    }
    assert {name: first(field) for name, field in found.items()} == pytest.approx(by_hand, rel=1e-12)
    assert tuple(found) == response_names()
    assert all(field.shape == SHAPE for field in found.values())


def test_angiogenesis_takes_its_half_maximum_by_mass():
    mass = tf_weight("VEGF")
    assert first(tf.responses(fields(VEGF=1.07 / mass), ["angiogenesis"])["angiogenesis"]) == pytest.approx(0.5, rel=1e-12)


def tf_weight(name):
    from tmefield import library

    return library.species(name).parameters["molecular_weight"].internal


def test_blockade_divides_the_ligand():
    blocked = tf.responses(fields(IL10=0.08, drug=9.0), ["CD8_function"], {"IL10": tf.Blockade("drug", 1.0)})
    assert first(blocked["CD8_function"]) == pytest.approx(0.5, rel=1e-12)
    with pytest.raises(tf.InputError, match="drug 'drug' is not among the fields"):
        tf.responses(fields(IL10=0.08), blockades={"IL10": tf.Blockade("drug", 1.0)})


def test_names_are_checked():
    with pytest.raises(tf.InputError, match="did you mean 'pSTAT1'"):
        tf.responses(fields(IFNg=1.0), ["pSTAT11"])
    with pytest.raises(tf.InputError, match="did you mean 'PD_L1'"):
        tf.responses(fields(IFNg=1.0), ["PD-L1"])
    with pytest.raises(tf.InputError, match="pSTAT3 needs IL6; the fields have IFNg"):
        tf.responses(fields(IFNg=1.0), ["pSTAT3"])
    assert set(tf.responses(fields(IL6=1.0))) == {"pSTAT3", "proliferation"}


def test_single_precision_stays_single():
    found = tf.responses({"IFNg": jnp.ones(SHAPE, jnp.float32), "IL10": jnp.ones(SHAPE, jnp.float32)})
    assert {field.dtype for field in found.values()} == {jnp.dtype("float32")}


def test_gradient_of_a_mean_response_against_finite_differences():
    rng = np.random.default_rng(3)
    base = {name: jnp.asarray(rng.uniform(0.2, 2.0, SHAPE) * level) for name, level in ALL.items() if level}
    direction = {name: jnp.asarray(rng.uniform(0.5, 1.5, SHAPE)) * field for name, field in base.items()}

    @jax.jit
    def mean(step):
        moved = {name: base[name] + step * direction[name] for name in base}
        return jnp.stack([jnp.mean(tf.responses(moved, ["CD8_function"])["CD8_function"]), jnp.mean(tf.balance_index(moved))])

    h = 1e-5
    slope = jax.jacobian(mean)(jnp.zeros(()))
    np.testing.assert_allclose(slope, (mean(jnp.asarray(h)) - mean(jnp.asarray(-h))) / (2 * h), rtol=1e-8)


def test_a_half_maximum_can_be_fitted():
    (one,) = response_functions(["IFNg"], ["pSTAT1"]).values()
    assert isinstance(one, Response)
    slope = jax.grad(lambda response: jnp.sum(response({"IFNg": jnp.asarray([0.0158])})))(one)
    # d/dK c/(K + c) = -c/(K + c)^2 = -1/(4 K) at c = K.
    assert float(slope.factors[0].hills[0].half_maximum) == pytest.approx(-0.25 / 0.0158, rel=1e-9)


def test_report_says_where_a_response_is_saturated():
    """H > 0.9 where c > 9 EC50 = 142.2 pM: two of four voxels, one of them no tissue; cells 1 : 3."""
    level = np.array([[[0.0, 0.1, 0.2, 0.3]]])
    tissue = np.array([[[True, True, True, False]]])
    cells = {"CD8_T": np.array([[[1.0, 0.0, 3.0, 7.0]]]), "NK": np.zeros((1, 1, 4))}
    (one,) = tf.response_report({"IFNg": level}, ["pSTAT1"], tissue=tissue, densities=cells)
    assert one.saturated == {"IFNg": pytest.approx(1 / 3)}
    assert one.saturated_cells == {"CD8_T": {"IFNg": 0.75}}
    assert one.half_maximum == {"IFNg": pytest.approx(0.0158)}
    assert one.formula == "H(IFNg; 15.8 pM)"
    assert one.mean == pytest.approx((100 / 115.8 + 200 / 215.8) / 3)
    assert one.sources and one.summary()["EC50_pM"] == {"IFNg": pytest.approx(15.8)}


def test_report_names_placeholders_and_what_is_missing():
    (one,) = tf.response_report(fields(IFNg=0.1, TGFb=0.1, drug=1.0), ["CD8_function"], {"TGFb": tf.Blockade("drug", 2.0)})
    assert one.formula == "(1 + 1 H(IFNg; 15.8 pM)) * (1 - H(TGFb; 140 pM))"
    assert any("placeholder" in note and "IFNg-killing" in note for note in one.notes)
    assert "IL10 is not among the fields; its factor is taken as 1" in one.notes
    assert "TGFb counts as c/(1 + drug/K_d), K_d 2000 pM" in one.notes
    with pytest.raises(tf.InputError, match="tissue must be a mask"):
        tf.response_report(fields(IFNg=0.1), tissue=np.zeros(SHAPE, bool))


def test_every_definition_has_values_with_sources():
    for name in response_names():
        one = definition(name)
        assert one.sources and all(one.sources)
    assert [one.name for one in definitions(["IL10"])] == ["CD8_function", "NK_function"]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"IFNg": 0.0158, "IL10": 0.0, "TGFb": 0.0}, 1.0),
        ({"IFNg": 0.0, "IL10": 0.1, "TGFb": 0.0}, -1.0),
        ({"IFNg": 0.0, "IL10": 0.0, "TGFb": 0.0}, 0.0),
        # A = 1/2, S = 1 - 1/4 = 3/4.
        ({"IFNg": 0.0158, "IL10": 0.008, "TGFb": 0.14}, -0.2),
        ({"IFNg": 0.0158, "TGFb": 0.14}, 0.0),
    ],
)
@pytest.mark.parametrize("cell", ["CD8_T", "NK"])
def test_balance_by_hand(levels, expected, cell):
    assert first(tf.balance_index(fields(**levels), cell)) == pytest.approx(expected, abs=1e-12)


def test_balance_in_numbers():
    from tmefield.response.balance_index import balance_summary

    balance = np.array([[[-1.0, -0.5, 0.5, 1.0]]])
    found = balance_summary(balance, balance < 0.6, densities={"NK": np.array([[[1.0, 0.0, 0.0, 3.0]]])})
    assert found["mean_in_tumour"] == pytest.approx(-1 / 3) and found["share_of_tumour_below_zero"] == pytest.approx(2 / 3)
    assert found["mean_in_tissue"] == 0 and found["share_of_cells_below_zero"] == {"NK": 0.25}
    with pytest.raises(tf.InputError, match="nothing here acts on the killing by NK: it needs IFNg or IL10 or TGFb"):
        tf.balance_index(fields(IL6=1.0), "NK")
    with pytest.raises(tf.InputError, match="choose CD8_T or NK"):
        tf.balance_index(fields(IL10=1.0), "Treg")
