"""`assistant-agent`, the command line of the agent."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from agent import __version__
from agent.client import ServerClient, open_channel
from agent.console import ConsoleReporter, show_registration
from agent.credential import Credential
from agent.errors import AgentError, ExitCode, NotPaired, UsageError
from agent.follow import Follow, Rhythm
from agent.machine import this_machine
from agent.pairing import pair as pair_device
from agent.pairing import rest_client
from agent.server_url import ServerUrl, parse_server_url
from agent.sync import Sync
from agent.token_store import FileTokenStore, KeyringTokenStore, TokenStore
from agent.watcher import Watcher

_EXIT_CODES: Final = """
Exit codes: 0 done · 1 failed · 2 wrong option · 3 the Messages database cannot be read · 4 the server is away ·
5 not paired, or refused by the server · 130 stopped by Ctrl-C or SIGTERM
"""
_CHAT_DB: Final = Path("~/Library/Messages/chat.db")

# Without rich's tracebacks: they print local variables, and those may hold messages.
app = typer.Typer(
    name="assistant-agent",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=_EXIT_CODES,
    help="Reads the Messages database of this Mac, strictly read-only, and keeps your own server up to date with it.",
)

_Server = Annotated[str, typer.Option("--server", help="The server's address; http only for this machine itself.")]
_TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="Keep the token in this file (mode 0600) instead of the keychain.")
]
_CaFile = Annotated[Path | None, typer.Option("--ca-file", help="Trust this certificate authority (PEM) for https.")]


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command(epilog=_EXIT_CODES)
def pair(
    server: _Server,
    token_file: _TokenFile = None,
    ca_file: _CaFile = None,
    name: Annotated[str, typer.Option("--name", help="What to call this Mac; its own name when left out.")] = "",
) -> None:
    """Pair this Mac with a server: shows six digits that you type there, then keeps the token it gets."""
    console = Console(highlight=False)
    with _plain_errors():
        where = parse_server_url(server)
        store = _store(where, token_file)
        store.prepare()
        credential = _run(_pair(console, where, ca_file, name))
        store.save(credential)
        console.print("Paired. Now run:", f"assistant-agent sync {_options(where, token_file)}", soft_wrap=True)


@app.command(epilog=_EXIT_CODES)
def sync(
    server: _Server,
    chat_db: Annotated[
        Path, typer.Option("--chat-db", help="The Messages database; needed only where it is not in its usual place.")
    ] = _CHAT_DB,
    token_file: _TokenFile = None,
    ca_file: _CaFile = None,
    once: Annotated[bool, typer.Option("--once", help="Send what is new, then exit.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=1, help="Seconds between full passes when nothing seems to change.")
    ] = 300.0,
) -> None:
    """Send what is new to the server; without --once, go on and send each message soon after it arrives."""
    with _plain_errors():
        where = parse_server_url(server)
        store = _store(where, token_file)
        try:
            credential = _paired(where, store)
            _run(_sync(where, store, credential, chat_db.expanduser(), ca_file, once=once, interval=interval))
        except NotPaired as error:
            raise NotPaired(f"{error}; pair again: assistant-agent pair {_options(where, token_file)}") from error


async def _pair(console: Console, server: ServerUrl, ca_file: Path | None, name: str) -> Credential:
    async with rest_client(server, ca_file) as client:
        return await pair_device(
            client, server, this_machine(name), lambda registration: show_registration(console, server, registration)
        )


async def _sync(
    server: ServerUrl,
    store: TokenStore,
    credential: Credential,
    chat_db: Path,
    ca_file: Path | None,
    *,
    once: bool,
    interval: float,
) -> None:
    reporter = ConsoleReporter(Console(highlight=False), quiet_when_nothing=not once)
    try:
        async with open_channel(server, ca_file) as channel:
            client = ServerClient(channel, server, credential)
            passes = Sync(chat_db, client, store, reporter)
            if once:
                await passes.run_pass()
                return
            with Watcher(chat_db) as watcher:
                watcher.changed()  # a database that is not there at the start is a mistake, and said at once
                await Follow(passes, client, watcher, reporter.complain, Rhythm(full=interval)).run()
    finally:
        reporter.close()


def _store(server: ServerUrl, token_file: Path | None) -> TokenStore:
    return FileTokenStore(token_file.expanduser()) if token_file else KeyringTokenStore(str(server))


def _paired(server: ServerUrl, store: TokenStore) -> Credential:
    credential = store.load()
    if credential is None:
        raise NotPaired("this device is not paired yet")
    if credential.server != str(server):
        # Whoever holds a token can act with it, so it goes to nobody else.
        raise UsageError(f"that token is for {credential.server}, not for {server}")
    return credential


def _options(server: ServerUrl, token_file: Path | None) -> str:
    return f"--server {server}" + (f" --token-file '{token_file}'" if token_file else "")


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end, or until Ctrl-C or SIGTERM, which both let everything be closed."""

    async def main() -> Any:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except AgentError as error:
        typer.echo(f"assistant-agent: {error}", err=True)
        raise typer.Exit(error.exit_code) from error


if __name__ == "__main__":
    app()
