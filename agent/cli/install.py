"""`assistant-agent install`."""

import os
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from agent.cli.options import (
    AddressBookOption,
    CaFileOption,
    ChatDbOption,
    Chosen,
    ExcludeOption,
    GroupsOption,
    IntervalOption,
    NameOption,
    ServerOption,
    SinceOption,
    TokenFileOption,
    chosen,
    given,
)
from agent.cli.pair import pair_now
from agent.cli.running import plain_errors
from agent.errors import AgentError, NotPaired, UsageError
from agent.menu_bar.menu import state_line
from agent.pairing_mark import mark_pairing
from agent.running_agent import running_process
from agent.service import ServiceManager, service_manager
from agent.service.ours import agent_service
from agent.settings_file import save_settings
from agent.status.record import State, Status
from agent.status.reporter import read_status

_START_SECONDS: Final = 30.0
_FIRST_STATE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.1


def install(
    server: ServerOption = None,
    name: NameOption = None,
    chat_db: ChatDbOption = None,
    address_book: AddressBookOption = None,
    token_file: TokenFileOption = None,
    ca_file: CaFileOption = None,
    interval: IntervalOption = None,
    exclude: ExcludeOption = None,
    since: SinceOption = None,
    groups: GroupsOption = None,
    menu_bar: Annotated[bool, typer.Option("--menu-bar/--no-menu-bar", help="Show it in the menu bar (macOS).")] = True,
    pair: Annotated[bool, typer.Option("--pair/--no-pair", help="Pair first, if this Mac is not paired.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be installed, and do nothing.")] = False,
) -> None:
    """Install the agent as a service of your own user, start it, and keep the options as its settings.

    It starts with each login. Run it again after a change of options, of Python, or of the agent itself.
    """
    with plain_errors():
        options: dict[str, Any] = {
            "server": server,
            "name": name,
            "chat_db": chat_db,
            "address_book": address_book,
            "token_file": token_file,
            "ca_file": ca_file,
            "interval": interval,
            "exclude": exclude,
            "since": since,
            "groups": groups,
        }
        work = chosen(**options)
        service = agent_service(work.folders, menu_bar=menu_bar)
        manager = service_manager()
        if dry_run:
            typer.echo(manager.definition_of(service), nl=False)
            return
        _refuse_root()
        _pair_if_needed(work, pair=pair)
        options |= {"server": str(work.server), "exclude": work.settings.exclude if exclude else None}
        save_settings(work.folders.settings_file, given(**options))
        mark_pairing(work.folders.pairing_mark)
        started = datetime.now(UTC).replace(microsecond=0)
        path = manager.install(service)
        _tell(work, manager, _wait_for_start(work, started), str(path))


def _refuse_root() -> None:
    if os.geteuid() == 0:
        raise UsageError(
            "root has no messages, no keychain and no screen: install the agent as the user whose messages it reads"
        )


def _pair_if_needed(work: Chosen, *, pair: bool) -> None:
    try:
        if _is_paired(work):
            return
    except AgentError as error:
        if pair:
            raise
        # Over ssh a Mac keeps its keychain shut; the agent itself runs where it is open.
        typer.echo(f"Whether this Mac is paired cannot be seen from here ({error}); the agent finds out")
        return
    if pair:
        pair_now(work, Console(highlight=False))
    else:
        typer.echo("Not paired yet: the agent waits, and sends nothing, until you run assistant-agent pair")


def _is_paired(work: Chosen) -> bool:
    try:
        credential = work.store.load()
    except NotPaired:
        return False
    now = datetime.now(UTC)
    return credential is not None and credential.server == str(work.server) and not credential.is_expired(now)


def _wait_for_start(work: Chosen, started: datetime) -> Status:
    """Return what the new process says of itself, a moment after it began."""
    ends_at = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends_at:
        status = read_status(work.folders.status_file)
        process = running_process(work.folders.lock_file)
        if status and status.process_id == process and status.started_at and status.started_at >= started:
            ends_at = min(ends_at, time.monotonic() + _FIRST_STATE_SECONDS)
            if status.state is not State.STARTING:
                return status
        time.sleep(_LOOK_SECONDS)
    status = read_status(work.folders.status_file)
    if status and status.process_id == running_process(work.folders.lock_file):
        return status
    log = work.folders.logs if sys.platform == "darwin" else "journalctl --user -u conversation-assistant-agent"
    raise AgentError(f"installed, but the agent does not run after {_START_SECONDS:.0f} s; see {log}")


def _tell(work: Chosen, manager: ServiceManager, status: Status, path: str) -> None:
    typer.echo(f"Installed with {manager.name}: {path}")
    typer.echo(f"Settings: {work.folders.settings_file}")
    typer.echo(f"The agent runs (process {status.process_id}). {state_line(status)}")
    typer.echo("assistant-agent status shows how it goes on; assistant-agent doctor finds what is wrong.")
