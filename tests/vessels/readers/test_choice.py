import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

SWC = "1 2 0 0 0 3 -1\n2 2 10 0 0 3 1\n"


def test_format_is_told_from_the_content(tmp_path):
    path = tmp_path / "network.dat"
    path.write_text(SWC, encoding="utf-8")
    assert VesselNetwork.read(path, unit="um").meta["format"] == "SWC"


@pytest.mark.parametrize("suffix", [".dat", ".dgf", ".swc", ".csv", ""])
def test_empty_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(b"")
    with pytest.raises(FileError, match=r"net.*: the file is empty \(0 bytes\)"):
        VesselNetwork.read(path, unit="um")
    path.write_bytes(b"\n \n")
    with pytest.raises(FileError, match="blank lines only"):
        VesselNetwork.read(path, unit="um")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("net.txt", b"hello world\n", "this is not a Secomb network.dat, DGF, SWC, a table .* it starts with 'hello world'"),
        ("net.dgf", b"\x00\x01\x02binary", "not a text file"),
        ("net.swc", b"1 2 3\n", "line 1: expected seven numbers"),
        ("net.dgf", b"XDR\n", "line 1: a DGF file starts with the word DGF"),
        ("net.csv", b"p,q\n1,2\n", "no column 'a'"),
    ],
)
def test_other_content_is_refused(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    (tmp_path / "nodes.csv").write_text("id,x,y,z\n1,0,0,0\n", encoding="utf-8")
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(path, unit="um")


def test_folder_is_refused(tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        VesselNetwork.read(tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "vtp"}, "the format 'vtp' is not known; it is one of secomb, dgf, swc, table, branches, vtk, amira, hdf5"),
        ({"radius_field": "radius"}, "radius_field is for files of the format vtk and amira; this one is swc"),
        ({"is_diameter": True}, "is_diameter is for files of the format vtk and amira"),
        ({"merge_distance": 0.0}, "merge_distance must be positive, in um"),
        ({"close_loops_tol": float("nan")}, "close_loops_tol must be positive, in um"),
        ({"format": "amira"}, "line 1: a spatial graph starts with"),
        ({"segment_parameters": ("radius",)}, "segment_parameters is for files of the format dgf; this one is swc"),
        ({"nodes": "nodes.csv"}, "nodes is for files of the format table"),
    ],
)
def test_arguments_have_to_fit_the_format(tmp_path, options, said):
    path = tmp_path / "net.swc"
    path.write_text(SWC, encoding="utf-8")
    with pytest.raises((InputError, FileError), match=said):
        VesselNetwork.read(path, unit="um", **options)


def test_image_is_sent_to_from_mask(tmp_path):
    path = tmp_path / "mask.tif"
    path.write_bytes(b"II*\0" + bytes(20))
    with pytest.raises(FileError, match=r"an image; VesselNetwork\.from_mask"):
        VesselNetwork.read(path, unit="um")
