"""One process at a time in a folder."""

import errno

import pytest

from tmefield.errors import FileError
from tmefield.output.lock import BusyError, alone

fcntl = pytest.importorskip("fcntl")


def test_the_second_one_is_refused_and_the_lock_goes_with_the_first(tmp_path):
    lock = tmp_path / "new" / ".lock"
    with alone(lock), pytest.raises(BusyError, match="another tmefield is at work"), alone(lock):
        raise AssertionError("both hold the lock")
    assert not lock.exists() and issubclass(BusyError, FileError)
    with alone(lock):
        assert lock.exists()


def test_a_file_system_without_locks_locks_nothing(tmp_path, monkeypatch):
    def refuse(stream, how):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone(tmp_path / ".lock"):
        pass
    assert list(tmp_path.iterdir()) == []
