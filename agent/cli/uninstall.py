"""`assistant-agent uninstall`."""

import contextlib
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.asking import confirm
from agent.cli.options import Chosen, YesOption, chosen
from agent.cli.running import plain_errors
from agent.errors import AgentError
from agent.folders import Folders
from agent.running_agent import running_process
from agent.service import service_manager


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
        typer.echo("The service is stopped and removed." if there else "No service was installed.")
        if purge:
            _purge(folders)
        else:
            _name_what_stays(folders)
        process = running_process(folders.lock_file)
        if process:
            typer.echo(f"An agent that somebody started by hand still runs (process {process}).")
        typer.echo("On the server this Mac stays listed under Devices until you deactivate it there.")


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
    try:
        work: Chosen = chosen()
        if work.settings.server:
            work.store.forget()
    except AgentError as error:
        typer.echo(f"The token could not be removed: {error}")


def _name_what_stays(folders: Folders) -> None:
    stays = [str(file) for file in (*_own_files(folders), folders.logs) if file.exists()]
    token = "the token in the keychain" if sys.platform == "darwin" else "the token"
    typer.echo(f"Left, and removed with --purge: {', '.join([*stays, token])}")


def _own_files(folders: Folders) -> tuple[Path, ...]:
    return (folders.settings_file, folders.status_file, folders.pairing_mark, folders.lock_file)
