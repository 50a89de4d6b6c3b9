import sys
import warnings

import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.cells import Cells


@pytest.fixture
def write(tmp_path):
    anndata = pytest.importorskip("anndata")
    pandas = pytest.importorskip("pandas")

    def save(obs, obsm=None, name="cells.h5ad"):
        path = tmp_path / name
        frame = pandas.DataFrame(obs, index=[f"cell_{i}" for i in range(len(next(iter(obs.values()))))])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            anndata.AnnData(X=np.zeros((len(frame), 1)), obs=frame, obsm=obsm).write_h5ad(path)
        return path

    return save


def test_obs_columns_and_categories(write):
    path = write({"X": [1.0, 2.0], "Y": [3, 4], "phenotype": ["NK", "Tumor"]})
    cells = Cells.read(path, x="X", y="Y", type="phenotype", pixel_size=0.5)
    assert cells.positions.tolist() == [[0.5, 1.5, 0.0], [1.0, 2.0, 0.0]]
    assert cells.types.tolist() == ["NK", "Tumor"]
    assert cells.planar


def test_obsm_entries_and_number_types(write):
    path = write({"leiden": [3, 10]}, obsm={"spatial": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])}, name="renamed.dat")
    cells = Cells.read(path, x="spatial[0]", y="spatial[1]", z="spatial[2]", type="leiden", unit="um")
    assert cells.positions.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert cells.types.tolist() == ["3", "10"]
    assert not cells.planar


def test_missing_column_lists_obs_and_obsm(write):
    path = write({"phenotype": ["a", "b"]}, obsm={"spatial": np.zeros((2, 2))})
    with pytest.raises(InputError, match=r"no column 'spatial\[2\]' for y .*did you mean 'spatial\[") as caught:
        Cells.read(path, x="spatial[0]", y="spatial[2]", type="phenotype", unit="um")
    assert "'phenotype'" in str(caught.value)


@pytest.mark.parametrize(("bad", "says"), [(np.nan, "holds nan"), (np.inf, "holds inf")])
def test_position_that_is_not_finite_names_the_cell(write, bad, says):
    path = write({"X": [1.0, 2.0, bad], "Y": [3.0, 4.0, 5.0], "phenotype": ["a", "b", "c"]})
    with pytest.raises(FileError, match=rf"cells.h5ad, row 3 \(cell 'cell_2'\): column 'X' {says}"):
        Cells.read(path, x="X", y="Y", type="phenotype", unit="um")


def test_text_where_positions_should_be(write):
    path = write({"X": ["1.0", "left"], "Y": [3.0, 4.0], "phenotype": ["a", "b"]})
    with pytest.raises(FileError, match=r"row 2 .*'left', which is not a number"):
        Cells.read(path, x="X", y="Y", type="phenotype", unit="um")


def test_type_left_empty(write):
    pandas = pytest.importorskip("pandas")
    path = write({"X": [1.0, 2.0], "Y": [3.0, 4.0], "phenotype": pandas.Categorical(["a", None])})
    with pytest.raises(FileError, match=r"row 2 .*column 'phenotype' is empty"):
        Cells.read(path, x="X", y="Y", type="phenotype", unit="um")


def test_truncated_file(write):
    whole = write({"X": [1.0], "Y": [3.0], "phenotype": ["a"]})
    whole.write_bytes(whole.read_bytes()[:1500])
    with pytest.raises(FileError, match=r"cells.h5ad: not a readable AnnData file"):
        Cells.read(whole, x="X", y="Y", type="phenotype", unit="um")


def test_text_under_the_name_of_an_anndata_file(tmp_path):
    pytest.importorskip("anndata")
    path = tmp_path / "cells.h5ad"
    path.write_text("x,y,type\n1,2,a\n")
    with pytest.raises(FileError, match="not a readable AnnData file"):
        Cells.read(path, x="x", y="y", type="type", unit="um")


def test_says_how_to_install_anndata(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "anndata", None)
    path = tmp_path / "cells.h5ad"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match=r"pip install 'tmefield\[h5ad\]'"):
        Cells.read(path, x="x", y="y", type="type", unit="um")


