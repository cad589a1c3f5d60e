"""`assistant up --detach`: the same run as a process that outlives the terminal."""

import os
import subprocess
import sys
import time

import typer
from rich.console import Console

from stack.checkout import GENERATED, ROOT
from stack.commands.options import running_state
from stack.data_directory import DataDirectory
from stack.display import welcome
from stack.edge.settings import Certificate
from stack.errors import StackError
from stack.owner_password import OwnerPassword
from stack.supervisor.state_file import StackState, is_locked, read_state

POLL_SECONDS = 0.1


def start_detached(
    directory: DataDirectory, *, demo: bool, host: str, port: int, certificate: Certificate | None
) -> None:
    """Start the run, wait until it is ready, and leave it."""
    if is_locked(directory.lock_file):
        state = running_state(directory)
        raise StackError(
            f"the stack on {directory.root} runs already{f' at {state.url}' if state else ''}; nothing was changed"
        )
    command = [
        sys.executable,
        "-m",
        "stack",
        "up",
        "--port",
        str(port),
        "--host",
        host,
        "--data-dir",
        str(directory.root),
    ]
    command += ["--demo"] if demo else []
    command += ["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)] if certificate else []
    with (directory.logs / "detached.log").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=_environment()
        )
    console = Console(highlight=False)
    state = _wait_until_ready(directory, process, console)
    _greet(console, directory, state)


def _environment() -> dict[str, str]:
    # The terminal's directory may be anywhere, and a checkout need not be installed.
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{GENERATED}"}


def _wait_until_ready(directory: DataDirectory, process: "subprocess.Popen[bytes]", console: Console) -> StackState:
    with console.status("starting") as shown:
        while True:
            ended = process.poll()
            state = read_state(directory.state_file)
            mine = state is not None and state.process_id == process.pid
            if ended is not None:
                why = (
                    state.failure
                    if state and mine and state.failure
                    else (directory.logs / "detached.log").read_text().strip()
                )
                Console(stderr=True).print(why, markup=False, highlight=False, soft_wrap=True)
                raise typer.Exit(1)
            if state and mine and state.phase == "ready":
                return state
            if state and mine:
                shown.update(
                    "starting: " + ", ".join(part["name"] for part in state.parts if part["state"] == "starting")
                )
            time.sleep(POLL_SECONDS)


def _greet(console: Console, directory: DataDirectory, state: StackState) -> None:
    kept = OwnerPassword(directory.secrets)
    if not console.is_terminal:
        console.print(f"ready: {state.url}", soft_wrap=True)
        if kept.file.exists():
            console.print(f"the owner's password is in {kept.file}", soft_wrap=True)
        return
    password = kept.file.read_text().strip() if kept.file.exists() else None
    console.print(welcome(state.url, password, demo=state.demo))
    if password and not state.demo:
        kept.was_told()
