import numpy as np
import pytest

from data_files import data_file
from tmefield import Grid
from tmefield.errors import InputError
from tmefield.tissue.cells import Cells
from tmefield.tissue.deposit import Section, deposit
from tmefield.tissue.labels import STROMA, TUMOUR, VESSEL_LUMEN, tumour_labels


def halves(grid):
    """Tumour where x < 200, the same density of CAF beyond."""
    left = np.broadcast_to(grid.coordinates()[2] < 200, grid.shape)
    return {"tumour": np.where(left, 4e-4, 0.0), "CAF": np.where(left, 0.0, 4e-4)}


@pytest.mark.parametrize("shape", [(10, 10, 40), (1, 40, 40)])
def test_straight_border_stays_where_it_is(shape):
    grid = Grid(shape, (10.0, 10.0, 10.0))
    labels = tumour_labels(halves(grid), grid, smoothing=20.0)
    assert labels.dtype == np.int8
    assert (labels[..., :20] == TUMOUR).all() and (labels[..., 20:] == STROMA).all()


def test_few_immune_cells_do_not_make_holes():
    grid = Grid((1, 40, 40), (5.0, 10.0, 10.0))
    densities = halves(grid)
    densities["CD8_T"] = np.zeros(grid.shape)
    densities["CD8_T"][0, 20, 5] = 1e-3
    assert (tumour_labels(densities, grid, smoothing=20.0)[..., :20] == TUMOUR).all()


def test_lone_tumour_cell_beside_empty_space_is_no_tumour():
    grid = Grid((1, 60, 60), (5.0, 10.0, 10.0))
    tumour, stroma = np.zeros(grid.shape), np.zeros(grid.shape)
    tumour[0, 5, 50] = 1e-4
    tumour[0, :, :20] = 4e-4
    stroma[0, 40:, 20:] = 4e-4
    labels = tumour_labels({"tumour": tumour, "CAF": stroma}, grid, smoothing=20.0)
    assert (labels[0, :, 30:] == STROMA).all()
    assert (labels[0, :35, :19] == TUMOUR).all()
    # The outline of a tumour that ends in empty space lies within a smoothing length of its last cells.
    assert (labels[0, :35, 22:] == STROMA).all()


def test_without_tumour_all_is_stroma_and_lumens_win():
    grid = Grid((4, 4, 4), (10.0, 10.0, 10.0))
    lumen = np.zeros(grid.shape, bool)
    lumen[1, 2, 3] = True
    assert not tumour_labels({}, grid, smoothing=20.0).any()
    assert not tumour_labels({"CAF": np.full(grid.shape, 1e-4), "tumour": np.zeros(grid.shape)}, grid, smoothing=20.0).any()
    labels = tumour_labels({"tumour": np.full(grid.shape, 4e-4)}, grid, smoothing=20.0, lumen=lumen)
    assert labels[1, 2, 3] == VESSEL_LUMEN and (labels[~lumen] == TUMOUR).all()


@pytest.mark.parametrize("smoothing", [0.0, -1.0, float("nan")])
def test_smoothing_must_be_positive(smoothing):
    grid = Grid((1, 2, 2), (1.0, 1.0, 1.0))
    with pytest.raises(InputError, match="smoothing"):
        tumour_labels({}, grid, smoothing=smoothing)


@pytest.mark.data
@pytest.mark.parametrize("spacing", [5.0, 10.0])
def test_mibi_tumour_holds_the_tumour_cells(spacing):
    path = data_file("cells/mibi_tnbc_keren2018_person05.csv")
    cells = Cells.read(path, x="x_px", y="y_px", type="cell_type", pixel_size=800 / 2048, types={"Tumor": "tumour"})
    grid = Grid.from_box((0.0, 0.0, 0.0), (5.0, 800.0, 800.0), (5.0, spacing, spacing))
    labels = tumour_labels(deposit(cells, grid, section=Section(5.0, 10.0)), grid, smoothing=20.0)
    inside = labels[0, (cells.positions[:, 1] / spacing).astype(int), (cells.positions[:, 0] / spacing).astype(int)] == TUMOUR
    tumour = cells.types == "Tumor"
    assert 0.35 < (labels == TUMOUR).mean() < 0.5
    assert inside[tumour].mean() > 0.85 and inside[~tumour].mean() < 0.1


@pytest.mark.data
def test_tumour_follows_the_tissue_category_of_the_file():
    # Tissue Category is the image software's own segmentation, which knows more than cell types. Agreement was 0.849; calling all
    # cells stroma would give 0.578.
    path = data_file("cells/phenoptr_Set4_6plex_6072.csv")
    columns = {"x": "Cell X Position", "y": "Cell Y Position", "unit": "um"}
    cells = Cells.read(path, type="Phenotype", types={"CK+": "tumour"}, **columns)
    category = Cells.read(path, type="Tissue Category", **columns).types
    grid = Grid((1, 72, 96), (5.0, 10.0, 10.0))
    labels = tumour_labels(deposit(cells, grid, section=Section(5.0, 10.0)), grid, smoothing=20.0)
    inside = labels[0, (cells.positions[:, 1] / 10).astype(int), (cells.positions[:, 0] / 10).astype(int)] == TUMOUR
    assert (inside == (category == "Tumor")).mean() > 0.82
