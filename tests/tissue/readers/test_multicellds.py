import shutil

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.cells import Cells
from tmefield.tissue.microenvironment import Microenvironment

NAME = "output00000012"
FILES = (f"{NAME}.xml", f"{NAME}_cells.mat", f"{NAME}_microenvironment0.mat")


@pytest.fixture
def twin(tmp_path):
    """A copy of the output that a test may break; gives the XML."""
    for name in FILES:
        shutil.copy(data_file(f"physicell/{name}"), tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path / FILES[0]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def cells_of(path):
    return loadmat(path.with_name(FILES[1]))["cells"]


@pytest.mark.data
def test_cells():
    path = data_file(f"physicell/{FILES[0]}")
    cells = Cells.read(path)
    matrix = loadmat(data_file(f"physicell/{FILES[1]}"))["cells"]
    assert len(cells) == 108 and set(cells.counts()) == {"default", "blood_cells"}
    assert np.array_equal(cells.positions, matrix[1:4].T)
    # The radius follows from the volume; row 37 of the file holds PhysiCell's own.
    assert np.allclose(cells.radius, matrix[37], rtol=1e-9)
    assert cells.counts() == {"blood_cells": int((matrix[5] == 1).sum()), "default": int((matrix[5] == 0).sum())}
    assert f"{int(matrix[26].astype(bool).sum())} of the cells are dead" in cells.report()


@pytest.mark.data
def test_microenvironment():
    found = Microenvironment.read(data_file(f"physicell/{FILES[0]}"))
    grid = found.grid
    assert grid.shape == (11, 11, 11) and grid.spacing == (10, 20, 30) and grid.origin == (-10, -20, -30)
    assert found.time == 720 * 60
    assert list(found.substrates) == ["oxygen", "water"]
    oxygen, water = found.substrates.values()
    assert oxygen.diffusivity == pytest.approx(1000 / 60) and oxygen.decay == pytest.approx(1 / 60) and oxygen.unit == "dimensionless"
    assert water.diffusivity == pytest.approx(1e6 / 60) and water.decay == pytest.approx(1e-3 / 60)
    matrix = loadmat(data_file(f"physicell/{FILES[2]}"))["multiscale_microenvironment"]
    assert np.all(matrix[3] == grid.voxel_volume) and grid.voxel_volume == 6000
    for column in (0, 7, 11 * 3 + 2, 11 * 11 * 5 + 11 * 4 + 9, 1330):
        x, y, z = matrix[:3, column]
        index = tuple(int((at - low) / step) for at, low, step in zip((z, y, x), grid.origin, grid.spacing, strict=True))
        assert oxygen.values[index] == matrix[4, column] and water.values[index] == matrix[5, column]
    assert "oxygen" in found.report() and "720 min" in found.report()


@pytest.mark.data
def test_shuffled_voxels_are_placed_and_counted(twin):
    whole = Microenvironment.read(twin)
    table = twin.with_name(FILES[2])
    matrix = loadmat(table)["multiscale_microenvironment"]
    savemat(table, {"multiscale_microenvironment": matrix[:, ::-1]}, format="4")
    found = Microenvironment.read(twin)
    assert np.array_equal(found.substrates["oxygen"].values, whole.substrates["oxygen"].values)
    assert "1330 voxels stood in another order" in found.report()  # the one in the middle stays


@pytest.mark.data
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('MultiCellDS version="2"', 'MultiCellDS version="0.5"', "MultiCellDS version 0.5 is not read, only version 2"),
        ('source="PhysiCell" data_version="2"', 'source="PhysiCell" data_version="1"', "data_version 1 is not read"),
        ('source="PhysiCell" data_version="2"', 'source="PhysiCell"', "data_version not stated is not read"),
        ("<labels>", "<labelz>", "not whole XML"),
        ('units="microns">position', 'units="mm">position', "row 'position' is in 'mm'"),
        (">position<", ">place<", "no row 'position'"),
        ('<type ID="1" type="1">', '<type ID="7" type="7">', "cell type 1 is not among the types"),
        (f"{NAME}_cells.mat", "elsewhere/lost.mat", r"lost\.mat: no such file; output00000012\.xml names it"),
        ('index="101" size="1"', 'index="101" size="9"', "102 rows where the labels in .* reach 110"),
        ("<?xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><?xml", "document type of its own"),
    ],
)
def test_broken_xml_of_cells(twin, old, new, says):
    edit(twin, old, new)
    with pytest.raises(FileError, match=says):
        Cells.read(twin)


