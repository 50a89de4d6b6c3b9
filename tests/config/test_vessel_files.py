"""What a configuration says of a network file reaches its reader."""

import pytest

import tmefield as tf
from tmefield.config.inputs import read_network
from tmefield.config.load import parse_config

CASE = """
[grid]
spacing = "5 um"
[vessels]
file = "NAME"
unit = "um"
[cells]
uniform = { tumour = "1e-4 /um3" }
[[species]]
id = "IFNg"
"""
LINES = """# vtk DataFile Version 3.0
two lines whose ends are 0.01 um apart
ASCII
DATASET POLYDATA
POINTS 4 float
0 0 0  20 0 0  20 0 0.01  20 20 0
LINES 2 6
2 0 1
2 2 3
CELL_DATA 2
SCALARS wide float 1
LOOKUP_TABLE default
6
8
"""
TREE = "1 2 0 0 0 2 -1\n2 2 20 0 0 2 1\n3 2 20 20 0 2 2\n4 2 0 20 0 2 3\n5 2 0 0.2 0 2 4\n"


def network(folder, name, text, *overrides):
    (folder / name).write_text(text, encoding="utf-8")
    return read_network(parse_config(CASE.replace("NAME", name), overrides, folder=folder, source="case.toml"), None)


def test_radius_field_and_merge_distance(tmp_path):
    pytest.importorskip("vtkmodules")
    overrides = ("vessels.radius_field=wide", "vessels.is_diameter=true", "vessels.merge_distance=0.02 um", "vessels.format=vtk")
    read = network(tmp_path, "net.vtk", LINES, *overrides)
    assert read is not None and read.radius.tolist() == [3, 4] and read.components == 1


def test_loops_of_a_tree(tmp_path):
    read = network(tmp_path, "net.swc", TREE, "vessels.close_loops_tol=0.0005 mm")
    assert read is not None and read.loops == 1


def test_keys_of_other_formats_are_refused(tmp_path):
    with pytest.raises(tf.InputError, match="radius_field is for files of the format vtk and amira; this one is swc"):
        network(tmp_path, "net.swc", TREE, "vessels.radius_field=wide")
