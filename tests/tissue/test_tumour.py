import numpy as np
import pytest

from tmefield import Grid, Tissue
from tmefield.errors import InputError
from tmefield.tissue.composition import ASSUMED_COMPOSITION, ZoneDensities
from tmefield.tissue.deposit import deposit
from tmefield.tissue.labels import NECROTIC_CORE, STROMA, TUMOUR
from tmefield.tissue.spheroid import spheroid
from tmefield.tissue.tumour import LYMPHOCYTES, NECROSIS_OXYGEN

GRID = Grid((64, 64, 64), (10.0, 10.0, 10.0))
EVEN = {"radius": 200.0, "irregularity": 0.0, "patchiness": 0.0, "transition": 4.0}


def away(grid=GRID):
    return np.sqrt(sum((axis - 320.0) ** 2 for axis in grid.coordinates()))


def zone(density, low, high):
    r = away()
    return density[(r > low) & (r < high)].mean()


ZONES = {"core": (95, 125), "rim": (155, 185), "margin": (215, 245), "stroma": (275, 400)}


@pytest.fixture(scope="module")
def tumours():
    return {pattern: Tissue.tumour(GRID, **EVEN, infiltration=pattern) for pattern in ("inflamed", "excluded", "desert")}


@pytest.mark.parametrize("name", LYMPHOCYTES)
def test_patterns_differ_by_where_lymphocytes_are(tumours, name):
    n = ASSUMED_COMPOSITION[name]
    expected = {
        "inflamed": (n.margin, n.margin, n.margin, n.stroma),
        "excluded": (n.core, n.rim, n.margin, n.stroma),
        "desert": (0.1 * n.core, 0.1 * n.rim, 0.1 * n.margin, 0.1 * n.stroma),
    }
    for pattern, values in expected.items():
        found = [zone(tumours[pattern].densities[name], *limits) for limits in ZONES.values()]
        assert found == pytest.approx(values, rel=5e-3), pattern


def test_ratios_of_cd8_cells_are_those_of_the_patterns(tumours):
    cells = {pattern: tissue.densities["CD8_T"] for pattern, tissue in tumours.items()}
    ratio = {pattern: zone(one, *ZONES["margin"]) / zone(one, *ZONES["core"]) for pattern, one in cells.items()}
    # Sections of two carcinomas behind the assumed densities: 31/6 = 5 and 94/6 = 16.
    assert 5 <= ratio["excluded"] <= 16 and ratio["inflamed"] == pytest.approx(1, rel=0.01)
    inside = away() < 200
    assert cells["inflamed"][inside].sum() > 2 * cells["excluded"][inside].sum() > 15 * cells["desert"][inside].sum()
    assert cells["desert"].sum() == pytest.approx(0.1 * cells["excluded"].sum())


def test_other_cells_are_the_same_in_all_patterns(tumours):
    for name in ("tumour", "CAF", "M1", "M2"):
        for pattern in ("inflamed", "desert"):
            assert np.array_equal(tumours[pattern].densities[name], tumours["excluded"].densities[name])


def test_excluded_is_the_spheroid(tumours):
    plain = spheroid(GRID, **EVEN)
    assert np.array_equal(plain.labels, tumours["excluded"].labels)
    assert all(np.array_equal(plain.densities[name], density) for name, density in tumours["excluded"].densities.items())


def test_necrosis_is_where_oxygen_fails():
    # Oxygen rises along x; only the tumour dies of its lack.
    oxygen = np.broadcast_to(np.linspace(0, 2 * NECROSIS_OXYGEN, 64), GRID.shape)
    tissue = Tissue.tumour(GRID, **EVEN, oxygen=oxygen)
    low, ball = oxygen < NECROSIS_OXYGEN, away() < 200
    assert np.array_equal(tissue.labels == NECROTIC_CORE, low & ball)
    assert np.array_equal(tissue.labels == TUMOUR, ~low & ball)
    assert (tissue.labels[~ball] == STROMA).all()
    n = ASSUMED_COMPOSITION["tumour"]
    deep = away() < 180
    assert np.allclose(tissue.densities["tumour"][deep & low], n.necrotic, rtol=0.01)
    assert np.allclose(tissue.densities["tumour"][deep & ~low], n.core, rtol=0.01)
    whole = Tissue.tumour(GRID, **EVEN, necrotic_fraction=0.0)
    outside = away() > 230
    for name in ("CAF", "CD8_T"):
        assert np.allclose(tissue.densities[name][outside], whole.densities[name][outside], rtol=1e-3)


