import numpy as np
import pytest

from tmefield.grid import Grid
from tmefield.vessels.network import VesselNetwork
from tmefield.vessels.segments import across, chunks, cut_to_box, expand, points_along, share_inside

GRID = Grid((10, 20, 30), 2.0, (0.0, 0.0, 10.0))  # x 10..70, y 0..40, z 0..20


def cut(*ends, clip=True):
    nodes = np.array(ends, float)
    edges = np.arange(len(nodes)).reshape(-1, 2)
    return cut_to_box(VesselNetwork(nodes, edges, np.ones(len(edges))), GRID, clip=clip)


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ((20, 5, 5), (30, 6, 7), ((20, 5, 5), (30, 6, 7))),
        ((0, 10, 10), (80, 10, 10), ((10, 10, 10), (70, 10, 10))),
        ((60, 10, 10), (80, 10, 10), ((60, 10, 10), (70, 10, 10))),
        ((20, -10, 10), (20, 10, 10), ((20, 0, 10), (20, 10, 10))),
        ((0, 30, 10), (20, 50, 10), None),
        ((10, 0, 0), (70, 40, 20), ((10, 0, 0), (70, 40, 20))),
        ((12, 0, 5), (50, 0, 5), ((12, 0, 5), (50, 0, 5))),
    ],
)
def test_segment_is_cut_at_the_faces(start, end, inside):
    pieces = cut(start, end, (20, 5, 5), (30, 5, 5))
    if inside is None:
        assert pieces.segment.tolist() == [1]
    else:
        assert pieces.start[0] == pytest.approx(inside[0]) and pieces.end[0] == pytest.approx(inside[1])


def test_points_along_cover_the_pieces_evenly():
    pieces = cut((20, 5, 5), (30, 5, 5), (20, 5, 5), (20, 12, 5))
    piece, point, length = points_along(pieces, 3.0)
    assert np.bincount(piece).tolist() == [4, 3]
    assert np.bincount(piece, length) == pytest.approx([10, 7])
    assert point[:4, 0] == pytest.approx([21.25, 23.75, 26.25, 28.75])


def test_chunks_hold_every_piece_once():
    counts = np.array([5, 200_000, 3, 99_999, 1, 1])
    seen = np.concatenate([np.arange(len(counts))[one] for one in chunks(counts)])
    assert seen.tolist() == list(range(6))
    piece, number = expand(np.array([2, 3]))
    assert piece.tolist() == [0, 0, 1, 1, 1] and number.tolist() == [0, 1, 0, 1, 2]


def test_across_gives_right_angles():
    direction = np.random.default_rng(1).normal(size=(20, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    frame = np.stack([direction, *across(direction)], axis=1)
    assert np.einsum("kij,klj->kil", frame, frame) == pytest.approx(np.broadcast_to(np.eye(3), (20, 3, 3)), abs=1e-12)


@pytest.mark.parametrize(
    ("point", "direction", "share"),
    [
        ((40, 20, 10), (1, 0, 0), 1.0),
        ((10, 20, 10), (1, 0, 0), 1.0),
        ((40, 0, 10), (1, 0, 0), 0.5),
        ((40, 0, 0), (1, 0, 0), 0.25),
        ((40, 1.5, 10), (1, 0, 0), 0.75),
    ],
)
def test_share_of_the_wall_inside(point, direction, share):
    found = share_inside(np.array([point], float), np.array([direction], float), np.array([2.0]), GRID)
    assert found[0] == pytest.approx(share, abs=0.051)
