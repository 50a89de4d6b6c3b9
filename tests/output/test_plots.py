import struct

import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.grid import Grid
from tmefield.output import FieldSet, Variable, overview
from tmefield.output.plots import _distances, _draw, _extend, _subtitle
from tmefield.output.scales import choose_scale


def image_size(path):
    """Width and height from the header of a PNG."""
    return struct.unpack(">II", path.read_bytes()[16:24])


def texts(figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_picture_says_what_is_shown(make_fields):
    figure = _draw(make_fields(), 1)
    words = texts(figure)
    for expected in ("A small tumour", "IFN-γ", "IL-6", "18 × 20 × 20 µm", "transient", "vessel cut by the slice", "tumour", "nM, linear scale", "µm"):
        assert expected in words
    assert "x–y plane, z = 2.5 µm" in words and "x–z plane" in words and "y–z plane" in words
    # Per species three slices, a colour bar and a profile.
    assert len(figure.axes) == 2 * 5


def test_three_species_stand_in_columns_with_the_planes_named_once(make_fields):
    fields = make_fields()
    figure = _draw(make_fields(species=("A", "B", "C"), names=(), concentration=np.concatenate([fields.concentration, fields.concentration[:, :1]], axis=1)), 0)
    assert texts(figure).count("x–y plane\nz = 2.5 µm") == 1
    assert len(figure.axes) == 3 * 5


def test_legend_names_an_outline_only_where_there_is_one():
    grid = Grid((1, 30, 30), (5.0, 5.0, 5.0))
    labels = np.ones(grid.shape, np.int8)
    values = np.ones((1, 1, *grid.shape))
    assert _draw(FieldSet(grid, [0.0], ("IL6",), values, labels=labels), 0).legends == []
    labels[0, :, :15] = 0
    assert [text.get_text() for text in _draw(FieldSet(grid, [0.0], ("IL6",), values, labels=labels), 0).legends[0].get_texts()] == ["tumour"]


def test_slices_share_one_scale_of_lengths(make_fields):
    figure = _draw(make_fields(), 0)
    page = figure.get_size_inches()
    lengths = []
    for axes in figure.axes[:3]:
        box, (left, right), (bottom, top) = axes.get_position(), axes.get_xlim(), axes.get_ylim()
        lengths += [box.width * page[0] / (right - left), box.height * page[1] / (top - bottom)]
    assert np.allclose(lengths, lengths[0])


def test_colours_are_the_concentration_in_the_unit_of_the_bar(make_fields):
    fields = make_fields(concentration=make_fields().concentration * 1e-3)
    image = _draw(fields, 1).axes[0].images[0]
    shown = image.get_array()
    assert np.allclose(shown, fields.concentration[1, 0, 2] * 1e3)
    assert image.norm.vmin == 0.0 and image.norm.vmax == pytest.approx(1.0)


def test_a_section_has_one_slice(make_fields):
    grid = Grid((1, 12, 10), (5.0, 10.0, 10.0))
    values = np.random.default_rng(1).random((1, 1, *grid.shape))
    figure = _draw(FieldSet(grid, [7200.0], ("IL6",), values), 0)
    assert len(figure.axes) == 3
    assert "100 × 120 µm, voxels 10 µm, section 5 µm thick   ·   t = 2 h" in texts(figure)
    assert "distance from the centre (µm)" in texts(figure)


@pytest.mark.parametrize("value", [0.0, np.nan, 1e-3])
def test_fields_without_contrast_are_drawn(tmp_path, value):
    grid = Grid((4, 8, 8), (5.0, 5.0, 5.0))
    fields = FieldSet(grid, [0.0], ("IL6",), np.full((1, 1, *grid.shape), value), attributes={"title": "costs $5 and $6 %"})
    assert min(image_size(overview(fields, tmp_path / "out.png"))) > 400


def test_profile_uses_the_map_of_distances_if_there_is_one(make_fields):
    distance = np.arange(120.0).reshape(4, 5, 6)
    sample, found, what = _distances(make_fields(maps={"distance_to_vessel": Variable(distance, "distance", "um")}))
    assert np.array_equal(found, distance.reshape(-1)[sample]) and "vessel wall" in what
    # The lumen is no tissue.
    assert 0 not in sample and sample.size == 119


def test_profile_measures_from_the_segments_otherwise(make_fields):
    segments = np.array([[[16.5, 10.0, -50.0], [16.5, 10.0, 50.0]]])
    sample, found, _ = _distances(make_fields(vessel_segments=segments, vessel_radii=np.array([1.0])))
    _, y, x = np.unravel_index(sample, (4, 5, 6))
    expected = np.hypot(9.0 + 3 * x - 16.5, 2.0 + 4 * y - 10.0) - 1
    assert np.allclose(found, np.maximum(expected, 0), atol=0.4)


def test_colour_bar_points_where_values_go_beyond_it():
    scale = choose_scale(np.linspace(0.0, 1.0, 101))
    assert _extend(np.array([0.0, 1.0]), scale) == "neither"
    assert _extend(np.array([-0.5, 3.0, np.nan]), scale) == "both"


def test_uneven_voxels_and_short_times_are_told(make_fields):
    fields = make_fields(attributes={})
    assert _subtitle(fields, 1) == "18 × 20 × 20 µm, voxels 3 × 4 × 5 µm   ·   t = 60 min"
    assert _subtitle(fields, 0).endswith("t = 0 s")


def test_wrong_time_and_missing_folder_leave_no_picture(make_fields, tmp_path):
    with pytest.raises(InputError, match="no time number"):
        overview(make_fields(), tmp_path / "out.png", time=9)
    with pytest.raises(FileError, match="create it first"):
        overview(make_fields(), tmp_path / "nowhere" / "out.png")
    assert list(tmp_path.iterdir()) == []


def test_drawing_leaves_the_settings_of_matplotlib_alone(make_fields, tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    overview(make_fields(), tmp_path / "out.png")
    assert dict(matplotlib.rcParams) == before
