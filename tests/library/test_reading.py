import pytest

from tmefield.errors import FileError, InputError
from tmefield.library.reading import read_cell_type, read_sources, read_species

GOOD = """
name = "test factor"
class = "cytokine"

[parameters.molecular_weight]
value = 20
unit = "kDa"
mark = "measured"
source = "{PAPER}"

[parameters.decay]
value = 2
unit = "1/h"
range = [1, 4]
mark = "recalled"
confidence = "low"
source = "{PAPER}; there Doe 2001"
alternatives = [{ value = 5, unit = "1/h", mark = "model", source = "a file" }]

[[receptors]]
cells = ["M1", "M2"]
value = 300
unit = "receptors/cell"
mark = "model"
source = "a file"

[[secretion]]
cells = ["M1"]
[secretion.rate]
value = 1
unit = "pg/cell/day"
mark = "model"
source = "a file"
[secretion.active_fraction]
value = 0.5
unit = "1"
mark = "model"
source = "a file"
"""
SOURCES = {"PAPER": "Roe 1999 10.1000/xyz"}


def read(tmp_path, text):
    path = tmp_path / "X.toml"
    path.write_text(text, encoding="utf-8")
    return read_species(path, SOURCES, ("M1", "M2"))


def test_a_table_is_read(tmp_path):
    record = read(tmp_path, GOOD)
    assert record.id == "X"
    assert record.parameters["decay"].source == "Roe 1999 10.1000/xyz; there Doe 2001"
    assert record.parameters["decay"].range == (1.0, 4.0)
    assert record.parameters["decay"].alternatives[0].value == 5
    assert record.parameters["decay"].distribution == "lognormal" and record.parameters["molecular_weight"].distribution is None
    assert record.receptors["M1"] == record.receptors["M2"]
    assert record.secretion["M1"].rate.internal == pytest.approx(278.802812963 * 25 / 20, rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "{PAPER}"', "", "parameters.molecular_weight: source is missing"),
        ('unit = "1/h"\nrange', "range", "parameters.decay: unit is missing"),
        ('mark = "measured"', "", "mark is missing"),
        ('mark = "measured"', 'mark = "guessed"', "mark must be one of measured, model, recalled, computed, label; got 'guessed'"),
        ('confidence = "low"', "", "a recalled value needs it"),
        ('confidence = "low"', 'confidence = "sure"', "confidence must be one of"),
        ("value = 2\n", "value = 9\n", "value 9 lies outside its range 1 to 4"),
        ("value = 2\n", 'value = "2"\n', "value must be a number"),
        ('unit = "1/h"\nrange', 'unit = "um"\nrange', "parameters.decay: 'um' is not the unit of a rate"),
        ("range = [1, 4]", "range = [1]", "range must be two numbers"),
        ("range = [1, 4]", 'range = [1, 4]\ndistribution = "normal"', "parameters.decay: distribution must be one of lognormal, uniform"),
        ("range = [1, 4]", "range = [2, 4]", "parameters.decay: 2 cannot be the median"),
        ("range = [1, 4]", 'distribution = "uniform"', "parameters.decay: a distribution needs a range"),
        ("{PAPER}; there", "{PAPPER}; there", "no source 'PAPPER'; known: PAPER"),
        ("[parameters.decay]", "[parameters.decoy]", "unknown parameter 'decoy'"),
        ("alternatives = [{ value = 5, ", "alternatives = [{ ", r"decay.alternatives\[0\]: value must be a number"),
        ('cells = ["M1", "M2"]', 'cells = ["M3"]', r"receptors\[0\]: no cell type 'M3'"),
        ('cells = ["M1", "M2"]', 'cells = ["M1", "M1"]', "'M1' has a row already"),
        ('cells = ["M1", "M2"]', "", "cells is missing"),
        ("[secretion.active_fraction]", "[secretion.active]", r"secretion\[0\]: unknown key 'active'"),
        ('class = "cytokine"', 'class = "cyto"', "class must be one of"),
        ('name = "test factor"', "", "name is missing"),
        ('name = "test factor"', "name = ", "not valid TOML"),
    ],
)
def test_a_table_that_lacks_something_is_refused(tmp_path, old, new, message):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if "has a row" in message:
        # The same cell type in one row twice is as wrong as in two rows.
        text = GOOD.replace('cells = ["M1", "M2"]', 'cells = ["M1"]') + GOOD[GOOD.index("[[receptors]]") : GOOD.index("[[secretion]]")]
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_a_missing_active_fraction_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"secretion\[0\].active_fraction: expected a table"):
        read(tmp_path, GOOD[: GOOD.index("[secretion.active_fraction]")])


def test_a_cell_type_is_read(tmp_path):
    path = tmp_path / "Y.toml"
    path.write_text('name = "y cell"\n[diameter]\nvalue = 12\nunit = "um"\nmark = "measured"\nsource = "{PAPER}"\n', encoding="utf-8")
    record = read_cell_type(path, SOURCES)
    assert record.diameter is not None
    assert (record.id, record.diameter.internal, record.density) == ("Y", 12.0, None)


def test_a_missing_file_is_a_file_error(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_sources(tmp_path / "sources.toml")
