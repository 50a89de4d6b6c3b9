"""Every network of the data folder has its counts, and its damaged twins are refused, mended and counted, or the same network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork
from tmefield.vessels.readers.text import leading_numbers

pytestmark = pytest.mark.data


@dataclass(frozen=True)
class Case:
    """A file, how it is read, and what its description in the data folder (or the file itself) says of it."""

    file: str
    format: str
    segments: int
    nodes: int
    components: int
    ends: int
    loops: int
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    radius: tuple[float, float]
    boundary: tuple[int, int] = (0, 0)
    options: dict[str, Any] = field(default_factory=dict)

    def read(self, path: Path | None = None, **more) -> VesselNetwork:
        return VesselNetwork.read(path or data_file(self.file), **self.options | more)


TUMOUR = Case("network/secomb_R3230Ac_tumour1998/network.dat", "Secomb", 104, 92, 2, 17, 14, (0, 0, 25), (550, 520, 213), (2.35, 16.6), (0, 17))
RAT = Case("network/secomb_rat_brain/network.dat", "Secomb", 50, 49, 2, 12, 3, (0, 0, 10.6), (150, 160, 140), (2, 4.5), (3, 9))
MESENTERY = Case("network/secomb_mesentery_546_netflow.dat", "Secomb", 1130, 972, 1, 36, 159, (5.58, 2.79, 10), (4717, 7299, 10), (1.57, 29.6), (1, 35))
KROGH = Case("reference/secomb_krogh_washout_Network.dat", "Secomb", 23, 24, 1, 2, 0, (0, 32, 32), (634.9, 32, 32), (5.767, 5.767), (1, 1))
CORTEX = Case("network/dumux_mousecortex_200um.dgf", "DGF", 1735, 1746, 24, 126, 13, (0, 0, 0), (200, 200, 200), (1.271, 3.509), (126, 0), {"unit": "m"})
TREE = Case("network/vascgraph_exp.swc", "SWC", 691, 692, 1, 39, 0, (3.63, 1.10, 1.65), (93.96, 96.40, 97.36), (1.414, 5.61), (0, 0), {"unit": "um"})
BRANCHES = Case(
    "network/chaste_Branch_information.csv",
    "AnalyzeSkeleton",
    874,
    635,
    5,
    85,
    244,
    (1, 1, 0),
    (2476, 1852, 0),
    (3, 3),
    (0, 0),
    {"scale": 1.0, "default_radius": 3.0},
)
TAPMEIER = Case(
    "network/chaste_tapmeier_tumour.vtp",
    "VTK",
    *(802, 803, 5, 42, 4),
    *((29.36, -0.46, -0.09), (530.8, 513.5, 62.73), (2.81e-4, 28.73)),
    options={"unit": "um", "radius_field": "Radius", "repair": True},
)
RETINA = Case(
    "network/chaste_retinal.vtp",
    "VTK",
    *(7683, 7488, 8, 564, 203),
    *((0, 0, 0.5), (2477, 1853, 0.5), (0.5, 43.03)),
    options={"scale": 1.0, "radius_field": "Distance", "repair": True, "default_radius": 0.5},
)
TUMORCODE = Case("network/tumorcode_mesentery_445.h5", "tumorcode", 445, 412, 1, 9, 34, (37, 5, 0), (2245, 2340, 0), (1.908, 25.59), (1, 8))

TEXTS = [TUMOUR, RAT, MESENTERY, KROGH, CORTEX, TREE, BRANCHES]
ALL = [*TEXTS, TAPMEIER, RETINA, TUMORCODE]
by_file = pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.file)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.file)
def test_counts_box_and_radii(case, tmp_path):
    network = case.read()
    assert network.meta["format"].startswith(case.format)
    assert (len(network.edges), len(network.nodes), network.components) == (case.segments, case.nodes, case.components)
    assert (network.n_ends, network.loops) == (case.ends, case.loops)
    assert network.nodes.min(axis=0) == pytest.approx(case.low, rel=2e-3, abs=5e-3)
    assert network.nodes.max(axis=0) == pytest.approx(case.high, rel=2e-3, abs=5e-3)
    assert [network.radius.min(), network.radius.max()] == pytest.approx(case.radius, rel=5e-3)
    kinds = [one.kind for one in network.boundary]
    assert (kinds.count("pressure"), kinds.count("flow")) == case.boundary
    assert all(note in network.report() for note in network.meta["notes"])
    network.write(tmp_path / "edges.csv", tmp_path / "nodes.csv")
    again = VesselNetwork.read(tmp_path / "edges.csv")
    assert again.boundary == network.boundary
    for name in ("nodes", "edges", "radius", "flow", "hd", "branch_id", "tortuosity"):
        assert np.array_equal(getattr(again, name), getattr(network, name)) or getattr(again, name) is getattr(network, name) is None


def test_what_is_odd_in_the_files_is_told():
    notes = "\n".join(TUMOUR.read().meta["notes"])
    assert "2 of 2 connected parts have no boundary pressure" in notes and "333333 um3/s in, 333350 out" in notes  # 0.001 nl/min apart
    assert "12 nodes and 16 segments lie or end outside the box" in "\n".join(MESENTERY.read().meta["notes"])
    repairs = TAPMEIER.read().meta["repairs"]
    assert list(repairs.values()) == [80, 4, 15] and "radii not positive, taken from the neighbours or the default" in repairs
    assert (TAPMEIER.read().total_length, BRANCHES.read().total_length) == pytest.approx((3603, 74663), rel=1e-4)


@pytest.mark.parametrize(
    ("case", "options", "said"),
    [
        (TAPMEIER, {"repair": False}, "cell 12: segment from node 77 to 78 has no length"),
        (TAPMEIER, {"radius_field": None}, "give radius_field .* Radius, Topology"),
        (TAPMEIER, {"radius_field": "Topology"}, "holds 2 numbers"),
        (RETINA, {"default_radius": None}, "cell 1284: no segment connected to this one has a radius"),
        (RETINA, {"repair": False}, "cell 1515: segment from node 6623 to 6750 is listed a second time"),
        (RETINA, {"scale": None}, "does not say its unit"),
        (BRANCHES, {"default_radius": None}, "line 2: .* has no radius; give default_radius"),
        (CORTEX, {"unit": None}, "does not say its unit"),
        (TREE, {"unit": None}, "does not say its unit"),
        (TUMORCODE, {"scale": 2.0}, "does not go with scale 2"),
    ],
)
def test_what_has_to_be_given_is_asked_for(case, options, said):
    with pytest.raises((FileError, InputError), match=said):
        case.read(**options)


def twin(folder: Path, data: bytes, suffix: str = ".dat") -> Path:
    """A file with other content, by default with a suffix that says little."""
    path = folder / f"twin{suffix}"
    path.write_bytes(data)
    return path


@by_file
@pytest.mark.parametrize("change", ["mark", "windows", "blank lines", "other suffix"])
def test_marks_and_line_ends_leave_the_network_as_it_is(case, change, tmp_path):
    data = data_file(case.file).read_bytes().replace(b"\r\n", b"\n")
    changed = {"mark": b"\xef\xbb\xbf" + data, "windows": data.replace(b"\n", b"\r\n"), "blank lines": data + b"\n\n \n", "other suffix": data}[change]
    network, plain = case.read(twin(tmp_path, changed)), case.read()
    assert np.array_equal(network.nodes, plain.nodes) and np.array_equal(network.edges, plain.edges) and np.array_equal(network.radius, plain.radius)


def lines_of(case: Case) -> list[str]:
    return data_file(case.file).read_bytes().decode("utf-8-sig", errors="replace").splitlines()


@by_file
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_file_cut_short_is_refused_with_its_line(case, share, tmp_path):
    lines = lines_of(case)
    cut = int(share * len(lines))
    text = "\n".join(lines[:cut]) + "\n" + lines[cut][: len(lines[cut]) // 2]
    with pytest.raises(FileError, match=r"line \d+: .*|cut short"):
        case.read(twin(tmp_path, text.encode()), format={"DGF": "dgf", "Secomb": "secomb", "SWC": "swc", "AnalyzeSkeleton": "branches"}[case.format])


@by_file
@pytest.mark.parametrize("value", ["nan", "inf", "1.0e999", "x?"])
def test_number_that_is_none_is_refused_with_its_line(case, value, tmp_path):
    lines = lines_of(case)
    row = next(index for index in range(len(lines) // 3, len(lines)) if len(leading_numbers(lines[index])) >= 3)
    mark = "," if case is BRANCHES else None
    words = lines[row].split(mark)
    lines[row] = (mark or " ").join([*words[:2], value, *words[3:]])
    with pytest.raises(FileError, match=rf"line {row + 1}: "):
        case.read(twin(tmp_path, "\n".join(lines).encode()))


@pytest.mark.parametrize("case", [TUMOUR, RAT, TREE, BRANCHES], ids=lambda case: case.file)
def test_order_of_rows_does_not_matter(case, tmp_path):
    """Rows are shuffled within each run of lines with as many numbers, headers stay."""
    lines = lines_of(case)
    widths = [len(leading_numbers(line)) for line in lines]
    start = 0
    random = np.random.default_rng(0)
    while start < len(lines):
        end = start
        while end < len(lines) and widths[end] == widths[start]:
            end += 1
        if end - start > 5 and widths[start] > 3:
            lines[start:end] = [lines[index] for index in start + random.permutation(end - start)]
        start = end
    assert lines != lines_of(case)
    network, plain = case.read(twin(tmp_path, "\n".join(lines).encode())), case.read()
    assert network.total_length == pytest.approx(plain.total_length, rel=1e-12) and network.volume == pytest.approx(plain.volume, rel=1e-12)
    assert (network.components, network.n_ends, network.loops) == (plain.components, plain.n_ends, plain.loops)


@pytest.mark.parametrize(
    ("case", "old", "new", "said"),
    [
        (CORTEX, "DGF", "DFG", r"twin\.dgf, line 1: a DGF file starts with the word DGF"),
        (CORTEX, "SIMPLEX", "SIMPLICES", "there is no block SIMPLEX or CUBE"),
        (BRANCHES, "V1 x", "V1 q", "twin.csv: the table of its nodes is missing"),
        (TUMOUR, "104", "105", r"line \d+: expected row 105 of 105 segments"),
        (RAT, " 49                    total", " 48                    total", r"line 109: expected the number of boundary nodes, found a row of a table"),
    ],
)
def test_wrong_header_is_told(case, old, new, said, tmp_path):
    text = "\n".join(lines_of(case))
    assert old in text
    with pytest.raises((FileError, InputError), match=said):
        case.read(twin(tmp_path, text.replace(old, new, 1).encode(), Path(case.file).suffix))


@pytest.mark.parametrize("case", [TAPMEIER, RETINA, TUMORCODE], ids=lambda case: case.file)
@pytest.mark.parametrize("share", [0.005, 0.05, 0.5, 0.9])
def test_other_files_cut_short_are_refused(case, share, tmp_path):
    data = data_file(case.file).read_bytes()
    with pytest.raises(FileError, match=r"cut short|give format"):
        case.read(twin(tmp_path, data[: int(share * len(data))]))


@pytest.mark.parametrize("case", [TREE, BRANCHES], ids=lambda case: case.file)
def test_repeated_rows_are_told_or_counted(case, tmp_path):
    lines = lines_of(case)
    path = twin(tmp_path, "\n".join([*lines, lines[20]]).encode())
    with pytest.raises(FileError, match=rf"line {len(lines) + 1}: .*(listed twice|listed a second time)"):
        case.read(path)
    if case is BRANCHES:
        network = case.read(path, repair=True)
        assert len(network.edges) == case.segments and sum(network.meta["repairs"].values()) == 1 + case.segments
