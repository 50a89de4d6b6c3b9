"""Presets, PhysiCell output and label images in a configuration."""

import numpy as np
import pytest

from data_files import data_file
from tmefield.config.load import parse_config
from tmefield.config.prepare import prepare
from tmefield.errors import FileError, InputError
from tmefield.tissue.labels import STROMA, TUMOUR

SECTION = """
[grid]
spacing = "10 um"
size = ["5 um", "40 um", "60 um"]
[section]
thickness = "5 um"
cell_diameter = "10 um"
vessel_radius = "5 um"
permeability = "library"
[cells]
file = "cells.csv"
preset = "inform"
types = { "CK+" = "tumour", "CD8+" = "CD8_T" }
[[species]]
id = "IFNg"
"""
TABLE = "Phenotype,Cell ID,Cell X Position,Cell Y Position,Area (sq microns)\nCK+,1,15,15,9\nCD8+,2,45,25,9\n"
LABELS = 'tissue.labels={file="tissue.tif",pixel_size="1 um",classes={"1"="tumour","0"="stroma"}}'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cells.csv").write_text(TABLE)
    return tmp_path


def prepared(folder, *overrides, text=SECTION):
    return prepare(parse_config(text, overrides, folder=folder, source="case.toml"))


def test_preset_takes_the_place_of_columns_and_unit(folder):
    inputs = prepared(folder)
    assert inputs.cells.positions[:, :2].tolist() == [[15, 15], [45, 25]] and set(inputs.densities) == {"tumour", "CD8_T"}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ('cells={file="cells.csv"}', "cells.columns is missing"),
        ('cells={file="cells.csv",preset="inform",columns={x="a",y="b",type="c"}}', "either 'columns' or 'preset'"),
        ('cells={file="cells.csv",preset="mibi"}', "either 'pixel_size'"),
        ('cells={file="cells.csv",preset="inform",unit="um",pixel_size="1 um"}', "either 'pixel_size'"),
        ('cells={file="cells.h5ad"}', "either 'pixel_size'"),
        ("cells.preset=visium", "'inform', 'codex'"),
        ('tissue.labels={file="t.tif",classes={"1"="bone"}}', "tissue.labels.classes"),
    ],
)
def test_what_does_not_go_together(folder, override, says):
    with pytest.raises(InputError, match=says):
        prepared(folder, override)


def test_labels_give_the_tissue(folder):
    tifffile = pytest.importorskip("tifffile")
    values = np.zeros((40, 60), np.uint8)
    values[:, 27:] = 1
    tifffile.imwrite(folder / "tissue.tif", values)
    inputs = prepared(folder, LABELS)
    assert (inputs.labels[0, :, :2] == STROMA).all() and (inputs.labels[0, :, 3:] == TUMOUR).all()
    assert (inputs.labels[0, :, 2] == STROMA).all()  # seven of its ten columns
    assert any("tissue on the grid by the majority" in note for note in inputs.notes)
    with pytest.raises(InputError, match=r"tissue\.labels: tissue\.tif: \d+ of 24 voxels reach beyond the image"):
        prepared(folder, LABELS.replace("1 um", "0.5 um"))
    with pytest.raises(InputError, match=r"tissue\.labels: tissue\.tif: say which tissue .* stands for: 0"):
        prepared(folder, LABELS.replace(',"0"="stroma"', ""))


def test_labels_that_are_missing_and_labels_of_a_spheroid(folder):
    with pytest.raises(FileError, match=r"tissue\.labels\.file: .*tissue\.tif: no such file"):
        prepared(folder, LABELS)
    text = '[grid]\nspacing = "20 um"\nsize = ["100 um", "100 um", "100 um"]\n[cells]\nspheroid = { radius = "40 um" }\n[[species]]\nid = "IFNg"\n'
    with pytest.raises(InputError, match=r"tissue\.labels does not go with cells\.spheroid"):
        prepared(folder, LABELS, text=text)


@pytest.mark.data
def test_physicell_output_as_cells(folder):
    path = data_file("physicell/output00000012.xml")
    text = f'[grid]\nspacing = "20 um"\n[cells]\nfile = "{path}"\ntypes = {{ blood_cells = "CD8_T", default = "tumour" }}\n[[species]]\nid = "IFNg"\n'
    inputs = prepared(folder, text=text)
    number = sum(float(one.sum()) for one in inputs.densities.values()) * inputs.grid.voxel_volume
    assert number == pytest.approx(108, rel=1e-9) and len(inputs.cells) == 108


@pytest.mark.data
def test_section_with_its_own_tissue_map(folder):
    pytest.importorskip("imagecodecs")
    image = data_file("labels/phenoptr_Set4_6plex_seg_maps.tif")
    labels = f'tissue.labels={{file="{image}",page=0,pixel_size="0.5 um",classes={{Background="stroma"}}}}'
    cells = f'cells.file="{data_file("cells/phenoptr_Set4_6plex_6072.csv")}"'
    inputs = prepared(folder, labels, cells, 'grid.size=["5 um","700 um","930 um"]', "cells.types={'CK+'='tumour','CD8+'='CD8_T'}")
    assert (inputs.labels == TUMOUR).mean() == pytest.approx(0.463, abs=2e-3)  # 46.3 % of its pixels in the box are class 0
