"""`assistant-agent sync`."""

from contextlib import ExitStack
from typing import Annotated

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
    ServerOption,
    SinceOption,
    TokenFileOption,
    chosen,
    how_to,
)
from agent.cli.running import plain_errors, run_to_the_end
from agent.cli.wiring import credential_for, follow, sync_once
from agent.console import ConsoleReporter
from agent.controls import Controls
from agent.credential import Credential
from agent.errors import NotPaired
from agent.running_agent import RunningAgent, ask_to_sync, running_process


def sync(
    server: ServerOption = None,
    chat_db: ChatDbOption = None,
    token_file: TokenFileOption = None,
    ca_file: CaFileOption = None,
    once: Annotated[bool, typer.Option("--once", help="Send what is new, then exit.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare everything with the server, repair what differs, then exit.")
    ] = False,
    interval: IntervalOption = None,
    exclude: ExcludeOption = None,
    since: SinceOption = None,
    groups: GroupsOption = None,
    address_book: AddressBookOption = None,
) -> None:
    """Send what is new to the server; without --once, go on and send each message soon after it arrives.

    While the installed agent runs, --once alone asks it to do so; with any other option it is a job of its own.
    """
    with plain_errors():
        work = chosen(
            server=server,
            chat_db=chat_db,
            token_file=token_file,
            ca_file=ca_file,
            interval=interval,
            exclude=exclude,
            since=since,
            groups=groups,
            address_book=address_book,
        )
        own = (server, chat_db, token_file, ca_file, interval, exclude, since, address_book, check)
        if once and not any(own) and groups is None and _asked(work):
            return
        try:
            credential = credential_for(work.server, work.store)
            if once or check:
                _once(work, credential, check=check)
            else:
                _follow(work, credential, alone=server is None)
        except NotPaired as error:
            hint = how_to("pair", server, work.settings.token_file if token_file else None)
            raise NotPaired(f"{error}; pair again: {hint}") from error


def _asked(work: Chosen) -> bool:
    process = running_process(work.folders.lock_file)
    if process is None or not ask_to_sync(process):
        return False
    typer.echo(
        f"Asked the agent that runs (process {process}) to sync now; assistant-agent status shows how it goes on."
    )
    return True


def _once(work: Chosen, credential: Credential, *, check: bool) -> None:
    reporter = ConsoleReporter(Console(highlight=False), quiet_when_nothing=False)
    try:
        run_to_the_end(sync_once(work.settings, work.store, credential, reporter, check=check))
    finally:
        reporter.close()


def _follow(work: Chosen, credential: Credential, *, alone: bool) -> None:
    reporter = ConsoleReporter(Console(highlight=False), quiet_when_nothing=True)
    with ExitStack() as stack:
        if alone:
            stack.enter_context(RunningAgent(work.folders.lock_file))
        stack.callback(reporter.close)
        # A database that is not there at the start is a mistake, and said at once.
        controls = Controls()
        following = follow(work.settings, work.store, credential, reporter, controls, database_must_be_there=True)
        run_to_the_end(following, controls)
