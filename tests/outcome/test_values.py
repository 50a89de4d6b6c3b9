"""Values by key: what the library says, and what takes its place."""

import jax.numpy as jnp
import pytest

import tmefield as tf
from tmefield import library
from tmefield.outcome.values import Values, known_value


def test_library_values_and_what_takes_their_place():
    values = Values({"TGFb.secretion.tumour": "2 molecules/cell/s", "kill_rate_CTL": "8 1/d", "IL6.decay": 1e-4})
    assert values.secretion("TGFb", "tumour") == (pytest.approx(2.0), pytest.approx(0.0316, rel=1e-2))  # secreted latent, a share of it active
    assert values.secretion("IL6", "tumour") == (pytest.approx(0.5), 1.0)
    assert values.secretion("IFNg", "tumour") is None
    assert values.rate("kill_rate_CTL") == pytest.approx(8 / 86400)
    assert values.rate("kill_rate_NK") == library.population_rate("kill_rate_NK").value.internal
    assert values.of("IL6", "decay") == 1e-4 and values.of("IL6", "active_share") == 0.0
    assert float(values.half_saturation("TGFb")) == pytest.approx(library.species("TGFb").half_saturation(), rel=1e-6)
    assert values.receptors("IL10", "tumour") is None and values.receptors("IL10", "CD8_T") == pytest.approx(316)


def test_a_secretion_that_the_library_does_not_have():
    assert Values({"IFNg.secretion.M1": 0.5}).secretion("IFNg", "M1") == (0.5, 1.0)
    assert known_value("IFNg.secretion.M1") == (None, "secretion")


def test_values_of_edges():
    network = tf.RegulationNetwork.from_library()
    changed = Values({"TGFb-exclusion.half_maximum": "0.2 nM", "TGFb-exclusion.saturated": 0.5}).network(network)
    edge = changed.edge("TGFb-exclusion")
    assert float(edge.half_maximum[0]) == pytest.approx(0.2) and float(edge.saturated) == 0.5
    assert jnp.array_equal(changed.edge("IL6-entry").half_maximum, network.edge("IL6-entry").half_maximum)
    assert Values({"TGFb-exclusion.saturated": 0.5}).network(network.without("TGFb-exclusion")).ids == network.without("TGFb-exclusion").ids


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("kill_rate_CTLs", "unknown value 'kill_rate_CTLs'; did you mean 'kill_rate_CTL'"),
        ("IL6.secretion.nobody", "unknown value 'IL6.secretion.nobody'; expected RATE"),
        ("TNF_IFNg-x.saturated", "unknown edge or effect 'TNF_IFNg-x'"),
    ],
)
def test_unknown_keys(key, message):
    with pytest.raises(tf.InputError, match=message):
        Values({key: 1.0})


def test_units_are_checked():
    with pytest.raises(tf.InputError, match="kill_rate_CTL"):
        Values({"kill_rate_CTL": "8 um"})
