"""`assistant status`, `down` and `logs`, against files that a stack would have left."""

import json
from contextlib import contextmanager

import psutil
import pytest
from typer.testing import CliRunner

from stack.cli import app
from stack.data_directory import DataDirectory
from stack.supervisor.part import PartState, PartStatus
from stack.supervisor.state_file import DataDirectoryLock, StackState, write_state


@pytest.fixture
def directory(tmp_path):
    made = DataDirectory(tmp_path / "data")
    made.create()
    return made


@contextmanager
def running(directory, **states):
    """A supervisor that holds the lock, and the parts that it recorded."""
    me = psutil.Process()
    parts = [PartStatus(name, state).as_json() for name, state in states.items()]
    write_state(
        directory.state_file,
        StackState(me.pid, me.create_time(), "http://127.0.0.1:1", demo=False, phase="ready", parts=parts),
    )
    with DataDirectoryLock(directory.lock_file):
        yield


def assistant(*arguments, directory):
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(directory.root)], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [
        (PartState.READY, 0),
        (PartState.DONE, 0),
        (PartState.STARTING, 1),
        (PartState.LIMITED, 1),
        (PartState.SILENT, 1),
        (PartState.FAILED, 1),
    ],
)
def test_the_exit_status_tells_whether_all_parts_work(directory, state, exit_code):
    with running(directory, envoy=PartState.READY, worker=state):
        shown = assistant("status", directory=directory)

    assert shown.exit_code == exit_code
    assert f"worker  {state.value}" in shown.stdout


def test_programs_read_the_status_as_json(directory):
    with running(directory, envoy=PartState.READY):
        shown = assistant("status", "--json", directory=directory)

    assert json.loads(shown.stdout)["parts"][0] == PartStatus("envoy", PartState.READY).as_json()


def test_a_state_whose_supervisor_is_gone_is_not_running(directory):
    with running(directory, envoy=PartState.READY):
        pass

    shown = assistant("status", directory=directory)
    as_json = assistant("status", "--json", directory=directory)

    assert (shown.exit_code, shown.stdout) == (3, f"nothing runs on {directory.root}\n")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (3, {"phase": "not running"})


def test_to_stop_what_does_not_run_is_no_error(directory):
    stopped = assistant("down", directory=directory)

    assert (stopped.exit_code, stopped.stdout) == (0, f"nothing runs on {directory.root}\n")


def test_the_newest_lines_of_each_part_are_shown_with_its_name(directory):
    (directory.logs / "envoy.log").write_text("1\n2\n3\n")
    (directory.logs / "sync_svc.log").write_text("a\nb\n")

    shown = assistant("logs", "--lines", "2", directory=directory)

    assert shown.stdout.splitlines() == ["envoy    | 2", "envoy    | 3", "sync_svc | a", "sync_svc | b"]


def test_the_lines_of_one_part_are_shown_as_they_are(directory):
    (directory.logs / "envoy.log").write_bytes(b"caf\xc3\xa9 \xff\n")
    (directory.logs / "sync_svc.log").write_text("a\n")

    shown = assistant("logs", "envoy", directory=directory)

    assert shown.stdout == "café �\n"


def test_an_unknown_part_is_refused_with_those_that_there_are(directory):
    (directory.logs / "envoy.log").write_text("1\n")

    shown = assistant("logs", "nothing", directory=directory)

    assert shown.exit_code == 1
    assert "there is no part 'nothing'; there are envoy" in shown.stderr


def test_where_nothing_has_run_there_are_no_logs(directory):
    shown = assistant("logs", directory=directory)

    assert shown.exit_code == 1
    assert "nothing has run there" in shown.stderr
