"""`assistant down`."""

import os
import signal
import time

import typer
from rich.console import Console

from stack.commands.options import DataDir, Demo, meant_directory, plain_errors, running_state
from stack.errors import StackError
from stack.supervisor.state_file import is_locked

# The parts have 10 s together; the rest is for a machine that is busy.
TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.1


def down(data_dir: DataDir = None, demo: Demo = False) -> None:
    """Stop everything cleanly. It is no error if nothing runs."""
    with plain_errors():
        directory = meant_directory(data_dir, demo=demo)
        state = running_state(directory)
        if state is None or not state.is_alive():
            typer.echo(f"nothing runs on {directory.root}")
            return
        os.kill(state.process_id, signal.SIGTERM)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with Console().status("stopping"):
            while is_locked(directory.lock_file):
                if time.monotonic() > deadline:
                    raise StackError(
                        f"process {state.process_id} has not stopped after {TIMEOUT_SECONDS:.0f} s:"
                        " `assistant status` shows which part still runs"
                    )
                time.sleep(POLL_SECONDS)
        typer.echo("stopped")
