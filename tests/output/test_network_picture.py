import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.grid import Grid
from tmefield.output import FieldSet, Variable, VesselLines, draw_network
from tmefield.output.box_view import view_of
from tmefield.output.network_picture import _array, _colours, _draw, _limits, _scaled
from tmefield.vessels.network import VesselNetwork

POINTS = np.array([[0.0, 0, 0], [100, 80, 60], [200, 0, 100], [50, 120, 20]])
ENDS = np.array([[0, 1], [1, 2], [1, 3]])


def lines_of(**arrays):
    on_segments = {name: Variable(np.asarray(values, float), words, units) for name, (values, words, units) in arrays.items()}
    return VesselLines(POINTS, ENDS, np.array([4.0, 6.0, 3.0]), on_segments, title="Three vessels, $5 each")


def texts(figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize(
    ("name", "values", "units", "label"),
    [
        ("flow", [1e4, -2e5, 3e6], "um3 s-1", "blood flow (nl/min, log scale)"),
        ("hd", [0.1, 0.4, 0.5], "1", "discharge haematocrit"),
        ("pressure", [1e3, 2e3, 5e3], "Pa", "blood pressure (mmHg)"),
        ("il6", [1e-3, 2e-3, 4e-3], "nmol L-1", "IL-6 at the wall (pM, linear scale)"),
        ("mine", [1, 2, 3], "um s-1", "IL-6 at the wall (um s-1)"),
    ],
)
def test_picture_says_what_is_shown(name, values, units, label):
    lines = lines_of(**{name: (values, "IL-6 at the wall", units)})
    words = texts(_draw(lines, *_array(lines, name)))
    assert label in words.replace("\n(", " (").replace("\nwall", " wall").replace("\nscale", " scale")
    for expected in ("Three vessels", "3 segments, radius 3 to 6 µm, box 200 × 120 × 100 µm", "x (µm)", "y (µm)", "z (µm)", "50 µm"):
        assert expected in words


def test_radius_is_drawn_to_scale():
    """The pixels of a tube across the view, in um, are as many as its diameter."""
    lines = VesselLines(np.array([[0.0, 0, 0], [200, 0, 0], [0, 200, 0]]), np.array([[0, 1]]), np.array([10.0]))
    figure = _draw(lines, *_array(lines, "radius"))
    image = figure.axes[0].images[0]
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape[:2]
    alpha = np.asarray(image.get_array())[..., 3]
    assert alpha[:, columns // 2].sum() * (top - bottom) / rows == pytest.approx(20, rel=0.01)
    # And it lies where it is: y = 0 is the lower edge of the axes.
    covered = np.flatnonzero(alpha[:, columns // 2] > 0.5)
    assert top - (covered.mean() + 0.5) * (top - bottom) / rows == pytest.approx(0, abs=0.5)


def test_thin_vessels_are_drawn_a_pixel_wide_and_the_picture_says_so():
    lines = VesselLines(np.array([[0.0, 0, 0], [9000, 5000, 0]]), np.array([[0, 1]]), np.array([2.0]))
    figure = _draw(lines, *_array(lines, "radius"))
    assert "drawn at least" in texts(figure)
    assert np.asarray(figure.axes[0].images[0].get_array())[..., 3].max(axis=0)[2:-2].min() > 0.3


def test_segments_without_flow_are_grey_and_named():
    entry = lines_of(flow=([0.0, 1e4, np.nan], "blood flow", "um3 s-1")).on_segments["flow"]
    values, scale, _ = _scaled("flow", entry)
    colours = _colours(values, scale, entry)
    assert np.ptp(colours[0]) == 0 and np.ptp(colours[2]) == 0 and np.ptp(colours[1]) > 0.1
    assert "no flow" in texts(_draw(lines_of(flow=([0.0, 1e4, np.nan], "blood flow", "um3 s-1")), "flow", entry))


def test_flows_keep_their_order_on_the_logarithmic_scale():
    entry = Variable(np.array([-1e6, 1e4, 1e5, 1e-9]) / 60, "blood flow", "um3 s-1")
    values, scale, _ = _scaled("flow", entry)
    assert values[:3] == pytest.approx([1.0, 0.01, 0.1])
    assert scale.log and scale.lower == pytest.approx(5e-5, rel=1.1) and scale.upper == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [0.4], [0.4, 0.4], [3.0, 4.0], [1e-8, 1e8]])
def test_limits_are_never_empty(values, log):
    lower, upper = _limits(np.array(values), log=log)
    assert lower < upper and (lower > 0 or not log)
    assert not log or not values or upper / lower <= 1e5


def test_a_box_without_depth_is_seen_from_above_and_others_from_the_front():
    flat, deep = view_of(np.zeros(3), np.array([100.0, 50, 1])), view_of(np.zeros(3), np.array([100.0, 50, 30]))
    assert flat.is_flat and flat.extent == (0.0, 100.0, 0.0, 50.0) and len(flat.lines()) == 8
    assert not deep.is_flat and len(deep.lines()) == 9
    assert np.allclose(deep.frame @ deep.frame.T, np.eye(3)) and np.linalg.det(deep.frame) == pytest.approx(1)
    # z points up, x to the right and towards the eye, y to the right and away.
    assert deep.frame[1, 2] > 0.5 and np.all(deep.frame[0, :2] > 0) and deep.frame[2, 0] > 0 > deep.frame[2, 1]


@pytest.mark.parametrize("size", [(100.0, 50.0, 30.0), (30.0, 300.0, 20.0), (50.0, 50.0, 200.0)])
def test_axes_stand_outside_of_the_box(size):
    view = view_of(np.zeros(3), np.array(size))
    left, right, bottom, top = view.extent
    corners = [view.corner((a, b, c))[:2] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    for edge in view.axes():
        assert max((corner - edge.begin) @ edge.outward for corner in corners) < 1e-9
        assert np.linalg.norm(edge.outward) == pytest.approx(1)


def test_a_species_of_a_result_may_colour_its_vessels(tmp_path):
    grid = Grid((10, 12, 20), (10.0, 10.0, 10.0))
    fields = FieldSet(grid, [0.0], ("IFNg",), np.ones((1, 1, *grid.shape)), vessel_segments=POINTS[ENDS], vessel_radii=np.full(3, 4.0))
    path = draw_network(VesselLines.of_result(fields).with_species(fields), tmp_path / "out.png", colour="IFNg")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_arrays_of_ones_own_are_found_by_their_name():
    lines = lines_of(Mine=([1, 2, 3], "my measure", "1"), il_6=([1, 2, 3], "IL-6", "nmol L-1"))
    assert _array(lines, "Mine") == ("Mine", lines.on_segments["Mine"])
    assert _array(lines, "IL-6") == ("il_6", lines.on_segments["il_6"])


def test_unknown_colours_and_missing_folders_leave_no_picture(tmp_path):
    with pytest.raises(InputError, match="no 'oxygen' to colour them by; they have radius, hd"):
        draw_network(lines_of(hd=([0.1, 0.2, 0.3], "haematocrit", "1")), tmp_path / "out.png", colour="oxygen")
    with pytest.raises(FileError, match="create it first"):
        draw_network(lines_of(), tmp_path / "nowhere" / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "options", "colour"),
    [
        ("network/secomb_R3230Ac_tumour1998/network.dat", {}, "radius"),
        ("network/secomb_mesentery_546_netflow.dat", {}, "flow"),
        ("network/secomb_mesentery_546_netflow.dat", {}, "hd"),
        ("network/dumux_mousecortex_200um.dgf", {"unit": "m", "segment_parameters": ("radius",)}, "pressure"),
    ],
)
def test_words_of_real_pictures_do_not_overlap(file, options, colour):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    network = VesselNetwork.read(data_file(file), **options)
    lines = VesselLines.of_network(network, pressure=np.linspace(2e3, 5e3, len(network.nodes)))
    figure = _draw(lines, *_array(lines, colour))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    for index, (words, box) in enumerate(boxes):
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, words
        for others, other in boxes[index + 1 :]:
            assert not box.overlaps(other), f"{words!r} and {others!r}"
