"""The command line in tests: run in this process, with small inputs written by hand."""

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

NETWORK = """Two crossing vessels, written by hand
 100. 100. 60.  box dimensions in microns
 10 10 6  tissue points
 50.  outer bound distance
 20.  max. segment length
 4  max. segments per node
 {segments}  total number of segments
 name type from to diam flow hd
{rows}
 {nodes}  number of nodes
 name x y z
{points}
 2  number of boundary nodes
 node bctyp press/flow hd
 1 0 40 0.45
 3 0 20 0.45
"""
ROWS = ("1 5 1 2 8. 1. 0.4", "2 5 2 3 8. 1. 0.4")
POINTS = ("1 0. 50. 30.", "2 50. 50. 30.", "3 100. 50. 30.")


def network_text(rows=ROWS, points=POINTS) -> str:
    """A Secomb network along x through the middle of a box of 100 x 100 x 60 um."""
    return NETWORK.format(segments=len(rows), rows="\n".join(rows), nodes=len(points), points="\n".join(points))


CELLS = "x,y,z,type\n50,40,30,tumour\n60,60,20,CD8_T\n30,70,40,Treg\n"
CONFIG = """
[grid]
spacing = "10 um"
[vessels]
file = "network.dat"
[cells]
file = "cells.csv"
columns = { x = "x", y = "y", z = "z", type = "type" }
unit = "um"
[[species]]
id = "IFNg"
secretion = { CD8_T = { rate = "5 molecule/cell/s" } }
[output]
png = false
"""


def write_case(folder: Path, *, config: str = CONFIG, network: str | None = None, cells: str = CELLS) -> Path:
    """A small case of a network, three cells and one species; returns the configuration."""
    (folder / "network.dat").write_text(network_text() if network is None else network, encoding="utf-8")
    (folder / "cells.csv").write_text(cells, encoding="utf-8")
    path = folder / "case.toml"
    path.write_text(config, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


def tmefield(*arguments: str | Path) -> Answer:
    """Run `tmefield ARGUMENTS` in this process."""
    from tmefield.cli.app import app

    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return Answer(result.exit_code, result.stdout, result.stderr)
