import numpy as np
import pytest

from tmefield.errors import InputError
from tmefield.grid import Grid
from tmefield.vessels.bed import capillary_bed

LOW, HIGH = np.array([10.0, -20.0, 0.0]), np.array([310.0, 280.0, 250.0])


@pytest.fixture(scope="module")
def bed():
    return capillary_bed(LOW, HIGH, spacing=75, diameter=5.5, seed=1)


def test_bed_is_one_part_that_ends_on_the_faces(bed):
    assert bed.components == 1 and bed.degree.max() == 3 and bed.degree.min() == 1
    ends = bed.nodes[bed.degree == 1]
    assert (np.minimum(np.abs(ends - LOW), np.abs(ends - HIGH)).min(axis=1) < 1e-9).all()
    assert ((bed.nodes >= LOW - 1e-9) & (bed.nodes <= HIGH + 1e-9)).all()


def test_bed_is_as_dense_as_capillaries_of_normal_tissue(bed):
    volume = np.prod(HIGH - LOW)
    assert 400 < 1e6 * bed.total_length / volume < 1000  # mm/mm3
    assert 70 < 1e4 * bed.surface_area / volume < 130  # 1/cm
    assert 0.01 < bed.volume / volume < 0.025
    distance = bed.embed(Grid.from_box(LOW[::-1].tolist(), HIGH[::-1].tolist(), (5.0, 5.0, 5.0))).distance_to_vessel()
    assert 14 < distance[distance > 0].mean() < 25


def test_length_follows_the_spacing():
    for spacing in (50, 95):
        bed = capillary_bed((0, 0, 0), (400, 400, 400), spacing=spacing, diameter=8, seed=2)
        assert bed.total_length / 400**3 == pytest.approx(3 / spacing**2, rel=0.2)


def test_diameter_is_lognormal_and_the_same_along_a_branch(bed):
    assert 2 * np.median(bed.radius) == pytest.approx(5.5, rel=0.05)
    assert bed.radius.min() >= 2.0
    for branch in np.unique(bed.branch_id)[:20]:
        assert np.ptp(bed.radius[bed.branch_id == branch]) == 0


def test_same_seed_same_bed(bed):
    again = capillary_bed(LOW, HIGH, spacing=75, diameter=5.5, seed=1)
    assert (again.nodes == bed.nodes).all() and (again.edges == bed.edges).all() and (again.radius == bed.radius).all()
    other = capillary_bed(LOW, HIGH, spacing=75, diameter=5.5, seed=2)
    assert other.total_length != bed.total_length


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spacing": 0.0}, "spacing of the capillary bed must be positive"),
        ({"diameter": float("nan")}, "diameter of the capillary bed must be positive"),
        ({"upper": (300, 0, 300)}, "three lengths above zero"),
        ({"spacing": 0.5}, "too small for a box"),
        ({"spacing": 5000.0, "upper": (20, 20, 20)}, "has no capillary in a box"),
    ],
)
def test_impossible_bed_is_refused(change, said):
    arguments = {"lower": (0, 0, 0), "upper": (300, 300, 300), "spacing": 75.0, "diameter": 8.0, "seed": 1} | change
    with pytest.raises(InputError, match=said):
        capillary_bed(**arguments)
