"""The decisions of one start."""

import errno
import io
import os
import socket

import pytest
from rich.console import Console

from stack.data_directory import DataDirectory
from stack.display import Display
from stack.errors import StackError
from stack.ports import free_port, is_taken
from stack.run import StackRun, plan_run
from stack.supervisor.part import PartState, PartStatus


@pytest.fixture
def directory(tmp_path, monkeypatch):
    for name in ("ASSISTANT_OWNER_PASSWORD", "DB_HOST", "REDIS_URL", "ML_SERVICE_URL", "ML_SERVICE_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    made = DataDirectory(tmp_path / "data")
    made.create()
    return made


def planned(directory, port):
    return plan_run(directory, demo=False, host="127.0.0.1", port=port, certificate=None)


def test_a_port_of_another_program_is_named(directory):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(StackError, match=f"port {port} on 127.0.0.1 is taken by another program"):
            planned(directory, port)


def test_a_port_that_nothing_listens_on_is_free():
    assert not is_taken("127.0.0.1", free_port())


def test_every_start_has_the_same_secrets_and_password_until_the_owner_knows_it(directory):
    first, second = planned(directory, free_port()), planned(directory, free_port())

    assert first.credentials.values == second.credentials.values
    assert first.owner_password == second.owner_password is not None


def test_the_operator_chooses_the_password_and_how_many_workers(directory, monkeypatch):
    monkeypatch.setenv("ASSISTANT_OWNER_PASSWORD", "chosen-by-the-operator")
    monkeypatch.setenv("ML_SERVICE_WORKERS", "3")

    plan = planned(directory, free_port())

    assert plan.owner_password == "chosen-by-the-operator"
    assert len(plan.worker_addresses) == 3


def test_a_wrong_variable_is_named_before_anything_starts(directory, monkeypatch):
    monkeypatch.setenv("ML_SERVICE_WORKERS", "none")

    with pytest.raises(StackError, match="ML_SERVICE_WORKERS: "):
        planned(directory, free_port())


async def test_a_state_file_that_cannot_be_written_stops_nothing(directory, monkeypatch):
    shown = io.StringIO()
    run = StackRun(planned(directory, free_port()), Display(Console(file=shown)))

    def fails(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("stack.run.write_state", fails)
    run._changed(PartStatus("envoy", PartState.READY))

    assert shown.getvalue().split() == ["envoy", "ready"]
