"""What other commands know of a run."""

import errno
import os

import psutil
import pytest

from stack.errors import StackError
from stack.supervisor.state_file import (
    AlreadyRunning,
    DataDirectoryLock,
    StackState,
    is_locked,
    read_state,
    write_state,
)


def state(process_id, started):
    return StackState(process_id, started, "http://127.0.0.1:8080", demo=False)


def test_a_state_is_read_as_it_was_written(tmp_path):
    written = state(1, 2.0)

    write_state(tmp_path / "state.json", written)

    assert read_state(tmp_path / "state.json") == written


def test_on_a_full_disk_the_old_state_stays_and_nothing_is_left_behind(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    write_state(file, state(1, 2.0))

    def fails(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("json.dump", fails)
    with pytest.raises(OSError, match="No space left"):
        write_state(file, state(3, 4.0))

    assert read_state(file) == state(1, 2.0)
    assert list(tmp_path.iterdir()) == [file]


def test_there_is_no_state_before_the_first_run(tmp_path):
    assert read_state(tmp_path / "state.json") is None


def test_a_file_that_is_no_state_is_named(tmp_path):
    (tmp_path / "state.json").write_text("[]")

    with pytest.raises(StackError, match=r"state\.json is not readable"):
        read_state(tmp_path / "state.json")


def test_a_process_id_that_was_given_again_is_not_the_supervisor():
    me = psutil.Process()

    assert state(me.pid, me.create_time()).is_alive()
    assert not state(me.pid, me.create_time() - 100).is_alive()


def test_a_data_directory_has_one_supervisor(tmp_path):
    with DataDirectoryLock(tmp_path / "lock"):
        assert is_locked(tmp_path / "lock")
        with pytest.raises(AlreadyRunning), DataDirectoryLock(tmp_path / "lock"):
            pass

    assert not is_locked(tmp_path / "lock")
