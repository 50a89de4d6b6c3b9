import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.cells import Cells


def read(tmp_path, text, **options):
    path = tmp_path / "cells.csv"
    path.write_text(text)
    return Cells.read(path, preset="physicell", **options)


def test_version_1_has_numbers_for_types_and_no_header(tmp_path):
    cells = read(tmp_path, "1,2,3,0\n-4,5.5,6,2,2494,more\n")
    assert cells.positions.tolist() == [[1, 2, 3], [-4, 5.5, 6]] and cells.types.tolist() == ["0", "2"]
    assert not cells.planar and cells.radius is None


def test_version_2_with_ragged_rows_comments_and_blanks(tmp_path):
    head = "// start\n# of a run\nx,y,z,type,cycle entry,volume,custom:GFP\n"
    text = head + "1,2,3,M0 macrophage\n\n# tumour\n4,5,6,malignant epithelial cell,,2494,1  \n7,8,9,NK,default,\n"
    cells = read(tmp_path, text)
    assert cells.types.tolist() == ["M0 macrophage", "malignant epithelial cell", "NK"]
    assert np.isnan(cells.radius[[0, 2]]).all()
    assert cells.radius[1] == pytest.approx((3 * 2494 / (4 * np.pi)) ** (1 / 3), rel=1e-14)  # sphere of 2494 um3


def test_header_that_starts_otherwise(tmp_path):
    with pytest.raises(FileError, match=r"line 1: the header of a PhysiCell table starts with x,y,z,type; found x,y,type,z"):
        read(tmp_path, "x,y,type,z\n1,2,NK,3\n")


@pytest.mark.parametrize(
    ("row", "says"), [("1,2,3", "3 fields where the header has"), ("1,b,3,NK", "column 'y' holds 'b'"), ("1,2,3,", "column 'type' is empty")]
)
def test_bad_row_is_named(tmp_path, row, says):
    with pytest.raises(FileError, match=rf"line 3: {says}"):
        read(tmp_path, f"x,y,z,type,volume\n1,2,3,NK\n{row}\n")


def test_volume_above_zero(tmp_path):
    with pytest.raises(FileError, match="line 2: column 'volume' holds -3; a volume is above zero"):
        read(tmp_path, "x,y,z,type,volume\n1,2,3,NK,-3\n")


def test_is_in_um(tmp_path):
    with pytest.raises(InputError, match="are in um; leave pixel_size out"):
        read(tmp_path, "1,2,3,0\n", pixel_size=0.5)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("cells_v2_rules_sample", {"malignant epithelial cell": 1000, "M0 macrophage": 150, "effector T cell": 150}),
        ("cells_v2_mechano_shell", {"cancer": 511, "BM": 312}),
    ],
)
def test_samples(name, counts):
    cells = Cells.read(data_file(f"physicell/{name}.csv"), preset="physicell")
    assert cells.counts() == counts and cells.radius is None and not cells.planar
