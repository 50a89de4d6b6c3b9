"""Concentrations in the blood along small networks, against what can be written down."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.terms.blood import Dissolved
from tmefield.vessels.network import VesselNetwork

AT_START = tf.Moment(jnp.asarray(0.0), jnp.asarray(0.0))


def chain(segments, flow, hd=None):
    nodes = np.column_stack([np.arange(segments + 1.0), np.zeros((segments + 1, 2))])
    edges = np.column_stack([np.arange(segments), np.arange(1, segments + 1)])
    return VesselNetwork(nodes, edges, np.ones(segments), flow=np.full(segments, float(flow)), hd=None if hd is None else np.full(segments, hd))


def diamond(hd=0.4):
    """An inlet, two ways of flow 1 and 2, an outlet."""
    nodes = np.array([[0, 0, 0], [1, 0, 0], [2, 1, 0], [3, 0, 0], [4, 0, 0]], float)
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 1], [3, 4]])
    return VesselNetwork(nodes, edges, np.ones(5), flow=np.array([3.0, 1, 1, -2, 3]), hd=np.full(5, hd))


@pytest.mark.parametrize("segments", [1, 7])
def test_concentration_falls_exponentially_whatever_the_segments(segments):
    """Ends at c_t + (c_in - c_t) exp(-PS/Q), PS/Q = 2; the mean of all is that of the exponential."""
    blood = tf.Blood(chain(segments, -5.0), 3.0)
    mean, amount = blood.along(jnp.full(segments, 10.0 / segments), jnp.full(segments, 1.0), AT_START)
    assert float(amount[0]) / 5 == pytest.approx(1 + 2 * np.exp(-2), rel=1e-12)
    assert float(mean.mean()) == pytest.approx(1 + 2 * (1 - np.exp(-2)) / 2, rel=1e-12)


def test_nodes_mix_what_arrives():
    exchange = jnp.asarray([0.0, 5.0, 0.0, 0.0, 0.0])
    mean, amount = tf.Blood(diamond(), 6.0).along(exchange, jnp.zeros(5), AT_START)
    assert float(amount[3]) == pytest.approx(6 * np.exp(-5) + 2 * 6, rel=1e-12)
    assert float(mean[4]) == pytest.approx(float(amount[3]) / 3, rel=1e-12)
    assert float(amount[0]) == pytest.approx(3 * 6)  # what enters


@pytest.mark.parametrize("carrier", [Dissolved(), tf.Haemoglobin()])
def test_what_leaves_the_blood_is_what_the_tissue_gets(carrier):
    exchange, tissue = jnp.asarray([1.0, 5.0, 3.0, 700.0, 2.0]), jnp.asarray([1e4, 3e4, 8e4, 0.0, 1e4])
    mean, amount = tf.Blood(diamond(), 9e4, carrier).along(exchange, tissue, AT_START)
    assert float(amount[0] - amount[4]) == pytest.approx(float(jnp.sum(exchange * (mean - tissue))), rel=1e-11)


def test_plasma_is_the_inverse_of_content():
    c = jnp.asarray([0.0, 1.0, 1e3, 4.94e4, 1e5, 2e6])
    haemoglobin = tf.Haemoglobin()
    for hd in (0.0, 0.05, 0.45):
        found = haemoglobin.plasma(haemoglobin.content(c, jnp.asarray(hd)), jnp.asarray(hd))
        np.testing.assert_allclose(found, c, rtol=1e-9, atol=1e-3)


def test_haemoglobin_is_half_full_at_its_half_saturation():
    haemoglobin = tf.Haemoglobin()
    assert float(haemoglobin.saturation(jnp.asarray(4.94e4))) == pytest.approx(0.5)
    # 0.45 of 0.5 cm3 of gas in each cm3 of blood: 10 mM, of which half.
    assert float(haemoglobin.content(jnp.asarray(4.94e4), jnp.asarray(0.45))) == pytest.approx(0.5 * 0.45 * 0.5 / 22.4 * 1e9, rel=0.02)


@pytest.mark.parametrize("exchange", [1.0, 1e3, 1e6])
def test_blood_never_falls_below_the_tissue(exchange):
    blood = tf.Blood(chain(4, 1.0, 0.4), 9e4, tf.Haemoglobin())
    mean, amount = blood.along(jnp.full(4, exchange), jnp.full(4, 2e4), AT_START)
    values = np.asarray(mean)
    assert (np.diff(values) <= 1e-6).all() and (values >= 2e4 * (1 - 1e-9)).all() and (values <= 9e4).all()
    left = blood.carrier.plasma(amount[-1], jnp.asarray(0.4))
    assert float(left) >= 2e4 * (1 - 1e-6)


def test_oxygen_follows_the_equation_along_a_vessel():
    """Many short segments against a fine integration of Q dB/ds = -E (c - c_t) with Euler steps of the content."""
    haemoglobin, hd, steps = tf.Haemoglobin(), jnp.asarray(0.4), 20_000
    blood = tf.Blood(chain(100, 2.0, 0.4), 9e4, haemoglobin)
    mean, _ = blood.along(jnp.full(100, 4.0), jnp.full(100, 1e4), AT_START)  # E/Q = 200 in all

    def step(content, _):
        c = haemoglobin.plasma(content, hd)
        return content - 200 / steps * (c - 1e4), c

    _, fine = jax.lax.scan(step, haemoglobin.content(jnp.asarray(9e4), hd), None, length=steps)
    np.testing.assert_allclose(mean, fine.reshape(100, -1).mean(axis=1), rtol=2e-3)


def test_derivatives_go_through_the_network():
    def leaves(scale, inlet, tissue):
        blood = tf.Blood(diamond(), inlet, tf.Haemoglobin())
        return blood.along(scale * jnp.asarray([1.0, 50, 300, 70, 20]), jnp.full(5, tissue), AT_START)[1][4] * 1e-6

    at = (jnp.asarray(1.3), jnp.asarray(7e4), jnp.asarray(2e4))
    exact = jax.grad(leaves, argnums=(0, 1, 2))(*at)
    for index, value in enumerate(at):
        by = 1e-4 * value
        ends = [leaves(*(one + sign * by if i == index else one for i, one in enumerate(at))) for sign in (1, -1)]
        assert float(exact[index]) == pytest.approx(float((ends[0] - ends[1]) / (2 * by)), rel=1e-5)


def test_fluid_that_walls_take_back_brings_its_solute():
    """Reabsorption against an almost tight wall: what the tissue loses still reaches the blood."""
    grid = tf.Grid((6, 6, 6), 10.0)
    nodes = np.column_stack([np.linspace(0, 60, 4), np.full(4, 31.0), np.full(4, 29.0)])
    network = VesselNetwork(nodes, np.array([[0, 1], [1, 2], [2, 3]]), np.full(3, 4.0), flow=np.full(3, 2e3))
    vessels = network.embed(grid)
    c = jnp.full(grid.shape, 2.0)
    medium = tf.Medium(jnp.asarray(1.0), {"a": tf.Species("a", 40.0)}, AT_START, grid.voxel_volume)
    for permeability in (0.0, 1e-6, 1e-3, 0.1):
        back = np.full(vessels.area.shape, -0.05)
        term = tf.VascularExchange("a", vessels, permeability, tf.Blood(network, 0.5), filtration=back, form="lumped")
        rates = term.rates({"a": c}, medium)["a"]
        gained = float(jnp.sum(rates.production - rates.loss * c)) * grid.voxel_volume
        _, amount = term.in_blood(c, medium)
        assert gained < 0 and float(amount[-1] - amount[0]) == pytest.approx(-gained, rel=1e-9)


def test_standing_blood_keeps_the_tissues_concentration():
    network = VesselNetwork(diamond().nodes, diamond().edges, np.ones(5), flow=np.array([2.0, 0, 0, -2, 2]))
    blood = tf.Blood(network, 6.0)
    mean, _ = blood.along(jnp.ones(5), jnp.full(5, 1.5), AT_START)
    np.testing.assert_allclose(mean[1:3], 1.5)
    np.testing.assert_array_equal(blood.perfused, [1, 0, 0, 1, 1])


def test_blood_says_what_is_missing():
    with pytest.raises(tf.InputError, match="no haematocrit"):
        tf.Blood(chain(2, 1.0), 9e4, tf.Haemoglobin())
    with pytest.raises(tf.InputError, match="no blood flow"):
        tf.Blood(VesselNetwork(np.eye(3)[:2], np.array([[0, 1]]), np.ones(1)), 1.0)
    with pytest.raises(tf.InputError, match="surface density"):
        tf.VascularExchange("a", 0.01, 0.1, tf.Blood(chain(2, 1.0), 1.0))


@pytest.mark.parametrize("form", ["lumped", "operator"])
def test_values_for_other_segments_or_another_grid_are_refused(form):
    grid, network = tf.Grid((4, 4, 6), 1.0), chain(4, 1.0)
    network = dataclasses.replace(network, nodes=network.nodes + np.array([1.0, 2.0, 2.0]))
    embedding, species = network.embed(grid), [tf.Species("a", 100.0)]
    with pytest.raises(tf.InputError, match="has 3 values, expected one for each of the 4 segments"):
        tf.VascularExchange("a", embedding, 1.0, np.ones(3), form=form)
    with pytest.raises(tf.InputError, match="flows through 3 segments, the embedded network has 4"):
        tf.VascularExchange("a", embedding, 1.0, tf.Blood(chain(3, 1.0), 1.0), form=form)
    for other in (tf.Grid((4, 4, 5), 1.0), tf.Grid((4, 4, 6), 2.0)):
        with pytest.raises(tf.InputError, match="embed them in the grid of the model"):
            tf.Model(other, species, [tf.VascularExchange("a", embedding, 0.1, np.ones(4), form=form)])


@pytest.mark.parametrize("form", ["lumped", "operator"])
def test_blood_that_stands_still_is_told_at_the_concentration_of_the_tissue(form):
    grid, nodes = tf.Grid((4, 4, 6), 1.0), np.array([[1.0, 2, 2], [3, 2, 2], [5, 2, 2], [3, 3.5, 2]])
    network = VesselNetwork(nodes, np.array([[0, 1], [1, 2], [1, 3]]), np.full(3, 0.3), flow=np.array([1.0, 1.0, 0.0]))
    model = tf.Model(grid, [tf.Species("a", 10.0)], [tf.VascularExchange("a", network.embed(grid), 0.1, tf.Blood(network, 5.0), form=form)])
    mean, _ = model.terms[0].in_blood(jnp.full(grid.shape, 2.0), model.medium())
    assert float(mean[2]) == pytest.approx(2.0) and (np.asarray(mean[:2]) > 2).all()
    rates = model.terms[0].rates({"a": jnp.full(grid.shape, 2.0)}, model.medium())["a"]
    gained = float(jnp.sum(rates.production - rates.loss * 2.0))
    still = dataclasses.replace(network, edges=network.edges[:2], radius=network.radius[:2], flow=network.flow[:2])
    alone = tf.VascularExchange("a", still.embed(grid), 0.1, tf.Blood(still, 5.0), form=form).rates({"a": jnp.full(grid.shape, 2.0)}, model.medium())["a"]
    assert gained == pytest.approx(float(jnp.sum(alone.production - alone.loss * 2.0)))
