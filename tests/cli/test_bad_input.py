"""Bad input: one clear message that names file, line or key and the mend, the right exit code, no traceback, nothing left behind."""

import pytest

from command_line import CELLS, CONFIG, POINTS, ROWS, network_text, tmefield, write_case


def check_refused(folder, code, *words, command="run", options=(), **case):
    """The message of a run that has to be refused with this exit code."""
    path = write_case(folder, **case)
    before = {item.name for item in folder.iterdir()}
    answer = tmefield(command, path, *([] if command != "run" else ["--out", folder / "out"]), *options)
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert answer.err.count("tmefield: ") == 1
    for word in words:
        assert word in answer.err, answer.err
    assert {item.name for item in folder.iterdir()} == before
    return answer.err


def test_missing_configuration(tmp_path):
    answer = tmefield("run", tmp_path / "nowhere.toml", "--out", tmp_path / "out")
    assert answer.code == 4
    assert "nowhere.toml" in answer.err
    assert "tmefield init" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_missing_network_file(tmp_path):
    config = CONFIG.replace("network.dat", "elsewhere.dat").replace("cells.csv", "nowhere.csv")
    check_refused(tmp_path, 4, "case.toml: vessels.file", "elsewhere.dat", "cells.file", "nowhere.csv", config=config)


def test_missing_cell_file(tmp_path):
    check_refused(tmp_path, 4, "elsewhere.csv", config=CONFIG.replace("cells.csv", "elsewhere.csv"))


def test_wrong_column(tmp_path):
    check_refused(tmp_path, 2, "cells.csv", "'kind'", "type", config=CONFIG.replace('type = "type"', 'type = "kind"'))


def test_unknown_species(tmp_path):
    check_refused(tmp_path, 2, "species[0].id", "IFNgg", "IFNg", config=CONFIG.replace("IFNg", "IFNgg"))


def test_unknown_key(tmp_path):
    check_refused(tmp_path, 2, "cells.colums", "did you mean 'columns'", config=CONFIG.replace("columns", "colums"))


def test_unit_missing(tmp_path):
    check_refused(tmp_path, 2, "grid.spacing", "10", "um", config=CONFIG.replace('"10 um"', "10"))


def test_unit_of_the_wrong_dimension(tmp_path):
    check_refused(tmp_path, 2, "grid.spacing", "'s'", "length", config=CONFIG.replace('"10 um"', '"10 s"'))


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_position_that_is_no_number(tmp_path, value):
    check_refused(tmp_path, 4, "cells.csv", "3", cells=CELLS.replace("60,60,20", f"60,{value},20"))


def test_cells_outside_the_box(tmp_path):
    check_refused(tmp_path, 2, "outside", cells=CELLS.replace("60,60,20", "600,60,20"))


def test_vessels_outside_the_box(tmp_path):
    check_refused(tmp_path, 2, "outside", "clip", config=CONFIG.replace("[vessels]", 'size = ["60 um", "100 um", "40 um"]\n[vessels]'))


def test_segment_of_no_length(tmp_path):
    check_refused(tmp_path, 4, "network.dat", "repair", network=network_text(points=(*POINTS[:2], "3 50. 50. 30.")))


def test_segment_to_a_node_that_is_not_there(tmp_path):
    check_refused(tmp_path, 4, "network.dat", "9", network=network_text(rows=(ROWS[0], "2 5 2 9 8. 1. 0.4")))


def test_empty_cell_table(tmp_path):
    check_refused(tmp_path, 4, "cells.csv", cells="x,y,z,type\n")


def test_empty_network(tmp_path):
    check_refused(tmp_path, 4, "network.dat", "empty", network="")


def test_truncated_network(tmp_path):
    check_refused(tmp_path, 4, "network.dat", network=network_text()[:330])


def test_grid_too_big_for_the_memory(tmp_path):
    message = check_refused(tmp_path, 5, "memory", "spacing", config=CONFIG.replace('"10 um"', '"0.01 um"'))
    assert "GB" in message


def test_memory_limit_of_the_person(tmp_path):
    check_refused(tmp_path, 5, "solver.memory_limit", options=["--set", "solver.memory_limit=100 MB"])


def test_all_mistakes_at_once(tmp_path):
    config = CONFIG.replace('"10 um"', '"10 s"').replace("IFNg", "IFNgg").replace("columns", "colums") + 'colour = "red"\n'
    message = check_refused(tmp_path, 2, "grid.spacing", "species[0].id", "cells.colums", "output.colour", config=config)
    assert "4 mistakes" in message


