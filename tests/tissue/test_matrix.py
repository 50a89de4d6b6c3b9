"""The extracellular matrix by zone: densities, hindered diffusion, binding."""

import numpy as np
import pytest

from tmefield.errors import InputError
from tmefield.tissue.matrix import binding_retardation, hindered_diffusivity, matrix_density

SHAPE = (2, 3, 4)
TUMOUR = np.zeros(SHAPE, bool)
TUMOUR[:, :, :2] = True
SEPTUM = np.zeros(SHAPE)
SEPTUM[..., 2] = 0.5


def test_each_zone_has_its_density_by_its_share():
    """Tumour 100, septum 700 nmol/mL in half of a voxel, the rest background."""
    density = matrix_density({"tumour": TUMOUR, "septum": SEPTUM}, background=20.0)
    np.testing.assert_allclose(density[0, 0], [100.0, 100.0, 360.0, 20.0])
    assert density.shape == SHAPE


def test_diffusion_is_halved_at_the_half_density():
    np.testing.assert_allclose(hindered_diffusivity(40.0, np.array([0.0, 100.0, 700.0]), 100.0), [40.0, 20.0, 5.0])


def test_retardation_is_free_and_bound_over_free():
    """20 nM of sites at K_d 5 nM hold four bound for each free."""
    np.testing.assert_allclose(binding_retardation(np.array([0.0, 20.0]), 5.0), [1.0, 5.0])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: matrix_density({"bone": TUMOUR}), "no density for the zones bone"),
        (lambda: matrix_density({}), "at least one zone"),
        (lambda: matrix_density({"tumour": TUMOUR, "lobule": TUMOUR}), "zones overlap: their shares sum to 2"),
        (lambda: matrix_density({"tumour": TUMOUR, "septum": SEPTUM[0]}), "zone septum has shape"),
        (lambda: matrix_density({"tumour": -1.0 * TUMOUR}), "share of zone tumour"),
        (lambda: matrix_density({"tumour": TUMOUR}, {"tumour": 1100.0}), "between 0 and 1000 nmol/mL; got 1100"),
        (lambda: hindered_diffusivity(40.0, 1.0, 0.0), "half_density must be above zero"),
        (lambda: hindered_diffusivity(40.0, np.array([1.0, -2.0]), 1.0), "density must be finite and not negative .nmol/mL.; got -2"),
        (lambda: binding_retardation(1.0, 0.0), "dissociation_constant must be above zero"),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
