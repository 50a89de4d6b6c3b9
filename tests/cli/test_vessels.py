"""Vessels drawn and exported by the command line: of a network, a configuration and a result."""

import numpy as np
import pytest

from command_line import network_text, tmefield, write_case
from tmefield.grid import Grid
from tmefield.output import FieldSet, Variable, read_netcdf, write_netcdf

PNG = b"\x89PNG"


@pytest.fixture
def result(tmp_path):
    """A result with one species and one vessel with its flow."""
    grid = Grid((6, 10, 10), (10.0, 10.0, 10.0))
    values = np.broadcast_to(np.linspace(1, 2, 10), (1, 1, *grid.shape))
    fields = FieldSet(
        grid,
        [0.0],
        ("IFNg",),
        values,
        vessel_segments=np.array([[[0.0, 50, 30], [100, 50, 30]]]),
        vessel_radii=np.array([4.0]),
        vessel_arrays={"flow": Variable(np.array([2e4]), "blood flow", "um3 s-1")},
    )
    return write_netcdf(fields, tmp_path / "fields.nc")


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "network.dat"
    path.write_text(network_text(), encoding="utf-8")
    return path


def is_picture(answer, path):
    return answer.code == 0 and answer.out.split() == [str(path)] and path.read_bytes()[:4] == PNG


def test_a_network_is_drawn_and_exported_beside_its_file(network):
    assert is_picture(tmefield("plot", network), network.with_suffix(".png"))
    answer = tmefield("export", network)
    assert answer.code == 0 and answer.out.split() == [str(network.with_suffix(".vtp"))]
    assert b'NumberOfLines="2"' in network.with_suffix(".vtp").read_bytes()
    assert tmefield("export", network, "--vtu").code == 0
    assert b'type="UnstructuredGrid"' in network.with_suffix(".vtu").read_bytes()


def test_a_network_may_be_coloured_by_what_it_has(network, tmp_path):
    assert is_picture(tmefield("plot", network, "--colour", "flow", "-o", tmp_path / "flow.png"), tmp_path / "flow.png")
    answer = tmefield("plot", network, "--colour", "IFNg", "-o", tmp_path / "no.png")
    assert answer.code == 2 and "they have radius, flow, hd" in answer.err and not (tmp_path / "no.png").exists()


def test_vessels_of_a_configuration_are_drawn(tmp_path):
    path = write_case(tmp_path)
    assert is_picture(tmefield("plot", path, "-o", tmp_path / "out.png"), tmp_path / "out.png")
    assert b'Name="flow"' in exported(path, tmp_path / "out.vtp")


def exported(source, out):
    assert tmefield("export", source, "--vtp", "-o", out).code == 0
    return out.read_bytes()


def test_a_result_shows_a_species_on_its_own_vessels_or_on_a_network(result, network, tmp_path):
    assert is_picture(tmefield("plot", result, "--colour", "IFNg"), result.with_name("vessels.png"))
    assert is_picture(tmefield("plot", tmp_path, "--colour", "flow", "--force"), result.with_name("vessels.png"))
    assert is_picture(tmefield("plot", result, "--network", network, "-o", tmp_path / "net.png"), tmp_path / "net.png")
    answer = tmefield("plot", result, "--colour", "TNF", "--force")
    assert answer.code == 2 and "they have radius, flow, ifng" in answer.err
    assert is_picture(tmefield("plot", result), result.with_name("overview.png"))


def test_vessels_of_a_result_are_exported_with_the_concentrations(result, network, tmp_path):
    assert tmefield("export", result).out.split() == [str(result.with_suffix(".vti"))]
    written = exported(result, tmp_path / "own.vtp")
    assert b'NumberOfLines="1"' in written and b'Name="ifng"' in written and b'Name="flow"' in written
    answer = tmefield("export", result, "--network", network)
    assert answer.out.split() == [str(result.with_suffix(".vtp"))]
    assert b'NumberOfLines="2"' in result.with_suffix(".vtp").read_bytes() and b'Name="ifng"' in result.with_suffix(".vtp").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["plot", "no.dat"], 4, "no such file. Give a result, a vessel network"),
        (["plot", "no.nc"], 4, "'tmefield run' writes one"),
        (["plot", "NETWORK", "--network", "NETWORK"], 2, "--network goes with a result"),
        (["plot", "NETWORK", "--unit", "mm"], 2, "in um"),
        (["plot", "RESULT", "--colour", "IFNg", "--unit", "um"], 2, "--unit goes with --network"),
        (["plot", "RESULT", "--unit", "um"], 2, "--unit goes with --network"),
        (["export", "RESULT", "--unit", "um"], 2, "--unit goes with --network"),
        (["export", "NETWORK", "--vti"], 2, "--vti writes the fields of a result"),
        (["export", "RESULT", "--vtp", "--vtu"], 2, "write one at a time"),
        (["export", "RESULT", "--vti", "--network", "NETWORK"], 2, "--network goes with a result and --vtp or --vtu"),
        (["export", "RESULT", "--vtp", "-o", "nowhere/out.vtp"], 4, "no such folder"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(result, network, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    answer = tmefield(*({"NETWORK": network.name, "RESULT": result.name}.get(one, one) for one in arguments))
    assert answer.code == code, answer.err
    assert message in answer.err
    assert sorted(tmp_path.iterdir()) == before


def test_files_are_not_overwritten_unasked(network):
    network.with_suffix(".png").write_text("mine")
    assert tmefield("plot", network).code == 2
    assert network.with_suffix(".png").read_text() == "mine"


@pytest.mark.slow
def test_a_run_keeps_flow_and_haematocrit_of_its_vessels(tmp_path):
    path = write_case(tmp_path)
    assert tmefield("run", path, "--out", tmp_path / "out").code == 0
    fields = read_netcdf(tmp_path / "out" / "fields.nc")
    assert {name: entry.units for name, entry in fields.vessel_arrays.items()} == {"flow": "um3 s-1", "hd": "1"}
    assert np.allclose(fields.vessel_arrays["flow"].values, 1e6 / 60) and np.allclose(fields.vessel_arrays["hd"].values, 0.4)
