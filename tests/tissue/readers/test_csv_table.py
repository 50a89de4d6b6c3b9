from pathlib import Path

import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.tissue.readers.columns import Columns
from tmefield.tissue.readers.csv_table import read_csv_table

COLUMNS = Columns("x", "y", None, "type")
PATH = Path("cells.csv")


def read(text, columns=COLUMNS, encoding=None):
    return read_csv_table(PATH, text.encode() if isinstance(text, str) else text, columns, encoding)


def message(error, text, **more):
    with pytest.raises(error) as caught:
        read(text, **more)
    found = str(caught.value)
    assert found.count("\n") == 0
    return found


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_reads_each_delimiter_and_line_end(delimiter, line_end):
    lines = ["id,x,y,type", "1,1.5,-2e1,Tumor", "2,3,4,CD8 T cell"]
    positions, types, *_ = read(line_end.join(lines).replace(",", delimiter))
    assert positions.tolist() == [[1.5, -20.0], [3.0, 4.0]]
    assert types.tolist() == ["Tumor", "CD8 T cell"]


def test_semicolon_table_may_hold_commas_in_names():
    positions, types, *_ = read("type;x;y;markers\nTumor;1;2;CK, Ki67\nNK;3;4;CD56, CD16\n")
    assert positions.tolist() == [[1, 2], [3, 4]]
    assert types.tolist() == ["Tumor", "NK"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_is_no_part_of_the_first_name(encoding):
    positions, *_ = read("x,y,type\n1,2,Zelle µ\n".encode(encoding))
    assert positions.tolist() == [[1, 2]]


def test_quotes_comments_blank_lines_and_short_rows():
    text = '# exported\n\n x , y,"type",volume\n1,2,"Tumor, CK+",\n\n 3, 4 ,"NK ""bright"""\n,,,\n5,6,B,7,\n'
    positions, types, *_ = read(text)
    assert positions.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert types.tolist() == ["Tumor, CK+", 'NK "bright"', "B"]


def test_third_coordinate():
    positions, *_ = read("z,x,y,type\n9,1,2,a\n", columns=Columns("x", "y", "z", "type"))
    assert positions.tolist() == [[1, 2, 9]]


def test_other_encoding_when_named():
    data = "x,y,type\n1,2,Zelle \xb5\n".encode("latin-1")
    _, types, *_ = read(data, encoding="latin-1")
    assert types.tolist() == ["Zelle \xb5"]
    found = message(FileError, data)
    assert "line 2" in found and "cp1252" in found


@pytest.mark.parametrize("encoding", ["utf-99", "hex", "no such thing"])
def test_unknown_encoding(encoding):
    found = message(InputError, "x,y,type\n1,2,a\n", encoding=encoding)
    assert encoding in found and "utf-8" in found


def test_missing_column_names_the_nearest_and_all():
    found = message(InputError, "X_pos,y,type\n1,2,a\n", columns=Columns("x_pos", "y", None, "type"))
    assert "cells.csv" in found and "'x_pos' for x" in found and "did you mean 'X_pos'?" in found and "'type'" in found


def test_missing_column_without_a_near_name():
    found = message(InputError, "a,b,c\n1,2,3\n")
    assert "did you mean" not in found and "columns: 'a', 'b', 'c'" in found


def test_repeated_column():
    assert "2 columns named 'x'" in message(FileError, "x,x,y,type\n1,2,3,a\n")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("nan", "holds nan; give the position"),
        ("-inf", "holds -inf"),
        ("#N/A", "holds #N/A"),
        ("", "is empty"),
        ("left", "'left', which is not a number"),
        ("1_0", "not a number"),
        ("1e999", "not a number"),
    ],
)
def test_bad_position_names_file_line_and_column(field, says):
    found = message(FileError, f"# made by hand\nx,y,type\n1,2,a\n\n{field},4,b\n")
    assert found.startswith("cells.csv, line 5: column 'x'") and says in found


def test_decimal_comma_is_explained():
    assert "decimal point: 12.5" in message(FileError, "x;y;type\n12,5;3;a\n")


def test_row_too_short_or_too_long():
    assert "line 3: 2 fields where the header has 3" in message(FileError, "x,y,type\n1,2,a\n3,4\n")
    assert "line 2: 4 fields" in message(FileError, "x,y,type\n1,2,Tumor,CK+\n")


def test_type_left_empty():
    assert "line 3: column 'type' is empty" in message(FileError, "x,y,type\n1,2,a\n3,4,\n")


@pytest.mark.parametrize("text", ["\n\n", "# nothing but a comment\n"])
def test_empty_table(text):
    assert "the table is empty" in message(FileError, text)


def test_header_only():
    assert "header but no cells" in message(FileError, "x,y,type\n")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04abc", "save it as CSV"),
        (b"\x1f\x8b\x08", "unpack it"),
        (b"x,y,type\n1,2,a\0\n", "NUL"),
        (b"PAR1xx", "Parquet"),
        (b"II*\0\0", "Labels.read"),
    ],
)
def test_files_that_are_no_text_table(data, says):
    assert says in message(FileError, data)


def test_open_quotation_mark():
    found = message(FileError, 'x,y,type\n1,2,"' + "a" * 140_000 + "\n")
    assert "quotation mark" in found


def test_numbers_are_read_exactly():
    values = np.random.default_rng(0).uniform(0, 1e4, size=(50, 2))
    text = "x,y,type\n" + "".join(f"{x!r},{y!r},a\n" for x, y in values.tolist())
    positions, *_ = read(text)
    assert np.array_equal(positions, values)
