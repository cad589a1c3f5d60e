"""`assistant-agent pair`."""

from pathlib import Path

import typer
from rich.console import Console

from agent.cli.options import CaFileOption, Chosen, NameOption, ServerOption, TokenFileOption, chosen, given
from agent.cli.running import plain_errors, run_to_the_end
from agent.console import show_registration
from agent.credential import Credential
from agent.machine import this_machine
from agent.pairing import pair as pair_device
from agent.pairing import rest_client
from agent.pairing_mark import mark_pairing
from agent.running_agent import ask_to_sync, running_process
from agent.server_url import ServerUrl
from agent.settings_file import save_settings


def pair(
    server: ServerOption = None,
    token_file: TokenFileOption = None,
    ca_file: CaFileOption = None,
    name: NameOption = None,
) -> None:
    """Pair this Mac with a server: shows six digits that you type there, then keeps the token it gets."""
    with plain_errors():
        work = chosen(server=server, token_file=token_file, ca_file=ca_file, name=name)
        pair_now(work, Console(highlight=False))
        options = given(server=server and str(work.server), token_file=token_file, ca_file=ca_file, name=name)
        save_settings(work.folders.settings_file, options)
        process = running_process(work.folders.lock_file)
        if process and ask_to_sync(process):
            typer.echo("Paired. The agent that runs goes on with the new token.")
        else:
            typer.echo("Paired. Now run: assistant-agent install (or, for this time only, assistant-agent sync)")


def pair_now(work: Chosen, console: Console) -> None:
    """Pair, and keep the token."""
    server, store = work.server, work.store
    store.prepare()
    store.save(run_to_the_end(_pair(console, server, work.settings.ca_file, work.settings.name)))
    mark_pairing(work.folders.pairing_mark)


async def _pair(console: Console, server: ServerUrl, ca_file: Path | None, name: str) -> Credential:
    async with rest_client(server, ca_file) as client:
        return await pair_device(
            client, server, this_machine(name), lambda registration: show_registration(console, server, registration)
        )