def test_implausible_secretion(tmp_path):
    check_refused(tmp_path, 2, "IFNg", "CD8_T", config=CONFIG.replace('"5 molecule/cell/s"', '"1e-4 pmol/cell/s"'))


def test_negative_rate(tmp_path):
    check_refused(tmp_path, 2, "species[0].secretion.CD8_T.rate", config=CONFIG.replace('"5 molecule/cell/s"', '"-5 molecule/cell/s"'))


def test_implausible_mean(tmp_path):
    config = CONFIG.replace('"5 molecule/cell/s" }', '"9e3 molecule/cell/s" }').replace(
        'id = "IFNg"', 'id = "IFNg"\nuptake = false\ndecay = "1e-6 /s"\npermeability = "0 um/s"'
    )
    check_refused(tmp_path, 2, "IFNg", config=config)


def test_no_source_at_all(tmp_path):
    config = CONFIG.replace("secretion =", 'plasma_concentration = "0 nM"\nsecretion =').replace('{ rate = "5 molecule/cell/s" }', "false")
    check_refused(tmp_path, 2, "IFNg", "source", config=config, cells="x,y,z,type\n50,40,30,endothelial\n")


def test_broken_toml_names_the_line(tmp_path):
    check_refused(tmp_path, 2, "case.toml", "line 2", config="[grid]\nspacing = 10 um\n", command="validate")


def test_configuration_that_is_no_text(tmp_path):
    path = tmp_path / "case.toml"
    path.write_bytes(b"\xff\xfe\x00")
    answer = tmefield("validate", path)
    assert answer.code == 2
    assert "case.toml" in answer.err


def test_override_of_a_key_that_is_not_there(tmp_path):
    check_refused(tmp_path, 2, "grid.spaceing", "did you mean 'spacing'", options=["--set", "grid.spaceing=5 um"])


def test_override_of_a_species_that_is_not_there(tmp_path):
    check_refused(tmp_path, 2, "IL66", options=["--set", "species.IL66.decay=1/h"])


def test_override_without_a_value(tmp_path):
    check_refused(tmp_path, 2, "--set grid.spacing", "KEY=VALUE", options=["--set", "grid.spacing"])


def test_results_of_another_run_are_kept(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "fields.nc").write_text("precious")
    path = write_case(tmp_path)
    answer = tmefield("run", path, "--out", out)
    assert answer.code == 2
    assert "--force" in answer.err
    assert (out / "fields.nc").read_text() == "precious"


def test_output_folder_that_is_a_file(tmp_path):
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    path = write_case(deep)
    answer = tmefield("run", path, "--out", path)
    assert answer.code == 4
    assert "not a folder" in answer.err


def test_network_without_spacing(tmp_path):
    write_case(tmp_path)
    answer = tmefield("run", tmp_path / "network.dat")
    assert answer.code == 2
    assert "--spacing" in answer.err


def test_unit_is_asked_for_where_the_format_has_none(tmp_path):
    path = tmp_path / "tree.swc"
    path.write_text("1 2 0 0 0 4 -1\n2 2 50 0 0 4 1\n")
    answer = tmefield("run", path, "--spacing", "10 um", "--out", tmp_path / "out")
    assert answer.code == 2
    assert "unit" in answer.err


def test_a_box_that_holds_no_voxels(tmp_path):
    """Metres taken for micrometres: the box shrinks below a voxel."""
    path = write_case(tmp_path, config=CONFIG.replace('spacing = "10 um"', 'spacing = "10 mm"'))
    answer = tmefield("run", path, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "grid.spacing" in answer.err and "unit" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_cell_type_that_nobody_knows(tmp_path):
    path = write_case(tmp_path, config=CONFIG.replace('unit = "um"', 'unit = "um"\ntypes = { Treg = "Trex" }'))
    answer = tmefield("validate", path)
    assert answer.code == 2
    assert "cells.types.Treg: no cell type 'Trex'" in answer.err and "did you mean 'Treg'" in answer.err


def test_columns_are_asked_for_with_those_of_the_file(tmp_path):
    write_case(tmp_path)
    answer = tmefield("init", tmp_path / "new.toml", "--cells", tmp_path / "cells.csv")
    assert answer.code == 2
    assert "--columns is missing" in answer.err and "'x', 'y', 'z', 'type'" in answer.err


def test_init_says_what_would_be_refused(tmp_path):
    write_case(tmp_path)
    answer = tmefield("init", tmp_path / "new.toml", "--vessels", tmp_path / "network.dat", "--spacing", "7")
    assert answer.code == 0
    assert "before it runs" in answer.err and "unit missing" in answer.err
    assert tmefield("init", tmp_path / "new.txt").code == 2
