"""`assistant up` with the real product behind it, and the commands beside it."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator

import httpx
import psutil
import pytest

from stack.ports import free_port
from tests.deadline import eventually
from tests.integration.stack.stack_process import StackProcess, assistant, command, environment, running_stack

# It starts the whole product several times.
pytestmark = pytest.mark.timeout(180)

SERVICES = ["device_svc", "sync_svc", "inference_svc", "training_svc"]
# So that no test waits for a model, or downloads one.
NO_MODEL = {"ML_SERVICE_MODEL_PATH": "/nowhere/model.gguf"}


@pytest.fixture(scope="module")
def stack(open_directory) -> Iterator[StackProcess]:
    with running_stack(open_directory / "installation", NO_MODEL) as running:
        yield running


def test_everything_but_the_model_is_up(stack):
    states = {part["name"]: part["state"] for part in stack.state()["parts"]}

    assert {name: state for name, state in states.items() if state not in ("ready", "done")} == {"worker": "limited"}


async def test_the_whole_product_answers_at_the_one_address(stack):
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as http:
        health = (await http.get("/health")).json()
        signed_in = await http.post("/api/auth/signin", json={"password": stack.password})
        conversations = await http.get("/api/conversations")

    # The session's cookie is for the address it was given at.
    assert {part["name"] for part in health["parts"]} >= {*SERVICES, "worker", "postgres", "redis"}
    assert (signed_in.status_code, conversations.status_code) == (200, 200)


def test_the_password_is_in_no_log_and_not_in_what_was_printed(stack):
    written = [file.read_text(errors="replace") for file in (stack.directory / "logs").iterdir()]

    assert not [text for text in ["\n".join(stack.lines), *written] if stack.password in text]


def test_no_secret_shows_in_the_list_of_processes(stack):
    secrets = [stack.password, *json.loads((stack.directory / "secrets" / "credentials.json").read_text()).values()]
    commands = [" ".join(process.cmdline()) for process in stack.processes()]

    assert not [secret for secret in secrets for line in commands if secret in line]


def test_nothing_but_the_one_port_is_open_to_others(stack):
    listening = [
        connection.laddr
        for process in stack.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    # gRPC listens for both families at the mapped form of the same address.
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert stack.port in {address.port for address in listening}


def test_status_tells_that_a_part_is_not_whole(stack):
    shown = assistant("status", "--data-dir", stack.directory, "--json", cwd=stack.directory.parent)

    assert shown.returncode == 1
    assert json.loads(shown.stdout)["phase"] == "ready"


def test_a_second_up_says_so_and_changes_nothing(stack):
    before = stack.state()

    second = assistant("up", "--data-dir", stack.directory, "--port", free_port(), cwd=stack.directory.parent)

    assert second.returncode == 1
    assert f"runs already at {stack.url} (process {stack.process.pid}); nothing was changed" in second.stderr
    assert stack.state()["process_id"] == before["process_id"]


def test_a_taken_port_is_named(stack, open_directory):
    refused = assistant("up", "--data-dir", open_directory / "other", "--port", stack.port, cwd=open_directory)

    assert refused.returncode == 1
    assert f"port {stack.port} on 127.0.0.1 is taken by another program" in refused.stderr


def test_logs_are_shown_by_part(stack):
    shown = assistant("logs", "postgres", "--data-dir", stack.directory, cwd=stack.directory.parent)
    unknown = assistant("logs", "nothing", "--data-dir", stack.directory, cwd=stack.directory.parent)

    assert "database system is ready to accept connections" in shown.stdout
    assert unknown.returncode == 1
    assert "there is no part 'nothing'" in unknown.stderr


def test_accounts_are_added_and_listed(stack):
    where = ("--data-dir", stack.directory)
    added = assistant("accounts", "add", "second", *where, cwd=stack.directory.parent)
    listed = assistant("accounts", "list", *where, cwd=stack.directory.parent)

    assert added.returncode == 0
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ["owner", "second"]


def test_migrating_beside_a_running_stack_changes_nothing(stack):
    migrated = assistant("migrate", "--data-dir", stack.directory, cwd=stack.directory.parent)

    assert (migrated.returncode, migrated.stdout) == (0, "the database is up to date\n")


@pytest.mark.parametrize("name", ["postgres", "valkey", *SERVICES, "worker", "envoy"])
async def test_a_killed_part_comes_back_at_its_address(stack, name):
    before = stack.part(name)

    os.kill(before["process_id"], signal.SIGKILL)

    await eventually(lambda: stack.part(name)["restarts"] == before["restarts"] + 1)
    await eventually(lambda: stack.part(name)["state"] == before["state"])
    await eventually(lambda: all(stack.part(service)["state"] == "ready" for service in SERVICES))
    assert stack.part(name)["address"] == before["address"]


async def test_nothing_is_left_or_lost_however_a_run_ends(open_directory):
    where, port = ("--data-dir", open_directory / "ended"), free_port()
    with running_stack(where[1], NO_MODEL, port=port) as stopped:
        password, processes = stopped.password, stopped.processes()
        assistant("accounts", "add", "second", *where, cwd=open_directory)
        status = stopped.stop(signal.SIGINT)
    assert (status, still_running(processes)) == (0, [])

    with running_stack(where[1], NO_MODEL, port=port) as killed:
        processes = killed.processes()
        killed.stop(signal.SIGKILL)
        await eventually(lambda: not still_running(processes))

    started = assistant("up", "--detach", "--port", port, *where, cwd=open_directory, **NO_MODEL)
    again = assistant("up", "--detach", "--port", port, *where, cwd=open_directory, **NO_MODEL)
    listed = assistant("accounts", "list", *where, cwd=open_directory)
    async with httpx.AsyncClient(base_url=stopped.url, trust_env=False) as http:
        signed_in = await http.post("/api/auth/signin", json={"account": "owner", "password": password})
    ended = assistant("down", *where, cwd=open_directory)
    shown = assistant("status", *where, cwd=open_directory)

    assert started.stdout.splitlines()[0] == f"ready: {stopped.url}"
    assert "runs already" in again.stderr
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ["owner", "second"]
    assert signed_in.status_code == 200
    assert (ended.stdout, shown.returncode) == ("stopped\n", 3)


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_a_terminal_shows_the_password_once(open_directory):
    directory = open_directory / "terminal"

    first, second = (shown_in_a_terminal(directory) for _ in range(2))

    assert "Shown this once" in first
    assert "Shown this once" not in second
    assert "is up" in second
    assert not (directory / "secrets" / "owner-password").exists()


def shown_in_a_terminal(directory) -> str:
    """Run `up` in a terminal until it is up, press Ctrl-C, and return all it showed."""
    ours, theirs = pty.openpty()
    arguments = command("up", "--data-dir", directory, "--port", free_port())
    with subprocess.Popen(
        arguments, env=environment(TERM="xterm", **NO_MODEL), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"is up" not in shown and process.poll() is None:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        shown += read_to_the_end(ours)
    os.close(ours)
    return shown.decode(errors="replace")


def read_to_the_end(terminal: int) -> bytes:
    pieces = []
    try:
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    except OSError:  # Linux says EIO when the other side is closed.
        pass
    return b"".join(pieces)
