"""The places of one installation."""

import os
import stat

import pytest

from stack.data_directory import MAX_SOCKET_PATH_BYTES, DataDirectory
from stack.errors import StackError


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def long_directory(tmp_path, monkeypatch):
    """A data directory whose own sockets would have too long a path."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = DataDirectory(tmp_path / ("d" * MAX_SOCKET_PATH_BYTES))
    made.create()
    return made


def test_nobody_else_looks_into_what_holds_secrets(tmp_path):
    directory = DataDirectory(tmp_path / "data")

    directory.create()

    assert {mode_of(path) for path in (directory.run, directory.logs, directory.secrets)} == {0o700}


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StackError, match=r"cannot use .*/file/data as the data directory: Not a directory"):
        DataDirectory(tmp_path / "file" / "data").create()


def test_the_sockets_are_in_the_data_directory(tmp_path):
    assert DataDirectory(tmp_path).envoy_admin == tmp_path / "run" / "envoy.sock"


def test_sockets_of_a_long_data_directory_are_in_a_private_one_elsewhere(long_directory, tmp_path):
    long_directory.create_socket_directory()

    socket = long_directory.envoy_admin
    assert socket.parent.parent == tmp_path
    assert len(os.fsencode(socket)) <= MAX_SOCKET_PATH_BYTES
    assert mode_of(socket.parent) == 0o700


def test_where_temporary_files_have_a_long_path_too_the_variable_is_named(long_directory, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * MAX_SOCKET_PATH_BYTES)))

    with pytest.raises(StackError, match="set TMPDIR to a directory with a shorter path"):
        long_directory.create_socket_directory()


def test_two_long_data_directories_share_no_socket(long_directory):
    other = DataDirectory(long_directory.root.with_name("e" * MAX_SOCKET_PATH_BYTES))

    assert other.envoy_admin != long_directory.envoy_admin


def test_a_directory_that_others_can_enter_is_refused(long_directory):
    long_directory.envoy_admin.parent.mkdir(mode=0o755)

    with pytest.raises(StackError, match="has to be a directory of this user alone"):
        long_directory.create_socket_directory()


def test_run_that_was_restored_with_an_open_mode_is_closed_again(tmp_path):
    directory = DataDirectory(tmp_path)
    directory.create()
    directory.run.chmod(0o755)

    directory.create_socket_directory()

    assert mode_of(directory.run) == 0o700


def test_a_link_in_place_of_the_directory_is_refused(long_directory, tmp_path):
    long_directory.envoy_admin.parent.symlink_to(tmp_path)

    with pytest.raises(StackError, match="has to be a directory of this user alone"):
        long_directory.create_socket_directory()


def test_the_demo_is_apart_from_the_real_installation():
    assert DataDirectory.default(demo=True).root != DataDirectory.default().root


def test_the_directory_that_the_operator_names_is_taken_whatever_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert DataDirectory.chosen(tmp_path.__class__("here"), demo=True).root == tmp_path / "here"
