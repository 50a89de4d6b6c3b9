import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import InputError
from tmefield.grid import Grid
from tmefield.output import fieldset
from tmefield.tissue.cells import Cells
from tmefield.tissue.label_image import Labels
from tmefield.tissue.labels import NECROTIC_CORE, STROMA, TISSUES, TUMOUR


def planar(values, spacing=(1.0, 2.0, 3.0), **more):
    return Labels(np.asarray(values)[None], spacing, planar=True, **more)


def test_tissues_have_the_names_of_the_results():
    assert TISSUES == fieldset.TISSUES


def test_mask_by_name_value_and_everything():
    labels = planar([[0, 1], [2, 1]], classes={0: "tumour", 1: "stroma"})
    assert labels.mask("tumour")[0].tolist() == [[True, False], [False, False]]
    assert labels.mask("stroma", 2)[0].tolist() == [[False, True], [True, True]]
    assert labels.mask()[0].tolist() == [[False, True], [True, True]]
    with pytest.raises(InputError, match="holds no class 'vessel'; it holds 0 tumour, 1 stroma, 2"):
        labels.mask("vessel")


@pytest.mark.parametrize("values", [np.zeros((2, 2), int), np.zeros((2, 2, 2)), np.zeros((0, 2, 2), int)])
def test_values_are_checked(values):
    with pytest.raises(InputError):
        Labels(values, (1.0, 1.0, 1.0))


def test_cells_of_a_section():
    values = np.zeros((6, 8), int)
    values[1:3, 1:5] = 7  # 8 pixels of 2 x 3 um: centre x (1 + 5)/2 3 = 9, y (1 + 3)/2 2 = 4
    values[5, 7] = 3  # touches the edge
    cells = planar(values).cells({7: "NK", 3: "tumour"})
    assert cells.ids.tolist() == ["3", "7"] and cells.types.tolist() == ["tumour", "NK"] and cells.planar
    assert np.allclose(cells.positions, [[22.5, 11, 0], [9, 4, 0]], rtol=1e-15)
    assert np.allclose(cells.radius, np.sqrt(np.array([1, 8]) * 6 / np.pi), rtol=1e-15)
    assert "1 cells are cut by the edge" in cells.report()
    with pytest.raises(InputError, match="1 of 2 labels have no type; the first is 7"):
        planar(values).cells({3: "tumour"})
    with pytest.raises(InputError, match="there are no cells"):
        planar(np.zeros((3, 3), int)).cells()


def test_cells_of_a_volume():
    values = np.zeros((5, 6, 7), np.uint8)
    values[1:4, 2:4, 3:5] = 2
    cells = Labels(values, (4.0, 1.5, 0.5), origin=(10.0, 20.0, 30.0)).cells()
    assert np.allclose(cells.positions, [[32, 24.5, 20]], rtol=1e-15) and not cells.planar
    assert cells.radius[0] == pytest.approx((3 * 12 * 3.0 / (4 * np.pi)) ** (1 / 3), rel=1e-14)


def test_zero_may_be_a_class():
    labels = planar([[0, 0, 5, 5]], spacing=(1.0, 1.0, 1.0), classes={0: "Tumor", 5: "stroma"})
    tissue = labels.tissue(Grid((1, 1, 4), (9.0, 1.0, 1.0)))
    assert tissue.labels.dtype == np.int8 and tissue.labels[0, 0].tolist() == [TUMOUR, TUMOUR, STROMA, STROMA]
    assert len(labels.cells(background=5)) == 1


def test_classes_must_stand_for_a_tissue():
    labels = planar([[0, 1, 2]], spacing=(1.0, 1.0, 1.0), classes={0: "Tumor", 1: "Blood"})
    grid = Grid((1, 1, 3), 1.0)
    with pytest.raises(InputError, match=r"say which tissue \(stroma, .*\) stands for: Blood, 2"):
        labels.tissue(grid)
    found = labels.tissue(grid, stands_for={"Blood": "stroma", 2: "necrotic_core", 0: "stroma"})
    assert found.labels[0, 0].tolist() == [STROMA, STROMA, NECROTIC_CORE]
    with pytest.raises(InputError, match="no tissue 'bone'"):
        labels.tissue(grid, stands_for={"Blood": "bone", 2: "stroma"})


def test_planar_image_on_a_deep_grid():
    with pytest.raises(InputError, match="planar, but the grid is 2 voxels deep"):
        planar([[0]], classes={0: "stroma"}).tissue(Grid((2, 1, 1), 1.0))


@pytest.mark.data
def test_positions_of_a_table_lie_on_the_labels_of_its_image():
    table = Cells.read(data_file("cells/phenoptr_Set4_6plex_6072.csv"), preset="inform")
    nuclei = Labels.read(data_file("labels/phenoptr_Set4_6plex_seg_maps.tif"), page=1, pixel_size=0.5)
    ids = table.ids.astype(int)
    column, row = (np.floor(table.positions[:, axis] / 0.5).astype(int) for axis in (0, 1))
    assert (nuclei.values[0, row, column] == ids).mean() == pytest.approx(0.992, abs=5e-4)  # as measured when the files were gathered
    cells = nuclei.cells(dict(zip(ids.tolist(), table.types.tolist(), strict=True)))
    assert cells.counts() == table.counts()
    order = np.argsort(ids)
    assert np.array_equal(cells.ids.astype(int), ids[order])
    # inForm's own position is rounded to a pixel and is that of the nucleus; its area has to be that of the label.
    assert np.median(np.linalg.norm(cells.positions - table.positions[order], axis=1)) < 1.0


@pytest.mark.data
def test_tissue_of_a_section_keeps_the_areas():
    labels = Labels.read(data_file("labels/phenoptr_Set4_6plex_seg_maps.tif"), page=0, pixel_size=0.5)
    found = labels.tissue(Grid((1, 70, 93), (5.0, 10.0, 10.0)), stands_for={"Background": "stroma"})
    assert found.covered == pytest.approx(1.0, abs=1e-12)
    pixels = labels.values[0, :, : 93 * 20] == 0
    assert found.image["tumour"] == pytest.approx(pixels.sum() * 0.25, rel=1e-12)
    assert sum(found.image.values()) == pytest.approx(sum(found.grid.values()), rel=1e-12)
    assert found.grid["tumour"] == pytest.approx(found.image["tumour"], rel=2e-3)  # 20 x 20 pixels a voxel; measured 0.07 %
    with pytest.raises(InputError, match="voxels reach beyond the image"):
        labels.tissue(Grid((1, 70, 94), (5.0, 10.0, 10.0)), stands_for={"Background": "stroma"})