@pytest.mark.data
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('type="Cartesian"', 'type="Voronoi"', "only Cartesian"),
        ("-15 15 45", "-15 20 45", "x_coordinates are not 11 even steps"),
        ("-30.000000 -20", "nan -20", "finite number is expected"),
        ('units="micron^2/min"', 'units="cm^2/s"', "is in 'cm\\^2/s'; known"),
        ('<variable name="water"', '<other name="water"', "not whole XML"),
        ("</domain>", "<variables/></domain>", ""),
    ],
)
def test_broken_xml_of_the_microenvironment(twin, old, new, says):
    edit(twin, old, new)
    if not says:
        assert Microenvironment.read(twin).substrates
        return
    with pytest.raises(FileError, match=says):
        Microenvironment.read(twin)


@pytest.mark.data
@pytest.mark.parametrize("name", FILES[1:])
def test_matrix_cut_short_or_missing(twin, name):
    read = Cells.read if "cells" in name else Microenvironment.read
    table = twin.with_name(name)
    table.write_bytes(table.read_bytes()[:5000])
    with pytest.raises(FileError, match=rf"{name}: not a readable .mat file, or one cut short"):
        read(twin)
    table.unlink()
    with pytest.raises(FileError, match=rf"{name}: no such file; output00000012.xml names it"):
        read(twin)


@pytest.mark.data
def test_cells_that_are_not_finite(twin):
    matrix = cells_of(twin)
    matrix[2, 4] = np.nan
    savemat(twin.with_name(FILES[1]), {"cells": matrix}, format="4")
    with pytest.raises(FileError, match=r"cells\.mat, cell 5: column 'y' holds nan"):
        Cells.read(twin)


@pytest.mark.data
def test_matrices_that_do_not_belong(twin):
    shutil.copy(twin.with_name(FILES[1]), twin.with_name(FILES[2]))
    with pytest.raises(FileError, match="holds no matrix 'multiscale_microenvironment'"):
        Microenvironment.read(twin)
    savemat(twin.with_name(FILES[2]), {"multiscale_microenvironment": np.zeros((6, 1331))}, format="4")
    with pytest.raises(FileError, match="positions of its voxels are not those of the mesh"):
        Microenvironment.read(twin)
    savemat(twin.with_name(FILES[2]), {"multiscale_microenvironment": np.zeros((6, 1330))}, format="4")
    with pytest.raises(FileError, match="2 substrates in 1331 voxels take"):
        Microenvironment.read(twin)


@pytest.mark.data
def test_cut_short_xml(twin):
    twin.write_text(twin.read_text()[:6000])
    with pytest.raises(FileError, match=r"output00000012\.xml, line \d+: not whole XML .*cut short"):
        Cells.read(twin)


@pytest.mark.data
def test_settings_are_no_output():
    with pytest.raises(FileError, match="input of a simulation: give one of its output files"):
        Cells.read(data_file("physicell/PhysiCell_settings.xml"))


@pytest.mark.data
def test_says_itself_what_it_holds(twin):
    with pytest.raises(InputError, match="PhysiCell output says itself what it holds"):
        Cells.read(twin, preset="physicell")
    with pytest.raises(InputError, match="are in um"):
        Cells.read(twin, pixel_size=2.0)