def test_usual_columns_are_found_where_there_is_one_choice(write):
    path = write({"X_centroid": [1.0, 2.0], "Y_centroid": [3.0, 4.0], "Cell_Type": ["a", "b"]})
    cells = Cells.read(path, pixel_size=2.0)
    assert cells.positions.tolist() == [[2, 6, 0], [4, 8, 0]] and cells.types.tolist() == ["a", "b"]
    assert cells.ids.tolist() == ["cell_0", "cell_1"]


def test_spatial_of_three_columns_has_z(write):
    cells = Cells.read(write({"phenotype": ["a"]}, obsm={"spatial": np.array([[1.0, 2.0, 3.0]])}), unit="um")
    assert cells.positions.tolist() == [[1, 2, 3]] and not cells.planar


def test_more_than_one_choice_is_listed(write):
    path = write({"X_centroid": [1.0], "Y_centroid": [3.0], "phenotype": ["a"]}, obsm={"spatial": np.array([[1.0, 2.0]])})
    with pytest.raises(InputError, match=r"positions of the cells could be in X_centroid and Y_centroid, or spatial\[0\] and spatial\[1\]; name the columns"):
        Cells.read(path, pixel_size=1.0)
    path = write({"x": [1.0], "y": [3.0], "phenotype": ["a"], "cell_type": ["b"]})
    with pytest.raises(InputError, match="types of the cells could be in phenotype, or cell_type"):
        Cells.read(path, pixel_size=1.0)


def test_none_of_the_usual_columns_lists_all(write):
    with pytest.raises(InputError, match=r"in none of the usual columns; .*columns: 'left', 'top', 'kind'"):
        Cells.read(write({"left": [1.0], "top": [3.0], "kind": ["a"]}), pixel_size=1.0)


def test_pixel_size_is_asked_for(write):
    with pytest.raises(InputError, match="unit of the positions is missing"):
        Cells.read(write({"x": [1.0], "y": [3.0], "phenotype": ["a"]}))


@pytest.fixture(scope="module")
def lymphoma():
    anndata = pytest.importorskip("anndata")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anndata.read_h5ad(data_file("cells/scimap_lymphoma_3029.h5ad"))


def saved(table, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write_h5ad(path)
    return path


@pytest.mark.data
def test_real_file_needs_no_columns_but_the_pixel_size():
    cells = Cells.read(data_file("cells/scimap_lymphoma_3029.h5ad"), pixel_size=0.5)
    assert (
        len(cells) == 3029
        and cells.counts()["Tumor CD45- CD30+"] == 1169
        and cells.meta["columns"] == {"x": "X_position", "y": "Y_position", "type": "phenotype"}
    )


@pytest.mark.data
def test_real_file_shuffled_is_the_same(lymphoma, tmp_path):
    whole = Cells.read(data_file("cells/scimap_lymphoma_3029.h5ad"), unit="um")
    order = np.random.default_rng(0).permutation(3029)
    cells = Cells.read(saved(lymphoma[order].copy(), tmp_path / "a.h5ad"), unit="um")
    assert np.array_equal(cells.positions, whole.positions[order]) and np.array_equal(cells.types, whole.types[order])
    assert np.array_equal(cells.ids, whole.ids[order])


@pytest.mark.data
def test_real_file_with_nan_other_names_or_cut_short(lymphoma, tmp_path):
    broken = lymphoma.copy()
    broken.obs.iloc[6, broken.obs.columns.get_loc("Y_position")] = np.nan
    with pytest.raises(FileError, match=r"row 7 \(cell .*\): column 'Y_position' holds nan"):
        Cells.read(saved(broken, tmp_path / "nan.h5ad"), unit="um")
    renamed = lymphoma.copy()
    renamed.obs.columns = [name.replace("X_position", "left") for name in renamed.obs.columns]
    with pytest.raises(InputError, match=r"in none of the usual columns; .*'left', 'Y_position'"):
        Cells.read(saved(renamed, tmp_path / "names.h5ad"), unit="um")
    data = data_file("cells/scimap_lymphoma_3029.h5ad").read_bytes()
    (tmp_path / "cut.h5ad").write_bytes(data[: len(data) * 9 // 10])
    with pytest.raises(FileError, match="truncated"):
        Cells.read(tmp_path / "cut.h5ad", unit="um")
