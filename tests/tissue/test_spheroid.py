import numpy as np
import pytest

from tmefield import Grid
from tmefield.errors import InputError
from tmefield.tissue.composition import ASSUMED_COMPOSITION, ZoneDensities
from tmefield.tissue.deposit import deposit
from tmefield.tissue.labels import NECROTIC_CORE, STROMA, TUMOUR
from tmefield.tissue.random_field import smooth_field
from tmefield.tissue.spheroid import spheroid

GRID = Grid((64, 64, 64), (10.0, 10.0, 10.0))
BALL = {"radius": 200.0, "irregularity": 0.0, "patchiness": 0.0}


@pytest.fixture(scope="module")
def demo():
    return spheroid(GRID, radius=220.0, points=True)


def distance(grid, centre):
    return np.sqrt(sum((axis - at) ** 2 for axis, at in zip(grid.coordinates(), centre, strict=True)))


def test_ball_has_the_volumes_of_its_zones():
    tissue = spheroid(GRID, **BALL, necrotic_fraction=0.4)
    ball = 4 / 3 * np.pi * 200.0**3
    assert (tissue.labels >= TUMOUR).sum() * GRID.voxel_volume == pytest.approx(ball, rel=0.01)
    assert (tissue.labels == NECROTIC_CORE).sum() * GRID.voxel_volume == pytest.approx(0.4**3 * ball, rel=0.03)
    assert tissue.labels.dtype == np.int8 and set(np.unique(tissue.labels)) == {STROMA, TUMOUR, NECROTIC_CORE}


def test_zones_hold_their_densities():
    zones = ZoneDensities(1e-5, 2e-5, 3e-5, 4e-5, 5e-5)
    tissue = spheroid(GRID, **BALL, transition=4.0, composition={"CAF": zones})
    r = distance(GRID, (320, 320, 320))
    for value, low, high in zip(zones, (0, 95, 155, 215, 275), (65, 125, 185, 245, 400), strict=True):
        assert np.allclose(tissue.densities["CAF"][(r > low) & (r < high)], value, rtol=5e-3)


def test_transitions_are_smooth_and_between_the_zones():
    zones = ZoneDensities(0.0, 0.0, 0.0, 4e-5, 4e-5)
    fine = Grid((1, 1, 640), (1.0, 1.0, 1.0))
    density = spheroid(fine, **BALL, transition=12.0, composition={"CAF": zones}).densities["CAF"][0, 0]
    half = int(np.searchsorted(density[320:], 2e-5))
    assert half == pytest.approx(200, abs=1)
    # tanh of half width 12 um: the steepest slope is (step/2)/12 per um.
    assert np.diff(density[320:]).max() == pytest.approx(4e-5 / 2 / 12, rel=1e-2)
    assert density.min() >= 0 and density.max() <= 4e-5 * (1 + 1e-12)


def test_rim_wider_than_the_tumour_keeps_densities_positive():
    tissue = spheroid(GRID, **BALL, necrotic_fraction=0.8, rim_width=150.0)
    assert min(density.min() for density in tissue.densities.values()) >= 0


def test_no_necrosis():
    tissue = spheroid(GRID, **BALL, necrotic_fraction=0.0)
    assert not (tissue.labels == NECROTIC_CORE).any()
    assert tissue.densities["tumour"][32, 32, 32] == pytest.approx(ASSUMED_COMPOSITION["tumour"].core, rel=1e-3)


def test_biology_of_the_demo(demo):
    r = distance(GRID, demo.meta["centre"])
    tumour, necrotic = demo.labels == TUMOUR, demo.labels == NECROTIC_CORE
    margin = (demo.labels == STROMA) & (r < 280)
    far = r > 320

    def mean(name, where):
        return demo.densities[name][where].mean()

    for name in ("CD8_T", "NK", "M1", "Treg"):
        assert mean(name, margin) > 1.5 * mean(name, far) > 0 and mean(name, margin) > 2 * mean(name, tumour), name
    assert mean("CAF", margin) > 3 * mean("CAF", tumour)
    assert mean("M2", tumour) / mean("M1", tumour) > 2
    assert mean("tumour", tumour) > 5 * mean("tumour", necrotic)
    assert mean("tumour", far) < 1e-3 * mean("tumour", tumour)
    assert set(demo.densities) == {"tumour", "CAF", "CD8_T", "Treg", "NK", "M1", "M2"}


