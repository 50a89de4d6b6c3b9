import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import VesselNetwork

TEXT = """ ,Skeleton ID,Branch length,V1 x,V1 y,V1 z,V2 x,V2 y,V2 z,Euclidean distance
1,1,15.000,0,0,0,10,0,0,10.000
2,1,10.000,10,0,0,0,0,0,10.000
3,1,4.999,10,0,0,10,5,0,5.000
"""


def read(folder, text, **options):
    path = folder / "Branch information.csv"
    path.write_text(text, encoding="utf-8")
    return VesselNetwork.read(path, **{"scale": 2.0, "default_radius": 3.0} | options)


def test_branches_meet_at_their_ends_and_keep_their_length(tmp_path):
    network = read(tmp_path, TEXT)
    assert network.meta["format"] == "AnalyzeSkeleton branch table"
    assert (len(network.nodes), len(network.edges), network.loops) == (3, 3, 1)
    assert network.lengths.tolist() == [20, 20, 10] and network.radius.tolist() == [3] * 3
    assert network.tortuosity is not None and network.tortuosity.tolist() == [1.5, 1, 1]
    assert network.total_length == pytest.approx(60)


@pytest.mark.parametrize("change", [lambda t: t.replace(",", ";"), lambda t: t.replace(",", "\t"), lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")])
def test_separator_mark_and_line_ends_do_not_matter(tmp_path, change):
    assert read(tmp_path, change(TEXT)).total_length == pytest.approx(60)


def test_radius_and_size_of_a_pixel_are_required(tmp_path):
    with pytest.raises(FileError, match=r"line 2: .* has no radius; give default_radius"):
        read(tmp_path, TEXT, default_radius=None)
    with pytest.raises(InputError, match="does not say its unit"):
        read(tmp_path, TEXT, scale=None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("10,5,0,5.000", "10,nan,0,5.000", "line 4: column 'v2 y' holds nan"),
        ("10,5,0,5.000", "10,5", "line 4: 8 fields where the header has 10; is the file cut short"),
        ("10,5,0,5.000", "10,0,0,0", "line 4: .* has no length"),
        ("4.999,", "long,", "line 4: column 'branch length' holds 'long'"),
    ],
)
def test_damage_is_told(tmp_path, old, new, said):
    with pytest.raises(FileError, match=said):
        read(tmp_path, TEXT.replace(old, new))


def test_row_listed_twice_is_told(tmp_path):
    text = TEXT + "4,1,10.000,10,0,0,0,0,0,10.000\n"
    with pytest.raises(FileError, match=r"line 5: .* is listed a second time"):
        read(tmp_path, text)
    assert len(read(tmp_path, text, repair=True).edges) == 3
