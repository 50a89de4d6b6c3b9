"""The picture of the signed network: names as papers write them, orders with few crossings, and nothing on top of each other."""

from itertools import combinations

import numpy as np
import pytest

from tmefield.cli.info_regulation import _graph
from tmefield.output.regulation_picture import draw_regulation, spelled
from tmefield.output.signed_graph import Arc, SignedGraph, facing_orders, round_order
from tmefield.output.signed_lines import LOWERS, RAISES


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    """The picture of the library's network, as it was saved."""
    from matplotlib.figure import Figure

    drawn = []
    save = Figure.savefig
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda self, *given, **more: (drawn.append(self), save(self, *given, **more)))
        path = draw_regulation(_graph(), tmp_path_factory.mktemp("picture") / "network.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    (one,) = drawn
    return one


@pytest.mark.parametrize(
    ("name", "written"), [("IL12", "IL-12"), ("IL1b", "IL-1β"), ("IFNg", "IFN-γ"), ("M2->M1", "M2 → M1"), ("CD8_T", "CD8 T"), ("NF-kB", "NF-κB")]
)
def test_names_are_spelled_as_in_papers(name, written):
    assert spelled(name) == written


def test_no_words_overlap_and_none_is_cut_off(figure):
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts]
    assert len(boxes) > 60
    width, height = figure.canvas.get_width_height()
    for words, box in boxes:
        assert min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height, words
    for (words, box), (other, beside) in combinations(boxes, 2):
        assert not box.overlaps(beside), (words, other)


def test_no_boxes_overlap_and_every_line_is_inside(figure):
    axes = figure.axes[0]
    boxes = [patch.get_window_extent() for patch in axes.patches if type(patch).__name__ == "FancyBboxPatch"]
    assert len(boxes) > 10 and not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for line in axes.lines:
        points = line.get_xydata()
        assert (points >= 0).all() and (points[:, 0] <= axes.get_xlim()[1]).all() and (points[:, 1] <= axes.get_ylim()[1]).all()


def test_signs_differ_in_colour_and_in_shape(figure):
    """Every raising line has an arrowhead (a filled polygon), every lowering one a bar (a line of two points)."""
    from matplotlib.colors import to_hex
    from matplotlib.patches import Polygon

    lines = figure.axes[0].lines
    curves = [to_hex(one.get_color()) for one in lines if len(one.get_xydata()) > 2]
    bars = [to_hex(one.get_color()) for one in lines if len(one.get_xydata()) == 2]
    heads = [to_hex(one.get_facecolor()) for one in figure.axes[0].patches if type(one) is Polygon]
    assert set(curves) == {RAISES, LOWERS} and set(bars) == {LOWERS} and set(heads) == {RAISES}
    assert (curves.count(LOWERS), curves.count(RAISES)) == (len(bars), len(heads))


def test_orders_have_few_crossings():
    assert round_order(["a", "b", "c", "d"], [("a", "b"), ("c", "d")]) == ["a", "b", "c", "d"]
    order = round_order(["a", "c", "b", "d"], [("a", "b"), ("c", "d")])
    assert abs(order.index("a") - order.index("b")) in (1, 3)
    left, right = facing_orders([("a", "y"), ("b", "x"), ("c", "z")])
    assert [right.index(one) for one in "yxz"] == [left.index(one) for one in "abc"]


def test_a_graph_of_two_species_with_a_loop(tmp_path):
    graph = SignedGraph((Arc("IL10", "TNF", False), Arc("TNF", "TNF", True)), (Arc("TNF", "death", True),), {"TNF": ("M1",)})
    path = draw_regulation(graph, tmp_path / "two.png")
    from matplotlib.image import imread

    picture = imread(path)
    assert np.ptp(picture[..., :3]) > 0.5
