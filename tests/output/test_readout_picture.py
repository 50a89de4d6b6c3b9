"""Maps of readouts side by side."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tmefield.errors import InputError
from tmefield.output import Panel, readout_maps
from tmefield.output.readout_picture import _draw

CAUSES = ("not suppressed", "IL10 alone", "TGFb alone", "", "only together")


def panels(fields):
    share = np.linspace(0, 1, fields.grid.size).reshape(fields.grid.shape)
    causes = np.arange(fields.grid.size).reshape(fields.grid.shape) % 5
    return [
        Panel("pSTAT1", "phosphorylated STAT1, share of its maximum, of all the cells that are there", share),
        Panel("balance, CD8_T", "from suppression to enhancement", 2 * share - 1, lower=-1.0),
        Panel("niches, CD8_T", "3 of them; costs $5", causes, upper=4.0, classes=CAUSES),
    ]


def words(figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_every_map_is_drawn_with_its_values_and_ends(make_fields):
    fields = make_fields()
    given = panels(fields)
    figure = _draw(fields, given, 1)
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(images) == 3
    assert [(image.norm.vmin, image.norm.vmax) for image in images[:2]] == [(0.0, 1.0), (-1.0, 1.0)]
    for image, panel in zip(images, given, strict=True):
        np.testing.assert_allclose(image.get_array(), panel.values[2])
    # Zero is the darkest of a balance, and each code has a colour of its own.
    shades = images[1].cmap([0.0, 0.5, 1.0])[:, :3].sum(axis=1)
    assert shades.argmin() == 1
    assert len({tuple(images[2].cmap(images[2].norm(code))) for code in range(5)}) == 5


def test_maps_are_named_and_codes_without_a_name_are_not(make_fields):
    said = words(_draw(make_fields(), panels(make_fields()), 0))
    for expected in ("pSTAT1", "balance, CD8_T", "IL10 alone", "only together", "A small tumour", "x–y plane", "tumour", "µm"):
        assert expected in said
    figure = _draw(make_fields(), panels(make_fields()), 0)
    legend = next(one for one in figure.legends if "IL10 alone" in [text.get_text() for text in one.get_texts()])
    assert [text.get_text() for text in legend.get_texts()] == [name for name in CAUSES if name]
    page = figure.get_window_extent()
    for one in (*figure.legends, *figure.texts):
        box = one.get_window_extent(FigureCanvasAgg(figure).get_renderer())
        assert box.x0 >= page.x0 and box.x1 <= page.x1


def test_one_panel_leaves_room_for_the_legend(make_fields):
    figure = _draw(make_fields(), panels(make_fields())[2:], 0)
    for legend in figure.legends:
        assert legend.get_window_extent(FigureCanvasAgg(figure).get_renderer()).x1 <= figure.get_window_extent().x1


def test_a_picture_is_written_and_maps_that_do_not_fit_are_refused(make_fields, tmp_path):
    fields = make_fields()
    path = readout_maps(fields, panels(fields), tmp_path / "readouts.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="maps of the grid's shape"):
        readout_maps(fields, [Panel("a", "b", np.ones((2, 2, 2)))], tmp_path / "other.png")
    with pytest.raises(InputError, match="needs maps"):
        readout_maps(fields, [], tmp_path / "other.png")
