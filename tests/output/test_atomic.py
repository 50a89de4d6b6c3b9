import os

import pytest

from tmefield.errors import FileError
from tmefield.output.atomic import atomic_path, write_bytes


def test_file_appears_whole_and_replaces_the_old_one(tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    link = tmp_path / "link"
    link.symlink_to(other)
    write_bytes(link, iter([b"new"]))
    assert not link.is_symlink() and link.read_bytes() == b"new"
    assert other.read_bytes() == b"precious"


def test_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "ours", iter([b"x"]))
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_missing_folder_and_folder_as_target_are_named(tmp_path):
    with pytest.raises(FileError, match=r"the folder .*nowhere does not exist"), atomic_path(tmp_path / "nowhere" / "a"):
        pass
    with pytest.raises(FileError, match="is a folder"), atomic_path(tmp_path):
        pass
