import numpy as np
import pytest

from tmefield.output.tubes import Capsules, draw_tubes

RED, BLUE = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]


def image(start, end, radius, colours=None, shape=(120, 160)):
    start, end, radius = np.array(start, float), np.array(end, float), np.array(radius, float)
    return draw_tubes(start, end, radius, np.array([RED] * len(radius) if colours is None else colours), shape)


@pytest.mark.parametrize("end", [[113.41, 87.77, 42], [102.3, 21.91, -70], [52.7, 101.1, 3]])
@pytest.mark.parametrize("radius", [1.0, 4.3, 17.0])
def test_the_shadow_of_a_tube_has_the_area_of_a_stadium(end, radius):
    across = np.hypot(end[0] - 40.37, end[1] - 60.61)
    covered = image([[40.37, 60.61, 0]], [end], [radius])[..., 3].sum()
    assert covered == pytest.approx(2 * radius * across + np.pi * radius**2, rel=0.02)


@pytest.mark.parametrize("radius", [0.75, 4.25, 17.0])  # whole numbers of samples
def test_tubes_along_the_edges_of_the_page_and_towards_the_eye_have_theirs(radius):
    disc = np.pi * radius**2
    for end, strip in (([120, 60.25, 0], 160 * radius), ([40, 100.25, 30], 80 * radius), ([40, 60.25, 50], 0), ([40.0, 60.2501, -50], 0)):
        assert image([[40, 60.25, 0]], [end], [radius])[..., 3].sum() == pytest.approx(strip + disc, rel=0.02, abs=0.6)


def test_hits_lie_on_the_wall_and_nothing_of_the_tube_lies_nearer():
    random = np.random.default_rng(5)
    start, end = random.uniform(20, 80, (2, 200, 3))
    radius = random.uniform(0.5, 15, 200)
    length = np.linalg.norm(end - start, axis=1)
    tubes = Capsules(*(part.astype(np.float32) for part in (start, (end - start) / length[:, None], length, radius)))
    # A sample beside the axis, by less than the radius.
    share, offset = random.uniform(0, 1, 200), random.uniform(-0.65, 0.65, (2, 200)) * radius
    column, row = (np.floor(start[:, axis] + share * (end - start)[:, axis] + offset[axis]) for axis in (0, 1))

    def gap(depth):
        points = np.column_stack([column + 0.5, row + 0.5, depth])
        along = np.clip(((points - start) * (end - start)).sum(axis=1) / length**2, 0, 1)
        return points - start - along[:, None] * (end - start)

    depth, *normal = tubes.hit(np.arange(200), column, row)
    met = np.linalg.norm(gap(np.asarray(depth, float))[:, :2], axis=1) < 0.98 * radius
    assert met.sum() > 150
    assert np.allclose(np.linalg.norm(gap(depth.astype(float)), axis=1)[met], radius[met], atol=2e-3)
    assert np.allclose(gap(depth.astype(float))[met] / radius[met, None], np.column_stack(normal)[met], atol=2e-3)
    for rise in (0.01, 0.5, 5.0, 50.0):
        assert np.all(np.linalg.norm(gap(depth + rise), axis=1)[met] > radius[met])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("nearer", [0, 1])
def test_what_lies_nearer_hides_what_lies_behind(order, nearer):
    height = [50, -50][:: 1 if nearer == 0 else -1]
    starts, ends = [[20, 60, height[0]], [80, 10, height[1]]], [[140, 60, height[0]], [80, 110, height[1]]]
    shown = image(starts[::order], ends[::order], [6, 6], [RED, BLUE][::order])
    red, _, blue, alpha = shown[60, 80]
    assert alpha == 1
    assert (red > 2 * blue) if nearer == 0 else (blue > 2 * red)
    # Away from the crossing each tube is seen.
    assert shown[60, 30, 0] > shown[60, 30, 2] and shown[20, 80, 2] > shown[20, 80, 0]


def test_a_tube_towards_the_light_is_lighter_above_than_below():
    column = image([[20, 60, 0]], [[140, 60, 0]], [20])[:, 80, 0]
    assert column[48] > column[72] > 0


def test_tubes_beyond_the_edges_are_cut_there():
    shown = image([[-50, 60, 0], [-50, -50, 0]], [[400, 60, 0], [-20, -20, 0]], [5, 5])
    assert shown[..., 3].sum() == pytest.approx(160 * 10)
    assert image([[-50, -50, 0]], [[-20, -20, 0]], [5]).sum() == 0
