"""`assistant-agent uninstall`."""

import contextlib
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from agent.cli.asking import confirm
from agent.cli.options import Chosen, YesOption, chosen
from agent.cli.running import plain_errors
from agent.errors import AgentError
from agent.folders import Folders
from agent.running_agent import running_process
from agent.service import service_manager

_END_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.1


def uninstall(
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove the settings, the status, the logs and the token as well.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Stop the agent and remove its service. The Messages database and the server's copy stay as they are."""
    with plain_errors():
        folders = Folders.of()
        if purge:
            confirm(f"Remove the agent's settings, status, logs and token ({folders.home})?", yes=yes)
        there = service_manager().uninstall()
        process = _still_running(folders)
        gone = "removed" if process else "stopped and removed"
        typer.echo(f"The service is {gone}." if there else "No service was installed.")
        if process and purge:
            raise AgentError(
                f"an agent still runs (process {process}), and nothing else was removed: stop it, then repeat"
            )
        if process:
            typer.echo(f"An agent still runs (process {process}); somebody started it by hand, or it does not end.")
        if purge:
            _purge(folders)
        else:
            _name_what_stays(folders)
        typer.echo("On the server this Mac stays listed under Devices until you deactivate it there.")


def _still_running(folders: Folders) -> int | None:
    """Return the process of an agent that does not end; one that a service manager stops may take a moment."""
    ends_at = time.monotonic() + _END_SECONDS
    while (process := running_process(folders.lock_file)) and time.monotonic() < ends_at:
        time.sleep(_LOOK_SECONDS)
    return process


def _purge(folders: Folders) -> None:
    _forget_token()
    for file in _own_files(folders):
        file.unlink(missing_ok=True)
    shutil.rmtree(folders.logs, ignore_errors=True)
    for folder in (folders.home, folders.logs.parent):
        if folder == folders.home or folder.name == folders.home.name:
            with contextlib.suppress(OSError):
                folder.rmdir()  # if nothing else is in it
    if folders.home.exists():
        # The server keeps its data in this folder, too, where both run on one Mac; a virtual environment may be in it.
        left = ", ".join(sorted(entry.name for entry in folders.home.iterdir()))
        typer.echo(f"Removed the agent's files. Not the agent's, and left: {folders.home} ({left})")
    else:
        typer.echo(f"Removed {folders.home} and {folders.logs}.")


def _forget_token() -> None:
    """Before the settings, which say where it is."""
    try:
        work: Chosen = chosen()
        if work.settings.server:
            work.store.forget()
    except AgentError as error:
        raise AgentError(f"the token could not be removed, and so nothing else was: {error}") from error


def _name_what_stays(folders: Folders) -> None:
    stays = [str(file) for file in (*_own_files(folders), folders.logs) if file.exists()]
    token = "the token in the keychain" if sys.platform == "darwin" else "the token"
    typer.echo(f"Left, and removed with --purge: {', '.join([*stays, token])}")


def _own_files(folders: Folders) -> tuple[Path, ...]:
    return (folders.settings_file, folders.status_file, folders.pairing_mark, folders.lock_file)
