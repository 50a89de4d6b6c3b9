import numpy as np
import pytest

from tmefield.errors import InputError
from tmefield.grid import Grid
from tmefield.tissue.label_image import Labels
from tmefield.tissue.labels import STROMA, TUMOUR
from tmefield.tissue.resample import covered_shares, majority

CODES = {0: STROMA, 1: TUMOUR}
RNG = np.random.default_rng(5)


@pytest.mark.parametrize("spacing", [(2.0, 3.0, 4.0), (0.7, 0.3, 1.1), (1.0, 1.5, 0.5), (3.3, 2.9, 7.1)])
def test_shares_conserve_volume_for_any_two_spacings(spacing):
    source = Grid((6, 8, 10), (1.0, 1.5, 0.5), (3.0, -2.0, 1.0))
    values = RNG.integers(0, 2, source.shape)
    low = [o - 1.3 for o in source.origin]
    grid = Grid.from_box(low, [u + 0.9 for u in source.upper], spacing)
    shares = covered_shares(values, source, grid, CODES, flat=False)
    for value, code in CODES.items():
        assert shares[code].sum() * grid.voxel_volume == pytest.approx((values == value).sum() * source.voxel_volume, rel=1e-12)
        assert shares[code].min() >= 0 and shares[code].max() <= 1 + 1e-12


def test_share_is_the_overlap():
    source = Grid((1, 1, 4), (1.0, 1.0, 1.0))
    values = np.array([[[1, 0, 0, 1]]])
    shares = covered_shares(values, source, Grid((1, 1, 2), (1.0, 1.0, 1.5), (0.0, 0.0, 0.5)), CODES, flat=False)
    # Voxels 0.5..2 and 2..3.5: of the first 0.5 of 1.5 is tumour, of the second likewise.
    assert np.allclose(shares[TUMOUR], [[[1 / 3, 1 / 3]]], rtol=1e-15) and np.allclose(shares[STROMA], [[[2 / 3, 2 / 3]]], rtol=1e-15)


def test_same_grid_gives_the_same_labels():
    values = RNG.integers(0, 2, (4, 5, 6))
    labels = Labels(values, (1.0, 2.0, 3.0), {0: "stroma", 1: "tumour"}, origin=(5.0, 6.0, 7.0))
    found = labels.tissue(labels.grid)
    assert np.array_equal(found.labels, values) and found.grid == pytest.approx(found.image, rel=1e-12) and found.covered == pytest.approx(1.0)


def test_finer_grid_repeats_the_pixels():
    values = RNG.integers(0, 2, (2, 3, 4))
    found = Labels(values, (2.0, 2.0, 2.0), {0: "stroma", 1: "tumour"}).tissue(Grid((4, 6, 8), 1.0))
    assert np.array_equal(found.labels, values.repeat(2, 0).repeat(2, 1).repeat(2, 2))


def test_majority_and_its_report():
    values = np.array([[[1, 1, 0, 1, 0, 0]]])
    found = Labels(values, (1.0, 1.0, 1.0), {0: "stroma", 1: "tumour"}, planar=True).tissue(Grid((1, 1, 2), (1.0, 1.0, 3.0)))
    assert found.labels[0, 0].tolist() == [TUMOUR, STROMA]
    assert found.image == {"stroma": 3.0, "tumour": 3.0} and found.grid == {"stroma": 3.0, "tumour": 3.0}
    assert "tumour" in found.report() and "(+0.00 %)" in found.report()


def test_outside_is_told_not_guessed():
    labels = Labels(np.ones((1, 2, 2), int), (1.0, 1.0, 1.0), {1: "tumour"}, planar=True)
    grid = Grid((1, 2, 4), 1.0)
    with pytest.raises(InputError, match="4 of 8 voxels reach beyond the image"):
        labels.tissue(grid)
    found = labels.tissue(grid, outside="stroma")
    assert found.labels[0].tolist() == [[1, 1, 0, 0]] * 2 and found.covered == 0.5
    assert found.image == {"stroma": 0.0, "tumour": 4.0} and found.grid == {"stroma": 4.0, "tumour": 4.0}


def test_of_equals_the_lower_code():
    half = np.full((1, 1, 1), 0.5)
    assert majority({TUMOUR: half, STROMA: half}, Grid((1, 1, 1), 1.0), None, what="x", flat=True).labels.item() == STROMA
