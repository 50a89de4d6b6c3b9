"""What measurements read of known fields, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.fitting.observations.points import interpolate

GRID = tf.Grid((4, 5, 6), (10.0, 20.0, 30.0), origin=(-5.0, 0.0, 7.0))
MODEL = tf.Model(GRID, [tf.Species("a", 40.0, 1e-4, 20.0, retardation=3.0), tf.Species("latent", 1.0, 0.0)], [tf.Decay()], volume_fraction=0.25)
Z, Y, X = GRID.coordinates()
LINEAR = jnp.asarray(1.0 + 0.01 * Z + 0.02 * Y + 0.03 * X)
FIELDS = jnp.stack([LINEAR, jnp.full(GRID.shape, 0.5)])
NOISE = tf.Gaussian(1.0)


def read(observation):
    observation.check(MODEL)
    return np.asarray(observation.predict(MODEL, FIELDS, {"recovery": jnp.asarray(0.4)}))


def test_points_read_a_linear_field_exactly():
    points = np.array([[30.0, 15.0, 3.0], [100.0, 60.0, 12.0]])
    found = read(tf.PointSamples("a", points, [1.0, 1.0], NOISE))
    np.testing.assert_allclose(found, 1.0 + points @ [0.03, 0.02, 0.01], rtol=1e-12)
    corner = interpolate(MODEL, LINEAR, jnp.asarray([[7.0, 0.0, -5.0]]))  # beyond the outermost centre: the value there
    assert float(corner[0]) == pytest.approx(float(LINEAR[0, 0, 0]))


def test_a_profile_is_the_mean_of_each_bin():
    distance = np.broadcast_to(X, GRID.shape)
    found = read(tf.DistanceProfile("a", distance, [0.0, 70.0, 130.0], [1.0, 1.0], NOISE))
    np.testing.assert_allclose(found, [LINEAR[:, :, :2].mean(), LINEAR[:, :, 2:4].mean()], rtol=1e-12)
    response = read(tf.DistanceProfile("a", distance, [0.0, 70.0], [0.5], NOISE, response=tf.Hill("a", 2.0)))
    np.testing.assert_allclose(response, (LINEAR / (2 + LINEAR))[:, :, :2].mean(), rtol=1e-12)


def test_assays_read_mass():
    """20 kDa: 1 nM is 20,000 pg/mL. A biopsy holds phi R c, fluid c, a probe its recovery of it."""
    region = np.zeros(GRID.shape, bool)
    region[1] = True
    mean = float(LINEAR[1].mean())
    assert read(tf.Assay("a", region, [1.0], NOISE)) == pytest.approx(20e3 * 0.25 * 3 * mean)
    assert read(tf.Assay("a", region, [1.0], NOISE, latent=("latent",))) == pytest.approx(20e3 * 0.25 * (3 * mean + 0.5))
    assert read(tf.Assay("a", region, [1.0], NOISE, sample="fluid", recovery="recovery")) == pytest.approx(0.4 * 20e3 * mean)
    two = read(tf.Assay("a", [region, ~region], [1.0, 1.0], NOISE, sample="fluid"))
    assert two[0] == pytest.approx(20e3 * mean)


def test_a_flux_is_what_cells_make():
    """1e-4 cells/um3 at 2 molecules/s, in half of the box, half of them again by another kind."""
    half = np.broadcast_to(Y > 45, GRID.shape)
    model = tf.Model(GRID, MODEL.species, [tf.Decay(), tf.Secretion("a", 1e-4 * half, 2.0, source="T"), tf.Secretion("a", 5e-5 * half, 2.0, source="NK")])
    flux = tf.SecretionFlux("a", [half, ~half], [1.0, 1.0], NOISE)
    flux.check(model)
    found = np.asarray(flux.predict(model, FIELDS, {}))
    np.testing.assert_allclose(found, [1.5e-4 * 2.0 * half.sum() * GRID.voxel_volume, 0.0], rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tf.PointSamples("a", [[0.0, 0.0, 0.0]], [np.nan], NOISE), "not finite"),
        (lambda: tf.PointSamples("a", [[0.0, 0.0, 0.0]], [-1.0], NOISE), "negative"),
        (lambda: tf.PointSamples("a", [[0.0, 0.0, 0.0]], [1.0, 2.0], NOISE), "2 data for 1 points"),
        (lambda: tf.PointSamples("a", [[0.0, 0.0, 0.0]], [], NOISE), "no data"),
        (lambda: tf.PointSamples("a", np.zeros((3, 6)), np.ones(6), NOISE), r"\[n, 3\].*got shape \(3, 6\)"),
        (lambda: tf.PointSamples("a", [[0.0, 0.0, 0.0]], [1.0, 2.0], NOISE, times=[3.0, 1.0]), "increasing"),
        (lambda: read(tf.PointSamples("b", [[50.0, 50.0, 5.0]], [1.0], NOISE)), "no species 'b'"),
        (lambda: read(tf.PointSamples("a", [[50.0, 500.0, 5.0]], [1.0], NOISE)), "outside the grid"),
        (lambda: tf.DistanceProfile("a", np.broadcast_to(X, GRID.shape), [0.0, 1.0], [1.0], NOISE), "no voxel lies between 0 and 1"),
        (lambda: tf.DistanceProfile("a", np.zeros(GRID.shape), [1.0, 0.0], [1.0], NOISE), "increasing"),
        (lambda: read(tf.DistanceProfile("a", np.zeros((2, 2, 2)), [-1.0, 1.0], [1.0], NOISE)), r"shape \[2, 2, 2\]"),
        (lambda: read(tf.SecretionFlux("a", np.ones(GRID.shape, bool), [1.0], NOISE)), "no cell of the model secretes a"),
        (lambda: tf.Assay("a", np.zeros(GRID.shape, bool), [1.0], NOISE), "at least one voxel"),
        (lambda: tf.Assay("a", [np.ones(GRID.shape, bool)] * 2, [1.0, 1.0], NOISE), "overlap"),
        (lambda: tf.Assay("a", np.ones(GRID.shape, bool), [1.0], NOISE, recovery=1.5), "at most 1"),
        (lambda: tf.Assay("a", np.ones(GRID.shape, bool), [1.0], NOISE, sample="plasma"), "biopsy or fluid"),
        (lambda: read(tf.Assay("latent", np.ones(GRID.shape, bool), [1.0], NOISE)), "no molecular weight"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(tf.InputError, match=said):
        make()
