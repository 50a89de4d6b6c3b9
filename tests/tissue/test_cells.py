import numpy as np
import pytest

import tmefield as tf
from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.cells import Cells


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("x,y,z,type\n2,4,6,Tumor\n4,8,10,Macrophage\n6,2,1,Tumor\n")
    return path


def read(path, **more):
    return Cells.read(path, **({"x": "x", "y": "y", "type": "type"} | more))


def test_is_public():
    assert tf.Cells is Cells


@pytest.mark.parametrize(("scale", "factor"), [({"pixel_size": 0.5}, 0.5), ({"unit": "um"}, 1.0), ({"unit": "mm"}, 1000.0)])
def test_scale(table, scale, factor):
    cells = read(table, z="z", **scale)
    assert np.allclose(cells.positions, factor * np.array([[2, 4, 6], [4, 8, 10], [6, 2, 1]]), rtol=1e-15)
    assert not cells.planar


def test_without_z_cells_are_planar(table):
    cells = read(table, unit="um")
    assert cells.planar and not cells.positions[:, 2].any()


def test_scale_is_asked_for(table):
    with pytest.raises(InputError, match=r"unit of the positions is missing: pixel_size = .* or unit"):
        read(table)
    with pytest.raises(InputError, match="only one of"):
        read(table, pixel_size=0.5, unit="um")
    with pytest.raises(InputError, match="unit 'px' is not known"):
        read(table, unit="px")


@pytest.mark.parametrize("pixel_size", [0.0, -0.5, float("nan"), float("inf")])
def test_pixel_size_must_make_sense(table, pixel_size):
    with pytest.raises(InputError, match="pixel_size must be a positive number"):
        read(table, pixel_size=pixel_size)


def test_missing_folder_and_empty_files(tmp_path):
    with pytest.raises(FileError, match=r"nowhere\.csv: no such file"):
        read(tmp_path / "nowhere.csv", unit="um")
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path, unit="um")
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(FileError, match=r"empty \(0 bytes\)"):
        read(empty, unit="um")


def test_counts_box_and_report(table):
    cells = read(table, z="z", unit="um", types={"Macrophage": {"M1": 0.25, "M2": 0.75}, "NK": "NK"})
    assert cells.counts() == {"Tumor": 2, "Macrophage": 1}
    lower, upper = cells.box()
    assert lower.tolist() == [2, 2, 1] and upper.tolist() == [6, 8, 10]
    report = cells.report()
    assert "3 cells" in report and "M1 x 0.25, M2 x 0.75" in report and "no cells of type: NK" in report


def test_types_stand_for_library_types(table):
    cells = read(table, unit="um", types={"Tumor": "tumour"})
    assert cells.types.tolist() == ["Tumor", "Macrophage", "Tumor"]
    assert cells.stands_for("Tumor") == {"tumour": 1.0}
    assert cells.stands_for("Macrophage") == {"Macrophage": 1.0}


@pytest.mark.parametrize("share", [{}, {"M1": 0.5}, {"M1": 1.5, "M2": -0.5}, {"M1": float("nan")}])
def test_shares_must_sum_to_one(table, share):
    with pytest.raises(InputError, match="shares of 'Macrophage' must be fractions that sum to 1"):
        read(table, unit="um", types={"Macrophage": share})


def test_misspelt_type_is_refused(table):
    with pytest.raises(InputError, match="no cells of type 'Tumour'; did you mean 'Tumor'"):
        read(table, unit="um", types={"Tumour": "tumour"})


def test_type_that_differs_in_a_number_is_no_slip(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("x,y,type\n1,2,CD8 T cells\n")
    assert read(path, unit="um", types={"CD4 T cells": "Treg"}).counts() == {"CD8 T cells": 1}


@pytest.mark.parametrize("positions", [np.zeros((2, 2)), np.zeros((3, 3)), np.array([[0, 0, 0], [0, np.nan, 0]])])
def test_points_given_directly_are_checked(positions):
    with pytest.raises(InputError, match="Cells need"):
        Cells(positions, np.array(["a", "b"]))


def test_no_cells_have_no_box():
    with pytest.raises(InputError, match="no cells"):
        Cells(np.empty((0, 3)), np.empty(0, dtype=str)).box()


@pytest.mark.data
def test_mibi_section():
    cells = read(data_file("cells/mibi_tnbc_keren2018_person05.csv"), x="x_px", y="y_px", type="cell_type", pixel_size=800 / 2048)
    counts = cells.counts()
    assert len(cells) == 5406 and len(counts) == 16
    assert {name: counts[name] for name in ("Tumor", "Macrophage", "CD8T", "Endothelial", "Treg")} == {
        "Tumor": 2140,
        "Macrophage": 1064,
        "CD8T": 531,
        "Endothelial": 196,
        "Treg": 48,
    }
    lower, upper = cells.box()
    assert lower[:2].min() > 31 * 800 / 2048 * 0.98 and upper.max() < 2017.5 * 800 / 2048


@pytest.mark.data
def test_immunofluorescence_section():
    path = data_file("cells/phenoptr_Set4_6plex_6072.csv")
    cells = read(path, x="Cell X Position", y="Cell Y Position", type="Phenotype", unit="um")
    assert cells.counts() == {"other": 2942, "CK+": 2257, "CD68+": 417, "CD8+": 228, "FoxP3+": 228}
    assert cells.box()[1].tolist() == [926.0, 692.5, 0.0]
    with pytest.raises(FileError, match=r"line 2: column 'Distance from Tissue Category Edge \(microns\)' is empty"):
        read(path, x="Cell X Position", y="Distance from Tissue Category Edge (microns)", type="Phenotype", unit="um")


@pytest.mark.data
def test_lymphoma_anndata():
    pytest.importorskip("anndata")
    path = data_file("cells/scimap_lymphoma_3029.h5ad")
    cells = read(path, x="X_position", y="Y_position", type="phenotype", pixel_size=1.0)
    assert len(cells) == 3029 and len(cells.counts()) == 25
    assert next(iter(cells.counts().items())) == ("Tumor CD45- CD30+", 1169)
    assert cells.box()[0][:2].min() == pytest.approx(107, abs=1) and cells.box()[1].max() == pytest.approx(1109, abs=2)
    with pytest.raises(InputError, match="did you mean 'X_position'"):
        read(path, x="x_position", y="Y_position", type="phenotype", pixel_size=1.0)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("cells_v2_rules_sample", {"malignant epithelial cell": 1000, "M0 macrophage": 150, "effector T cell": 150}),
        ("cells_v2_mechano_shell", {"cancer": 511, "BM": 312}),
    ],
)
def test_tables_with_rows_shorter_than_their_header(name, counts):
    assert read(data_file(f"physicell/{name}.csv"), z="z", unit="um").counts() == counts
