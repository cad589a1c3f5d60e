"""`assistant-agent reset`."""

import typer

from agent.cli.asking import confirm
from agent.cli.options import ServerOption, TokenFileOption, YesOption, chosen
from agent.cli.running import plain_errors
from agent.lifecycle import LOOK_SECONDS
from agent.pairing_mark import mark_pairing
from agent.running_agent import running_process


def reset(server: ServerOption = None, token_file: TokenFileOption = None, yes: YesOption = False) -> None:
    """Forget the token and the status of this server; the next pairing starts anew. Messages and settings stay."""
    with plain_errors():
        work = chosen(server=server, token_file=token_file)
        confirm(f"Forget the token for {work.server}?", yes=yes)
        had = work.store.forget()
        mark_pairing(work.folders.pairing_mark)
        process = running_process(work.folders.lock_file)
        if process is None:
            work.folders.status_file.unlink(missing_ok=True)
        typer.echo("The token is forgotten." if had else "There was no token.")
        if process is not None:
            typer.echo(f"The agent that runs (process {process}) stops sending within {LOOK_SECONDS:.0f} s.")
        typer.echo("Pair again with: assistant-agent pair")