def test_cells_fit_into_the_space_there_is(demo):
    # Spheres of 10 um diameter, 524 um3 each, must not fill more than random close packing.
    everything = sum(demo.densities.values())
    assert everything.max() * np.pi / 6 * 10**3 < 0.64


def test_points_follow_the_densities(demo):
    assert demo.cells is not None
    for name, density in demo.densities.items():
        expected = density.sum() * GRID.voxel_volume
        assert demo.cells.counts()[name] == pytest.approx(expected, abs=5 * np.sqrt(expected))
    found = deposit(demo.cells, GRID)
    for label, name in ((STROMA, "CD8_T"), (TUMOUR, "tumour"), (TUMOUR, "M2"), (NECROTIC_CORE, "tumour")):
        where = demo.labels == label
        expected, number = (one[name][where].sum() * GRID.voxel_volume for one in (demo.densities, found))
        # A cell near a zone's border is shared with the voxel next to it, hence the 3 per cent.
        assert number == pytest.approx(expected, abs=5 * np.sqrt(expected) + 0.03 * expected), (label, name)


def test_outline_is_irregular_but_clusters_keep_the_mean(demo):
    smooth = spheroid(GRID, radius=220.0, irregularity=0.0, patchiness=0.0)
    assert (demo.labels != smooth.labels).mean() > 0.01
    patchy = spheroid(GRID, radius=220.0, irregularity=0.0)
    for name in ("CAF", "M2"):
        assert patchy.densities[name].mean() == pytest.approx(smooth.densities[name].mean(), rel=0.15)
        assert patchy.densities[name].std() > 1.2 * smooth.densities[name].std()


def test_same_seed_same_tumour_at_any_resolution(demo):
    assert np.array_equal(demo.densities["CAF"], spheroid(GRID, radius=220.0).densities["CAF"])
    coarse = spheroid(Grid((32, 32, 32), (20.0, 20.0, 20.0)), radius=220.0).densities["CAF"]
    averaged = demo.densities["CAF"].reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5))
    assert np.abs(averaged - coarse).mean() < 0.1 * coarse.mean()
    assert not np.array_equal(demo.labels, spheroid(GRID, radius=220.0, seed=2).labels)


def test_thin_grid_shows_the_cut_through_the_middle():
    section = Grid((1, 64, 64), (5.0, 10.0, 10.0))
    tissue = spheroid(section, **BALL)
    assert (tissue.labels >= TUMOUR).sum() * 100 == pytest.approx(np.pi * 200**2, rel=0.02)


def test_a_type_can_be_left_out_or_added():
    densities = spheroid(GRID, **BALL, composition={"NK": ZoneDensities(0, 0, 0, 0, 0), "B": ZoneDensities(0, 0, 0, 1e-5, 0)}).densities
    assert "NK" not in densities and densities["B"].max() == pytest.approx(1e-5, rel=0.02)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"radius": 0.0}, "radius must be"),
        ({"radius": float("nan")}, "radius must be"),
        ({"radius": 15.0}, "thinner than four voxels"),
        ({"radius": 100.0, "necrotic_fraction": 1.2}, "necrotic_fraction must be between 0 and 0.95"),
        ({"radius": 100.0, "centre": (320.0, 320.0)}, "three lengths"),
        ({"radius": 100.0, "centre": (320.0, 320.0, 900.0)}, "outside the box"),
        ({"radius": 100.0, "composition": {"NK": ZoneDensities(0, 0, 0, -1e-6, 0)}}, "composition of 'NK'"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        spheroid(GRID, **wrong)


def test_random_field_has_its_variance_and_covariance():
    grid = Grid((1, 40, 40), (10.0, 10.0, 10.0))
    fields = np.array([smooth_field(grid, 40.0, np.random.default_rng(seed))[0] for seed in range(300)])
    assert fields.mean() == pytest.approx(0, abs=0.02)
    assert fields.var() == pytest.approx(1, rel=0.05)
    assert (fields[:, :, :-4] * fields[:, :, 4:]).mean() == pytest.approx(np.exp(-0.5), rel=0.06)
