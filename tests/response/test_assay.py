"""What assays read, by hand."""

import numpy as np
import pytest

import tmefield as tf
from tmefield.response.assay import assay_profile, library_plasma

GRID = tf.Grid((1, 2, 2), 10.0)


@pytest.fixture
def case():
    species = [
        tf.Species("TGFb", 30.0, molecular_weight=25.0, retardation=3.0),
        tf.Species("latent", 20.0, molecular_weight=100.0),
        tf.Species("O2", 1500.0, species_class="oxygen"),
    ]
    phi = np.array([[[0.2, 0.4], [0.2, 0.4]]])
    model = tf.Model(GRID, species, [tf.Decay()], volume_fraction=phi)
    levels = {"TGFb": np.array([[[0.01, 0.04], [0.01, 0.04]]]), "latent": np.full(GRID.shape, 0.1), "O2": np.ones(GRID.shape)}
    return model, levels


def test_biopsy_fluid_dialysate_and_plasma_by_hand(case):
    """phi c: 0.002 and 0.016 nM, mean 0.009; over mean phi 0.3: 30 pM of fluid, 750 pg/mL; bound threefold: 27 pM of tissue, 675 pg/mL; latent 0.3 x 0.1 nM."""
    (one, _) = assay_profile(*case, recovery=0.2, plasma={"TGFb": 0.004}, limits={"TGFb": 160.0})
    assert one.interstitial_fluid == pytest.approx(750.0, rel=1e-6)
    assert one.biopsy == pytest.approx(675.0, rel=1e-6)
    assert one.dialysate == pytest.approx(150.0, rel=1e-6)
    assert one.plasma == pytest.approx(100.0)
    assert one.below_limit == ("dialysate", "plasma")
    assert one.summary()["biopsy_pg_per_mL"] == one.biopsy and one.summary()["below_limit"] == ["dialysate", "plasma"]
    (with_latent,) = assay_profile(*case, species=["TGFb"], latent={"TGFb": ["latent"]})
    assert with_latent.biopsy == pytest.approx(675.0 + 25.0 * 30.0, rel=1e-6)
    assert with_latent.interstitial_fluid == pytest.approx(750.0, rel=1e-6)
    assert with_latent.dialysate is None and with_latent.below_limit is None


def test_regions(case):
    left = np.array([[[True, False], [True, False]]])
    found = {one.region: one for one in assay_profile(*case, {"left": left, "right": ~left}, species=["TGFb"])}
    assert found["left"].interstitial_fluid == pytest.approx(250.0) and found["right"].interstitial_fluid == pytest.approx(1000.0)


def test_what_cannot_be_read_is_refused(case):
    with pytest.raises(tf.InputError, match="O2 has no molecular_weight"):
        assay_profile(*case, species=["O2"])
    with pytest.raises(tf.InputError, match="no species 'IL6' in this model"):
        assay_profile(*case, latent={"TGFb": ["IL6"]})
    with pytest.raises(tf.InputError, match="recovery of TGFb must be above 0"):
        assay_profile(*case, species=["TGFb"], recovery={"TGFb": 20})
    with pytest.raises(tf.InputError, match="region none must have"):
        assay_profile(*case, {"none": np.zeros(GRID.shape)})


def test_plasma_of_the_library():
    """10 pg/mL of 34 kDa are 10/34 pM."""
    assert library_plasma(["IFNg", "mine"]) == {"IFNg": pytest.approx(10 / 34 * 1e-3)}