def test_threshold_of_necrosis_is_an_argument():
    oxygen = np.full(GRID.shape, 4000.0)
    assert (Tissue.tumour(GRID, **EVEN, oxygen=oxygen).labels != TUMOUR).all()
    assert not (Tissue.tumour(GRID, **EVEN, oxygen=oxygen, necrosis_oxygen=3250.0).labels == NECROTIC_CORE).any()


def test_zones_share_the_space_whatever_the_oxygen():
    oxygen = np.random.default_rng(1).uniform(0, 2 * NECROSIS_OXYGEN, GRID.shape)
    everywhere = {"CAF": ZoneDensities(1e-5, 1e-5, 1e-5, 1e-5, 1e-5)}
    density = Tissue.tumour(GRID, **EVEN, oxygen=oxygen, composition=everywhere).densities["CAF"]
    assert np.allclose(density, 1e-5, rtol=1e-12)


def test_points_hold_the_cells_of_the_densities():
    tissue = Tissue.tumour(GRID, radius=220.0, infiltration="inflamed", points=True)
    assert tissue.cells is not None
    found = deposit(tissue.cells, GRID)
    for name, density in tissue.densities.items():
        number = tissue.cells.counts()[name]
        assert found[name].sum() * GRID.voxel_volume == pytest.approx(number)
        expected = density.sum() * GRID.voxel_volume
        assert number == pytest.approx(expected, abs=5 * np.sqrt(expected))


def test_seeds():
    first, again, other = (Tissue.tumour(GRID, radius=200.0, infiltration="desert", seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.labels, again.labels) and np.array_equal(first.densities["NK"], again.densities["NK"])
    assert not np.array_equal(first.labels, other.labels)


def test_given_densities_are_taken_as_they_are():
    given = ZoneDensities(0.0, 1e-5, 2e-5, 3e-5, 4e-5)
    tissue = Tissue.tumour(GRID, **EVEN, infiltration="desert", composition={"CD8_T": given})
    assert [zone(tissue.densities["CD8_T"], *limits) for limits in ZONES.values()] == pytest.approx(given[1:], rel=5e-3)
    assert tissue.meta["assumed_pattern_of"] == ["NK", "Treg"]


def test_meta_says_what_was_assumed(tumours):
    meta = tumours["inflamed"].meta
    assert meta["made"] == "tumour" and meta["infiltration"] == "inflamed" and meta["assumed_pattern_of"] == list(LYMPHOCYTES)
    assert meta["assumed_densities"]["CD8_T"]["core"] == ASSUMED_COMPOSITION["CD8_T"].margin
    with_oxygen = Tissue.tumour(GRID, **EVEN, oxygen=np.full(GRID.shape, 1e4)).meta
    assert with_oxygen["necrosis_oxygen"] == NECROSIS_OXYGEN and "necrotic_fraction" not in with_oxygen


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"infiltration": "hot"}, "infiltration must be one of inflamed, excluded, desert"),
        ({"oxygen": np.zeros((3, 3, 3))}, r"shape \[64, 64, 64\]; got \[3, 3, 3\]"),
        ({"oxygen": np.full(GRID.shape, -1.0)}, "oxygen must be finite and not negative"),
        ({"oxygen": np.full(GRID.shape, np.nan)}, "oxygen must be finite and not negative"),
        ({"oxygen": np.ones(GRID.shape), "necrosis_oxygen": 0.0}, "necrosis_oxygen must be above zero"),
        ({"oxygen": np.ones(GRID.shape), "necrotic_fraction": 0.3}, "either oxygen or necrotic_fraction"),
        ({"radius": -1.0}, "radius must be"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        Tissue.tumour(GRID, **({"radius": 200.0} | wrong))
