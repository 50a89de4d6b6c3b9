import sys

import numpy as np
import pytest
from scipy.ndimage import label

from data_files import data_file
from tmefield.errors import InputError
from tmefield.vessels.network import VesselNetwork

pytest.importorskip("skimage")


def centres(shape):
    return np.stack(np.meshgrid(*[np.arange(size) + 0.5 for size in shape], indexing="ij"), axis=-1)


def tube(shape, first, last, radius):
    """Voxels whose centre lies within a capsule."""
    point, (a, b) = centres(shape), np.array([first, last], float)
    along = np.clip(((point - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(point - a - along[..., None] * (b - a), axis=-1) < radius


def mean_radius(network):
    return (network.radius * network.lengths).sum() / network.total_length


@pytest.mark.parametrize("radius", [2, 3, 5, 8])
@pytest.mark.parametrize(
    ("first", "last"),
    [((20.5, 20.5, -20), (20.5, 20.5, 80)), ((20, 20, -20), (20, 20, 80)), ((5, 10, -20), (40, 35, 80))],
    ids=["odd width", "even width", "slanted"],
)
def test_tube_through_the_box_has_its_length_and_radius(radius, first, last):
    """Length to one voxel at each end and 1 %, radius to half a voxel; thinning alone loses tubes of even width whole."""
    network = VesselNetwork.from_mask(tube((45, 45, 60), first, last, radius), 2.0)
    length = 2.0 * 0.6 * np.linalg.norm(np.subtract(last, first))
    assert (network.components, network.n_ends, network.loops) == (1, 2, 0)
    assert network.total_length == pytest.approx(length, abs=4 + 0.01 * length)
    assert mean_radius(network) == pytest.approx(2.0 * radius, abs=1.0)
    # The centreline is that of the tube, to a voxel.
    ends = network.nodes[:, ::-1] / 2
    way = np.subtract(last, first) / np.linalg.norm(np.subtract(last, first))
    off = ends - first - ((ends - first) @ way)[:, None] * way
    assert np.linalg.norm(off, axis=1).max() < 1.6


def test_free_ends_lie_within_a_radius():
    network = VesselNetwork.from_mask(tube((30, 30, 60), (15.5, 15.5, 12), (15.5, 15.5, 48), 5), 1.0)
    assert 36 - 2 * 5 <= network.total_length <= 36 + 2 * 5 and network.n_ends == 2


def test_ring_is_one_loop():
    z, y, x = np.moveaxis(centres((30, 60, 60)), -1, 0)
    network = VesselNetwork.from_mask(np.hypot(np.hypot(x - 30, y - 30) - 18, z - 15) < 4, 1.5)
    assert (network.components, network.n_ends, network.loops) == (1, 0, 1)
    assert network.total_length == pytest.approx(1.5 * 2 * np.pi * 18, rel=0.03)
    assert mean_radius(network) == pytest.approx(1.5 * 4, abs=0.75)


@pytest.mark.parametrize("radius", [1.5, 2.5, 4])
def test_frame_of_a_cube_has_its_five_loops(radius):
    corners = np.array([[z, y, x] for z in (10, 40) for y in (10.5, 40.5) for x in (10, 41)], float)
    edges = [(a, b) for a in range(8) for b in range(a) if (corners[a] != corners[b]).sum() == 1]
    mask = np.any([tube((50, 50, 50), corners[a], corners[b], radius) for a, b in edges], axis=0)
    network = VesselNetwork.from_mask(mask, 1.0)
    assert (network.components, network.n_ends, network.loops, (network.degree == 3).sum()) == (1, 0, 5, 8)
    assert network.total_length == pytest.approx(sum(np.linalg.norm(corners[a] - corners[b]) for a, b in edges), rel=0.1)


def test_branches_meet_in_one_junction():
    shape = (41, 60, 60)
    mask = tube(shape, (20.5, 30, -10), (20.5, 30, 30), 5) | tube(shape, (20.5, 30, 30), (20.5, 5, 70), 4) | tube(shape, (20.5, 30, 30), (20.5, 55, 70), 3)
    network = VesselNetwork.from_mask(mask, 1.0)
    assert (network.components, network.n_ends, network.loops) == (1, 3, 0)
    junction = network.nodes[network.degree == 3]
    assert len(junction) == 1 and np.linalg.norm(junction[0] - (30, 30, 20.5)) < 5
    assert network.branch_id is not None
    widths = sorted(float(network.radius[network.branch_id == branch].mean()) for branch in np.unique(network.branch_id))
    assert widths == pytest.approx([3, 4, 5], abs=0.7)
    assert network.box is not None and network.box[1].tolist() == [60, 60, 41]
    # The vessels that leave the box do so where they were drawn: at x = 0 in the middle, at x = 60 on their way to x = 70.
    ends = network.nodes[network.degree == 1]
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    assert ends == pytest.approx(np.array([[0, 30, 20.5], [60, 11.25, 20.5], [60, 48.75, 20.5]]), abs=1.5)


def test_strip_in_two_dimensions_with_voxels_of_two_sizes():
    y, x = np.moveaxis(centres((40, 120)), -1, 0)
    network = VesselNetwork.from_mask(np.abs(2 * y - 40 - 0.3 * (x - 60)) < 8, (2.0, 1.0))
    assert (network.n_ends, network.loops) == (2, 0) and not network.nodes[:, 2].any()
    assert network.total_length == pytest.approx(120 * np.hypot(1, 0.3), rel=0.02)
    assert network.radius == pytest.approx(8 / np.hypot(1, 0.3), abs=1.0)


def test_roughness_makes_no_vessels():
    mask = tube((31, 31, 80), (15.5, 15.5, -10), (15.5, 15.5, 90), 6)
    mask[15, 8:10, 20] = mask[15, 21:24, 50] = True
    mask[8:10, 15, 35] = True
    network = VesselNetwork.from_mask(mask, 1.0)
    assert (network.n_ends, network.loops, network.components) == (2, 0, 1)
    every = VesselNetwork.from_mask(mask, 1.0, shortest_spur=0.0)
    assert every.n_ends - network.n_ends == network.meta["repairs"]["spurs left out"]


def test_small_spots_are_counted():
    mask = np.zeros((30, 30), bool)
    mask[14:17, :] = True
    mask[5, 5] = mask[25, 25] = True
    network = VesselNetwork.from_mask(mask, 1.0)
    assert network.components == 1 and "spots without a branch left out: 2" in network.report()


@pytest.mark.parametrize(
    ("mask", "size", "said"),
    [
        (np.zeros(5, bool), 1.0, "2D .* or 3D"),
        (np.zeros((5, 5), bool), 1.0, "the mask is no vessel"),
        (np.ones((5, 5), bool), 1.0, "the mask is all vessel"),
        (np.arange(25).reshape(5, 5), 1.0, "holds two values; this one holds 25"),
        (np.eye(5) > 0, 0.0, "voxel_size must be one positive number or 2"),
        (np.eye(5) > 0, (1.0, 1.0, 1.0), "voxel_size must be one positive number or 2"),
        (np.pad(np.ones((1, 1), bool), 4), 1.0, "no vessel can be followed in the mask: its skeleton has 1 voxels"),
    ],
)
def test_masks_without_vessels_are_refused(mask, size, said):
    with pytest.raises(InputError, match=said):
        VesselNetwork.from_mask(mask, size)


def test_negative_spurs_are_refused():
    with pytest.raises(InputError, match="shortest_spur must not be negative"):
        VesselNetwork.from_mask(np.eye(5) > 0, 1.0, shortest_spur=-1.0)


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.morphology", None)
    with pytest.raises(InputError, match=r'pip install "tmefield\[images\]"'):
        VesselNetwork.from_mask(np.eye(9) > 0, 1.0)


@pytest.mark.data
def test_real_mask_has_its_loops_and_its_area():
    tifffile = pytest.importorskip("tifffile")
    mask = tifffile.imread(data_file("labels/chaste_bio_vessel_mask_2d.tif"))
    assert mask.shape == (625, 568) and (mask > 0).mean() == pytest.approx(0.391, abs=5e-4)
    network = VesselNetwork.from_mask(mask, 1.0)
    holes, number = label(mask == 0)
    at_faces = set(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]).tolist()) - {0}
    assert (network.components, network.loops) == (1, number - len(at_faces))
    area = 2 * (network.radius * network.lengths).sum()
    assert area == pytest.approx(mask.astype(bool).sum(), rel=0.15)  # vessels this wide overlap where they meet
    assert "39.1% vessel" in network.report()


@pytest.mark.parametrize("deep", [2.0, 4.0])
def test_vessel_across_the_slices_of_a_stack_goes_on_to_its_faces(deep):
    """Slices `deep` um apart of voxels of 1 um: thinning alone takes as many slices from each end as the radius has pixels."""
    y, x = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5, indexing="ij")
    stack = np.repeat((np.hypot(y - 30, x - 30) <= 6)[None], int(60 / deep), axis=0)
    network = VesselNetwork.from_mask(stack, (deep, 1.0, 1.0))
    assert network.total_length == pytest.approx(60, rel=0.02) and len(network.edges) == 1
