import numpy as np
import pytest

from tmefield.errors import InputError, ResourceError
from tmefield.tissue.scatter import scatter_cells

LOWER, UPPER = (-50.0, 0.0, 10.0), (350.0, 300.0, 210.0)
VOLUME = 400.0 * 300.0 * 200.0


def to_left_wall(points):
    """Distance to a vessel that fills x < 0."""
    return points[:, 0]


def test_density_and_box():
    cells = scatter_cells(LOWER, UPPER, {"tumour": 2e-4, "NK": 3e-7}, seed=4)
    counts = cells.counts()
    assert counts["tumour"] == pytest.approx(2e-4 * VOLUME, abs=5 * np.sqrt(2e-4 * VOLUME))
    assert 0 < counts["NK"] < 25
    assert (cells.positions >= LOWER).all() and (cells.positions <= UPPER).all()
    assert cells.positions.mean(axis=0) == pytest.approx([150, 150, 110], abs=5)


def test_numbers_are_poisson():
    numbers = [len(scatter_cells((0, 0, 0), (100, 100, 100), {"a": 1e-4}, seed=seed)) for seed in range(200)]
    assert np.mean(numbers) == pytest.approx(100, abs=4)
    assert np.var(numbers) == pytest.approx(100, rel=0.35)


def test_seed_repeats_and_types_do_not_disturb_each_other():
    one = scatter_cells(LOWER, UPPER, {"b": 1e-6}, seed=4)
    two = scatter_cells(LOWER, UPPER, {"b": 1e-6, "a": 1e-5}, seed=4)
    other = scatter_cells(LOWER, UPPER, {"b": 1e-6}, seed=5)
    assert np.array_equal(one.positions, two.positions[two.types == "b"])
    assert len(one) != len(other) or not np.array_equal(one.positions, other.positions)


def test_near_vessels_density_falls_exponentially_and_keeps_its_mean():
    cells = scatter_cells(LOWER, UPPER, {"CD8_T": 1e-3, "tumour": 1e-4}, seed=1, near={"CD8_T": 60.0}, distance=to_left_wall)
    x = cells.positions[cells.types == "CD8_T", 0]
    assert x.size == pytest.approx(1e-3 * VOLUME, abs=5 * np.sqrt(1e-3 * VOLUME))
    assert x.min() >= 0, "no cell inside a vessel"
    # Mean of an exponential of length 60 cut off at 350 um.
    cut = np.exp(-350 / 60)
    assert x.mean() == pytest.approx(60 - 350 * cut / (1 - cut), abs=5 * 60 / np.sqrt(x.size))
    assert (cells.positions[cells.types == "tumour", 0] < 0).any(), "other types stay uniform"


def test_no_density_no_cells():
    cells = scatter_cells(LOWER, UPPER, {"a": 0.0}, seed=0)
    assert len(cells) == 0 and cells.positions.shape == (0, 3)


@pytest.mark.parametrize("density", [-1e-4, float("nan"), float("inf")])
def test_bad_density(density):
    with pytest.raises(InputError, match="density of 'a' must be at least 0"):
        scatter_cells(LOWER, UPPER, {"a": density}, seed=0)


def test_bad_boxes_and_lengths():
    with pytest.raises(InputError, match="lower < upper"):
        scatter_cells(UPPER, LOWER, {"a": 1e-4}, seed=0)
    with pytest.raises(InputError, match="no density for 'b'"):
        scatter_cells(LOWER, UPPER, {"a": 1e-4}, seed=0, near={"b": 60.0}, distance=to_left_wall)
    with pytest.raises(InputError, match="length for 'a'"):
        scatter_cells(LOWER, UPPER, {"a": 1e-4}, seed=0, near={"a": 0.0}, distance=to_left_wall)
    with pytest.raises(InputError, match="only with `distance`"):
        scatter_cells(LOWER, UPPER, {"a": 1e-4}, seed=0, near={"a": 60.0})


def test_length_too_short_to_place_a_cell():
    with pytest.raises(InputError, match="hardly any place lies within"):
        scatter_cells(LOWER, UPPER, {"a": 1e-7}, seed=0, near={"a": 1.0}, distance=lambda points: np.full(len(points), 1e4))


def test_density_per_mm3_by_mistake():
    with pytest.raises(ResourceError, match="per um3"):
        scatter_cells(LOWER, UPPER, {"a": 2e5}, seed=0)
